//! Every name used in a grant or judged has a value whenever its step is open.
//!
//! Exact: one live map in which the step is open and the datum unbound.

use std::collections::BTreeSet;

use xp_artifact::workflow::{Datum, GrantIx, Root, StepId};
use xpc_model::{Place, Verdict};

use super::{Context, MOST};
use crate::answer::{self, Extend};
use crate::codes;
use crate::facts::pin_data;
use crate::need::{Goal, Need};
use crate::refute::Setting;
use crate::violation::Violation;

struct Named {
    step: StepId,
    datum: Datum,
    place: Place,
}

/// Every step with each origin it names, once.
fn named(context: &Context<'_, '_>) -> Vec<Named> {
    let facts = context.facts;
    let mut found = Vec::new();
    for step in facts.steps() {
        let mut seen = BTreeSet::new();
        let mut add = |datum: &Datum, place: Place| {
            if !matches!(datum.root, Root::Param(_)) && seen.insert(datum.root) {
                found.push(Named { step, datum: datum.clone(), place });
            }
        };
        for (index, grant) in facts.step(step).grants.iter().enumerate() {
            for (pin, datum) in pin_data(grant) {
                add(datum, Place::Pin(step, GrantIx::of(index), pin));
            }
        }
        for (atom, outcome) in facts.atoms(step) {
            if let Some(datum) = &outcome.of {
                add(datum, Place::Outcome(atom));
            }
        }
    }
    found
}

fn goals(named: &[Named]) -> Vec<Goal> {
    named.iter().map(|named| vec![Need::Open(named.step), Need::Lacks(named.datum.clone())]).collect()
}

/// Whether it is proved.
pub(crate) fn holds(context: &Context<'_, '_>) -> bool {
    let goals = goals(&named(context));
    context.session.sort(&goals, Some(1)).is_ok_and(|found| found.iter().all(Option::is_none))
}

pub(crate) fn ask(context: &Context<'_, '_>) -> Verdict {
    let facts = context.facts;
    if context.names_bound() {
        return answer::proved();
    }
    let named = named(context);
    let examples = match context.session.sort(&goals(&named), Some(MOST)) {
        Ok(examples) => examples,
        Err(why) => return answer::unknown(why),
    };
    let failures = named.iter().zip(examples).filter_map(|(named, map)| {
        let map = map?;
        let name = xp_artifact::print::datum(facts.w, &named.datum);
        let step = &facts.step(named.step).name;
        let ends_in = format!("step `{step}` is open and `{name}` has no value");
        let violation = Violation::Lacks(named.step, named.datum.clone());
        let trace = context.trace(&map, &[], &violation, &Setting::default(), ends_in);
        Some(trace.map(|trace| {
            let maker =
                named.datum.root.step().map(|step| facts.step(step).name.as_str()).unwrap_or_default();
            answer::failure(
                codes::UNBOUND,
                format!("`{name}` may have no value when step `{step}` is open"),
                context.span(named.place),
            )
            .label(
                context.span(Place::After(named.step)),
                format!("this does not ensure that `{maker}` has made it"),
            )
            .help(format!("let `{step}` wait for an outcome of `{maker}` that has it as evidence"))
            .trace(trace)
        }))
    });
    answer::from(failures.collect())
}
