//! The data that steps name, and whether they always have values.

use std::collections::BTreeSet;

use xp_artifact::workflow::{Condition, Datum, GrantIx, Root, StepId};
use xpc_model::Place;

use crate::facts::Facts;
use crate::need::{Goal, Need};
use crate::session::Session;

/// A step that names something.
pub(crate) struct Named {
    pub step: StepId,
    pub datum: Datum,
    pub place: Place,
}

/// Every step with each origin that its grants and conditions name, once; those that its outcomes judge too if asked.
pub(crate) fn named(facts: &Facts<'_>, judged: bool) -> Vec<Named> {
    let mut found = Vec::new();
    for step in facts.steps() {
        let mut seen = BTreeSet::new();
        let mut add = |datum: &Datum, place: Place| {
            if !matches!(datum.root, Root::Param(_)) && seen.insert(datum.root) {
                found.push(Named { step, datum: datum.clone(), place });
            }
        };
        for (index, grant) in facts.step(step).grants.iter().enumerate() {
            for (pin, datum) in grant.data() {
                add(datum, Place::Pin(step, GrantIx::of(index), pin));
            }
        }
        for (atom, outcome) in facts.atoms(step) {
            let compared = outcome.how.condition().into_iter().flat_map(Condition::data);
            for datum in compared.filter(|datum| datum.root.step() != Some(step)) {
                add(datum, Place::Condition(atom));
            }
            if let Some(datum) = outcome.of.as_ref().filter(|_| judged) {
                add(datum, Place::Outcome(atom));
            }
        }
    }
    found
}

/// One goal for each: the step is open and the datum has no value.
pub(crate) fn goals(named: &[Named]) -> Vec<Goal> {
    named.iter().map(|named| vec![Need::Open(named.step), Need::Lacks(named.datum.clone())]).collect()
}

/// Every name, of grants and judgements, has a value whenever its step is open; false also when that is not known.
pub(crate) fn always_bound(session: &Session<'_, '_>) -> bool {
    let goals = goals(&named(session.facts, true));
    session.sort(&goals, Some(1)).is_ok_and(|found| found.iter().all(Option::is_none))
}
