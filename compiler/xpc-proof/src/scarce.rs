//! Loops that limits per run may keep from being used up.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::workflow::{Atom, Datum, Grant, LoopId, Root, StepId};

use crate::evidence;
use crate::facts::{Facts, GrantAt};
use crate::implied::Implied;
use crate::need::Need;
use crate::values::grant_at;

/// The loops of which using them up may run into a limit per run: then only a replay shows that they can be used up.
pub(crate) fn loops(facts: &Facts<'_>) -> BTreeSet<LoopId> {
    let limited = |step: &StepId| limited(facts, *step).next().is_some();
    // By rank, since what is built again between two firings stands between target and source.
    let limited: BTreeMap<usize, StepId> =
        facts.steps().filter(limited).map(|step| (facts.rank(step), step)).collect();
    let between = |by: LoopId, source: StepId, target: StepId| {
        let mut within =
            limited.range(facts.rank(target)..=facts.rank(source)).map(|(_, step)| *step).peekable();
        if within.peek().is_none() {
            return false;
        }
        let above: BTreeSet<StepId> = facts.cone_from([source], facts.rank(target)).into_iter().collect();
        within.any(|step| above.contains(&step) && facts.resets(by, step))
    };
    // The machine takes no loop whose target is not upstream of its source.
    let loops = facts.loops().filter(|(_, l)| facts.rank(l.target) <= facts.rank(l.step));
    loops.filter(|(by, l)| between(*by, l.step, l.target)).map(|(by, _)| by).collect()
}

/// Grants of the step that an earlier opening may have used up, of which results may matter.
fn limited<'m>(facts: &Facts<'m>, step: StepId) -> impl Iterator<Item = (GrantAt, &'m Grant)> {
    let grants = facts.step(step).grants.iter().enumerate();
    let grants = grants.map(move |(index, grant)| (grant_at(step, index), grant));
    let shows = |grant: &Grant| !facts.action(grant.action).shows.is_empty();
    grants.filter(move |(at, grant)| facts.used_up(*at) && (grant.binder.is_some() || shows(grant)))
}

/// Outcomes of used-up loops that never come about: a grant has too few uses in the run, or too few names for what it makes. Each firing, and the outcome
/// itself, needs a result of it, and each firing forgets the one before.
pub(crate) fn never(facts: &Facts<'_>) -> BTreeSet<Atom> {
    let implied = Implied::new();
    let mut never = BTreeSet::new();
    for by in loops(facts) {
        let Some(l) = facts.the_loop(by) else { continue };
        let reopening = Atom { step: l.step, outcome: l.outcome };
        let steps = facts
            .cone_from([l.step], facts.rank(l.target))
            .into_iter()
            .filter(|step| facts.resets(by, *step));
        let mut grants = steps.flat_map(|step| limited(facts, step));
        if grants.any(|((step, ix), _)| {
            let here = step == l.step
                && facts.evidence(reopening).is_some_and(|evidence| evidence::needs(evidence, step, ix));
            let result = Datum { root: Root::Result { step, grant: ix }, fields: Vec::new() };
            let without = [Need::Enabled(reopening), Need::Lacks(result)];
            facts.most_in_run((step, ix)).is_some_and(|most| most <= l.max)
                && (here || implied.refutes(facts, &without).is_some())
        }) {
            never.insert(Atom { step: l.step, outcome: l.exhausted });
        }
    }
    never
}
