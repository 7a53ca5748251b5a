//! Nothing is written while evidence or approval about it is in force or being gathered.
//!
//! Evidence: results with `about` or `attests` that a continuing outcome relies on, and what such an outcome is `of`
//! (submissions aside: they cannot change while their step is settled, and the judge's step waits for it). In force while the
//! outcome stands, gathered while its step is open; with a write in the same step it is outdated at once. A state
//! question, exact up to which resources may be one. What the run did not make itself, another run may write to: then it is
//! conditional.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::workflow::{Atom, Condition, Datum, GrantIx, Root, StepId, Then};
use xpc_model::{Failure, Place, Verdict};

use super::resources::{Resource, Resources};
use super::{Context, MOST};
use crate::answer::{self, Extend};
use crate::codes;
use crate::facts::GrantAt;
use crate::map::Map;
use crate::need::{Goal, Need};
use crate::plan::Act;
use crate::refute::Setting;
use crate::violation::Violation;

/// Something a step relies on.
struct Evidence {
    step: StepId,
    about: Vec<Resource>,
    relying: Vec<Atom>,
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
    let Some(shared) = shared else { return answer::proved() };
    let what = match shared {
        Resource::Param(datum) => format!("`{}`", xp_artifact::print::datum(facts.w, datum)),
        Resource::Literal(value) => format!("`{}`", xp_artifact::print::value(value)),
        Resource::Protected => "the branch that merges go into".to_owned(),
        _ => "what evidence of this run is about".to_owned(),
    };
    answer::conditional(format!("another run may write to {what}: there is no lease on it"))
}

fn gathered(context: &Context<'_, '_>, resources: &Resources<'_, '_>) -> Vec<Evidence> {
    let facts = context.facts;
    let mut found = Vec::new();
    for step in facts.steps() {
        let mut relied: BTreeMap<Place, Evidence> = BTreeMap::new();
        let mut rely = |place: Place, atom: Atom, about: BTreeSet<Resource>, data: Vec<Datum>| {
            let about = about.into_iter().collect();
            let new = Evidence { step, about, relying: Vec::new(), data, place };
            relied.entry(place).or_insert(new).relying.push(atom);
        };
        let continuing = facts.atoms(step).filter(|(_, outcome)| outcome.then == Then::Settle);
        for (atom, _) in continuing {
            let literals = facts.evidence(atom).into_iter().flat_map(Condition::literals);
            let grants: BTreeSet<GrantIx> = literals.map(|literal| literal.grant).collect();
            for grant in grants {
                let at = (step, grant);
                let about = resources.told(at);
                if !about.is_empty() {
                    let data = resources.told_by(at).into_iter().cloned().collect();
                    rely(Place::Grant(step, grant), atom, about, data);
                }
            }
            if let Some(datum) = facts.judged_datum(atom)
                && !matches!(datum.root, Root::Submission { .. })
            {
                let place = Place::Outcome(facts.chosen(atom));
                rely(place, atom, resources.of_datum(datum), vec![datum.clone()]);
            }
        }
        found.extend(relied.into_values());
    }
    found
}

/// Writes with evidence about something they may touch. Fresh resources meet only what may be called like them, so most
/// pairs are never looked at.
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
    let mut met: BTreeMap<Resource, Vec<usize>> = BTreeMap::new();
    for (write, _) in context.facts.grants() {
        let touched = resources.touched(write);
        let mut candidates = by_other.clone();
        for resource in &touched {
            match resource {
                Resource::Fresh(_) => {
                    let known = met.entry(resource.clone()).or_insert_with(|| {
                        let alike =
                            by_fresh.iter().filter(|(other, _)| resources.may_be_one(resource, other));
                        alike.flat_map(|(_, indices)| indices.iter().copied()).collect()
                    });
                    candidates.extend(known.iter());
                }
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
    let violation = Violation::Stale(write, step, pair.evidence.relying.clone());
    let trace = context.trace(map, &[Act::using(write)], &violation, &Setting::default(), ends_in)?;
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
