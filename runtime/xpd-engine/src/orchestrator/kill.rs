//! Kills. Once a kill is answered, no request of a stopped action leaves the server: claims read the kill in
//! their transaction, and lines of running actions are cut. A kill survives restarts and precedes all waiting
//! commands.

use serde_json::json;
use xp_machine::Event;
use xp_wire::RefusalCode;
use xpd_audit::entry::{Body, Facts, Kind};
use xpd_proxy::{Cut, Fault, Lines, Refused, Stop};
use xpd_store::{Mode, Scope, StoreError};

use super::Orchestrator;
use super::caller::{Caller, admit};
use super::decide::{MAX_REASON, Question, decide, outside};
use crate::memory::Line;

/// Number of retries. Commands waiting when the reserve is released may consume part of it.
const TRIES: u32 = 3;

/// A completed kill.
#[derive(Clone, Debug)]
pub struct Killed {
    /// Index of its log entry.
    pub index: u64,
    /// Actions that were running.
    pub ended: Vec<Cut>,
}

impl Orchestrator {
    /// Kills a scope on behalf of an administrator. The kill is committed first, so that no further claim
    /// succeeds; then the lines of running actions are cut. If the commit fails, the lines are cut
    /// nevertheless.
    ///
    /// # Errors
    /// The scope does not exist or has ended.
    pub async fn kill(
        &self,
        lines: &Lines,
        caller: Caller,
        scope: Scope,
        reason: String,
    ) -> Result<Killed, Fault> {
        let reason: String = reason.chars().take(MAX_REASON).collect();
        let mut tries = TRIES;
        loop {
            let error = match self.try_kill(caller.clone(), scope.clone(), reason.clone()).await {
                Ok(index) => return Ok(Killed { index, ended: lines.stop(&scope) }),
                Err(Fault::Store(error)) if tries > 0 => error,
                Err(Fault::Store(error)) => {
                    lines.stop(&scope);
                    return Err(error.into());
                }
                Err(refused) => return Err(refused),
            };
            // The failed attempt was rolled back, so the proof of possession is unused.
            tries -= 1;
            match error {
                // A full disk must not prevent a kill.
                StoreError::Full(_) => {
                    tracing::warn!("no room to record a kill: the reserve is given up");
                    self.store.release_reserve();
                }
                // Another command of the same commit failed.
                StoreError::Aborted | StoreError::RolledBack(_) => {}
                other => {
                    lines.stop(&scope);
                    return Err(other.into());
                }
            }
        }
    }

    async fn try_kill(&self, caller: Caller, scope: Scope, reason: String) -> Result<u64, Fault> {
        self.write_urgent(move |tx| {
            admit(tx, &caller)?;
            let by = caller.name();
            let known = match &scope {
                Scope::Run(id) => {
                    let event = Event::Kill { reason };
                    let question = Question { by: Some(by), ..Question::own(id, event) };
                    return Ok(decide(tx, question)?.index);
                }
                Scope::Everything => true,
                Scope::Principal(name) => tx.rules().roster.by_name(name).is_some(),
                Scope::Artifact(named) => {
                    let known = |mode| tx.find_artifact(named, mode);
                    known(Mode::Enforced)?.or(known(Mode::Shadow)?).is_some()
                }
                Scope::Connector(name) => tx.rules().instances.contains_key(name),
            };
            if !known {
                return Err(Fault::unknown("thing to be stopped").into());
            }
            if !tx.kill(&scope, &reason, by)? {
                let mut refused = Refused::new(RefusalCode::Killed, format!("stopped already: {scope}"));
                refused.index = outside(tx, None, Some(by), &refused)?;
                return Err(Stop::Refuse(refused));
            }
            let facts = Facts::from([("by".to_owned(), json!(by))]);
            let written = tx.record_here(Body::Stopped { scope: scope.to_string(), reason, facts })?;
            tx.log_line(Line {
                what: Kind::Killed.as_str(),
                principal: Some(by.to_owned()),
                index: Some(written.index),
                ..Line::default()
            });
            tx.checkpoint();
            Ok(written.index)
        })
        .await
    }
}
