//! What a door knows of a caller in its run: the contract and its roles, the answers it got before, and when the run changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use xp_machine::Machine;
use xp_scope::{Digest, Value};
use xp_wire::RefusalCode;
use xpd_proxy::Fault;
use xpd_store::{Phase, Seen, StoreError};

use super::Orchestrator;
use super::caller::{Caller, actor};
use crate::memory::Tx;

/// A caller's place in a run.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Id of the run.
    pub run: String,
    /// Digest of its artifact.
    pub artifact: String,
    /// Its contract.
    pub machine: Arc<Machine>,
    /// The roles that the caller may play in it, sorted.
    pub roles: Vec<String>,
    /// Ordinal of the latest opening of each step, by name.
    pub openings: BTreeMap<String, u32>,
}

/// What became of an action.
#[derive(Clone, Debug, PartialEq)]
pub struct Earlier {
    /// The step.
    pub step: String,
    /// The action.
    pub action: String,
    /// Where it stands now.
    pub phase: Phase,
    /// Its result, if it was performed.
    pub result: Option<Value>,
}

impl Orchestrator {
    /// Records the proof of a caller as used. The caller that is returned is good for the rest of the same request.
    ///
    /// # Errors
    /// The proof was used before, or the caller has no role in the run.
    pub async fn seat(&self, caller: Caller, run: &str) -> Result<(Caller, Seat), Fault> {
        let (id, admitted) = (run.to_owned(), caller.clone().admitted());
        let seat = self.command(caller, move |tx, caller| {
            let mine = actor(tx, caller, &id)?;
            let run = tx.run(&id)?.ok_or_else(|| Fault::unknown("run"))?;
            let workflow = run.machine.workflow();
            let own = workflow.roles.iter().map(|role| &role.name).filter(|role| mine.roles.contains(role));
            let mut roles: Vec<String> = own.cloned().collect();
            if roles.is_empty() {
                return Err(Fault::unknown("run").into());
            }
            roles.sort();
            let openings = workflow.steps.iter().zip(run.state.steps());
            let openings = openings.map(|(step, now)| (step.name.clone(), now.opening)).collect();
            let (artifact, machine) = (run.artifact.to_string(), Arc::clone(&run.machine));
            Ok(Seat { run: id, artifact, machine, roles, openings })
        });
        Ok((admitted, seat.await?))
    }

    /// Changes whenever something of the run was committed.
    #[must_use]
    pub fn changes(&self, run: &str) -> watch::Receiver<()> {
        self.memory.changes(run)
    }

    /// What became of the action whose answer had this index. Known to the key that got the answer.
    ///
    /// # Errors
    /// There was no such answer.
    pub async fn earlier(&self, caller: Caller, run: &str, index: u64) -> Result<Earlier, Fault> {
        let id = run.to_owned();
        self.command(caller, move |tx, caller| {
            let missing = || Fault::refused(RefusalCode::Unknown, "no answer to you had this index");
            // All jobs of a workload are one principal, and each is told of its own answers only.
            if caller.by_token().is_some() {
                return Err(missing().into());
            }
            let Seen::Answered(jti) = tx.seen(&id, &caller.key, &name(index), &digest())? else {
                return Err(missing().into());
            };
            let jti = String::from_utf8(jti).map_err(StoreError::broken)?;
            let row = tx.grant(&jti)?.filter(|row| row.principal == caller.name()).ok_or_else(missing)?;
            Ok(Earlier { step: row.step, action: row.action, phase: row.phase, result: row.result })
        })
        .await
    }
}

/// Ids of requests have no space.
fn name(index: u64) -> String {
    format!("answer {index}")
}

fn digest() -> String {
    Digest::of(b"answer").to_string()
}

/// Records which action an answer was about.
pub(super) fn remember(tx: &mut Tx<'_>, jti: &str, index: u64) -> Result<(), StoreError> {
    let Some(row) = tx.grant(jti)? else { return Ok(()) };
    tx.remember(&row.run, &row.key, &name(index), &digest(), Some(jti.as_bytes()))
}
