//! A token comes to its end: carried out, not carried out, in doubt, resolved, run out.

use xp_artifact::workflow::Action;
use xp_scope::Value;
use xp_wire::RefusalCode;

use crate::event::Accepted;
use crate::refusal::Refusal;
use crate::state::{Hold, Phase, State, Status, StepState};
use crate::transition::{Context, close};

pub(crate) fn complete(
    context: &Context<'_>,
    state: &mut State,
    jti: &str,
    result: &Value,
) -> Result<Accepted, Refusal> {
    let hold = hold_in(state, jti, Phase::Claimed)?.clone();
    finish(context, state, jti, &hold, result)
}

pub(crate) fn fail(
    context: &Context<'_>,
    state: &mut State,
    jti: &str,
    returned: bool,
) -> Result<Accepted, Refusal> {
    let hold = hold_in(state, jti, Phase::Claimed)?.clone();
    not_done(context, state, jti, &hold, returned)
}

pub(crate) fn doubt(state: &mut State, jti: &str) -> Result<Accepted, Refusal> {
    let hold = hold_in(state, jti, Phase::Claimed)?.clone();
    if let Some(held) = state.holds.get_mut(jti) {
        held.phase = Phase::InDoubt;
    }
    let grant =
        state.steps.get_mut(hold.step.index()).and_then(|step| step.grants.get_mut(hold.grant.index()));
    if let Some(grant) = grant {
        grant.doubts += 1;
    }
    Ok(Accepted::Done { changes: Vec::new() })
}

pub(crate) fn resolve(
    context: &Context<'_>,
    state: &mut State,
    jti: &str,
    result: Option<&Value>,
) -> Result<Accepted, Refusal> {
    let hold = hold_in(state, jti, Phase::InDoubt)?.clone();
    if let Some(result) = result {
        typed(context, state, &hold, result)?;
    }
    let grant =
        state.steps.get_mut(hold.step.index()).and_then(|step| step.grants.get_mut(hold.grant.index()));
    if let Some(grant) = grant {
        grant.doubts = grant.doubts.saturating_sub(1);
    }
    match result {
        Some(result) => finish(context, state, jti, &hold, result),
        // Somebody looked: it did not happen, so the use comes back.
        None => not_done(context, state, jti, &hold, true),
    }
}

pub(crate) fn expire(context: &Context<'_>, state: &mut State, jti: &str) -> Result<Accepted, Refusal> {
    let hold = hold_in(state, jti, Phase::Issued)?;
    if hold.expires > context.now {
        return Err(Refusal::of(RefusalCode::NotClaimed, "the token has not run out"));
    }
    let (step, grant) = (hold.step, hold.grant);
    close::sweep(state, step, grant, context.now);
    Ok(Accepted::Done { changes: Vec::new() })
}

fn hold_in<'s>(state: &'s State, jti: &str, phase: Phase) -> Result<&'s Hold, Refusal> {
    let hold =
        state.holds.get(jti).ok_or_else(|| Refusal::of(RefusalCode::Unknown, "no such token is held"))?;
    if hold.phase == phase {
        Ok(hold)
    } else {
        Err(Refusal::of(RefusalCode::NotClaimed, "the token is not at that point"))
    }
}

/// The result is of its type, what it names is new where it must be, and what the declaration says is an argument is that.
fn typed(context: &Context<'_>, state: &State, hold: &Hold, result: &Value) -> Result<(), Refusal> {
    let action = action(context, hold).ok_or_else(Refusal::broken)?;
    xp_scope::check(result, &action.result, &context.machine.records).map_err(|mismatch| {
        Refusal::of(RefusalCode::BadValue, format!("the result of `{}`: {mismatch}", action.name))
    })?;
    if let Some(why) = context.machine.not_new(state, action, &hold.naming, Some(result)) {
        let reason = format!("the result of `{}` is not new: {why}", action.name);
        return Err(Refusal::of(RefusalCode::BadValue, reason));
    }
    for identity in &action.clauses.is {
        let param = action.params.get(identity.argument as usize).ok_or_else(Refusal::broken)?;
        let given = hold.naming.get(&param.name).and_then(|value| value.at(&identity.fields));
        if given.is_none() || result.at(&identity.field) != given {
            let field = std::iter::once("result").chain(identity.field.iter().map(String::as_str));
            let reason = format!(
                "the result of `{}` is not for the request: `{}` is not the argument `{}`",
                action.name,
                field.collect::<Vec<_>>().join("."),
                param.name
            );
            return Err(Refusal::of(RefusalCode::BadValue, reason));
        }
    }
    Ok(())
}

fn action<'m>(context: &Context<'m>, hold: &Hold) -> Option<&'m Action> {
    let grant = context.machine.step(hold.step)?.grants.get(hold.grant.index())?;
    context.machine.workflow.actions.get(grant.action.index())
}

/// Binds the result if its opening still stands, then lets what waited take effect.
fn finish(
    context: &Context<'_>,
    state: &mut State,
    jti: &str,
    hold: &Hold,
    result: &Value,
) -> Result<Accepted, Refusal> {
    typed(context, state, hold, result)?;
    let action = action(context, hold).ok_or_else(Refusal::broken)?;
    context.machine.carried_out(state, action, &hold.naming, result);
    state.holds.remove(jti);
    let running = state.status == Status::Running;
    let step = state.steps.get_mut(hold.step.index()).ok_or_else(Refusal::broken)?;
    step.in_flight = step.in_flight.saturating_sub(1);
    let bound = running && step.open && step.opening == hold.opening;
    if bound {
        for field in &action.shows {
            if let Some(value) = result.at(std::slice::from_ref(field)) {
                step.shown.insert((hold.principal.clone(), value.digest()));
            }
        }
        if let Some(grant) = step.grants.get_mut(hold.grant.index()) {
            grant.result = Some(result.clone());
        }
    }
    decided(step, hold);
    Ok(Accepted::Ended { bound, changes: close::advance(context.machine, state) })
}

/// A claim is not under way any more, nor in doubt.
fn decided(step: &mut StepState, hold: &Hold) {
    if step.opening == hold.opening
        && let Some(grant) = step.grants.get_mut(hold.grant.index())
    {
        grant.claimed = grant.claimed.saturating_sub(1);
    }
}

fn not_done(
    context: &Context<'_>,
    state: &mut State,
    jti: &str,
    hold: &Hold,
    returned: bool,
) -> Result<Accepted, Refusal> {
    state.holds.remove(jti);
    let step = state.steps.get_mut(hold.step.index()).ok_or_else(Refusal::broken)?;
    step.in_flight = step.in_flight.saturating_sub(1);
    let current = step.opening == hold.opening;
    decided(step, hold);
    if let Some(grant) = step.grants.get_mut(hold.grant.index()).filter(|_| returned) {
        grant.spent_in_run = grant.spent_in_run.saturating_sub(1);
        if current {
            grant.spent = grant.spent.saturating_sub(1);
        }
    }
    Ok(Accepted::Ended { bound: false, changes: close::advance(context.machine, state) })
}
