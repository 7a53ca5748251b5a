//! Every name used in a grant or condition has a value whenever its step is open.
//!
//! Exact: one live map in which the step is open and the datum unbound.

use xp_diagnostics::{Diagnostic, codes};
use xpc_model::{Place, Verdict};

use super::{Context, MOST};
use crate::answer;
use crate::names;
use crate::refute::Setting;
use crate::violation::Violation;

pub(crate) fn ask(context: &Context<'_, '_>) -> Verdict {
    let facts = context.facts;
    if context.names_bound() {
        return answer::proved();
    }
    let named = names::named(facts, false);
    let examples = match context.session.sort(&names::goals(&named), Some(MOST)) {
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
            Diagnostic::error(
                codes::MAY_LACK_VALUE,
                format!("`{name}` may have no value when step `{step}` is open"),
            )
            .at(context.span(named.place))
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
