//! Nothing is written while evidence or approval about it is in force or being gathered.
//!
//! Evidence: results of actions that attest, about what the declaration says. Approval: what an outcome judges (submissions
//! aside: they cannot change while their step is settled, and have no value before). In force while the step is settled so, gathered
//! while it is open; with a write in the same step it is outdated at once. A state question, exact up to which resources may
//! be one. Another run may write to a named branch: then it is conditional.

use std::collections::BTreeMap;

use xp_artifact::workflow::{Atom, Datum, GrantIx, Root, StepId, Then};
use xpc_model::{Failure, Place, Verdict};

use super::resources::{Resource, Resources};
use super::{Context, MOST};
use crate::answer::{self, Extend};
use crate::codes;
use crate::facts::{GrantAt, pin_data};
use crate::map::Map;
use crate::need::{Goal, Need};
use crate::plan::Act;
use crate::refute::Setting;
use crate::violation::Violation;

/// Something a step relies on.
struct Evidence {
    step: StepId,
    about: Vec<Resource>,
    /// Outcomes that leave it in force.
    relying: Vec<Atom>,
    /// The grant whose result it is; none for an approval.
    grant: Option<GrantIx>,
    /// What must have a value for it to be about anything.
    data: Vec<Datum>,
    place: Place,
}

/// A write beside evidence about what it may touch.
struct Pair<'e> {
    write: GrantAt,
    evidence: &'e Evidence,
}

pub(crate) fn ask(context: &Context<'_, '_>) -> Verdict {
    let facts = context.facts;
    let resources = Resources::new(facts);
    let evidence = gathered(context, &resources);
    let pairs = pairs(context, &resources, &evidence);
    let goals: Vec<Goal> = pairs
        .iter()
        .map(|pair| {
            let in_force = Need::InForce(pair.evidence.step, pair.evidence.relying.clone());
            let mut goal = vec![Need::Use(pair.write), in_force];
            goal.extend(pair.evidence.data.iter().cloned().map(Need::Has));
            goal
        })
        .collect();
    let examples = match context.session.sort(&goals, Some(MOST)) {
        Ok(examples) => examples,
        Err(why) => return answer::unknown(why),
    };
    let failures: Vec<Result<Failure, String>> =
        pairs.iter().zip(examples).filter_map(|(pair, map)| Some(failure(context, pair, &map?))).collect();
    if !failures.is_empty() {
        return answer::from(failures);
    }
    let shared =
        evidence.iter().flat_map(|evidence| &evidence.about).find(|resource| resources.shared(resource));
    match shared {
        Some(Resource::Param(datum)) => {
            let name = xp_artifact::print::datum(facts.w, datum);
            answer::conditional(format!("another run may write to `{name}`: there is no lease on it"))
        }
        _ => answer::proved(),
    }
}

fn gathered(context: &Context<'_, '_>, resources: &Resources<'_, '_>) -> Vec<Evidence> {
    let facts = context.facts;
    let mut found = Vec::new();
    for step in facts.steps() {
        let continuing: Vec<Atom> = facts
            .atoms(step)
            .filter(|(_, outcome)| outcome.then == Then::Settle)
            .map(|(atom, _)| atom)
            .collect();
        for (index, grant) in facts.step(step).grants.iter().enumerate() {
            let at = crate::values::grant_at(step, index);
            let about = resources.told(at);
            if !about.is_empty() {
                found.push(Evidence {
                    step,
                    about: about.into_iter().collect(),
                    relying: continuing.clone(),
                    grant: Some(at.1),
                    data: pin_data(grant).map(|(_, datum)| datum.clone()).collect(),
                    place: Place::Grant(step, at.1),
                });
            }
        }
        for (atom, outcome) in facts.atoms(step) {
            if let Some(datum) = facts.judged_datum(atom)
                && facts.chosen(atom) == atom
                && !matches!(datum.root, Root::Submission { .. })
            {
                let relying = if outcome.then == Then::Settle { vec![atom] } else { Vec::new() };
                found.push(Evidence {
                    step,
                    about: resources.of_datum(datum).into_iter().collect(),
                    relying,
                    grant: None,
                    data: vec![datum.clone()],
                    place: Place::Outcome(atom),
                });
            }
        }
    }
    found
}

/// Writes with evidence about something they may touch. Fresh resources meet only themselves, so most pairs are never
/// looked at.
fn pairs<'e>(
    context: &Context<'_, '_>,
    resources: &Resources<'_, '_>,
    evidence: &'e [Evidence],
) -> Vec<Pair<'e>> {
    let mut by_fresh: BTreeMap<&Resource, Vec<usize>> = BTreeMap::new();
    let mut by_other: Vec<usize> = Vec::new();
    for (index, one) in evidence.iter().enumerate() {
        for resource in &one.about {
            match resource {
                Resource::Fresh(_) => by_fresh.entry(resource).or_default().push(index),
                _ => by_other.push(index),
            }
        }
    }
    by_other.dedup();
    let mut found = Vec::new();
    for (write, _) in context.facts.grants() {
        let touched = resources.touched(write);
        let mut candidates = by_other.clone();
        for resource in &touched {
            match resource {
                Resource::Fresh(_) => candidates.extend(by_fresh.get(resource).into_iter().flatten()),
                _ => candidates.extend(0..evidence.len()),
            }
        }
        if touched.is_empty() {
            continue;
        }
        candidates.sort_unstable();
        candidates.dedup();
        for one in candidates.into_iter().filter_map(|index| evidence.get(index)) {
            let meets = touched.iter().any(|a| one.about.iter().any(|b| resources.may_be_one(a, b)));
            if meets {
                found.push(Pair { write, evidence: one });
            }
        }
    }
    found
}

fn failure(context: &Context<'_, '_>, pair: &Pair<'_>, map: &Map) -> Result<Failure, String> {
    let facts = context.facts;
    let (step, write) = (pair.evidence.step, pair.write);
    let action = facts.action_name(write);
    let gathering = &facts.step(step).name;
    let ends_in = format!("`{action}` has changed what `{gathering}` is about");
    let violation = Violation::Stale(write, step, pair.evidence.relying.clone(), pair.evidence.grant);
    // Evidence in force has been made; while it is being gathered that is not needed.
    let made = pair
        .evidence
        .grant
        .filter(|_| map.settled.contains_key(&step))
        .map(|grant| Act::using((step, grant)));
    let uses: Vec<Act> = made.into_iter().chain([Act::using(write)]).collect();
    let trace = context.trace(map, &uses, &violation, &Setting::default(), ends_in)?;
    let what = match pair.evidence.place {
        Place::Outcome(_) => "approval",
        _ => "evidence",
    };
    let message = if write.0 == step {
        format!("`{action}` can change what the {what} of the same step is about")
    } else {
        format!("`{action}` can change what the {what} of step `{gathering}` is about while it is in force")
    };
    Ok(answer::failure(codes::STALE, message, context.span(Place::Grant(write.0, write.1)))
        .label(context.span(pair.evidence.place), format!("this {what} would be out of date"))
        .label(context.span(Place::After(step)), "opens when the other may still be used")
        .help(format!("let `{gathering}` wait until `{}` is settled", facts.step(write.0).name))
        .trace(trace))
}
