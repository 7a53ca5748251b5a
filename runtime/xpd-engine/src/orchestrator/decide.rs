//! One decision: the machine's answer and its log entry, in the current transaction.

use serde_json::json;
use xp_artifact::workflow::StepId;
use xp_machine::{Accepted, Change, Event, Input, Status};
use xpd_audit::entry::{Body, Facts, Kind};
use xpd_proxy::{Fault, Refused, Stop};
use xpd_store::{Mode, Phase, StoreError};

use super::args::declared;
use super::changes::{changes, opened};
use super::stops::{Covered, stopped};
use super::{asking, clause, deadlines, shadow};
use crate::limiter::Treatment;
use crate::memory::{Line, Tx};
use crate::registry::qualified;

/// An input to be decided, with its context.
pub(super) struct Question<'a> {
    /// Run id.
    pub run: &'a str,
    /// The principal; `None` for the server's own events.
    pub principal: Option<&'a str>,
    /// Another run that leases one of the resources concerned.
    pub leased_by: Option<String>,
    /// The connector instance concerned.
    pub instance: Option<&'a str>,
    /// When the grant was issued, milliseconds since 1970, if there is one.
    pub since: Option<u64>,
    /// Who made the statement, if the event does not say.
    pub by: Option<&'a str>,
    /// Supplementary facts for the entry.
    pub facts: Facts,
    /// The event.
    pub event: Event,
}

impl<'a> Question<'a> {
    /// An event of the server's own.
    pub fn own(run: &'a str, event: Event) -> Self {
        Self {
            run,
            principal: None,
            leased_by: None,
            instance: None,
            since: None,
            by: None,
            facts: Facts::new(),
            event,
        }
    }
}

/// An accepted input, with the index of its log entry.
pub(super) struct Accepting {
    pub accepted: Accepted,
    pub index: u64,
}

/// Decides and records. Consequences of an accepted input are applied: grants, leases, outcomes of the steps that it opens whose
/// conditions hold already, the end of the run.
pub(super) fn decide(tx: &mut Tx<'_>, question: Question<'_>) -> Result<Accepting, Stop> {
    let id = question.run;
    let accepting = decide_one(tx, question)?;
    follow_all(tx, id, opened(&accepting.accepted))?;
    Ok(accepting)
}

fn decide_one(tx: &mut Tx<'_>, question: Question<'_>) -> Result<Accepting, Stop> {
    let Question { run: id, principal, leased_by, instance, since, by, mut facts, event } = question;
    facts.extend(by.map(|by| ("by".to_owned(), json!(by))));
    let covered = Covered { run: Some(id), principal, instance, since };
    let kill = if stoppable(&event) { stopped(tx, covered)? } else { None };
    let mut line = about(tx, id, principal, &event)?;
    let input = Input { at: tx.now, kill, leased_by, event };
    if let Some(refused) = asking::refused(tx, id, &input)? {
        return Err(refuse(tx, id, principal.unwrap_or_default(), refused));
    }
    let run = tx.run_mut(id)?.ok_or_else(|| Fault::unknown("run"))?;
    let result = run.machine.apply(&mut run.state, &input);
    let (closed, shadow) = (run.chain.is_closed(), run.mode() == Mode::Shadow);
    let clause = match &result {
        Err(refusal) => refusal.clause.and_then(|clause| clause::text(run.machine.workflow(), clause)),
        Ok(_) => None,
    };
    let refused = result.as_ref().err().map(|refusal| Refused {
        code: refusal.code,
        reason: refusal.reason.clone(),
        clause,
        index: None,
    });
    if let Some(mut refused) = refused {
        if shadow {
            shadow::tell_refused(refused.code, &mut facts);
            refused = shadow::would_be(refused);
        }
        if closed {
            refused.index = outside(tx, None, principal, &refused)?;
        } else if logged(tx, Some(id), principal, serde_json::to_vec(&input).map_or(0, |b| b.len()))? {
            refused.index = Some(tx.record(id, body(&input, &result, facts)?)?.index);
            (line.refused, line.index) = (Some(refused.code), refused.index);
            tx.log_line(line);
        }
        return Err(Stop::Refuse(refused));
    }
    let index = tx.record(id, body(&input, &result, facts)?)?.index;
    line.index = Some(index);
    tx.log_line(line);
    let Ok(accepted) = result else { return Err(Fault::unknown("run").into()) };
    if let Event::Complete { jti, .. } | Event::Fail { jti, .. } | Event::Resolve { jti, .. } = &input.event {
        tx.release_use(id, jti)?;
    }
    for change in changes(&accepted) {
        if let Change::Revoked { jti } = change {
            tx.move_grant(jti, Phase::Issued, Phase::Revoked, None)?;
        }
    }
    asking::count(tx, id, &input.event, &opened(&accepted))?;
    deadlines::note(tx, id)?;
    finish(tx, id)?;
    Ok(Accepting { accepted, index })
}

/// The line for the server's log. It contains names of the workflow only, no text from the caller.
fn about(tx: &mut Tx<'_>, id: &str, principal: Option<&str>, event: &Event) -> Result<Line, StoreError> {
    let row = match event {
        Event::Claim { jti, .. }
        | Event::Complete { jti, .. }
        | Event::Fail { jti, .. }
        | Event::Doubt { jti }
        | Event::Resolve { jti, .. }
        | Event::Expire { jti } => tx.grant(jti)?,
        _ => None,
    };
    let what = Kind::of(event).as_str();
    let principal = principal.map(str::to_owned);
    let mut line = Line { run: Some(id.to_owned()), what, principal, ..Line::default() };
    let Some(run) = tx.run(id)? else { return Ok(line) };
    line.shadow = run.mode() == Mode::Shadow;
    let step = match (event, &row) {
        (Event::Settle { outcome }, _) => Some(outcome.step),
        (Event::TimeOut { step }, _) => Some(*step),
        (
            Event::Request { step, .. }
            | Event::Submit { step, .. }
            | Event::View { step, .. }
            | Event::Judge { step, .. },
            _,
        ) => run.machine.step_named(step),
        (_, Some(row)) => run.machine.step_named(&row.step),
        _ => None,
    };
    let workflow = run.machine.workflow();
    if let Some(step) = step.and_then(|step| workflow.steps.get(step.index())) {
        line.step = Some(step.name.clone());
        line.role = workflow.roles.get(step.role.index()).map(|role| role.name.clone());
    }
    let action = match event {
        Event::Request { action, .. } => declared(&run.machine, action).map(|(_, known)| qualified(known)),
        _ => None,
    };
    line.action = action.or_else(|| row.as_ref().map(|row| row.action.clone()));
    line.principal = line.principal.or_else(|| row.map(|row| row.principal));
    Ok(line)
}

/// For the server's own events, whose refusal has no recipient: it is logged and yields `None`.
pub(super) fn unless_refused(outcome: Result<Accepting, Stop>) -> Result<Option<Accepting>, Fault> {
    match outcome {
        Ok(accepting) => Ok(Some(accepting)),
        Err(Stop::Refuse(_)) => Ok(None),
        Err(Stop::Abort(fault)) => Err(fault),
    }
}

fn body(
    input: &Input,
    result: &Result<Accepted, xp_machine::Refusal>,
    facts: Facts,
) -> Result<Body, StoreError> {
    Body::decided(input, result, facts).map_err(|error| StoreError::Broken(error.to_string()))
}

/// Whether a kill applies to the event. It does not to the end of something begun.
fn stoppable(event: &Event) -> bool {
    !matches!(
        event,
        Event::Complete { .. }
            | Event::Fail { .. }
            | Event::Doubt { .. }
            | Event::Resolve { .. }
            | Event::Expire { .. }
            | Event::Kill { .. }
            | Event::Bar { .. }
    )
}

/// Takes the automatic outcomes of a step whose conditions hold, each as an event of its own, and those of the steps that open by
/// that.
pub(super) fn follow(tx: &mut Tx<'_>, id: &str, step: StepId) -> Result<(), Fault> {
    follow_all(tx, id, vec![step])
}

fn follow_all(tx: &mut Tx<'_>, id: &str, mut steps: Vec<StepId>) -> Result<(), Fault> {
    while let Some(step) = steps.pop() {
        let Some(run) = tx.run(id)? else { return Ok(()) };
        let Some(outcome) = run.machine.due_in(&run.state, step) else { continue };
        let taken = decide_one(tx, Question::own(id, Event::Settle { outcome }));
        if let Some(accepting) = unless_refused(taken)? {
            // An outcome that opens its own step again may leave another one due.
            steps.push(step);
            steps.extend(opened(&accepting.accepted));
        }
    }
    Ok(())
}

/// Closes a run that has ended once no action of it is under way.
fn finish(tx: &mut Tx<'_>, id: &str) -> Result<(), Fault> {
    let now = tx.now;
    let Some(run) = tx.run(id)? else { return Ok(()) };
    if run.state.status() == Status::Running || !run.state.holds().is_empty() || run.chain.is_closed() {
        return Ok(());
    }
    let body =
        run.chain.closing(&run.state.status()).map_err(|error| StoreError::Broken(error.to_string()))?;
    tx.record(id, body)?;
    if let Some(run) = tx.run_mut(id)? {
        run.closed = Some(now);
    }
    tx.release(id)?;
    tx.delete_counters(id)?;
    tx.checkpoint();
    Ok(())
}

/// Upper bound on the logged refusals of one principal, in bytes, per run; outside runs, per day.
const MAX_REFUSED: u64 = 8 << 20;
/// Assumed size of an entry without the request, in bytes.
const ENTRY: usize = 1024;
const DAY: u64 = 24 * 60 * 60 * 1_000;

/// Whether a refusal gets an entry of its own: one of the first in its minute, and within [`MAX_REFUSED`].
fn logged(
    tx: &mut Tx<'_>,
    run: Option<&str>,
    principal: Option<&str>,
    asked: usize,
) -> Result<bool, StoreError> {
    let Some(principal) = principal else { return Ok(true) };
    let what = match run {
        Some(_) => json!(["refused", principal]),
        None => json!(["refused", principal, tx.now / DAY]),
    };
    let (run, what) = (run.unwrap_or_default(), what.to_string());
    let kept = tx.counter(run, &what)?.unwrap_or_default();
    let kept = kept.saturating_add(u64::try_from(asked.saturating_add(ENTRY)).unwrap_or(u64::MAX));
    let now = tx.now;
    let treatment = tx.memory.limiter.refused(principal, now, kept <= MAX_REFUSED);
    if treatment == Treatment::Count {
        return Ok(false);
    }
    tx.set_counter(run, &what, kept)?;
    Ok(true)
}

/// Upper bound on a logged reason, in characters.
pub(super) const MAX_REASON: usize = 512;

/// Records a refusal by a check outside the machine. Returns the index of its entry if it has one of its own.
pub(super) fn outside(
    tx: &mut Tx<'_>,
    run: Option<&str>,
    principal: Option<&str>,
    refused: &Refused,
) -> Result<Option<u64>, StoreError> {
    let open = match run {
        Some(run) => tx.run(run)?.is_some_and(|run| !run.chain.is_closed()),
        None => false,
    };
    let run = run.filter(|_| open);
    let shadow = match run {
        Some(run) => shadow::is_shadow(tx, run)?,
        None => false,
    };
    if !logged(tx, run, principal, 0)? {
        return Ok(None);
    }
    let mut facts = Facts::new();
    if let Some(principal) = principal {
        facts.insert("principal".to_owned(), json!(principal));
    }
    // The reason may quote the request. It is cut, since an entry beyond the size limit would fail the whole
    // commit.
    let reason = refused.reason.chars().take(MAX_REASON).collect();
    if shadow {
        shadow::tell_refused(refused.code, &mut facts);
    }
    let line = Line {
        run: run.map(str::to_owned),
        shadow,
        what: Kind::DecisionRefused.as_str(),
        principal: principal.map(str::to_owned),
        refused: Some(refused.code),
        ..Line::default()
    };
    let body = Body::RefusedOutside { code: refused.code, reason, facts };
    let written = match run {
        Some(run) => tx.record(run, body)?,
        None => tx.record_here(body)?,
    };
    tx.log_line(Line { index: Some(written.index), ..line });
    Ok(Some(written.index))
}

/// Records the counts of refusals in windows that have ended.
pub(super) fn counted(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let now = tx.now;
    for one in tx.memory.limiter.over(now) {
        let facts = Facts::from([("principal".to_owned(), json!(one.principal))]);
        tx.record_here(Body::Counted { count: one.count, from_ms: one.from, to_ms: one.to, facts })?;
    }
    Ok(())
}

/// Records a refusal and returns it.
pub(super) fn refuse(tx: &mut Tx<'_>, run: &str, principal: &str, mut refused: Refused) -> Stop {
    match shadow::is_shadow(tx, run) {
        Ok(true) => refused = shadow::would_be(refused),
        Ok(false) => {}
        Err(error) => return error.into(),
    }
    match outside(tx, Some(run), Some(principal), &refused) {
        Ok(index) => {
            refused.index = index;
            Stop::Refuse(refused)
        }
        Err(error) => error.into(),
    }
}

/// Records a refusal that has not been recorded yet.
pub(super) fn on_record(tx: &mut Tx<'_>, run: &str, principal: &str, stop: Stop) -> Stop {
    match stop {
        Stop::Refuse(refused) => refuse(tx, run, principal, refused),
        abort @ Stop::Abort(_) => abort,
    }
}
