//! A run that goes on has an open step.
//!
//! Exact: one live map in which no step is open. That an open step can settle is the question of progress.

use xp_artifact::workflow::Atom;
use xp_diagnostics::{Diagnostic, Event, EventKind, codes};
use xpc_model::{Place, Verdict};

use super::Context;
use crate::answer;
use crate::need::Need;
use crate::refute::Setting;
use crate::session::Answer;
use crate::told;
use crate::violation::Violation;

pub(crate) fn ask(context: &Context<'_, '_>) -> Verdict {
    let facts = context.facts;
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
        failure = failure.label(context.span(Place::Finish), "the run is over only when this holds");
        failure.trace(trace)
    });
    answer::from(vec![failure])
}

/// Some guard mentions the outcome.
fn waited_for(context: &Context<'_, '_>, atom: Atom) -> bool {
    context.facts.steps().any(|step| context.facts.step(step).after.atoms().contains(&atom))
}
