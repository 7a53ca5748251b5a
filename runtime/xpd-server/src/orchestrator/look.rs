//! Where a run is, and what its callers may do.

use std::sync::Arc;

use serde::Serialize;
use xp_artifact::print;
use xp_artifact::workflow::Atom;
use xp_machine::{Offer, Status};

use super::Orchestrator;
use super::caller::{Caller, admit};
use super::clause;
use super::doubt::waits_for;
use crate::fault::Fault;
use crate::store::{Run, StoreError};

/// A run in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunSummary {
    /// Its id.
    pub run: String,
    /// Name of its workflow.
    pub workflow: String,
    /// Its artifact.
    pub artifact: String,
    /// `running`, `finished`, `ended` or `killed`.
    pub status: String,
    /// The outcome that ended it, `review.refused`.
    pub ended_by: Option<String>,
    /// Log entries so far.
    pub entries: u64,
    /// `run.closed` is written: the evidence is complete.
    pub closed: bool,
    /// Its steps.
    pub steps: Vec<StepSummary>,
}

/// A step in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepSummary {
    /// Its name.
    pub step: String,
    /// It is open.
    pub open: bool,
    /// Number of the opening.
    pub opening: u32,
    /// The outcome it settled with.
    pub outcome: Option<String>,
}

/// An action whose end nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Doubtful {
    /// The token.
    pub jti: String,
    /// The run.
    pub run: String,
    /// The step.
    pub step: String,
    /// The action.
    pub action: String,
    /// The connector instance.
    pub instance: String,
    /// Whose it is.
    pub principal: String,
    /// What it waits for: `repeat`, `look` or `person`.
    pub waits_for: String,
}

impl Orchestrator {
    /// Where a run is.
    ///
    /// # Errors
    /// There is none.
    pub async fn summary(&self, caller: Caller, run: &str) -> Result<RunSummary, Fault> {
        let limiter = Arc::clone(&self.limiter);
        let id = run.to_owned();
        self.store
            .write(move |tx| {
                admit(tx, &limiter, &caller)?;
                let run = tx.run(&id)?.ok_or_else(|| Fault::unknown("run"))?;
                Ok(summary(&id, run))
            })
            .await
    }

    /// The clause of a step that grants an action, as written; nothing where there is none.
    pub(crate) async fn granting(&self, run: &str, step: &str, action: &str) -> Option<String> {
        let (id, step, action) = (run.to_owned(), step.to_owned(), action.to_owned());
        let found: Result<Option<String>, Fault> = self
            .store
            .write(move |tx| {
                let Some(run) = tx.run(&id)? else { return Ok(None) };
                Ok(clause::granting(run.machine.workflow(), &step, &action))
            })
            .await;
        found.ok().flatten()
    }

    /// What the caller may do now.
    ///
    /// # Errors
    /// There is no such run.
    pub async fn offers(&self, caller: Caller, run: &str) -> Result<Vec<Offer>, Fault> {
        let limiter = Arc::clone(&self.limiter);
        let id = run.to_owned();
        self.store
            .write(move |tx| {
                admit(tx, &limiter, &caller)?;
                if tx.killed(Some(caller.name()))?.is_some() {
                    return Ok(Vec::new());
                }
                let run = tx.run(&id)?.ok_or_else(|| Fault::unknown("run"))?;
                Ok(run.machine.offers(&run.state, &caller.actor))
            })
            .await
    }

    /// Actions in doubt, for the administrator.
    ///
    /// # Errors
    /// The store cannot say.
    pub async fn doubtful(&self, caller: Caller) -> Result<Vec<Doubtful>, Fault> {
        let limiter = Arc::clone(&self.limiter);
        self.store
            .write(move |tx| {
                admit(tx, &limiter, &caller)?;
                let mut doubtful = Vec::new();
                for row in tx.unfinished()?.into_iter().filter(|row| row.phase == "in_doubt") {
                    let waits_for = waits_for(tx, &row)?.to_owned();
                    doubtful.push(Doubtful {
                        jti: row.jti,
                        run: row.run,
                        step: row.step,
                        action: row.action,
                        instance: row.instance,
                        principal: row.principal,
                        waits_for,
                    });
                }
                Ok(doubtful)
            })
            .await
    }

    /// Burns the proof of a caller that only looks at what never changes.
    ///
    /// # Errors
    /// The proof was used before.
    pub async fn admit(&self, caller: Caller) -> Result<(), Fault> {
        let limiter = Arc::clone(&self.limiter);
        self.store.write(move |tx| admit(tx, &limiter, &caller)).await
    }

    /// Signs a checkpoint of all there is now.
    ///
    /// # Errors
    /// The store cannot.
    pub(crate) async fn sign_checkpoint(&self) -> Result<(), Fault> {
        self.store
            .write(|tx| {
                tx.checkpoint();
                Ok(())
            })
            .await
    }

    /// Looks at committed tables.
    ///
    /// # Errors
    /// The store cannot.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&crate::store::View<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Fault> {
        Ok(self.store.reader().read(look).await?)
    }
}

fn summary(id: &str, run: &Run) -> RunSummary {
    let workflow = run.machine.workflow();
    let (status, ended_by) = match run.state.status() {
        Status::Running => ("running", None),
        Status::Finished => ("finished", None),
        Status::Ended(atom) => ("ended", Some(print::atom(workflow, atom))),
        Status::Killed => ("killed", None),
    };
    let steps = workflow.steps.iter().zip(run.state.steps()).enumerate().map(|(index, (step, now))| {
        let outcome = now.settled.map(|outcome| {
            let atom = Atom { step: xp_artifact::workflow::StepId::of(index), outcome };
            print::atom(workflow, atom)
        });
        StepSummary { step: step.name.clone(), open: now.open, opening: now.opening, outcome }
    });
    RunSummary {
        run: id.to_owned(),
        workflow: workflow.name.clone(),
        artifact: run.artifact.to_string(),
        status: status.to_owned(),
        ended_by,
        entries: run.chain.len(),
        closed: run.chain.is_closed(),
        steps: steps.collect(),
    }
}
