//! A principal is shown a datum of the run; what it was shown, it may judge.

use xp_artifact::workflow::Datum;
use xp_wire::RefusalCode;

use crate::data;
use crate::event::{Accepted, Actor};
use crate::index::visible;
use crate::refusal::{Clause, Refusal};
use crate::state::State;
use crate::transition::{Context, actor};

pub(crate) fn apply(
    context: &Context<'_>,
    state: &mut State,
    who: &Actor,
    step: &str,
    datum: &Datum,
) -> Result<Accepted, Refusal> {
    context.running(state)?;
    let (id, declared) = context.step(step)?;
    actor::may_play(context.machine, state, id, declared, who)?;
    context.open(state, id)?;
    if !visible(declared, datum) {
        let reason = format!("step `{step}` names no such datum");
        return Err(Refusal::by(RefusalCode::NotGranted, Clause::Step(id), reason));
    }
    let Some(value) = data::datum(state, datum).cloned() else {
        return Err(Refusal::by(RefusalCode::Unbound, Clause::Step(id), "the datum has no value"));
    };
    let digest = value.digest();
    // A result's field was made by acting on the world: seeing its name is not seeing what it stands for.
    let submission = matches!(datum.root, xp_artifact::workflow::Root::Submission { .. });
    let now = state.steps.get_mut(id.index()).ok_or_else(Refusal::broken)?;
    if submission {
        now.shown.insert((who.principal.name.clone(), digest.clone()));
    }
    // What somebody knows they know in every role: from the first look on, the role is theirs.
    actor::fix(state, declared.role, who);
    Ok(Accepted::Shown { value, digest })
}
