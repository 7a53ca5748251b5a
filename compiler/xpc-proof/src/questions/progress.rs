//! Every step can settle in each of its openings, whatever its role and the answers of the world were so far.
//!
//! The worst case is looked at: every use is spent and the results are what suits nobody. Then some outcome must be due or
//! open to judgement. A limit per run is no help in a later opening, since the first one may have used it all.
//! Assumed: a use that fails for good, or a role that throws its tokens away, is an operator's matter.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::question::Status;
use xp_artifact::workflow::{Grant, GrantIx, How, StepId};
use xp_diagnostics::{Diagnostic, codes};
use xp_scope::MAX_TEXT;
use xpc_model::{Place, Verdict};

use super::{Context, MOST};
use crate::answer;
use crate::evidence;
use crate::facts::{Facts, GrantAt, Shown};
use crate::map::Map;
use crate::need::{Goal, Need};
use crate::plan::{self, Act};
use crate::refute::Setting;
use crate::session::Answer;
use crate::sure::{self, Starved};
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
    let mut failures: Vec<Result<Diagnostic, String>> = doubtful
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
            failures.extend(taken(context, step).transpose());
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
    if verdict.status == Status::Proved {
        let lines = |step| short_texts(context, step).into_iter().chain(other_names(context, step));
        verdict.assuming = facts.steps().flat_map(lines).collect();
    }
    verdict
}

/// Texts put together that the step counts on, and that the machine refuses where they come to be too long. Whoever chooses
/// such a text chooses its length: the proof says that it rests on this, rather than ask each step for another way.
fn short_texts(context: &Context<'_, '_>, step: StepId) -> Vec<String> {
    let facts = context.facts;
    let read = evidence::read_by(facts, step).into_iter().map(|grant| (step, grant));
    let relevant: BTreeSet<GrantAt> = read.chain(sure::showing(facts, step)).collect();
    let long = relevant.into_iter().filter_map(|at| Some((at, sure::long_text(facts, at)?)));
    long.map(|(at, param)| {
        format!(
            "`{param}` of `{}` in step `{}` has at most {MAX_TEXT} characters",
            facts.action_name(at),
            facts.step(step).name
        )
    })
    .collect()
}

/// Names of what the step must make that no parameter may have: whoever starts the run chooses those.
fn other_names(context: &Context<'_, '_>, step: StepId) -> Vec<String> {
    let facts = context.facts;
    let read = evidence::read_by(facts, step).into_iter().map(|grant| (step, grant));
    let relevant: BTreeSet<GrantAt> = read.chain(sure::showing(facts, step)).collect();
    let named =
        relevant.into_iter().filter(|at| facts.usable(*at) && facts.may_be_called_like_a_parameter(*at));
    named
        .map(|at| {
            format!(
                "no parameter is called like what `{}` makes in step `{}`",
                facts.action_name(at),
                facts.step(step).name
            )
        })
        .collect()
}

/// The makers of what the step's grants and judgements name have settled, and the steps that guards of the grants look at.
fn decided(context: &Context<'_, '_>, step: StepId) -> Goal {
    let facts = context.facts;
    let pinned = facts.step(step).grants.iter().flat_map(Grant::data).map(|(_, datum)| datum);
    let judged = facts.atoms(step).filter_map(|(atom, _)| facts.judged_datum(atom));
    let grants = (0..facts.step(step).grants.len()).map(|index| crate::values::grant_at(step, index));
    let required = grants.flat_map(|at| facts.guarding().required(at)).flat_map(|formula| formula.steps());
    let makers: BTreeSet<StepId> =
        pinned.chain(judged).filter_map(|datum| datum.root.step()).chain(required).collect();
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
    let flags = evidence::flags_of(facts.atoms(step).filter_map(|(atom, _)| facts.evidence(atom)));
    if flags.len() > MAX_FLAGS {
        return false;
    }
    let sure: BTreeSet<GrantIx> = evidence::read_by(facts, step)
        .into_iter()
        .filter(|grant| {
            let at = (step, *grant);
            !spent.contains(&at) && sure::lets_through(facts, at) && facts.guarding().required(at).is_empty()
        })
        .collect();
    let there = |grant: GrantIx| sure.contains(&grant);
    (0_u32..1 << flags.len()).all(|bits| {
        let flag = |grant: GrantIx, fields: &[String]| {
            flags
                .iter()
                .position(|(of, path)| *of == grant && path == fields)
                .is_some_and(|index| bits >> index & 1 == 1)
        };
        facts.atoms(step).any(|(atom, outcome)| {
            // A use may show something else.
            let seen = facts
                .judged_datum(atom)
                .is_none_or(|datum| facts.ways_to_see(step, datum).contains(&Shown::View));
            !matches!(outcome.how, How::Exhausted(_))
                && facts.lasting(atom)
                && seen
                && facts.evidence(atom).is_none_or(|condition| evidence::truth(condition, &there, &flag))
        })
    })
}

/// Everything the grants that matter to the step surely can still give, with the Booleans of the map.
fn worst(context: &Context<'_, '_>, step: StepId, map: &Map, spent: &[GrantAt]) -> Option<Vec<Act>> {
    let facts = context.facts;
    let mut acts = Vec::new();
    let read = evidence::read_by(facts, step).into_iter().map(|grant| (step, grant));
    let relevant: BTreeSet<GrantAt> = read.chain(sure::showing(facts, step)).collect();
    for at in relevant {
        if spent.contains(&at) || !evidence::pinned(facts, at, map) || !sure::lets_through(facts, at) {
            continue;
        }
        let flags: BTreeMap<Vec<String>, bool> = map
            .flags
            .iter()
            .filter(|((of, ix, _), _)| (*of, *ix) == at)
            .map(|((_, _, fields), is)| (fields.clone(), *is))
            .collect();
        let uses = facts.uses(at);
        plan::repeat(&mut acts, &Act::Use { at, flags, args: BTreeMap::new() }, u64::from(uses))?;
    }
    Some(acts)
}

/// The world answers at its worst: lists are empty, names are none, and what is shown is something else.
fn hostile<'m>(facts: &Facts<'m>, step: StepId) -> Setting<'m> {
    let relevant = sure::unsure(facts, step).into_iter().chain(sure::showing(facts, step));
    let instead = relevant.filter_map(|at| sure::starved(facts, at)).collect();
    Setting { instead, blind: Some(step), ..Setting::default() }
}

/// The step may count on answers that need not come.
fn relies_on_luck(facts: &Facts<'_>, step: StepId) -> bool {
    !sure::unsure(facts, step).is_empty() || !sure::showing(facts, step).is_empty()
}

fn ends_in(name: &str) -> String {
    format!("step `{name}` is open, has no use left that matters, and none of its outcomes can be taken")
}

fn with_nothing_to_use(name: &str) -> String {
    format!("step `{name}` is open, nothing that matters can be used, and none of its outcomes can be taken")
}

fn at_once(context: &Context<'_, '_>, step: StepId, map: &Map) -> Result<Diagnostic, String> {
    let facts = context.facts;
    let name = &facts.step(step).name;
    let setting = hostile(facts, step);
    let lucky = relies_on_luck(facts, step);
    let end = if lucky { with_nothing_to_use(name) } else { ends_in(name) };
    let trace = worst(context, step, map, &[])
        .ok_or_else(|| plan::TOO_LONG.to_owned())
        .and_then(|uses| context.trace(map, &uses, &Violation::Stranded(step), &setting, end))
        .map_err(|why| match refusable(facts, step) {
            Some(at) => format!(
                "a guard may refuse `{}`, and step `{name}` may have no other way to settle: add an outcome that does without",
                facts.action_name(at)
            ),
            None if lucky => format!("{why}; {}", cure(name)),
            None => why,
        })?;
    let message = format!("step `{name}` can be left with no way to settle");
    let own = context.span(Place::Step(step));
    let mut causes = causes(context, step).into_iter();
    let failure = match causes.next() {
        Some((place, why, help)) => {
            let failure = Diagnostic::error(codes::STRANDED, format!("{message}: {why}"));
            let failure = failure.at(context.span(place)).label(own, "this step needs it");
            let failure = causes.fold(failure, |failure, (place, why, _)| failure.label(context.span(place), why));
            failure.help(format!("{help}add an outcome to `{name}` that does without, such as `outcome impossible -> end`"))
        }
        None => Diagnostic::error(codes::STRANDED, message).at(own).help(
            "add an outcome that the role may decide without evidence, or automatic outcomes for all evidence",
        ),
    };
    Ok(failure.trace(trace))
}

/// What the step counts on and need not get: where, why not, and what else would help, as the beginning of a sentence.
fn causes(context: &Context<'_, '_>, step: StepId) -> Vec<(Place, String, String)> {
    let facts = context.facts;
    let mut causes = Vec::new();
    for at in sure::unsure(facts, step) {
        let Some((number, starved)) = sure::doubtful_pin(facts, at) else { continue };
        let place = Place::Pin(at.0, at.1, number);
        causes.push(match starved {
            Starved::Name(ty) => (
                place,
                format!("this text may be no `{ty}`"),
                format!(
                    "make it of numbers, commits or words of an enumeration, let an earlier step hand in a `{ty}` with `submit`, or "
                ),
            ),
            Starved::List => (place, "this list may be empty".to_owned(), String::new()),
            Starved::Narrowed => (place, "none of this list may match".to_owned(), String::new()),
        });
    }
    for at in sure::showing(facts, step) {
        let place = Place::Grant(at.0, at.1);
        causes.push((place, "this may show something else than what is judged".to_owned(), String::new()));
    }
    causes
}

/// A grant that matters to the step and that a guard may refuse.
fn refusable(facts: &Facts<'_>, step: StepId) -> Option<GrantAt> {
    let read = evidence::read_by(facts, step).into_iter().map(|grant| (step, grant));
    read.chain(sure::showing(facts, step)).find(|at| facts.guarding().may_refuse(*at))
}

fn cure(name: &str) -> String {
    format!(
        "the world may show something else than what is judged, answer with an empty list, or with text that makes no name: \
         add an outcome to `{name}` that needs none of these"
    )
}

/// A later opening in which limits per run have been used up; by a `search` on the machine where no plan leads there.
fn later(context: &Context<'_, '_>, step: StepId, search: bool) -> Result<Option<Diagnostic>, String> {
    let facts = context.facts;
    let spent: Vec<GrantAt> = (0..facts.step(step).grants.len())
        .map(|index| crate::values::grant_at(step, index))
        .filter(|at| facts.used_up(*at))
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
    let chain = match context.session.chain(&[first], &[last], &loops, 1) {
        Answer::Yes(chain) => Some(chain),
        Answer::No => None,
        Answer::Unknown(why) => return Err(why),
    };
    let mut uses = Vec::new();
    for at in &relevant {
        let times = u64::from(facts.uses(*at));
        plan::repeat(&mut uses, &Act::using(*at), times).ok_or(plan::TOO_LONG)?;
    }
    let name = &facts.step(step).name;
    let acts = chain.as_ref().and_then(|chain| {
        let end = chain.maps.last().cloned().unwrap_or_default();
        plan::along(facts, chain, &uses, &worst(context, step, &end, &spent)?)
    });
    let violation = Violation::Stranded(step);
    let planned = acts.ok_or_else(|| "no run that uses the limit up was found".to_owned()).and_then(|acts| {
        let in_setting =
            |setting: &Setting<'_>| context.stage.trace(&acts, &violation, setting, ends_in(name));
        let fair = in_setting(&Setting::default());
        fair.or_else(|why| {
            let harder = relies_on_luck(facts, step).then(|| hostile(facts, step));
            harder.and_then(|setting| in_setting(&setting).ok()).ok_or(why)
        })
    });
    let trace = planned.or_else(|why| {
        if !search {
            return Err(why);
        }
        let searched = context.stage.search(&violation, &Setting::default(), ends_in(name));
        searched.map_err(|also| format!("{why}; {also}"))
    })?;
    let at = relevant.first().or(spent.first()).copied().unwrap_or((step, GrantIx(0)));
    let (what, place, help) = if facts.per_run(at) {
        let help = "count `per opening`, or move the step out of the loop";
        ("this limit per run is used up", Place::Limit(at.0, at.1), help)
    } else {
        let help = "let the name change with what is new in each opening, or move the step out of the loop";
        ("the name of what this makes is taken", Place::Grant(at.0, at.1), help)
    };
    let failure = Diagnostic::error(
        codes::STRANDED,
        format!("step `{name}` may open again when {what}, and then cannot settle"),
    )
    .at(context.span(place));
    let by = chain.as_ref().and_then(|chain| chain.fired.first()).or(loops.first()).copied();
    let by = by.unwrap_or(xp_artifact::workflow::LoopId(0));
    Ok(Some(
        failure
            .label(context.span(Place::Loop(by)), format!("this opens `{name}` again"))
            .help(help)
            .trace(trace),
    ))
}

/// The step may find that another grant took a name it needs: its grants of such names give nothing then.
fn taken(context: &Context<'_, '_>, step: StepId) -> Result<Option<Diagnostic>, String> {
    let facts = context.facts;
    let grants = (0..facts.step(step).grants.len()).map(|index| crate::values::grant_at(step, index));
    let contested: Vec<GrantAt> =
        grants.filter(|at| facts.taken.rivals(*at).next().is_some() && matters(context, *at)).collect();
    let unmoved = |context: &Context<'_, '_>| context.names_bound() || free(context, step);
    if contested.is_empty() || settles(context, step, &contested) && unmoved(context) {
        return Ok(None);
    }
    let pairs: Vec<(GrantAt, GrantAt)> =
        contested.iter().flat_map(|at| facts.taken.rivals(*at).map(move |rival| (*at, rival))).collect();
    let Some((at, rival)) = pairs.first().copied() else { return Ok(None) };
    // A rival in a step that no loop opens again has left its step begun.
    let lasting = |step: StepId| facts.loops().all(|(by, _)| !facts.resets(by, step));
    let goals: Vec<Goal> = pairs
        .iter()
        .filter(|(_, (maker, _))| lasting(*maker))
        .map(|(_, (maker, _))| vec![Need::Begun(*maker), Need::Stranded(step, contested.clone())])
        .collect();
    let possible = context.session.sort(&goals, Some(1))?.iter().any(Option::is_some);
    if !possible && pairs.iter().all(|(_, (maker, _))| lasting(*maker)) {
        return Ok(None);
    }
    let name = &facts.step(step).name;
    let maker = &facts.step(rival.0).name;
    let trace = context
        .stage
        .search(&Violation::Stranded(step), &Setting::default(), with_nothing_to_use(name))
        .map_err(|why| format!("a name that step `{name}` needs may be taken by step `{maker}`: {why}"))?;
    let message = format!("step `{name}` may find the name of what this makes taken, and then cannot settle");
    Ok(Some(
        Diagnostic::error(codes::STRANDED, message)
            .at(context.span(Place::Grant(at.0, at.1)))
            .label(context.span(Place::Grant(rival.0, rival.1)), "this may have made one of that name")
            .help("give what is made another name, or an outcome that needs none of it")
            .trace(trace),
    ))
}

/// The step's outcomes read the grant, or need it to be shown what they judge.
fn matters(context: &Context<'_, '_>, at: GrantAt) -> bool {
    let facts = context.facts;
    evidence::read_by(facts, at.0).contains(&at.1) || sure::showing(facts, at.0).contains(&at)
}
