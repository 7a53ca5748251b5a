//! The holder of a token uses it: spend one use, at most once.

use xp_artifact::workflow::StepId;
use xp_scope::Digest;
use xp_scope::thing::Canonical;
use xp_wire::RefusalCode;

use crate::data;
use crate::event::{Accepted, Actor};
use crate::refusal::{Clause, Refusal};
use crate::state::{Hold, Phase, State};
use crate::transition::{Context, actor, close};

/// The claim.
pub(crate) struct Claim<'a> {
    pub jti: &'a str,
    pub actor: &'a Actor,
    pub key: &'a str,
    pub step: StepId,
    pub opening: u32,
    pub req: &'a Digest,
    pub leased: Option<&'a str>,
}

pub(crate) fn apply(
    context: &Context<'_>,
    state: &mut State,
    claim: &Claim<'_>,
) -> Result<Accepted, Refusal> {
    context.running(state)?;
    let step = context
        .machine
        .step(claim.step)
        .ok_or_else(|| Refusal::of(RefusalCode::Unknown, "there is no such step"))?;
    let now = data::step(state, claim.step).ok_or_else(Refusal::broken)?;
    let closed = |reason: &str| Refusal::by(RefusalCode::StepClosed, Clause::Step(claim.step), reason);
    let hold = match state.holds.get(claim.jti) {
        Some(hold) if hold.step == claim.step && hold.opening == claim.opening => hold,
        Some(_) => return Err(Refusal::of(RefusalCode::Replayed, "the token is of another step or opening")),
        None if !now.open
            || now.opening != claim.opening
            || close::closing(context.machine, state, claim.step) =>
        {
            return Err(closed("the opening this token was cut from is over"));
        }
        None => {
            return Err(Refusal::of(
                RefusalCode::Replayed,
                "the token was used before, ran out or was never issued",
            ));
        }
    };
    if hold.key != claim.key || hold.principal != claim.actor.principal.name {
        return Err(Refusal::of(RefusalCode::WrongKey, "the token is bound to another principal's key"));
    }
    actor::may_play(context.machine, state, claim.step, step, claim.actor)?;
    if hold.phase != Phase::Issued {
        return Err(Refusal::of(RefusalCode::Replayed, "the token was used before"));
    }
    if hold.req != *claim.req {
        return Err(Refusal::of(RefusalCode::WrongArguments, "the token is good for other arguments"));
    }
    if now.opening != claim.opening {
        return Err(closed("the opening this token was cut from is over"));
    }
    context.open(state, claim.step)?;
    if hold.expires <= context.now {
        return Err(Refusal::of(RefusalCode::Expired, "the token ran out"));
    }
    if let Some(run) = claim.leased {
        return Err(Refusal::by(
            RefusalCode::Leased,
            Clause::Step(claim.step),
            format!("run `{run}` holds the resource"),
        ));
    }

    let grant = hold.grant;
    let declared = step.grants.get(grant.index()).ok_or_else(Refusal::broken)?;
    let action = context.machine.workflow.actions.get(declared.action.index()).ok_or_else(Refusal::broken)?;
    let expected = context.machine.expected(state, action, &hold.naming);
    let things: Vec<Canonical> = expected.into_iter().map(|(thing, _)| thing).collect();
    let writes = |other: &Hold| {
        other.phase != Phase::Issued && other.expects.iter().any(|thing| things.contains(thing))
    };
    if state.holds.values().any(writes) {
        let reason = "another write of the same thing is under way or in doubt";
        return Err(Refusal::by(RefusalCode::InFlight, Clause::Step(claim.step), reason));
    }
    context.machine.may_claim(state, claim.jti)?;

    let hold = state.holds.get_mut(claim.jti).ok_or_else(Refusal::broken)?;
    hold.phase = Phase::Claimed;
    hold.expects = things;
    let now = state.steps.get_mut(claim.step.index()).ok_or_else(Refusal::broken)?;
    now.in_flight += 1;
    let uses = now.grants.get_mut(grant.index()).ok_or_else(Refusal::broken)?;
    uses.live.retain(|jti| jti != claim.jti);
    uses.claimed += 1;
    uses.spent += 1;
    uses.spent_in_run += 1;
    Ok(Accepted::Claimed { step: claim.step, grant })
}
