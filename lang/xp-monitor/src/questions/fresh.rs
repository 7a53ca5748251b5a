//! Nothing changes what evidence is about while it is gathered or in force.
//!
//! Evidence is in force from the settling that relies on it until its step is unsettled or the run is over. A use whose change
//! meets what it is about breaks it, from the claim of the use that gave the evidence on. Where a judge looks at what is judged
//! before judging it, the look gives the evidence, and the making no longer does. A final use that rests on the
//! evidence and makes final what it is about spends it: its own change breaks nothing. Another such use needs new evidence if
//! anything changed since: its step must be able to begin without all outcomes that rely on such evidence. So does every final use
//! whose own guard names the evidence. A use's own change precedes its own evidence.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use xp_artifact::Test;
use xp_artifact::looks::depends;
use xp_artifact::workflow::{Atom, GrantIx, OutcomeIx, Per, StepId, Workflow};

use crate::breach::{Breach, Live, UseNo};
use crate::evidence::Evidence;
use crate::expected::names;
use crate::fact::{End, GrantAt, Use};
use crate::obligation::{Builder, Label, MapIx, Node, NodeIx, Obligation};
use crate::sight::Sight;
use xp_artifact::rests::{needs_one_of, rests};

/// What is remembered of one evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Uses of the grant that gives it, under way or the last one that is over.
    gathered: Vec<Gathered>,
    /// Looks of the judge that renew it, under way and done.
    looking: BTreeMap<UseNo, Use>,
    looked: Vec<Use>,
    /// What the outcome that stands relied on.
    force: Option<Force>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gathered {
    number: UseNo,
    of: Use,
    over: bool,
    /// Uses that may have changed what it is about since it was claimed.
    stale: BTreeSet<UseNo>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Force {
    of: Use,
    /// Spending uses under way, and whether one ended.
    spending: BTreeSet<UseNo>,
    spent: bool,
    /// Uses that may have changed what it is about since it was spent, or spent it by a change.
    changed: BTreeSet<UseNo>,
}

impl State {
    /// It was spent, what it is about has changed since, and the use makes that final or is final and names the evidence.
    pub(crate) fn is_stale_for(
        &self,
        workflow: &Workflow,
        evidence: &Evidence,
        used: &Use,
        sight: &dyn Sight,
    ) -> bool {
        self.force.as_ref().is_some_and(|force| {
            !force.changed.is_empty()
                && (is_final_and_names(workflow, used.at, evidence)
                    || sight.relation().reaches(used, evidence, &force.of))
        })
    }

    /// A use begins. `stale` are the outcomes that rely on evidence which is out of date for it.
    pub(crate) fn claimed(
        &mut self,
        workflow: &Workflow,
        evidence: &Evidence,
        (number, used): (UseNo, &Use),
        (stale, live): (&[Atom], &Live),
        sight: &dyn Sight,
    ) -> Vec<Breach> {
        let relation = sight.relation();
        let mut breaches = Vec::new();
        for gathered in &mut self.gathered {
            if relation.alters(used, evidence, &gathered.of) {
                gathered.stale.insert(number);
            }
        }
        if let Some(force) = &mut self.force {
            let alters = relation.alters(used, evidence, &force.of);
            let spends = relation.spends(used, evidence, &force.of)
                && rest(workflow, sight, used.at.0, &evidence.relying);
            if spends {
                if !force.changed.is_empty() {
                    breaches.extend(force.changed.iter().map(|by| Breach::of([*by, number])));
                } else if alters && !force.spending.is_empty() {
                    breaches.extend(force.spending.iter().map(|by| Breach::of([*by, number])));
                }
                force.spending.insert(number);
                if alters {
                    force.changed.insert(number);
                }
            } else if !force.changed.is_empty()
                && (is_final_and_names(workflow, used.at, evidence)
                    || relation.reaches(used, evidence, &force.of))
                && rest(workflow, sight, used.at.0, stale)
            {
                // A further final use of what may be the thing, or one that names the evidence, on evidence from before it changed.
                breaches.extend(force.changed.iter().map(|by| Breach::of([*by, number])));
                if alters {
                    force.changed.insert(number);
                }
            } else if alters && force.spent && force.spending.is_empty() {
                force.changed.insert(number);
            } else if alters {
                breaches.push(Breach::of([number]));
            }
        }
        if evidence.renewed.iter().any(|(at, _)| *at == used.at) {
            self.looking.insert(number, Use { opening: 0, ..used.clone() });
        }
        if used.at == evidence.by {
            let stale = live.under_way().filter(|(other, _)| *other != number);
            let stale = stale.filter(|(_, other)| relation.alters(other, evidence, used));
            let stale = stale.map(|(other, _)| other).collect();
            let of = Use { opening: 0, ..used.clone() };
            self.gathered.push(Gathered { number, of, over: false, stale });
        }
        breaches
    }

    /// A use was carried out, or nobody will know better.
    pub(crate) fn done(&mut self, evidence: &Evidence, number: UseNo, end: End<'_>) {
        if let Some(at) = self.gathered.iter().position(|gathered| gathered.number == number) {
            let args = self.gathered.get(at).map(|gathered| gathered.of.args.clone());
            let looked = evidence.looked.is_some();
            if let End::Done { bound, .. } = end
                && (bound || looked)
            {
                // The last result is the one that counts; of what was looked at, the last look at each.
                self.gathered
                    .retain(|gathered| !gathered.over || looked && Some(&gathered.of.args) != args.as_ref());
            } else {
                self.gathered.retain(|gathered| gathered.number != number);
            }
            // Another use with the same arguments may have made something of another name.
            let result = match end {
                End::Done { result, .. } if evidence.is_named_by_result() => Some(result),
                _ => None,
            };
            for gathered in self.gathered.iter_mut().filter(|gathered| gathered.number == number) {
                gathered.over = true;
                gathered.of.result = result.cloned();
            }
        }
        if let Some(look) = self.looking.remove(&number)
            && matches!(end, End::Done { .. })
            && !self.looked.contains(&look)
        {
            self.looked.push(look);
        }
        if let Some(force) = &mut self.force
            && force.spending.remove(&number)
        {
            force.spent = true;
        }
    }

    /// A use did not happen.
    pub(crate) fn given_back(&mut self, number: UseNo) {
        self.looking.remove(&number);
        self.gathered.retain(|gathered| gathered.number != number);
        for gathered in &mut self.gathered {
            gathered.stale.remove(&number);
        }
        if let Some(force) = &mut self.force {
            force.spending.remove(&number);
            force.changed.remove(&number);
        }
    }

    /// An outcome that relies on it settled its step.
    pub(crate) fn settled(
        &mut self,
        workflow: &Workflow,
        evidence: &Evidence,
        sight: &dyn Sight,
    ) -> Vec<Breach> {
        let counts = |gathered: &&Gathered| {
            gathered.over
                && evidence.looked.as_ref().is_none_or(|looked| {
                    looked.is_at(workflow, &gathered.of, sight.value(&looked.name).as_ref())
                })
        };
        let Some(gathered) = self.gathered.iter().rfind(counts) else { return Vec::new() };
        self.force = Some(Force {
            of: gathered.of.clone(),
            spending: BTreeSet::new(),
            spent: false,
            changed: BTreeSet::new(),
        });
        let renewed = evidence.renewed.iter().any(|(at, looked)| {
            let name = sight.value(&looked.name);
            self.looked.iter().any(|of| of.at == *at && looked.is_at(workflow, of, name.as_ref()))
        });
        // What was shown since is the evidence; it went out of date by itself or not at all.
        if renewed {
            return Vec::new();
        }
        gathered.stale.iter().map(|by| Breach::of([*by])).collect()
    }

    /// Steps were unsettled.
    pub(crate) fn reset(&mut self, evidence: &Evidence, steps: &[StepId]) {
        if steps.contains(&evidence.by.0) {
            self.gathered.clear();
        }
        if steps.contains(&evidence.step) {
            self.looking.clear();
            self.looked.clear();
            self.force = None;
        }
    }

    /// The uses it speaks of.
    pub(crate) fn names(&self) -> impl Iterator<Item = UseNo> + '_ {
        let gathered = self.gathered.iter().flat_map(|one| one.stale.iter().copied().chain([one.number]));
        let force = self.force.iter().flat_map(|force| force.spending.iter().chain(&force.changed).copied());
        gathered.chain(force).chain(self.looking.keys().copied())
    }
}

/// The use is final, and its own guard names the evidence: it must be so when the use begins, whatever it was spent on before.
#[must_use]
pub fn is_final_and_names(workflow: &Workflow, at: GrantAt, evidence: &Evidence) -> bool {
    workflow.granted(at).is_some_and(|(_, action)| action.clauses.is_final()) && names(workflow, at, evidence)
}

/// The step of a use could begin only because of these outcomes.
fn rest(workflow: &Workflow, sight: &dyn Sight, step: StepId, on: &[Atom]) -> bool {
    let test = |test: &Test| test.holds(&|datum| sight.value(datum));
    rests(workflow, &|atom| sight.settled(atom), &test, step, on)
}

/// How grants meet evidence, as the obligation needs it.
pub trait Meetings {
    /// The grant may alter what the evidence is about.
    fn alters(&self, grant: GrantAt, evidence: &Evidence) -> bool;
    /// A final argument of the grant certainly is what the evidence is about, or takes effect on it.
    fn spends(&self, grant: GrantAt, evidence: &Evidence) -> bool;
    /// A final argument of the grant may be what the evidence is about, or the grant is final and names the evidence.
    fn reaches(&self, grant: GrantAt, evidence: &Evidence) -> bool;
}

/// The obligation over two maps: gathering overlaps a change, a change while in force, a final use after a change.
#[must_use]
pub fn obligation(workflow: &Workflow, evidence: &[Evidence], meetings: &dyn Meetings) -> Obligation {
    let mut builder = Builder::new(2);
    let grants: Vec<GrantAt> = workflow.grants().collect();
    for (number, one) in evidence.iter().enumerate() {
        let changers: Vec<GrantAt> =
            grants.iter().copied().filter(|grant| meetings.alters(*grant, one)).collect();
        let spenders: Vec<GrantAt> =
            grants.iter().copied().filter(|grant| meetings.spends(*grant, one)).collect();
        let reaching: Vec<GrantAt> =
            grants.iter().copied().filter(|grant| meetings.reaches(*grant, one)).collect();
        let number = u32::try_from(number).ok();
        let others = evidence.iter().filter(|other| *other != one).collect();
        Cases {
            workflow,
            one,
            number,
            changers,
            spenders,
            reaching,
            others,
            meetings,
            builder: &mut builder,
        }
        .build();
    }
    builder.end()
}

/// Other evidence that is out of date together with one.
struct Along {
    /// The outcomes that rely on it.
    relying: Vec<Atom>,
    /// The steps that are settled with them from the change on.
    certain: Vec<(StepId, Vec<Atom>)>,
}

/// Other evidence of which each subset is asked.
const MOST_ALONG: usize = 3;

struct Cases<'a> {
    workflow: &'a Workflow,
    one: &'a Evidence,
    number: Option<u32>,
    changers: Vec<GrantAt>,
    spenders: Vec<GrantAt>,
    reaching: Vec<GrantAt>,
    /// All other evidence.
    others: Vec<&'a Evidence>,
    meetings: &'a dyn Meetings,
    builder: &'a mut Builder,
}

impl Cases<'_> {
    fn build(&mut self) {
        for changer in self.changers.clone() {
            self.gathering(changer);
            self.in_force(changer);
        }
        // Without a use that spends it, any change is a breach already.
        let last = if self.spenders.is_empty() { Vec::new() } else { self.reaching.clone() };
        for spender in last {
            let along = self.along(spender);
            for changer in self.changers.clone() {
                for also in &along {
                    self.again(spender, changer, also);
                }
            }
        }
    }

    /// A grant and a moment at which evidence is given by the one and its thing changed by the other, in the opening from which
    /// an outcome later relies on it.
    fn gathering(&mut self, changer: GrantAt) {
        let one = self.one;
        if changer == one.by && self.uses(changer) < 2 {
            return;
        }
        let giving = self.builder.node(Node::Use(0, one.by));
        let given = self.given(0);
        let giving = self.builder.any(vec![giving, given]);
        let change = self.builder.node(Node::Use(0, changer));
        let same = self.builder.node(Node::SameOpening(0, 1, one.by.0));
        // Without a result of a use that can only look at it, the judge need not have done so.
        let looks = one.renewed.iter().filter(|(at, looked)| looked.is_surely_at(self.workflow, *at));
        let looks: Vec<GrantAt> = looks.map(|(at, _)| *at).collect();
        let relying = one.relying.iter().copied().filter(|atom| {
            let is_look = |grant: GrantIx| looks.contains(&(atom.step, grant));
            !depends(self.workflow, *atom, &is_look)
        });
        let relying: Vec<Atom> = relying.collect();
        if relying.is_empty() {
            return;
        }
        let enabled: Vec<NodeIx> =
            relying.iter().map(|atom| self.builder.node(Node::Enabled(1, *atom))).collect();
        let mut parts = vec![giving, change, same, self.builder.any(enabled)];
        for look in looks {
            let shown = self.builder.node(Node::Bound(1, look));
            parts.push(self.builder.not(shown));
        }
        let node = self.builder.all(parts);
        let uses = vec![(0, one.by), (0, changer)];
        self.case(node, Label { uses, changer: Some(changer), taken: relying, ..Label::default() });
    }

    fn in_force(&mut self, changer: GrantAt) {
        let one = self.one;
        let settled = self.builder.node(Node::Settled(1, one.relying.clone()));
        let bound = self.given(1);
        let change = self.builder.node(Node::Use(1, changer));
        let mut parts = vec![settled, bound, change];
        if one.looked.is_some() {
            // The look has a moment of its own.
            parts.push(self.given(0));
            parts.push(self.builder.node(Node::SameOpening(0, 1, one.by.0)));
        }
        if self.spenders.contains(&changer) {
            let rests = self.builder.node(Node::Rests(1, changer.0, one.relying.clone()));
            parts.push(self.builder.not(rests));
        }
        let over: Vec<NodeIx> = self.spenders.clone().into_iter().map(|spender| self.over(spender)).collect();
        let over = self.builder.any(over);
        parts.push(self.builder.not(over));
        let node = self.builder.all(parts);
        let uses = self.looking().chain([(1, changer)]).collect();
        self.case(node, Label { uses, changer: Some(changer), ..Label::default() });
    }

    /// The evidence was spent by a use that is over.
    fn over(&mut self, spender: GrantAt) -> NodeIx {
        let settled: Vec<_> = outcomes(self.workflow, spender.0);
        let settled = self.builder.node(Node::Settled(1, settled));
        let bound = self.builder.node(Node::Bound(1, spender));
        let rests = self.builder.node(Node::Rests(1, spender.0, self.one.relying.clone()));
        self.builder.all(vec![settled, bound, rests])
    }

    /// The sets of other evidence that may be out of date as well when the grant is used, such that its step begins without none of it:
    /// none, and each that the step can rest on besides. Where these are many, all at once, as if what is in force were out of date.
    fn along(&self, last: GrantAt) -> Vec<Along> {
        let mut along = vec![Along { relying: Vec::new(), certain: Vec::new() }];
        if needs_one_of(self.workflow, last.0, &self.one.relying) {
            return along;
        }
        let changes = |other: &Evidence| self.workflow.grants().any(|by| self.meetings.alters(by, other));
        let others = self.others.iter().filter(|other| {
            other.relying != self.one.relying && self.meetings.reaches(last, other) && changes(other)
        });
        let others: Vec<(StepId, Vec<Atom>)> = others
            .map(|other| (other.step, other.relying.clone()))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let several = others.len() > MOST_ALONG;
        let sets = if several { 1..2 } else { 1..1_usize << others.len() };
        for set in sets {
            let chosen = |number: usize| several || set >> number & 1 == 1;
            let chosen: Vec<_> = (0..)
                .zip(&others)
                .filter(|(number, _)| chosen(*number))
                .map(|(_, one)| one.clone())
                .collect();
            let relying = chosen.iter().flat_map(|(_, relying)| relying).copied().collect();
            along.push(Along { relying, certain: if several { Vec::new() } else { chosen } });
        }
        along
    }

    /// A final use after a change in the same evidence, and in that which is out of date along with it.
    fn again(&mut self, spender: GrantAt, changer: GrantAt, along: &Along) {
        let one = self.one;
        let twice = spender == changer;
        let relying = one.relying.clone();
        let first = self.builder.node(Node::Settled(0, relying.clone()));
        let given = self.given(0);
        let still = self.builder.node(Node::Settled(1, relying.clone()));
        let same = self.builder.node(Node::SameOpening(0, 1, one.step));
        let change = self.builder.node(Node::Use(0, changer));
        let last = self.builder.node(Node::Use(1, spender));
        let on = relying.iter().chain(&along.relying).copied().collect();
        let rests = self.builder.node(Node::Rests(1, spender.0, on));
        let left = self.builder.node(Node::Left(0, spender));
        let mut parts = vec![first, given, still, same, change, last, rests, left];
        // The last change found all of it in force.
        for (step, relying) in &along.certain {
            parts.push(self.builder.node(Node::Settled(0, relying.clone())));
            parts.push(self.builder.node(Node::Settled(1, relying.clone())));
            parts.push(self.builder.node(Node::SameOpening(0, 1, *step)));
        }
        if twice && self.uses(spender) < 2 {
            let same = self.builder.node(Node::SameOpening(0, 1, spender.0));
            parts.push(self.builder.not(same));
            if self.per_run(spender) {
                return;
            }
        }
        let node = self.builder.all(parts);
        let uses = self.looking().chain([(0, changer), (1, spender)]).collect();
        self.case(node, Label { uses, changer: Some(changer), last: Some(spender), ..Label::default() });
    }

    fn case(&mut self, node: NodeIx, label: Label) {
        self.builder.case(node, Label { evidence: self.number, ..label });
    }

    /// The evidence was given: its result is the one that counts, or the use that looked could be made.
    fn given(&mut self, map: MapIx) -> NodeIx {
        let by = self.one.by;
        self.builder.node(if self.one.looked.is_some() { Node::Used(map, by) } else { Node::Bound(map, by) })
    }

    /// The use that looked, which no result shows.
    fn looking(&self) -> impl Iterator<Item = (MapIx, GrantAt)> + use<> {
        self.one.looked.is_some().then_some((0, self.one.by)).into_iter()
    }

    fn uses(&self, at: GrantAt) -> u32 {
        self.workflow.granted(at).map_or(0, |(grant, _)| grant.limit.uses)
    }

    fn per_run(&self, at: GrantAt) -> bool {
        self.workflow.granted(at).is_some_and(|(grant, _)| grant.limit.per == Per::Run)
    }
}

fn outcomes(workflow: &Workflow, step: StepId) -> Vec<Atom> {
    let count = workflow.steps.get(step.index()).map_or(0, |step| step.outcomes.len());
    let all = (0..count).map(OutcomeIx::of);
    all.map(|outcome| Atom { step, outcome }).collect()
}
