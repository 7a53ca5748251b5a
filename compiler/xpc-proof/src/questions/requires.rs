//! Whenever a use is possible, the formula is in force.
//!
//! A state question, exact: one live map in which the grant can be used and the formula does not hold.

use std::collections::BTreeMap;

use xp_artifact::question::Uses;
use xp_artifact::workflow::Formula;
use xp_diagnostics::{Diagnostic, codes};
use xpc_model::{Place, ProofObligation, Verdict};

use super::uses;
use super::{Context, Granted, MOST, possible};
use crate::answer;
use crate::map::Map;
use crate::need::{Goal, Need};
use crate::plan::Act;
use crate::violation::Violation;

pub(crate) fn ask(
    context: &Context<'_, '_>,
    obligation: &ProofObligation,
    what: &Uses,
    formula: &Formula,
) -> Verdict {
    let found = match possible(&context.session, what) {
        Ok(found) => found,
        Err(why) => return answer::unknown(why),
    };
    let Some((_, witness)) = found.first() else {
        return uses::never_used(context, obligation, what);
    };
    let witness = witness.in_order(context.facts);
    let goals: Vec<Goal> =
        found.iter().map(|(granted, _)| vec![Need::Use(granted.at), Need::Not(formula.clone())]).collect();
    let examples = match context.session.sort(&goals, Some(MOST)) {
        Ok(examples) => examples,
        Err(why) => return answer::unknown(why),
    };
    let failures: Vec<Result<Diagnostic, String>> = found
        .iter()
        .zip(examples)
        .filter_map(|((granted, _), map)| Some(failure(context, obligation, what, granted, formula, &map?)))
        .collect();
    if !failures.is_empty() {
        return answer::from(failures);
    }
    answer::proved_by(uses::because(context, &goals), Some(witness))
}

fn failure(
    context: &Context<'_, '_>,
    obligation: &ProofObligation,
    what: &Uses,
    granted: &Granted<'_>,
    formula: &Formula,
    map: &Map,
) -> Result<Diagnostic, String> {
    let facts = context.facts;
    let action = facts.action_name(granted.at);
    let needed = xp_artifact::print::formula(facts.w, formula);
    let ends_in = format!("`{action}` is used while `{needed}` does not hold");
    let mut setting = uses::watched_on(context, &obligation.question, granted.at);
    let args = uses::steered(context, what, granted.grant, &mut setting)?;
    let act = Act::Use { at: granted.at, fields: BTreeMap::new(), args };
    let trace = context.trace(map, &[act], &Violation::Broken, &setting, ends_in)?;
    let step = granted.at.0;
    Ok(Diagnostic::error(
        codes::REQUIRES,
        format!("`{action}` can be used in step `{}` without `{needed}`", facts.step(step).name),
    )
    .at(context.span(Place::After(step)))
    .label(obligation.span, "required here")
    .help(format!("let `{}` wait for `{needed}`", facts.step(step).name))
    .trace(trace))
}
