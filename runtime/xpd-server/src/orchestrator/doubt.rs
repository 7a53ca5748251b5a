//! Doubts: what may be repeated, on the record before it is sent, and what was found or said about the rest.

use std::sync::Arc;

use serde_json::json;
use xp_artifact::workflow::Repeat;
use xp_machine::{Phase, Status};
use xp_scope::{Digest, Value};
use xpd_audit::entry::{Body, Facts};

use super::args::declared;
use super::caller::{Caller, admit};
use super::decide::MAX_REASON;
use super::end::{Answer, resolve};
use super::permit::{Doubt, Permit, Spent};
use super::{Orchestrator, Rules};
use crate::fault::{Fault, Refused};
use crate::keys::Keys;
use crate::store::{GrantRow, StoreError, Tx};

/// A person's word on an action in doubt.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// The token.
    pub jti: String,
    /// What came back, if it was carried out.
    pub result: Option<Value>,
}

/// The phase of a grant whose end nobody knows.
const IN_DOUBT: &str = "in_doubt";

impl Orchestrator {
    /// The doubts that are not left to a person.
    ///
    /// # Errors
    /// The store cannot say.
    pub async fn doubts(&self) -> Result<Vec<Doubt>, Fault> {
        let keys = Arc::clone(&self.keys);
        self.store
            .write(move |tx| {
                let mut doubts = Vec::new();
                for row in tx.in_doubt()? {
                    doubts.extend(doubt(tx, &keys, row)?);
                }
                doubts.retain(|doubt| doubt.repeat() != Repeat::Manual);
                Ok(doubts)
            })
            .await
    }

    /// Asks to repeat an action in doubt. As strict as a claim, and on the record before anything is sent. What may
    /// never be repeated is left to a person.
    ///
    /// # Errors
    /// The store cannot.
    pub async fn repeat(&self, jti: &str) -> Result<Option<Permit>, Fault> {
        let Some(flight) = self.flights.begin(jti) else { return Ok(None) };
        let (rules, keys) = (Arc::clone(&self.rules), Arc::clone(&self.keys));
        let jti = jti.to_owned();
        self.store
            .write(move |tx| {
                let Some(row) = tx.grant(&jti)?.filter(|row| row.phase == IN_DOUBT) else { return Ok(None) };
                if tx.left_to_person(&jti)? {
                    return Ok(None);
                }
                let Some(doubt) = doubt(tx, &keys, row)? else { return Ok(None) };
                if let Some(refused) = forbidden(tx, &rules, &doubt)? {
                    leave(tx, doubt.grant(), &refused)?;
                    return Ok(None);
                }
                let row = doubt.grant();
                let req = Digest::parse(&row.req).map_err(|error| StoreError::Broken(error.to_string()))?;
                let facts = Facts::from([("repeat".to_owned(), json!(true))]);
                tx.record(&row.run.clone(), Body::Started { jti, req, facts })?;
                Ok(Some(doubt.won(flight)))
            })
            .await
    }

    /// Leaves a doubt to a person: trying again would bring nothing.
    ///
    /// # Errors
    /// The store cannot.
    pub async fn leave_to_person(&self, spent: Spent, why: Refused) -> Result<(), Fault> {
        let jti = spent.jti().to_owned();
        self.store
            .write(move |tx| match tx.grant(&jti)?.filter(|row| row.phase == IN_DOUBT) {
                Some(row) => leave(tx, &row, &why),
                None => Ok(()),
            })
            .await
    }

    /// Resolves a doubt by what the connector found. Nothing if it is none any more.
    ///
    /// # Errors
    /// The result is not of the declared type.
    pub async fn resolved(&self, spent: Spent, result: Option<Value>) -> Result<Option<Answer>, Fault> {
        let limiter = Arc::clone(&self.limiter);
        let jti = spent.jti().to_owned();
        self.store
            .write(move |tx| {
                let Some(row) = tx.grant(&jti)?.filter(|row| row.phase == IN_DOUBT) else { return Ok(None) };
                Ok(Some(resolve(tx, &limiter, &row, result, None)?))
            })
            .await
            .and_then(|outcome: Option<Result<Answer, Refused>>| Ok(outcome.transpose()?))
    }

    /// Resolves a doubt by a person's word.
    ///
    /// # Errors
    /// It is not in doubt, it is being repeated, or the result is not of the declared type.
    pub async fn resolve(&self, caller: Caller, word: Resolution) -> Result<Answer, Fault> {
        let limiter = Arc::clone(&self.limiter);
        let flights = self.flights.clone();
        let outcome: Result<Result<Answer, Refused>, Fault> = self
            .store
            .insist(move |tx| {
                admit(tx, &limiter, &caller)?;
                let row = tx.grant(&word.jti)?.filter(|row| row.phase == IN_DOUBT);
                let row = row.ok_or_else(|| Fault::unknown("action in doubt"))?;
                if flights.has(&row.jti) {
                    return Err(Fault::refused(
                        "in_flight",
                        "it is being repeated; ask again when that ended",
                    ));
                }
                resolve(tx, &limiter, &row, word.result, Some(caller.name()))
            })
            .await;
        Ok(outcome??)
    }
}

/// What a doubt waits for, in a word.
pub(super) fn waits_for(tx: &mut Tx<'_>, row: &GrantRow) -> Result<&'static str, Fault> {
    if tx.left_to_person(&row.jti)? {
        return Ok("person");
    }
    let run = tx.run(&row.run)?.ok_or_else(|| Fault::unknown("run"))?;
    let class = declared(&run.machine, &row.action).map_or(Repeat::Manual, |(_, action)| action.repeat);
    Ok(match class {
        Repeat::Idempotent => "repeat",
        Repeat::Probe => "look",
        Repeat::Manual => "person",
    })
}

/// Why it may not be repeated, now or ever: none of these is taken back.
fn forbidden(tx: &mut Tx<'_>, rules: &Rules, doubt: &Doubt) -> Result<Option<Refused>, Fault> {
    let row = doubt.grant();
    let no = |code: &str, why: &str| Ok(Some(Refused::new(code, format!("not repeated: {why}"))));
    if let Some(scope) = tx.killed(Some(&row.principal))? {
        return no("killed", &scope);
    }
    let run = tx.run(&row.run)?.ok_or_else(|| Fault::unknown("run"))?;
    let state = &run.state;
    if state.status() == Status::Killed || state.is_barred(&row.principal) {
        return no("killed", "the run was stopped, or its principal in it");
    }
    if state.status() != Status::Running {
        return no("run_over", "the run is over");
    }
    if state.holds().get(&row.jti).is_none_or(|hold| hold.phase != Phase::InDoubt) {
        return no("not_claimed", "the run knows no such doubt");
    }
    let step = usize::try_from(row.step_id).ok().and_then(|index| state.steps().get(index));
    if step.is_none_or(|step| !step.open || step.opening != row.opening) {
        return no("step_closed", "its opening is over");
    }
    if rules.roster.by_key(&row.key).is_none_or(|member| member.principal.name != row.principal) {
        return no("not_allowed", "its principal is not in the roster any more");
    }
    if doubt.repeat() != Repeat::Idempotent || !doubt.fits() {
        return no("wrong_arguments", "it is not what was granted");
    }
    Ok(None)
}

/// On the record, once, and for good.
fn leave(tx: &mut Tx<'_>, row: &GrantRow, why: &Refused) -> Result<(), Fault> {
    if tx.leave_to_person(&row.jti)? {
        let facts = Facts::from([("jti".to_owned(), json!(row.jti))]);
        let reason = why.reason.chars().take(MAX_REASON).collect();
        let body = Body::RefusedOutside { code: why.code.clone(), reason, facts };
        let open = tx.run(&row.run)?.is_some_and(|run| !run.chain.is_closed());
        if open {
            tx.record(&row.run, body)?
        } else {
            tx.record_here(body)?
        };
    }
    Ok(())
}

fn doubt(tx: &mut Tx<'_>, keys: &Keys, row: GrantRow) -> Result<Option<Doubt>, Fault> {
    let Some(run) = tx.run(&row.run)? else { return Ok(None) };
    let marker = keys.marker(&row.jti, &row.req);
    Ok(Some(Doubt::of(Arc::clone(&run.machine), row, marker)))
}
