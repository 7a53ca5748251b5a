//! What is so in every live map in which a step has begun, going by guards, evidence and pins: no search, no solver.
//!
//! Sound, not exact: what is found is so; what is not found is left to the solver. Most properties of workflows that
//! people write are answered here, and the derivation says which lines they rest on.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use xp_artifact::Test;
use xp_artifact::workflow::{Atom, Condition, Datum, Formula, Grant, GrantIx, Root, StepId, Then};
use xpc_model::Place;

use crate::facts::{Facts, GrantAt};
use crate::need::Need;

/// Derivations kept between questions, in steps.
const KEPT: usize = 1_000_000;

/// What is to be shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Target {
    /// One of these has come about.
    atoms: Vec<Atom>,
    /// Or this result is bound.
    bound: Option<GrantAt>,
}

/// By step: the number of places of a derivation from "it has begun", where there is one.
type Costs = HashMap<StepId, Option<u32>>;

/// What was derived so far.
pub(crate) struct Implied {
    known: RefCell<(usize, HashMap<Rc<Target>, Costs>)>,
}

impl Implied {
    pub fn new() -> Self {
        Self { known: RefCell::default() }
    }

    /// The places from which it follows that no live map has the goal; none where that is not seen.
    pub fn refutes(&self, facts: &Facts<'_>, goal: &[Need]) -> Option<BTreeSet<Place>> {
        let starts: BTreeSet<StepId> = goal.iter().filter_map(Need::begins).collect();
        goal.iter().find_map(|need| self.denies(facts, goal, need, &starts))
    }

    /// As [`Self::refutes`], because what one of the needs denies is so.
    fn denies(
        &self,
        facts: &Facts<'_>,
        goal: &[Need],
        need: &Need,
        starts: &BTreeSet<StepId>,
    ) -> Option<BTreeSet<Place>> {
        let settled = |step: StepId| {
            let atoms = facts.continuing(step).collect();
            self.shown(facts, goal, starts, &Target { atoms, bound: None })
        };
        match need {
            Need::Open(step) | Need::Stranded(step, _) => settled(*step),
            Need::Use((step, _)) => settled(*step),
            Need::Enabled(atom) => settled(atom.step),
            Need::Not(formula) => self.holds(facts, goal, starts, formula),
            Need::Unjudged(way) => self.holds(facts, goal, starts, &way.begun()),
            Need::Lacks(datum) => self.shown(facts, goal, starts, &Target::datum(facts, datum)?),
            Need::Used(_)
            | Need::Begun(_)
            | Need::Has(_)
            | Need::Is(..)
            | Need::Settled(_)
            | Need::NothingOpen => None,
        }
    }

    /// The formula holds: all parts of a conjunction; of a disjunction one of its atoms has come about, or else some part holds.
    fn holds(
        &self,
        facts: &Facts<'_>,
        goal: &[Need],
        starts: &BTreeSet<StepId>,
        formula: &Formula,
    ) -> Option<BTreeSet<Place>> {
        match formula {
            Formula::Is(_) => self.shown(facts, goal, starts, &Target::some_of([formula])),
            // Which values data have is for the solver.
            Formula::Test(_) => None,
            Formula::All(parts) => {
                let each = parts.iter().map(|part| self.holds(facts, goal, starts, part));
                each.collect::<Option<Vec<_>>>().map(|each| each.into_iter().flatten().collect())
            }
            Formula::Any(parts) => self.shown(facts, goal, starts, &Target::some_of(parts)).or_else(|| {
                let deep = parts.iter().filter(|part| matches!(part, Formula::All(_) | Formula::Any(_)));
                deep.filter_map(|part| self.holds(facts, goal, starts, part)).min_by_key(BTreeSet::len)
            }),
        }
    }

    /// The shortest derivation from one of the steps, or from what the goal has bound.
    fn shown(
        &self,
        facts: &Facts<'_>,
        goal: &[Need],
        starts: &BTreeSet<StepId>,
        target: &Target,
    ) -> Option<BTreeSet<Place>> {
        let target = Rc::new(target.clone());
        let mut known = self.known.borrow_mut();
        let (size, known) = &mut *known;
        if *size > KEPT {
            known.clear();
            *size = 0;
        }
        let costs = known.entry(Rc::clone(&target)).or_default();
        let before = costs.len();
        let search = Search { facts, first: target.first(facts), target: &target };
        for start in starts {
            search.fill(costs, *start);
        }
        let pinned = goal.iter().filter_map(|need| match need {
            Need::Use(at) | Need::Used(at) => Some(*at),
            _ => None,
        });
        let data: Vec<&Datum> = pinned
            .flat_map(|at| facts.grant(at).into_iter().flat_map(Grant::data))
            .map(|(_, of)| of)
            .collect();
        *size += costs.len() - before;
        let by_start = starts.iter().filter_map(|step| Some(((*costs.get(step)?)?, Reason::Begun(*step))));
        let by_datum = data
            .into_iter()
            .filter_map(|datum| Some((search.has(costs, datum)?, Reason::Has(datum.clone()))));
        let (_, reason) = by_start.chain(by_datum).min_by_key(|(cost, _)| *cost)?;
        Some(search.places(costs, reason))
    }
}

impl Target {
    /// One of the formulas that are atoms.
    fn some_of<'a>(formulas: impl IntoIterator<Item = &'a Formula>) -> Self {
        let atoms = formulas.into_iter().filter_map(|part| match part {
            Formula::Is(atom) => Some(*atom),
            Formula::Test(_) | Formula::All(_) | Formula::Any(_) => None,
        });
        let atoms: BTreeSet<Atom> = atoms.collect();
        Self { atoms: atoms.into_iter().collect(), bound: None }
    }

    fn datum(facts: &Facts<'_>, datum: &Datum) -> Option<Self> {
        match datum.root {
            Root::Param(_) => None,
            Root::Result { step, grant } => Some(Self { atoms: Vec::new(), bound: Some((step, grant)) }),
            Root::Submission { step, .. } => {
                Some(Self { atoms: facts.continuing(step).collect(), bound: None })
            }
        }
    }

    fn has(&self, atom: Atom) -> bool {
        self.atoms.binary_search(&atom).is_ok()
    }

    /// The least rank of a step that it speaks of: what does not come after that cannot depend on it.
    fn first(&self, facts: &Facts<'_>) -> usize {
        let steps = self.atoms.iter().map(|atom| atom.step).chain(self.bound.map(|(step, _)| step));
        steps.map(|step| facts.rank(step)).min().unwrap_or(usize::MAX)
    }
}

/// From what something is derived.
enum Reason {
    Begun(StepId),
    Has(Datum),
    Settled(Atom),
}

struct Search<'a, 'm> {
    facts: &'a Facts<'m>,
    target: &'a Target,
    first: usize,
}

impl<'m> Search<'_, 'm> {
    /// Finds the costs of the step and of all that it depends on, as far as that matters.
    fn fill(&self, costs: &mut Costs, from: StepId) {
        let mut region = BTreeMap::new();
        let mut stack = vec![from];
        while let Some(here) = stack.pop() {
            let rank = self.facts.rank(here);
            if rank > self.first && !costs.contains_key(&here) && region.insert(rank, here).is_none() {
                stack.extend(self.facts.parents(here));
            }
        }
        for step in region.into_values() {
            let cost = self.formula(costs, &self.facts.step(step).after);
            costs.insert(step, cost);
        }
    }

    fn begun(&self, costs: &Costs, step: StepId) -> Option<u32> {
        costs.get(&step).copied().flatten()
    }

    fn formula(&self, costs: &Costs, formula: &Formula) -> Option<u32> {
        match formula {
            Formula::Is(atom) => self.settled(costs, *atom).map(|cost| cost.saturating_add(1)),
            Formula::Test(test) => self.test(costs, None, test),
            Formula::All(parts) => parts.iter().filter_map(|part| self.formula(costs, part)).min(),
            Formula::Any(parts) => self.sum(parts.iter().map(|part| self.formula(costs, part))),
        }
    }

    fn sum(&self, mut costs: impl Iterator<Item = Option<u32>>) -> Option<u32> {
        costs.try_fold(0, |sum: u32, cost| Some(sum.saturating_add(cost?)))
    }

    /// What follows once the outcome has come about.
    fn settled(&self, costs: &Costs, atom: Atom) -> Option<u32> {
        let facts = self.facts;
        let continuing = facts.outcome(atom).is_some_and(|outcome| outcome.then == Then::Settle);
        // What never comes about has all consequences.
        if self.target.has(atom) || !continuing || !facts.possible(atom) {
            return Some(0);
        }
        let begun = self.begun(costs, atom.step);
        let evidence = facts.evidence(atom).and_then(|condition| self.condition(costs, atom.step, condition));
        let judged = facts.judged_datum(atom).and_then(|datum| self.has(costs, datum));
        [begun, evidence, judged].into_iter().flatten().min()
    }

    fn condition(&self, costs: &Costs, step: StepId, condition: &Condition) -> Option<u32> {
        match condition {
            Condition::Bound(grant) => self.bound(costs, (step, *grant)).map(|cost| cost.saturating_add(1)),
            Condition::Test(test) => self.test(costs, Some(step), test),
            Condition::All(parts) => parts.iter().filter_map(|part| self.condition(costs, step, part)).min(),
            Condition::Any(parts) => self.sum(parts.iter().map(|part| self.condition(costs, step, part))),
        }
    }

    /// What follows from a comparison, of an outcome of the step or of a guard: what it compares is there.
    fn test(&self, costs: &Costs, own: Option<StepId>, test: &Test) -> Option<u32> {
        test.data().filter_map(|datum| self.compared(costs, own, datum)).min()
    }

    fn compared(&self, costs: &Costs, own: Option<StepId>, datum: &Datum) -> Option<u32> {
        match datum.root {
            Root::Result { step, grant } if Some(step) == own => {
                self.bound(costs, (step, grant)).map(|cost| cost.saturating_add(1))
            }
            _ => self.has(costs, datum).map(|cost| cost.saturating_add(1)),
        }
    }

    /// What follows once the grant has a result that is bound.
    fn bound(&self, costs: &Costs, at: GrantAt) -> Option<u32> {
        if self.target.bound == Some(at) || !self.facts.usable(at) {
            return Some(0);
        }
        let data = self.facts.grant(at).into_iter().flat_map(Grant::data);
        data.filter_map(|(_, datum)| self.has(costs, datum)).min().map(|cost| cost.saturating_add(1))
    }

    /// What follows from a value of the datum: its step has settled, in some way.
    fn has(&self, costs: &Costs, datum: &Datum) -> Option<u32> {
        let step = datum.root.step()?;
        let itself =
            matches!(datum.root, Root::Result { step, grant } if self.target.bound == Some((step, grant)));
        if itself || self.any_way(step) {
            return Some(0);
        }
        self.begun(costs, step)
    }

    /// However the step settles, the target holds.
    fn any_way(&self, step: StepId) -> bool {
        let mentioned = self.target.atoms.iter().any(|atom| atom.step == step);
        mentioned && self.facts.continuing(step).all(|atom| self.target.has(atom))
    }

    /// The places of the cheapest derivation.
    fn places(&self, costs: &Costs, from: Reason) -> BTreeSet<Place> {
        let mut found = Found { places: BTreeSet::new(), open: vec![from] };
        let mut seen = BTreeSet::new();
        while let Some(reason) = found.open.pop() {
            match reason {
                Reason::Begun(step) => {
                    if seen.insert(step) {
                        self.behind_guard(costs, step, &mut found);
                    }
                }
                Reason::Settled(atom) => self.behind_outcome(costs, atom, &mut found),
                Reason::Has(datum) => {
                    let Some(step) = datum.root.step() else { continue };
                    let itself = matches!(datum.root, Root::Result { step, grant } if self.target.bound == Some((step, grant)));
                    if !itself && !self.any_way(step) {
                        found.open.push(Reason::Begun(step));
                    }
                }
            }
        }
        found.places
    }

    fn behind_guard(&self, costs: &Costs, step: StepId, found: &mut Found) {
        let parts = self.facts.step(step).after.conjuncts().iter();
        let cheapest =
            parts.filter_map(|part| Some((self.formula(costs, part)?, part))).min_by_key(|(cost, _)| *cost);
        let Some((_, part)) = cheapest else { return };
        found.places.insert(match part {
            Formula::Is(atom) => Place::AfterAtom(step, *atom),
            Formula::Test(_) => Place::When(step),
            Formula::All(_) | Formula::Any(_) => Place::After(step),
        });
        self.behind_formula(costs, part, found);
    }

    fn behind_formula(&self, costs: &Costs, formula: &Formula, found: &mut Found) {
        match formula {
            Formula::Is(atom) => found.open.push(Reason::Settled(*atom)),
            Formula::Test(test) => self.behind_test(costs, None, test, found),
            Formula::All(parts) => {
                let each = parts.iter().filter_map(|part| Some((self.formula(costs, part)?, part)));
                if let Some((_, part)) = each.min_by_key(|(cost, _)| *cost) {
                    self.behind_formula(costs, part, found);
                }
            }
            Formula::Any(parts) => parts.iter().for_each(|part| self.behind_formula(costs, part, found)),
        }
    }

    fn behind_outcome(&self, costs: &Costs, atom: Atom, found: &mut Found) {
        let facts = self.facts;
        let Some(cost) = self.settled(costs, atom) else { return };
        if self.target.has(atom) {
            return;
        }
        if self.begun(costs, atom.step) == Some(cost) {
            found.open.push(Reason::Begun(atom.step));
            return;
        }
        let evidence = facts.evidence(atom);
        match evidence.filter(|condition| self.condition(costs, atom.step, condition) == Some(cost)) {
            Some(condition) => {
                found.places.insert(Place::Condition(facts.chosen(atom)));
                self.behind_condition(costs, atom.step, condition, found);
            }
            None => {
                found.places.insert(Place::Outcome(facts.chosen(atom)));
                found.open.extend(facts.judged_datum(atom).cloned().map(Reason::Has));
            }
        }
    }

    fn behind_condition(&self, costs: &Costs, step: StepId, condition: &Condition, found: &mut Found) {
        match condition {
            Condition::Bound(grant) => self.behind_bound(costs, (step, *grant), found),
            Condition::Test(test) => self.behind_test(costs, Some(step), test, found),
            Condition::All(parts) => {
                let each = parts.iter().filter_map(|part| Some((self.condition(costs, step, part)?, part)));
                if let Some((_, part)) = each.min_by_key(|(cost, _)| *cost) {
                    self.behind_condition(costs, step, part, found);
                }
            }
            Condition::Any(parts) => {
                parts.iter().for_each(|part| self.behind_condition(costs, step, part, found));
            }
        }
    }

    fn behind_test(&self, costs: &Costs, own: Option<StepId>, test: &Test, found: &mut Found) {
        let each = test.data().filter_map(|datum| Some((self.compared(costs, own, datum)?, datum)));
        let Some((_, datum)) = each.min_by_key(|(cost, _)| *cost) else { return };
        match datum.root {
            Root::Result { step, grant } if Some(step) == own => {
                self.behind_bound(costs, (step, grant), found);
            }
            _ => found.open.push(Reason::Has(datum.clone())),
        }
    }

    fn behind_bound(&self, costs: &Costs, (step, grant): (StepId, GrantIx), found: &mut Found) {
        let at = (step, grant);
        if self.target.bound == Some(at) {
            return;
        }
        if !self.facts.usable(at) {
            found.places.insert(Place::Grant(step, grant));
            return;
        }
        let data = self.facts.grant(at).into_iter().flat_map(Grant::data);
        let each = data.filter_map(|(pin, datum)| Some((self.has(costs, datum)?, pin, datum)));
        if let Some((_, pin, datum)) = each.min_by_key(|(cost, ..)| *cost) {
            found.places.insert(Place::Pin(step, grant, pin));
            found.open.push(Reason::Has(datum.clone()));
        }
    }
}

struct Found {
    places: BTreeSet<Place>,
    open: Vec<Reason>,
}
