//! No irreversible effect can be repeated by a loop, unless the limit says so (`per run` counts over all openings).
//!
//! Proved when no loop can reset the step of an irreversible grant counted per opening while it is open or settled.

use xp_artifact::workflow::LoopId;
use xp_diagnostics::{Diagnostic, codes};
use xpc_model::{Place, Verdict};

use super::Context;
use crate::answer;
use crate::facts::GrantAt;
use crate::need::Need;
use crate::plan::{self, Act};
use crate::refute::Setting;
use crate::session::Answer;
use crate::violation::Violation;

pub(crate) fn ask(context: &Context<'_, '_>) -> Verdict {
    let facts = context.facts;
    let mut failures = Vec::new();
    for (at, grant) in facts.grants() {
        if facts.action(grant.action).irreversible
            && !facts.per_run(at)
            && facts.usable(at)
            && !context.openings().loops(at.0).is_empty()
            && let Some(failure) = repeated(context, at).transpose()
        {
            failures.push((at, failure));
        }
    }
    answer::from(answer::else_searched(failures, |at, why| {
        let trace = context.stage.search(&Violation::Again(at), &Setting::default(), ends_in(context, at));
        let trace = trace.map_err(|also| format!("{why}; {also}"))?;
        Ok(words(context, at, None).trace(trace))
    }))
}

fn ends_in(context: &Context<'_, '_>, at: GrantAt) -> String {
    format!("`{}` has happened twice", context.facts.action_name(at))
}

fn repeated(context: &Context<'_, '_>, at: GrantAt) -> Result<Option<Diagnostic>, String> {
    let facts = context.facts;
    if context.session.sort(&[vec![Need::Use(at)]], None)?.iter().all(Option::is_none) {
        return Ok(None);
    }
    let loops = context.openings().loops(at.0);
    let violation = Violation::Again(at);
    let chain = match context.session.chain(&[vec![Need::Used(at)]], &[vec![Need::Use(at)]], &loops, 1) {
        Answer::Yes(chain) => Some(chain),
        Answer::No => None,
        Answer::Unknown(why) => return Err(why),
    };
    let acts =
        chain.as_ref().and_then(|chain| plan::along(facts, chain, &[Act::using(at)], &[Act::using(at)]));
    let trace = acts
        .ok_or_else(|| "a loop reopens the step, but no second use was found".to_owned())
        .and_then(|acts| context.stage.trace(&acts, &violation, &Setting::default(), ends_in(context, at)))?;
    let by = chain.as_ref().and_then(|chain| chain.fired.first()).copied();
    Ok(Some(words(context, at, by).trace(trace)))
}

fn words(context: &Context<'_, '_>, at: GrantAt, by: Option<LoopId>) -> Diagnostic {
    let action = context.facts.action_name(at);
    let mut failure =
        Diagnostic::error(codes::REPEATED, format!("`{action}` cannot be undone, and a loop can repeat it"))
            .at(context.span(Place::Limit(at.0, at.1)));
    if let Some(by) = by.or(context.openings().loops(at.0).first().copied()) {
        failure = failure.label(context.span(Place::Loop(by)), "this opens its step again");
    }
    failure.help("count it `per run`, or move it behind the loop")
}
