//! Stopping things. Effective at the next claim, survives a restart, never queues, is never taken back here.

use std::sync::Arc;

use serde_json::json;
use xp_machine::Event;
use xpd_audit::entry::{Body, Facts};

use super::Orchestrator;
use super::caller::{Caller, admit};
use super::decide::{MAX_REASON, Question, decide, outside};
use crate::fault::{Fault, Refused};
use crate::store::{EVERYTHING, StoreError, of_principal};

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
            let done = self.try_kill(caller.clone(), scope.clone(), reason.clone()).await;
            if !matches!(done, Err(Fault::Store(StoreError::Full(_)))) || tries == 0 {
                return done;
            }
            // A full disk must not keep anybody from stopping things. What was tried is undone, the proof unused.
            tries -= 1;
            tracing::warn!("no room to record a kill: the reserve is given up");
            self.store.release_reserve();
        }
    }

    async fn try_kill(&self, caller: Caller, scope: Scope, reason: String) -> Result<u64, Fault> {
        let limiter = Arc::clone(&self.limiter);
        if let Scope::Principal(name) = &scope
            && self.rules.roster.by_name(name).is_none()
        {
            return Err(Fault::unknown("principal"));
        }
        let outcome: Result<Result<u64, Refused>, Fault> = self
            .store
            .insist(move |tx| {
                admit(tx, &limiter, &caller)?;
                let by = caller.name();
                let text = match scope {
                    Scope::Run(id) => {
                        let question = Question {
                            run: &id,
                            principal: None,
                            leased_by: None,
                            by: Some(by),
                            event: Event::Kill { reason },
                        };
                        let decision = decide(tx, &limiter, question)?;
                        return Ok(decision.outcome.map(|_| decision.index.unwrap_or_default()));
                    }
                    Scope::Everything => EVERYTHING.to_owned(),
                    Scope::Principal(name) => of_principal(&name),
                };
                if !tx.kill(&text, &reason, by)? {
                    let mut refused = Refused::new("killed", format!("stopped already: {text}"));
                    refused.index = outside(tx, &limiter, None, Some(by), &refused)?;
                    return Ok(Err(refused));
                }
                let facts = Facts::from([("by".to_owned(), json!(by))]);
                let written = tx.record_here(Body::Stopped { scope: text, reason, facts })?;
                tx.checkpoint();
                Ok(Ok(written.index))
            })
            .await;
        Ok(outcome??)
    }
}
