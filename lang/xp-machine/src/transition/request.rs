//! A principal asks for a token: reserve one use of a grant.

use std::collections::BTreeMap;

use xp_artifact::workflow::{Action, Grant, GrantIx, Per, Step, StepId};
use xp_monitor::Use;
use xp_scope::{Digest, Value};
use xp_wire::RefusalCode;

use crate::event::{Accepted, Actor};
use crate::pin::{self, Miss};
use crate::refusal::{Clause, Refusal};
use crate::state::{GrantState, Hold, Phase, State};
use crate::transition::{Context, actor, close};

/// Unused tokens of one grant at once.
const MAX_LIVE: usize = 16;
/// Tries per use and opening.
const TRIES_PER_USE: u32 = 10;

/// The request.
pub(crate) struct Request<'a> {
    pub jti: &'a str,
    pub actor: &'a Actor,
    pub key: &'a str,
    pub step: &'a str,
    pub action: &'a str,
    pub grant: Option<GrantIx>,
    pub args: &'a BTreeMap<String, Value>,
    pub leased: Option<&'a str>,
}

pub(crate) fn apply(
    context: &Context<'_>,
    state: &mut State,
    request: &Request<'_>,
) -> Result<Accepted, Refusal> {
    context.running(state)?;
    let (id, step) = context.step(request.step)?;
    actor::may_play(context.machine, state, id, step, request.actor)?;
    let candidates = candidates(context, id, step, request.action, request.grant)?;
    context.open(state, id)?;
    if state.holds.contains_key(request.jti) {
        return Err(Refusal::of(RefusalCode::Replayed, "the token's identity is taken"));
    }
    let (grant, req) = choose(context, state, (id, step), &candidates, request)?;
    if let Some(run) = request.leased {
        return Err(Refusal::by(
            RefusalCode::Leased,
            Clause::Step(id),
            format!("run `{run}` holds the resource"),
        ));
    }
    let opening = state.steps.get(id.index()).map(|step| step.opening).unwrap_or_default();
    let by = request.actor.principal.controller.clone();
    let of = Use { at: (id, grant), opening, by, args: request.args.clone(), result: None };
    context.machine.may_begin(state, request.jti, of)?;

    close::sweep(state, id, grant, context.now);
    let declared = step.grants.get(grant.index()).ok_or_else(Refusal::broken)?;
    let action = context.machine.workflow.actions.get(declared.action.index());
    let expires = context.now.saturating_add(u64::from(declared.ttl_seconds) * 1_000);
    let now = state.steps.get_mut(id.index()).ok_or_else(Refusal::broken)?;
    let opening = now.opening;
    let uses = now.grants.get_mut(grant.index()).ok_or_else(Refusal::broken)?;
    uses.attempts += 1;
    let attempt = uses.attempts;
    uses.live.push(request.jti.to_owned());
    let hold = Hold {
        step: id,
        grant,
        opening,
        principal: request.actor.principal.name.clone(),
        key: request.key.to_owned(),
        req: req.clone(),
        expires,
        phase: Phase::Issued,
        naming: action.map(|action| context.machine.naming(action, request.args)).unwrap_or_default(),
        expects: Vec::new(),
    };
    state.holds.insert(request.jti.to_owned(), hold);
    actor::fix(state, step.role, request.actor);
    Ok(Accepted::Granted { step: id, grant, opening, attempt, expires, req })
}

/// The grants of the step that name the action, or the one that the request names, with the action's declaration.
fn candidates<'m>(
    context: &Context<'m>,
    id: StepId,
    step: &'m Step,
    name: &str,
    grant: Option<GrantIx>,
) -> Result<Vec<(GrantIx, &'m Grant, &'m Action)>, Refusal> {
    let actions = &context.machine.workflow.actions;
    let found: Vec<_> = step
        .grants
        .iter()
        .enumerate()
        .filter(|(index, _)| grant.is_none_or(|named| named.index() == *index))
        .filter_map(|(index, granted)| {
            let action = actions.get(granted.action.index())?;
            let (connector, rest) = name.split_once('.')?;
            (action.connector == connector && action.name == rest).then_some((
                GrantIx::of(index),
                granted,
                action,
            ))
        })
        .collect();
    if found.is_empty() {
        let reason = match grant {
            None => format!("step `{}` grants no `{name}`", step.name),
            Some(_) => format!("step `{}` has no such grant of `{name}`", step.name),
        };
        return Err(Refusal::by(RefusalCode::NotGranted, Clause::Grants(id), reason));
    }
    Ok(found)
}

/// The only grant whose pins admit the arguments, if it has a use left; else why not.
///
/// Limits are looked at last, so that which grant a request belongs to does not depend on how often any was used.
fn choose(
    context: &Context<'_>,
    state: &State,
    (id, step): (StepId, &Step),
    candidates: &[(GrantIx, &Grant, &Action)],
    request: &Request<'_>,
) -> Result<(GrantIx, Digest), Refusal> {
    let mut missed: Option<Refusal> = None;
    let mut fitting = Vec::new();
    for candidate in candidates {
        let (ix, grant, action) = *candidate;
        match admitted(context, state, id, ix, grant, action, request.args) {
            Ok(()) => fitting.push((ix, grant, action)),
            Err(miss) => {
                missed.get_or_insert(miss);
            }
        }
    }
    let (ix, grant, action) = match fitting.as_slice() {
        [] => return Err(missed.unwrap_or_else(Refusal::broken)),
        [only] => *only,
        several => return Err(ambiguous(id, step, several.iter().map(|(ix, ..)| *ix))),
    };
    if let Some(why) = context.machine.not_new(state, action, request.args, None) {
        let reason = format!("what is made would not be new: {why}");
        return Err(Refusal::by(RefusalCode::OutOfScope, Clause::Grants(id), reason));
    }
    left(context, state, id, ix, grant)?;
    let instance = state.instances.get(&action.connector).ok_or_else(Refusal::broken)?;
    let declaration = context.machine.declaration(grant.action).ok_or_else(Refusal::broken)?;
    Ok((ix, xp_artifact::request_digest(declaration, instance, request.args)))
}

fn ambiguous(id: StepId, step: &Step, fitting: impl Iterator<Item = GrantIx>) -> Refusal {
    let names: Vec<String> =
        fitting.filter_map(|ix| step.grant_name(ix)).map(|name| format!("`{name}`")).collect();
    let reason = format!("the grants {} of step `{}` fit; name one of them", names.join(", "), step.name);
    Refusal::by(RefusalCode::Ambiguous, Clause::Grants(id), reason)
}

/// The arguments are complete, of their types and inside their pins.
fn admitted(
    context: &Context<'_>,
    state: &State,
    id: StepId,
    ix: GrantIx,
    grant: &Grant,
    action: &Action,
    args: &BTreeMap<String, Value>,
) -> Result<(), Refusal> {
    let known = |name: &String| action.params.iter().any(|param| param.name == *name);
    if let Some(stranger) = args.keys().find(|name| !known(name)) {
        return Err(Refusal::of(
            RefusalCode::BadValue,
            format!("`{}` has no argument `{stranger}`", action.name),
        ));
    }
    for (number, (param, pin)) in action.params.iter().zip(&grant.pins).enumerate() {
        let Some(value) = args.get(&param.name) else {
            if param.optional && pin::admits_absence(state, pin) {
                continue;
            }
            return Err(Refusal::of(RefusalCode::BadValue, format!("argument `{}` is missing", param.name)));
        };
        if let Err(mismatch) = xp_scope::check(value, &param.ty, &context.machine.records) {
            return Err(Refusal::of(RefusalCode::BadValue, format!("argument `{}`: {mismatch}", param.name)));
        }
        let clause = Clause::Pin(id, ix, u32::try_from(number).unwrap_or(u32::MAX));
        match pin::admits(state, pin, value) {
            Ok(()) => {}
            Err(Miss::Unbound) => {
                let reason = format!("what argument `{}` must be has no value", param.name);
                return Err(Refusal::by(RefusalCode::Unbound, clause, reason));
            }
            Err(Miss::Outside) => {
                let reason = format!("argument `{}` is outside what is granted", param.name);
                return Err(Refusal::by(RefusalCode::OutOfScope, clause, reason));
            }
        }
    }
    Ok(())
}

/// The grant has a use left, counting the live tokens.
fn left(context: &Context<'_>, state: &State, id: StepId, ix: GrantIx, grant: &Grant) -> Result<(), Refusal> {
    let uses = state
        .steps
        .get(id.index())
        .and_then(|step| step.grants.get(ix.index()))
        .ok_or_else(Refusal::broken)?;
    let live = live(state, uses, context.now);
    let spent = match grant.limit.per {
        Per::Opening => uses.spent,
        Per::Run => uses.spent_in_run,
    };
    let reserved = u32::try_from(live).unwrap_or(u32::MAX);
    if spent.saturating_add(reserved) >= grant.limit.uses {
        let over = match grant.limit.per {
            Per::Opening => "opening",
            Per::Run => "run",
        };
        let reason = match grant.limit.uses {
            1 => format!("the only use of this {over} is spent or reserved"),
            uses => format!("all {uses} uses of this {over} are spent or reserved"),
        };
        return Err(Refusal::by(RefusalCode::UsedUp, Clause::Limit(id, ix), reason));
    }
    if live >= MAX_LIVE
        || uses.attempts >= grant.limit.uses.saturating_mul(TRIES_PER_USE).saturating_add(TRIES_PER_USE)
    {
        return Err(Refusal::by(
            RefusalCode::TooMany,
            Clause::Limit(id, ix),
            "too many unused tokens or tries",
        ));
    }
    Ok(())
}

/// Issued tokens of the grant that have not run out.
fn live(state: &State, uses: &GrantState, now: u64) -> usize {
    uses.live.iter().filter(|jti| state.holds.get(*jti).is_some_and(|hold| hold.expires > now)).count()
}
