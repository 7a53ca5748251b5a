//! No irreversible effect can be repeated by a loop, unless the limit says so (`per run` counts over all openings).
//!
//! Proved when no loop can reset the step of an irreversible grant counted per opening while it is open or settled.

use xpc_model::{Failure, Place, Verdict};

use super::Context;
use crate::answer::{self, Extend};
use crate::codes;
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
            failures.push(failure);
        }
    }
    answer::from(failures)
}

fn repeated(context: &Context<'_, '_>, at: GrantAt) -> Result<Option<Failure>, String> {
    let facts = context.facts;
    if context.session.sort(&[vec![Need::Use(at)]], None)?.iter().all(Option::is_none) {
        return Ok(None);
    }
    let loops = context.openings().loops(at.0);
    let chain = match context.session.chain(&[vec![Need::Used(at)]], &[vec![Need::Use(at)]], loops, 1) {
        Answer::Yes(chain) => chain,
        Answer::No => return Err("a loop reopens the step, but no second use was found".to_owned()),
        Answer::Unknown(why) => return Err(why),
    };
    let acts = plan::along(facts, &chain, &[Act::using(at)], &[Act::using(at)])
        .ok_or_else(|| "it takes too many events".to_owned())?;
    let action = facts.action_name(at);
    let ends_in = format!("`{action}` has happened twice");
    let trace = context.stage.trace(&acts, &Violation::Again(at), &Setting::default(), ends_in)?;
    let mut failure = answer::failure(
        codes::REPEATED,
        format!("`{action}` cannot be undone, and a loop can repeat it"),
        context.span(Place::Limit(at.0, at.1)),
    );
    if let Some(by) = chain.fired.first() {
        failure = failure.label(context.span(Place::Loop(*by)), "this opens its step again");
    }
    Ok(Some(failure.help("count it `per run`, or move it behind the loop").trace(trace)))
}
