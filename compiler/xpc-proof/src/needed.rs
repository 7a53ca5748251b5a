//! Acts of a plan without which it cannot end in its violation, going by guards, evidence and pins.

use std::collections::{BTreeSet, HashMap};

use xp_artifact::workflow::{Atom, Condition, Datum, Formula, Grant, Root, StepId};

use crate::facts::{Facts, GrantAt};
use crate::plan::Act;
use crate::violation::Violation;

/// Their positions. What the plan does more than once is not among them, since one of the times may be enough.
pub(crate) fn by(facts: &Facts<'_>, acts: &[Act], violation: &Violation) -> BTreeSet<usize> {
    let mut plan = Needed {
        facts,
        uses: HashMap::new(),
        takes: HashMap::new(),
        needed: BTreeSet::new(),
        open: Vec::new(),
    };
    for (index, act) in acts.iter().enumerate() {
        match act {
            Act::Use { at, .. } => plan.uses.entry(*at).or_default().push(index),
            Act::Take { becomes, .. } => plan.takes.entry(*becomes).or_default().push(index),
            Act::Given { .. } => {}
        }
    }
    // Nothing before the last act ends in it.
    if let Some(Act::Use { at, .. }) = acts.last() {
        plan.used(*at);
    }
    match violation {
        Violation::Lacks(step, _)
        | Violation::Stranded(step)
        | Violation::Evidence(step, ..)
        | Violation::Open(step) => plan.begun(*step),
        Violation::Taken(atom) | Violation::Judged(_, atom) => plan.taken(*atom),
        Violation::Unjudged(..)
        | Violation::Again(_)
        | Violation::Broken
        | Violation::Went(_)
        | Violation::NothingOpen
        | Violation::Reached => {}
    }
    while let Some(index) = plan.open.pop() {
        match acts.get(index) {
            Some(Act::Use { at, .. }) => {
                plan.begun(at.0);
                plan.pins(*at);
            }
            Some(Act::Take { atom, .. }) => {
                plan.begun(atom.step);
                if let Some(condition) = facts.evidence(*atom) {
                    plan.condition(atom.step, condition);
                }
            }
            Some(Act::Given { .. }) | None => {}
        }
    }
    plan.needed
}

struct Needed<'f, 'm> {
    facts: &'f Facts<'m>,
    uses: HashMap<GrantAt, Vec<usize>>,
    takes: HashMap<Atom, Vec<usize>>,
    needed: BTreeSet<usize>,
    /// Those whose own needs are not looked at yet.
    open: Vec<usize>,
}

impl Needed<'_, '_> {
    fn one(&mut self, index: Option<usize>) {
        if let Some(index) = index
            && self.needed.insert(index)
        {
            self.open.push(index);
        }
    }

    fn used(&mut self, at: GrantAt) {
        let only = self.uses.get(&at).filter(|list| list.len() == 1).and_then(|list| list.first());
        self.one(only.copied());
    }

    fn taken(&mut self, atom: Atom) {
        let only = self.takes.get(&atom).filter(|list| list.len() == 1).and_then(|list| list.first());
        self.one(only.copied());
    }

    fn begun(&mut self, step: StepId) {
        for part in self.facts.step(step).after.conjuncts() {
            match part {
                Formula::Is(atom) => self.taken(*atom),
                Formula::Test(test) => test.data().for_each(|datum| self.datum(datum)),
                Formula::All(_) | Formula::Any(_) => {}
            }
        }
    }

    fn pins(&mut self, at: GrantAt) {
        self.facts.grant(at).into_iter().flat_map(Grant::data).for_each(|(_, datum)| self.datum(datum));
    }

    fn datum(&mut self, datum: &Datum) {
        if let Root::Result { step, grant } = datum.root {
            self.used((step, grant));
        }
    }

    fn condition(&mut self, step: StepId, condition: &Condition) {
        match condition {
            Condition::Bound(grant) => self.used((step, *grant)),
            Condition::Test(test) => test.data().for_each(|datum| self.datum(datum)),
            Condition::All(parts) => parts.iter().for_each(|part| self.condition(step, part)),
            Condition::Any(_) => {}
        }
    }
}
