//! An outcome is decided, by a role or by evidence.

use xp_artifact::workflow::{Atom, How, OutcomeIx, Step, StepId, Then};
use xp_scope::Digest;
use xp_wire::RefusalCode;

use crate::data;
use crate::event::{Accepted, Actor, Principal};
use crate::refusal::{Clause, Refusal};
use crate::state::{Pending, State, StepState, Vote};
use crate::transition::{Context, actor, close};

/// Longest notes, in characters.
const MAX_NOTES: usize = 16_384;

/// The principal has judged in this opening.
pub(crate) fn has_judged(now: &StepState, who: &Principal) -> bool {
    now.votes.iter().any(|vote| vote.by.name == who.name)
}

/// The judgements of this opening that count towards an outcome about a value with this digest.
pub(crate) fn cast<'s>(
    now: &'s StepState,
    outcome: OutcomeIx,
    of: Option<&'s Digest>,
) -> impl Iterator<Item = &'s Vote> + Clone {
    now.votes.iter().filter(move |vote| vote.outcome == outcome && vote.of.as_ref() == of)
}

pub(crate) fn judge(
    context: &Context<'_>,
    state: &mut State,
    who: &Actor,
    step: &str,
    outcome: &str,
    notes: Option<&str>,
) -> Result<Accepted, Refusal> {
    context.running(state)?;
    let (id, declared) = context.step(step)?;
    actor::may_play(context.machine, state, id, declared, who)?;
    let position = declared.outcomes.iter().position(|candidate| candidate.name == outcome);
    let unknown = || {
        Refusal::by(
            RefusalCode::Unknown,
            Clause::Step(id),
            format!("step `{step}` has no outcome `{outcome}`"),
        )
    };
    let atom = Atom { step: id, outcome: OutcomeIx::of(position.ok_or_else(unknown)?) };
    let chosen = context.machine.outcome(atom).ok_or_else(Refusal::broken)?;
    let clause = Clause::Outcome(atom);
    let now = context.open(state, id)?;
    match &chosen.how {
        How::Judged => {}
        How::JudgedIf(evidence) if data::condition(state, id, evidence) => {}
        How::JudgedIf(_) => {
            return Err(Refusal::by(
                RefusalCode::NoEvidence,
                clause,
                format!(
                    "the evidence for `{outcome}` is not there, or a use that may replace it is under way"
                ),
            ));
        }
        How::Auto(_) => {
            return Err(Refusal::by(
                RefusalCode::NotJudgeable,
                clause,
                format!("`{outcome}` settles by itself"),
            ));
        }
        How::Exhausted(_) => {
            let reason = format!("`{outcome}` is taken only when its loop is used up");
            return Err(Refusal::by(RefusalCode::NotJudgeable, clause, reason));
        }
        How::TimedOut => {
            let reason = format!("`{outcome}` is taken only when the time limit of the step has passed");
            return Err(Refusal::by(RefusalCode::NotJudgeable, clause, reason));
        }
    }
    if has_judged(now, &who.principal) {
        let reason = format!("`{}` has judged in this opening", who.principal.name);
        return Err(Refusal::by(RefusalCode::AlreadyVoted, clause, reason));
    }
    if notes.is_some_and(|text| text.chars().nth(MAX_NOTES).is_some()) {
        return Err(Refusal::by(
            RefusalCode::BadValue,
            clause,
            format!("notes are at most {MAX_NOTES} characters"),
        ));
    }
    let of = match &chosen.of {
        None => None,
        // What was shown is judged, and not what is about to be.
        Some(_) if is_shown_more(context, declared, now) => {
            let reason = format!("a use under way may show something else of what `{outcome}` judges");
            return Err(Refusal::by(RefusalCode::NoEvidence, clause, reason));
        }
        Some(datum) => {
            let value = data::datum(state, datum);
            let digest = value
                .ok_or_else(|| Refusal::by(RefusalCode::Unbound, clause, "what is judged has no value"))?
                .digest();
            if !now.shown.contains(&(who.principal.name.clone(), digest.clone())) {
                let reason =
                    format!("`{}` was not shown what `{outcome}` judges in this opening", who.principal.name);
                return Err(Refusal::by(RefusalCode::NotShown, clause, reason));
            }
            Some(digest)
        }
    };
    let cast = cast(now, atom.outcome, of.as_ref());
    if cast.clone().any(|vote| vote.by.controller == who.principal.controller) {
        let reason =
            format!("another judgement by the controller of `{}` counts already", who.principal.name);
        return Err(Refusal::by(RefusalCode::AlreadyVoted, clause, reason));
    }
    let votes = u32::try_from(cast.count()).unwrap_or(u32::MAX).saturating_add(1);
    if votes >= chosen.votes() {
        let accepted = accept(context, state, atom, of, notes)?;
        actor::fix(state, declared.role, who);
        return Ok(accepted);
    }
    let vote = Vote { outcome: atom.outcome, by: who.principal.clone(), of: of.clone() };
    state.steps.get_mut(id.index()).ok_or_else(Refusal::broken)?.votes.push(vote);
    actor::fix(state, declared.role, who);
    Ok(Accepted::Voted { outcome: atom, of, votes })
}

/// The time limit of a step has passed: the outcome that stands for that is taken.
pub(crate) fn time_out(context: &Context<'_>, state: &mut State, id: StepId) -> Result<Accepted, Refusal> {
    context.running(state)?;
    context.open_at_any_time(state, id)?;
    let step = context.machine.step(id).ok_or_else(Refusal::broken)?;
    let limit = step.within.ok_or_else(|| {
        let reason = format!("step `{}` has no time limit", step.name);
        Refusal::by(RefusalCode::NotJudgeable, Clause::Step(id), reason)
    })?;
    let atom = Atom { step: id, outcome: limit.then };
    if context.machine.deadline(state, id).is_none_or(|deadline| deadline > context.now) {
        let reason = format!("the time limit of step `{}` has not passed", step.name);
        return Err(Refusal::by(RefusalCode::NoEvidence, Clause::Outcome(atom), reason));
    }
    accept(context, state, atom, None, None)
}

/// A use is under way, or in doubt, whose result the step will show or bind.
fn is_shown_more(context: &Context<'_>, declared: &Step, now: &StepState) -> bool {
    declared.grants.iter().zip(&now.grants).any(|(granted, uses)| {
        let action = context.machine.workflow.actions.get(granted.action.index());
        uses.claimed > 0 && (granted.binder.is_some() || action.is_none_or(|action| !action.shows.is_empty()))
    })
}

pub(crate) fn settle(context: &Context<'_>, state: &mut State, atom: Atom) -> Result<Accepted, Refusal> {
    context.running(state)?;
    let outcome = context
        .machine
        .outcome(atom)
        .ok_or_else(|| Refusal::of(RefusalCode::Unknown, "there is no such outcome"))?;
    context.open_at_any_time(state, atom.step)?;
    if !matches!(outcome.how, How::Auto(_)) {
        return Err(Refusal::by(
            RefusalCode::NotJudgeable,
            Clause::Outcome(atom),
            "the outcome does not settle by itself",
        ));
    }
    if !data::due(state, atom.step, outcome) {
        return Err(Refusal::by(
            RefusalCode::NoEvidence,
            Clause::Outcome(atom),
            "the evidence is not there, or a use that may replace it is under way",
        ));
    }
    accept(context, state, atom, None, None)
}

/// Accepts an outcome: a used-up loop takes its exhausted outcome, the steps concerned close, and what can take effect does.
fn accept(
    context: &Context<'_>,
    state: &mut State,
    atom: Atom,
    of: Option<Digest>,
    notes: Option<&str>,
) -> Result<Accepted, Refusal> {
    let machine = context.machine;
    let taken = resolved(context, state, atom)?;
    let outcome = machine.outcome(taken).ok_or_else(Refusal::broken)?;
    let now = data::step(state, taken.step).ok_or_else(Refusal::broken)?;
    if !data::submitted(now, outcome) {
        let declared = machine.step(taken.step);
        let name = declared.map(|step| step.name.as_str()).unwrap_or_default();
        let all = declared.into_iter().flat_map(|step| &step.submissions).zip(&now.submissions);
        let missing = all.filter(|(_, made)| made.is_none());
        let missing: Vec<String> = missing.map(|(one, _)| format!("`{}`", one.name)).collect();
        let reason =
            format!("step `{name}` has not handed in all it must: {} is missing", missing.join(", "));
        return Err(Refusal::by(RefusalCode::NotSubmitted, Clause::Outcome(taken), reason));
    }
    let keeps_notes = match outcome.then {
        Then::Reopen(by) => machine.workflow.loops.get(by.index()).is_some_and(|l| l.notes),
        Then::Settle | Then::End => false,
    };
    let notes = notes.filter(|_| keeps_notes).map(str::to_owned);
    state.pending.push(Pending { outcome: taken, of, notes });
    let mut changes = close::revoke_closing(machine, state);
    changes.extend(close::advance(machine, state));
    if waits(state, taken.step) {
        Ok(Accepted::Closing { outcome: taken, changes })
    } else {
        Ok(Accepted::Done { changes })
    }
}

fn waits(state: &State, step: StepId) -> bool {
    state.pending.iter().any(|pending| pending.outcome.step == step)
}

/// The outcome that is taken: the chosen one, or the exhausted one of its used-up loop.
fn resolved(context: &Context<'_>, state: &State, atom: Atom) -> Result<Atom, Refusal> {
    let outcome = context.machine.outcome(atom).ok_or_else(Refusal::broken)?;
    let Then::Reopen(by) = outcome.then else { return Ok(atom) };
    let l = context.machine.workflow.loops.get(by.index()).ok_or_else(Refusal::broken)?;
    let fired = state.loops.get(by.index()).copied().ok_or_else(Refusal::broken)?;
    if fired < l.max { Ok(atom) } else { Ok(Atom { step: atom.step, outcome: l.exhausted }) }
}
