//! A run that goes on has an open step.
//!
//! Exact: one live map in which no step is open. That an open step can settle is the question of progress.

use std::collections::BTreeSet;

use xp_artifact::workflow::{Atom, Formula, StepId};
use xp_diagnostics::{Diagnostic, Event, EventKind, codes};
use xpc_model::{Place, Verdict};

use super::Context;
use crate::answer;
use crate::facts::Facts;
use crate::need::Need;
use crate::refute::Setting;
use crate::session::Answer;
use crate::told;
use crate::violation::Violation;

pub(crate) fn ask(context: &Context<'_, '_>) -> Verdict {
    let facts = context.facts;
    if plainly_goes_on(facts) {
        return answer::proved();
    }
    let map = match context.session.ask(&[Need::NothingOpen]) {
        Answer::No => return answer::proved(),
        Answer::Unknown(why) => return answer::unknown(why),
        Answer::Yes(map) => map,
    };
    let ends_in = "no step is open and the run is not over";
    let trace = context.trace(&map, &[], &Violation::NothingOpen, &Setting::default(), ends_in);
    let failure = trace.map(|trace| {
        let settles = |event: &&Event| matches!(event.kind, EventKind::Settle { .. });
        let taken: Vec<Atom> =
            trace.events.iter().filter(settles).filter_map(|event| told::taken(facts, event)).collect();
        let mut failure = match taken.iter().rev().find(|atom| !waited_for(context, **atom)).or(taken.last())
        {
            Some(atom) => {
                let name = facts.atom_name(*atom);
                Diagnostic::error(
                    codes::STUCK,
                    format!("a run can get stuck: nothing goes on after `{name}`"),
                )
                .at(context.span(Place::Outcome(*atom)))
                .help(format!("let a step wait for `{name}`, or say `-> end` or `-> reopen …`"))
            }
            None => Diagnostic::error(codes::STUCK, "a run is stuck from the start")
                .at(context.span(Place::Workflow)),
        };
        // Without a clause of its own the place is the workflow's name.
        let finish = context.span(Place::Finish);
        failure = if finish == context.span(Place::Workflow) {
            failure.because("a run is over when every step is settled, or an outcome ends it")
        } else {
            failure.label(finish, "the run is over only when this holds")
        };
        failure.trace(trace)
    });
    answer::from(vec![failure])
}

/// Each step begins when all before it have settled, however they did, and `finish` holds when all have: then what has no
/// open step is over, by induction along the order of dependencies. Sound, not exact.
fn plainly_goes_on(facts: &Facts<'_>) -> bool {
    !facts.over_at_once
        && facts.steps().all(|step| surely(facts, &facts.step(step).after))
        && surely(facts, &facts.w.finish)
}

/// The formula holds when the steps it speaks of have settled.
fn surely(facts: &Facts<'_>, formula: &Formula) -> bool {
    let covers = |atoms: &BTreeSet<Atom>, step: StepId| {
        let mut ways = facts.continuing(step);
        ways.all(|way| atoms.contains(&way))
    };
    match formula {
        Formula::Is(atom) => covers(&BTreeSet::from([*atom]), atom.step),
        Formula::Test(_) => false,
        Formula::All(parts) => parts.iter().all(|part| surely(facts, part)),
        Formula::Any(parts) => {
            let of = |part: &Formula| if let Formula::Is(atom) = part { Some(*atom) } else { None };
            let atoms: BTreeSet<Atom> = parts.iter().filter_map(of).collect();
            let steps: BTreeSet<StepId> = atoms.iter().map(|atom| atom.step).collect();
            steps.into_iter().any(|step| covers(&atoms, step))
                || parts
                    .iter()
                    .any(|part| matches!(part, Formula::All(_) | Formula::Any(_)) && surely(facts, part))
        }
    }
}

/// Some guard mentions the outcome.
fn waited_for(context: &Context<'_, '_>, atom: Atom) -> bool {
    context.facts.steps().any(|step| context.facts.step(step).after.atoms().contains(&atom))
}
