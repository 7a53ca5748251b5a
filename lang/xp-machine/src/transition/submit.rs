//! A role hands something in.

use std::collections::BTreeSet;

use xp_artifact::workflow::{Submission, SubmissionIx};
use xp_scope::{PatternSet, Value};
use xp_wire::RefusalCode;

use crate::event::{Accepted, Actor};
use crate::refusal::{Clause, Refusal};
use crate::state::State;
use crate::transition::{Context, actor};

pub(crate) fn apply(
    context: &Context<'_>,
    state: &mut State,
    who: &Actor,
    step: &str,
    name: &str,
    value: &Value,
) -> Result<Accepted, Refusal> {
    context.running(state)?;
    let (id, declared) = context.step(step)?;
    actor::may_play(context.machine, state, id, declared, who)?;
    let position = declared.submissions.iter().position(|submission| submission.name == name);
    let unknown =
        || Refusal::by(RefusalCode::Unknown, Clause::Step(id), format!("step `{step}` takes no `{name}`"));
    let ix = SubmissionIx::of(position.ok_or_else(unknown)?);
    let submission = declared.submissions.get(ix.index()).ok_or_else(Refusal::broken)?;
    context.open(state, id)?;
    xp_scope::check(value, &submission.ty, &context.machine.records)
        .map_err(|mismatch| Refusal::of(RefusalCode::BadValue, format!("`{name}`: {mismatch}")))?;
    inside(submission, value)?;

    let now = state.steps.get_mut(id.index()).ok_or_else(Refusal::broken)?;
    let place = now.submissions.get_mut(ix.index()).ok_or_else(Refusal::broken)?;
    *place = Some(value.clone());
    actor::fix(state, declared.role, who);
    Ok(Accepted::Done { changes: Vec::new() })
}

/// Lists are not empty, not too long and without repeats; paths match.
fn inside(submission: &Submission, value: &Value) -> Result<(), Refusal> {
    let name = &submission.name;
    let elements = match value {
        Value::List(elements) => {
            let distinct: BTreeSet<_> = elements.iter().collect();
            let most = usize::try_from(submission.max).unwrap_or(usize::MAX);
            if elements.is_empty() || elements.len() > most || distinct.len() != elements.len() {
                let reason = format!("`{name}` must hold 1 to {most} distinct elements");
                return Err(Refusal::of(RefusalCode::OutOfScope, reason));
            }
            elements.as_slice()
        }
        single => std::slice::from_ref(single),
    };
    let Some(patterns) = &submission.within else { return Ok(()) };
    for element in elements {
        if !matches(patterns, element) {
            return Err(Refusal::of(
                RefusalCode::OutOfScope,
                format!("an element of `{name}` is outside its patterns"),
            ));
        }
    }
    Ok(())
}

fn matches(patterns: &PatternSet, value: &Value) -> bool {
    matches!(value, Value::Text(path) if patterns.matches(path))
}
