//! A bounded search on the machine, for what plans from live maps do not show: limits per run, loops upon loops.

use std::collections::{BTreeMap, HashSet, VecDeque};

use xp_artifact::workflow::{Atom, How};
use xp_scope::Value;

use crate::evidence;
use crate::facts::Facts;
use crate::plan::Act;
use crate::replay::Run;
use crate::violation::Violation;

/// Larger workflows are not searched.
const MAX_STEPS: usize = 64;

/// A shortest sequence of acts that ends in the violation, if one is met within so many states.
pub(crate) fn find(
    facts: &Facts<'_>,
    start: Run<'_, '_>,
    violation: &Violation,
    states: usize,
) -> Option<Vec<Act>> {
    if facts.w.steps.len() > MAX_STEPS {
        return None;
    }
    let mut known = HashSet::from([key(&start)]);
    let mut nodes: Vec<(Option<usize>, Option<Act>)> = vec![(None, None)];
    let mut queue = VecDeque::from([(0_usize, start)]);
    while let Some((here, run)) = queue.pop_front() {
        let last = nodes.get(here).and_then(|(_, act)| act.as_ref());
        if violation.holds(&run, facts, last) {
            return Some(path(&nodes, here));
        }
        for act in acts(facts, &run) {
            let mut next = run.fork();
            if next.act(&act).is_err() {
                continue;
            }
            let ends = violation.holds(&next, facts, Some(&act));
            if !ends && (!next.running() || !known.insert(key(&next))) {
                continue;
            }
            nodes.push((Some(here), Some(act)));
            let index = nodes.len() - 1;
            if ends {
                return Some(path(&nodes, index));
            }
            if known.len() > states {
                return None;
            }
            queue.push_back((index, next));
        }
    }
    None
}

fn path(nodes: &[(Option<usize>, Option<Act>)], end: usize) -> Vec<Act> {
    let mut acts = Vec::new();
    let mut here = Some(end);
    while let Some((before, act)) = here.and_then(|index| nodes.get(index)) {
        acts.extend(act.clone());
        here = *before;
    }
    acts.reverse();
    acts
}

/// Everything that can be tried.
fn acts(facts: &Facts<'_>, run: &Run<'_, '_>) -> Vec<Act> {
    let mut found = Vec::new();
    for step in facts.steps().filter(|step| run.open(*step)) {
        for (atom, outcome) in facts.atoms(step) {
            let becomes = match outcome.how {
                How::Exhausted(_) => continue,
                _ => becomes(facts, run, atom),
            };
            found.push(Act::Take { atom, becomes });
        }
        let flags = evidence::flags_of(facts.atoms(step).filter_map(|(atom, _)| facts.evidence(atom)));
        for index in 0..facts.step(step).grants.len() {
            let at = crate::values::grant_at(step, index);
            let read: Vec<&Vec<String>> =
                flags.iter().filter(|(grant, _)| *grant == at.1).map(|(_, path)| path).collect();
            for bits in 0_u32..1 << read.len().min(4) {
                let flags = read
                    .iter()
                    .enumerate()
                    .map(|(bit, path)| ((*path).clone(), bits >> bit & 1 == 1))
                    .collect();
                found.push(Act::Use { at, flags, args: BTreeMap::new() });
            }
        }
    }
    found
}

/// What comes of an outcome as the loops stand.
fn becomes(facts: &Facts<'_>, run: &Run<'_, '_>, atom: Atom) -> Atom {
    let by = facts.loops().find(|(_, l)| l.step == atom.step && l.outcome == atom.outcome);
    match by {
        Some((by, l)) if run.fired(by) >= l.max => Atom { step: l.step, outcome: l.exhausted },
        _ => atom,
    }
}

type Key = (Vec<StepKey>, Vec<u32>, Option<xp_monitor::Watch>);
type StepKey = (Option<u32>, bool, Vec<(u32, u32, Option<Value>)>);

/// Enough of a state to tell what can still happen and what has: results count by what conditions read of them.
fn key(run: &Run<'_, '_>) -> Key {
    let steps = run.state.steps().iter().map(|step| {
        let grants = step
            .grants
            .iter()
            .map(|grant| (grant.spent, grant.spent_in_run, grant.result.as_ref().map(booleans)));
        (step.settled.map(|outcome| outcome.0), step.open, grants.collect())
    });
    let watch = run.watching.as_ref().map(|watching| watching.watch().clone());
    (steps.collect(), run.state.loops().to_vec(), watch)
}

/// A value with everything but its Booleans blanked.
fn booleans(value: &Value) -> Value {
    match value {
        Value::Bool(_) => value.clone(),
        Value::Record(members) => {
            Value::Record(members.iter().map(|(name, member)| (name.clone(), booleans(member))).collect())
        }
        Value::Int(_) | Value::Text(_) | Value::List(_) => Value::Int(0),
    }
}
