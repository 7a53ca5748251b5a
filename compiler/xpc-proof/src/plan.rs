//! From live maps to acts: settle in dependency order, use up loops first where a map holds their exhausted outcomes.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::workflow::{Atom, Datum, How, LoopId, Root, StepId};
use xp_scope::Value;

use crate::evidence::{self, Way};
use crate::facts::{Facts, GrantAt};
use crate::history::Chain;
use crate::map::Map;
use crate::moments::Moments;

/// Longer plans are given up.
pub(crate) const MAX_ACTS: usize = 50_000;

/// Why a plan was given up.
pub(crate) const TOO_LONG: &str = "it takes too many events";

/// What somebody does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    /// A grant is used.
    Use {
        at: GrantAt,
        /// Values that fields of its result must have.
        fields: BTreeMap<Vec<String>, Value>,
        /// Arguments that matter, by number.
        args: BTreeMap<u32, Value>,
    },
    /// The run was started with this value.
    Given { datum: Datum, value: Value },
    /// An outcome is decided, or evidence brings it. Never an exhausted one: those are taken when the reopening one is.
    Take { atom: Atom, becomes: Atom },
}

impl Act {
    /// A use without demands on its result.
    pub fn using(at: GrantAt) -> Self {
        Self::Use { at, fields: BTreeMap::new(), args: BTreeMap::new() }
    }
}

/// Acts with the map they lead to.
pub(crate) struct Plan<'f, 'm> {
    facts: &'f Facts<'m>,
    pub acts: Vec<Act>,
    pub now: Map,
    fired: Vec<u32>,
    /// Uses to make as soon as their step is open, in order; each is made once.
    pub wanted: Vec<Act>,
}

impl<'f, 'm> Plan<'f, 'm> {
    pub fn new(facts: &'f Facts<'m>) -> Self {
        let fired = vec![0; facts.w.loops.len()];
        Self { facts, acts: Vec::new(), now: Map::default(), fired, wanted: Vec::new() }
    }

    /// Leads from now to a map that holds all of the target.
    pub fn reach(&mut self, target: &Map) -> Option<()> {
        self.given(target.parameters())?;
        let order = target.in_order(self.facts);
        for atom in &order {
            if self.now.settled.get(&atom.step) == Some(&atom.outcome) {
                continue;
            }
            if let Some(How::Exhausted(by)) = self.facts.outcome(*atom).map(|outcome| &outcome.how) {
                self.use_up(*by, *atom, target)?;
            }
        }
        self.build(target)
    }

    fn use_up(&mut self, by: LoopId, atom: Atom, target: &Map) -> Option<()> {
        let max = self.facts.the_loop(by)?.max;
        let mut upstream: BTreeSet<StepId> = self.facts.cone([atom.step]).into_iter().collect();
        upstream.remove(&atom.step);
        let before = target.cut(&upstream);
        while self.count(by) < max {
            self.build(&before)?;
            let way = evidence::way_taken(self.facts, atom, target)?;
            self.evidence(atom.step, &way)?;
            self.fire(by)?;
        }
        Some(())
    }

    fn build(&mut self, target: &Map) -> Option<()> {
        for atom in target.in_order(self.facts) {
            match self.now.settled.get(&atom.step) {
                Some(outcome) if *outcome == atom.outcome => continue,
                Some(_) => return None,
                None => {}
            }
            let mut way = evidence::way_taken(self.facts, atom, target)?;
            for (_, grant) in target.bound_in(atom.step) {
                way.results.entry(grant).or_default();
            }
            // What others compare of it, too.
            for (datum, value) in target.values_of(atom.step) {
                if let Root::Result { grant, .. } = datum.root
                    && let Some(fields) = way.results.get_mut(&grant)
                {
                    fields.entry(datum.fields.clone()).or_insert_with(|| value.clone());
                }
            }
            self.evidence(atom.step, &way)?;
            self.push(Act::Take { atom: self.facts.chosen(atom), becomes: atom })?;
            self.now.settled.insert(atom.step, atom.outcome);
            self.now.values.extend(way.values(atom.step));
            self.now.bound.extend(way.results.keys().map(|grant| (atom.step, *grant)));
        }
        Some(())
    }

    /// Fires a loop whose source is open now; the evidence for it must have been made.
    fn fire(&mut self, by: LoopId) -> Option<()> {
        let l = self.facts.the_loop(by)?;
        let atom = Atom { step: l.step, outcome: l.outcome };
        self.push(Act::Take { atom, becomes: atom })?;
        *self.fired.get_mut(by.index())? += 1;
        for step in self.facts.reset_by(by) {
            self.now.unsettle(*step);
        }
        Some(())
    }

    /// Makes evidence for a reopening outcome and fires its loop.
    pub fn reopen(&mut self, by: LoopId) -> Option<()> {
        let l = self.facts.the_loop(by)?;
        let way = evidence::way_now(self.facts, Atom { step: l.step, outcome: l.outcome }, &self.now)?;
        self.evidence(l.step, &way)?;
        self.fire(by)
    }

    /// Makes the wanted uses of steps that are open.
    pub fn finish(&mut self) -> Option<()> {
        let steps: Vec<StepId> = self
            .wanted
            .iter()
            .filter_map(|act| if let Act::Use { at, .. } = act { Some(at.0) } else { None })
            .collect();
        for step in steps {
            self.wanted_in(step)?;
        }
        Some(())
    }

    /// Takes out those wanted uses that are the only ones of their grants and that the next map has the results of: they are made on the
    /// way there.
    fn only_uses_of(&mut self, next: &Map) -> Vec<Act> {
        let is_only = |act: &Act| {
            let Act::Use { at, .. } = act else { return false };
            self.facts.grant(*at).is_some_and(|grant| grant.limit.uses == 1)
                && !self.now.settled.contains_key(&at.0)
                && next.settled.contains_key(&at.0)
                && next.bound.contains(at)
        };
        let (later, now) = std::mem::take(&mut self.wanted).into_iter().partition(is_only);
        self.wanted = now;
        later
    }

    /// The run is started with these values.
    fn given<'v>(&mut self, values: impl IntoIterator<Item = (&'v Datum, &'v Value)>) -> Option<()> {
        for (datum, value) in values.into_iter().filter(|(datum, _)| matches!(datum.root, Root::Param(_))) {
            let given = Act::Given { datum: datum.clone(), value: value.clone() };
            if !self.acts.contains(&given) {
                self.push(given)?;
            }
        }
        Some(())
    }

    /// Makes the wanted uses of an open step, then those whose results are evidence (the latest result counts). A wanted
    /// use of the same grant serves as evidence.
    pub fn evidence(&mut self, step: StepId, way: &Way) -> Option<()> {
        self.given(&way.others)?;
        let mut serving = Vec::new();
        for (grant, fields) in &way.results {
            let at = (step, *grant);
            let wanted = self
                .wanted
                .iter()
                .position(|act| matches!(act, Act::Use { at: wanted, .. } if *wanted == at));
            let args = match wanted.map(|index| self.wanted.remove(index)) {
                Some(Act::Use { args, .. }) => args,
                Some(Act::Take { .. } | Act::Given { .. }) | None => BTreeMap::new(),
            };
            serving.push(Act::Use { at, fields: fields.clone(), args });
        }
        self.wanted_in(step)?;
        serving.into_iter().try_for_each(|act| self.push(act))
    }

    fn wanted_in(&mut self, step: StepId) -> Option<()> {
        let (here, rest) = std::mem::take(&mut self.wanted)
            .into_iter()
            .partition::<Vec<_>, _>(|act| matches!(act, Act::Use { at, .. } if at.0 == step));
        self.wanted = rest;
        for act in here {
            self.push(act)?;
        }
        Some(())
    }

    pub fn push(&mut self, act: Act) -> Option<()> {
        if self.acts.len() >= MAX_ACTS {
            return None;
        }
        self.acts.push(act);
        Some(())
    }

    fn count(&self, by: LoopId) -> u32 {
        self.fired.get(by.index()).copied().unwrap_or_default()
    }
}

/// Adds an act so often; `None` where that is more than any plan has. Limits can be absurd: nothing is counted out first.
pub(crate) fn repeat(acts: &mut Vec<Act>, act: &Act, times: u64) -> Option<()> {
    let more = usize::try_from(times).ok().filter(|more| acts.len().saturating_add(*more) <= MAX_ACTS)?;
    acts.extend(std::iter::repeat_n(act, more).cloned());
    Some(())
}

/// The acts that lead to a map, with these uses made on the way.
pub(crate) fn to_map(facts: &Facts<'_>, map: &Map, uses: &[Act]) -> Option<Vec<Act>> {
    let mut plan = Plan::new(facts);
    plan.wanted = uses.to_vec();
    plan.reach(map)?;
    plan.finish()?;
    Some(plan.acts)
}

/// The acts of a chain: uses in its first moment, its loops, uses in its last.
pub(crate) fn along(facts: &Facts<'_>, chain: &Chain, first: &[Act], last: &[Act]) -> Option<Vec<Act>> {
    let mut plan = Plan::new(facts);
    plan.wanted = first.to_vec();
    let mut maps = chain.maps.iter();
    plan.reach(maps.next()?)?;
    for (by, map) in chain.fired.iter().zip(maps) {
        plan.finish()?;
        plan.reopen(*by)?;
        plan.reach(map)?;
    }
    plan.wanted.extend(last.iter().cloned());
    plan.finish()?;
    Some(plan.acts)
}

/// The acts of moments of one run: uses at each map that the obligation speaks of, then an outcome that evidence brings.
pub(crate) fn through(
    facts: &Facts<'_>,
    moments: &Moments,
    uses: &[(usize, Act)],
    taken: Option<Atom>,
) -> Option<Vec<Act>> {
    let mut plan = Plan::new(facts);
    for (place, map) in moments.maps.iter().enumerate() {
        let here = |map: &usize| moments.at.get(*map) == Some(&place);
        plan.wanted.extend(uses.iter().filter(|(map, _)| here(map)).map(|(_, act)| act.clone()));
        plan.reach(map)?;
        let goes_on = moments.fired.iter().all(|(before, _)| *before != place);
        let later = match moments.maps.get(place + 1).filter(|_| goes_on) {
            Some(next) => plan.only_uses_of(next),
            None => Vec::new(),
        };
        plan.finish()?;
        plan.wanted = later;
        for (_, by) in moments.fired.iter().filter(|(before, _)| *before == place) {
            plan.reopen(*by)?;
        }
    }
    if let Some(atom) = taken {
        let chosen = facts.chosen(atom);
        let mut way = evidence::way_now(facts, chosen, &plan.now)?;
        // What is used already serves as evidence.
        way.results.retain(|grant, _| {
            !uses.iter().any(|(_, act)| matches!(act, Act::Use { at, .. } if *at == (atom.step, *grant)))
        });
        plan.evidence(atom.step, &way)?;
        plan.push(Act::Take { atom: chosen, becomes: atom })?;
    }
    Some(plan.acts)
}

/// Acts that make an outcome of an open step come about after a map.
pub(crate) fn to_outcome(facts: &Facts<'_>, map: &Map, atom: Atom) -> Option<Vec<Act>> {
    let mut plan = Plan::new(facts);
    let chosen = facts.chosen(atom);
    let mut map = map.clone();
    if let Some(way) = evidence::way_now(facts, chosen, &map) {
        map.values.extend(way.others);
    }
    let map = &map;
    plan.reach(map)?;
    if let Some(How::Exhausted(by)) = facts.outcome(atom).map(|outcome| &outcome.how) {
        let mut with = map.clone();
        let way = evidence::way_now(facts, chosen, map)?;
        with.bound.extend(way.results.keys().map(|grant| (atom.step, *grant)));
        with.values.extend(way.values(atom.step));
        plan.use_up(*by, atom, &with)?;
        plan.reach(map)?;
    }
    let way = evidence::way_now(facts, chosen, map)?;
    plan.evidence(atom.step, &way)?;
    plan.push(Act::Take { atom: chosen, becomes: atom })?;
    Some(plan.acts)
}
