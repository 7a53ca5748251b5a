//! Stopping things. Effective at the next claim, survives a restart, never queues, is never taken back here.

use serde_json::json;
use xp_machine::Event;
use xp_wire::RefusalCode;
use xpd_audit::entry::{Body, Facts, Kind};
use xpd_proxy::{Fault, Refused, Stop};
use xpd_store::{EVERYTHING, StoreError, of_principal};

use super::Orchestrator;
use super::caller::{Caller, admit};
use super::decide::{MAX_REASON, Question, decide, outside};
use crate::memory::Line;

/// Tries after the first. What was waiting when the reserve was given up may take part of it.
const TRIES: u32 = 3;

/// What is stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All runs, and no new ones.
    Everything,
    /// One run.
    Run(String),
    /// One principal, in every run.
    Principal(String),
}

impl Orchestrator {
    /// Stops something, on the word of the administrator.
    ///
    /// # Errors
    /// There is no such thing, or it is over.
    pub async fn kill(&self, caller: Caller, scope: Scope, reason: String) -> Result<u64, Fault> {
        let reason: String = reason.chars().take(MAX_REASON).collect();
        let mut tries = TRIES;
        loop {
            let error = match self.try_kill(caller.clone(), scope.clone(), reason.clone()).await {
                Err(Fault::Store(error)) if tries > 0 => error,
                done => return done,
            };
            // What was tried is undone, the proof unused.
            tries -= 1;
            match error {
                // A full disk must not keep anybody from stopping things.
                StoreError::Full(_) => {
                    tracing::warn!("no room to record a kill: the reserve is given up");
                    self.store.release_reserve();
                }
                // Another command took this one's commit along.
                StoreError::Aborted | StoreError::RolledBack(_) => {}
                other => return Err(other.into()),
            }
        }
    }

    async fn try_kill(&self, caller: Caller, scope: Scope, reason: String) -> Result<u64, Fault> {
        if let Scope::Principal(name) = &scope
            && self.rules.roster.by_name(name).is_none()
        {
            return Err(Fault::unknown("principal"));
        }
        self.insist(move |tx| {
            admit(tx, &caller)?;
            let by = caller.name();
            let text = match scope {
                Scope::Run(id) => {
                    let event = Event::Kill { reason };
                    let question = Question { by: Some(by), ..Question::own(&id, event) };
                    return Ok(decide(tx, question)?.index);
                }
                Scope::Everything => EVERYTHING.to_owned(),
                Scope::Principal(name) => of_principal(&name),
            };
            if !tx.kill(&text, &reason, by)? {
                let mut refused = Refused::new(RefusalCode::Killed, format!("stopped already: {text}"));
                refused.index = outside(tx, None, Some(by), &refused)?;
                return Err(Stop::Refuse(refused));
            }
            let facts = Facts::from([("by".to_owned(), json!(by))]);
            let written = tx.record_here(Body::Stopped { scope: text, reason, facts })?;
            tx.tell(Line {
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
