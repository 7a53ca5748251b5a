//! Every step can settle in each of its openings, whatever its role and the answers of the world were so far.
//!
//! The worst case is looked at: every use is spent and the results are what suits nobody. Then some outcome must be due or
//! open to judgement. A limit per run is no help in a later opening, since the first one may have used it all.
//! Assumed: a use that fails for good, or a role that throws its tokens away, is an operator's matter.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::workflow::{GrantIx, How, StepId};
use xpc_model::{Failure, Place, Verdict};

use super::{Context, MOST};
use crate::answer::{self, Extend};
use crate::codes;
use crate::evidence;
use crate::facts::{GrantAt, Shown, pin_data};
use crate::map::Map;
use crate::need::{Goal, Need};
use crate::plan::{self, Act};
use crate::refute::Setting;
use crate::session::Answer;
use crate::violation::Violation;

/// Conditions of one step that read more Booleans than this are left to the solver.
const MAX_FLAGS: usize = 10;

pub(crate) fn ask(context: &Context<'_, '_>) -> Verdict {
    let facts = context.facts;
    let bound = context.names_bound();
    let doubtful: Vec<StepId> = facts
        .steps()
        .filter(|step| !(settles(context, *step, &[]) && (bound || free(context, *step))))
        .collect();
    // What a step lacks while its maker has not settled may still come: no example of being stranded.
    let goals: Vec<Goal> = doubtful
        .iter()
        .map(|step| {
            let mut goal = decided(context, *step);
            goal.push(Need::Stranded(*step, Vec::new()));
            goal
        })
        .collect();
    let examples = match context.session.sort(&goals, Some(MOST)) {
        Ok(examples) => examples,
        Err(why) => return answer::unknown(why),
    };
    let mut failures: Vec<Result<Failure, String>> = doubtful
        .iter()
        .zip(examples)
        .filter_map(|(step, map)| Some(at_once(context, *step, &map?)))
        .collect();
    if failures.is_empty() && !doubtful.is_empty() {
        let goals: Vec<Goal> = doubtful.iter().map(|step| vec![Need::Stranded(*step, Vec::new())]).collect();
        match context.session.sort(&goals, Some(1)) {
            Err(why) => return answer::unknown(why),
            Ok(examples) => {
                if let Some((step, _)) = doubtful.iter().zip(examples).find(|(_, map)| map.is_some()) {
                    return answer::unknown(format!(
                        "step `{}` can be open before what its outcomes need has a value; let it wait for that",
                        facts.step(*step).name
                    ));
                }
            }
        }
    }
    if failures.is_empty() {
        // What waits for a step that cannot settle has no run of its own to show: plans first, and the dear search only when
        // no plan shows anything.
        let mut open = Vec::new();
        for step in facts.steps() {
            match later(context, step, false) {
                Ok(None) => {}
                Ok(Some(failure)) => failures.push(Ok(failure)),
                Err(_) => open.push(step),
            }
            if failures.len() >= MOST {
                break;
            }
        }
        for step in open {
            if failures.iter().any(Result::is_ok) {
                break;
            }
            failures.extend(later(context, step, true).transpose());
        }
    }
    let mut verdict = answer::from(failures);
    verdict.notes.push("a use that fails for good is an operator's matter".to_owned());
    verdict
}

/// The makers of what the step's grants and judgements name have settled.
fn decided(context: &Context<'_, '_>, step: StepId) -> Goal {
    let facts = context.facts;
    let pinned = facts.step(step).grants.iter().flat_map(pin_data).map(|(_, datum)| datum);
    let judged = facts.atoms(step).filter_map(|(atom, _)| facts.judged_datum(atom));
    let makers: BTreeSet<StepId> = pinned.chain(judged).filter_map(|datum| datum.root.step()).collect();
    makers.into_iter().map(Need::Settled).collect()
}

/// Some outcome needs nothing that other steps must have made.
fn free(context: &Context<'_, '_>, step: StepId) -> bool {
    let facts = context.facts;
    facts.atoms(step).any(|(atom, outcome)| {
        matches!(outcome.how, How::Judged) && facts.lasting(atom) && facts.judged_datum(atom).is_none()
    })
}

/// With all data bound and the `spent` grants giving nothing, some outcome is there whatever the Booleans are.
fn settles(context: &Context<'_, '_>, step: StepId, spent: &[GrantAt]) -> bool {
    let facts = context.facts;
    let mut flags = Vec::new();
    for (atom, _) in facts.atoms(step) {
        if let Some(condition) = facts.evidence(atom) {
            evidence::flags_of(condition, &mut flags);
        }
    }
    flags.sort();
    flags.dedup();
    if flags.len() > MAX_FLAGS {
        return false;
    }
    let there = |grant: GrantIx| facts.usable((step, grant)) && !spent.contains(&(step, grant));
    (0_u32..1 << flags.len()).all(|bits| {
        let flag = |grant: GrantIx, fields: &[String]| {
            flags
                .iter()
                .position(|(of, path)| *of == grant && path == fields)
                .is_some_and(|index| bits >> index & 1 == 1)
        };
        facts.atoms(step).any(|(atom, outcome)| {
            let seen = facts.judged_datum(atom).is_none_or(|datum| {
                facts.ways_to_see(step, datum).iter().any(|way| match way {
                    Shown::View => true,
                    Shown::Use(grant, _) => there(*grant),
                    Shown::ByChance => false,
                })
            });
            !matches!(outcome.how, How::Exhausted(_))
                && facts.lasting(atom)
                && seen
                && facts.evidence(atom).is_none_or(|condition| evidence::truth(condition, &there, &flag))
        })
    })
}

/// Everything the grants that matter to the step can still give, with the Booleans of the map.
fn worst(context: &Context<'_, '_>, step: StepId, map: &Map, spent: &[GrantAt]) -> Vec<Act> {
    let facts = context.facts;
    let mut acts = Vec::new();
    for grant in evidence::read_by(facts, step) {
        let at = (step, grant);
        if spent.contains(&at) || !evidence::pinned(facts, at, map) {
            continue;
        }
        let flags: BTreeMap<Vec<String>, bool> = map
            .flags
            .iter()
            .filter(|((of, ix, _), _)| (*of, *ix) == at)
            .map(|((_, _, fields), is)| (fields.clone(), *is))
            .collect();
        let uses = facts.grant(at).map_or(0, |grant| grant.limit.uses);
        acts.extend((0..uses).map(|_| Act::Use { at, flags: flags.clone(), args: BTreeMap::new() }));
    }
    acts
}

fn ends_in(name: &str) -> String {
    format!("step `{name}` is open, has no use left that matters, and none of its outcomes can be taken")
}

fn at_once(context: &Context<'_, '_>, step: StepId, map: &Map) -> Result<Failure, String> {
    let name = &context.facts.step(step).name;
    let uses = worst(context, step, map, &[]);
    let trace = context.trace(map, &uses, &Violation::Stranded(step), &Setting::default(), ends_in(name))?;
    let failure = answer::failure(
        codes::STRANDED,
        format!("step `{name}` can be left with no way to settle"),
        context.span(Place::Step(step)),
    );
    Ok(failure
        .help("add an outcome that the role may decide without evidence, or automatic outcomes for all evidence")
        .trace(trace))
}

/// A later opening in which limits per run have been used up; by a `search` on the machine where no plan leads there.
fn later(context: &Context<'_, '_>, step: StepId, search: bool) -> Result<Option<Failure>, String> {
    let facts = context.facts;
    let spent: Vec<GrantAt> = (0..facts.step(step).grants.len())
        .map(|index| crate::values::grant_at(step, index))
        .filter(|at| facts.per_run(*at))
        .collect();
    if spent.is_empty() || settles(context, step, &spent) && (context.names_bound() || free(context, step)) {
        return Ok(None);
    }
    let loops = context.openings().loops(step);
    if loops.is_empty() {
        return Ok(None);
    }
    // What matters and can be used in the first opening is used up there.
    let mut first: Goal = vec![Need::Begun(step)];
    let relevant: Vec<GrantAt> = spent.iter().copied().filter(|at| matters(context, *at)).collect();
    first.extend(relevant.iter().map(|at| Need::Used(*at)));
    let mut last = decided(context, step);
    last.push(Need::Stranded(step, spent.clone()));
    let chain = match context.session.chain(&[first], &[last], loops, 1) {
        Answer::Yes(chain) => Some(chain),
        Answer::No => None,
        Answer::Unknown(why) => return Err(why),
    };
    let uses: Vec<Act> = relevant
        .iter()
        .flat_map(|at| (0..facts.grant(*at).map_or(0, |grant| grant.limit.uses)).map(|_| Act::using(*at)))
        .collect();
    let name = &facts.step(step).name;
    let acts = chain.as_ref().and_then(|chain| {
        let end = chain.maps.last().cloned().unwrap_or_default();
        plan::along(facts, chain, &uses, &worst(context, step, &end, &spent))
    });
    let violation = Violation::Stranded(step);
    let planned = acts
        .ok_or_else(|| "no run that uses the limit up was found".to_owned())
        .and_then(|acts| context.stage.trace(&acts, &violation, &Setting::default(), ends_in(name)));
    let trace = planned.or_else(|why| {
        if !search {
            return Err(why);
        }
        let searched = context.stage.search(&violation, &Setting::default(), ends_in(name));
        searched.map_err(|also| format!("{why}; {also}"))
    })?;
    let at = relevant.first().or(spent.first()).copied().unwrap_or((step, GrantIx(0)));
    let failure = answer::failure(
        codes::STRANDED,
        format!("step `{name}` may open again when this limit per run is used up, and then cannot settle"),
        context.span(Place::Limit(at.0, at.1)),
    );
    let by = chain.as_ref().and_then(|chain| chain.fired.first()).or(loops.first()).copied();
    let by = by.unwrap_or(xp_artifact::workflow::LoopId(0));
    Ok(Some(
        failure
            .label(context.span(Place::Loop(by)), format!("this opens `{name}` again"))
            .help("count `per opening`, or move the step out of the loop")
            .trace(trace),
    ))
}

/// The step's outcomes read the grant, or need it to be shown what they judge.
fn matters(context: &Context<'_, '_>, at: GrantAt) -> bool {
    let facts = context.facts;
    evidence::read_by(facts, at.0).contains(&at.1)
        || facts.atoms(at.0).any(|(atom, _)| {
            facts.judged_datum(atom).is_some_and(|datum| {
                facts
                    .ways_to_see(at.0, datum)
                    .iter()
                    .any(|way| matches!(way, Shown::Use(grant, _) if *grant == at.1))
            })
        })
}
