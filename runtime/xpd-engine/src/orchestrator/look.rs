//! Where a run is, and what its callers may do.

use std::sync::Arc;

use xp_artifact::print;
use xp_artifact::workflow::Atom;
use xp_machine::{Offer, Status};
use xpd_proxy::Fault;
use xpd_store::{Phase, Read, StoreError};

use super::Orchestrator;
use super::caller::{Caller, actor};
use super::clause;
use super::doubt::{WaitsFor, waits_for};
use super::stops::{Covered, stopped};
use crate::memory::Run;

/// A run in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSummary {
    /// Its id.
    pub run: String,
    /// Name of its workflow.
    pub workflow: String,
    /// Its artifact.
    pub artifact: String,
    /// Whether it is over.
    pub status: Status,
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// What ends the doubt.
    pub waits_for: WaitsFor,
}

// Looking goes through the writer where the caller's proof is used up by it; so it also shows what is committed now.
impl Orchestrator {
    /// Where a run is.
    ///
    /// # Errors
    /// There is none.
    pub async fn summary(&self, caller: Caller, run: &str) -> Result<RunSummary, Fault> {
        let id = run.to_owned();
        self.command(caller, move |tx, _| {
            let run = tx.run(&id)?.ok_or_else(|| Fault::unknown("run"))?;
            Ok(summary(&id, run))
        })
        .await
    }

    /// The clause of a step that grants an action, as written; nothing where there is none.
    pub async fn granting(&self, run: &str, step: &str, action: &str) -> Option<String> {
        let machines = Arc::clone(&self.machines);
        let (id, step, action) = (run.to_owned(), step.to_owned(), action.to_owned());
        let read = move |rows: &dyn Read| {
            let Some(run) = rows.run_row(&id)? else { return Ok(None) };
            let machine = machines.of(rows, &run.artifact)?;
            Ok(machine.and_then(|machine| clause::granting(machine.workflow(), &step, &action)))
        };
        self.store.read(read).await.ok().flatten()
    }

    /// What the caller may do now.
    ///
    /// # Errors
    /// There is no such run.
    pub async fn offers(&self, caller: Caller, run: &str) -> Result<Vec<Offer>, Fault> {
        let id = run.to_owned();
        self.command(caller, move |tx, caller| {
            let covered = Covered { run: Some(&id), principal: Some(caller.name()), ..Covered::default() };
            if stopped(tx, covered)?.is_some() {
                return Ok(Vec::new());
            }
            let mine = actor(tx, caller, &id)?;
            let run = tx.run(&id)?.ok_or_else(|| Fault::unknown("run"))?;
            Ok(run.machine.offers(&run.state, &mine))
        })
        .await
    }

    /// Actions in doubt, for the administrator.
    ///
    /// # Errors
    /// The store cannot say.
    pub async fn doubtful(&self, caller: Caller) -> Result<Vec<Doubtful>, Fault> {
        self.command(caller, move |tx, _| {
            let mut doubtful = Vec::new();
            for row in tx.grants_in(Phase::InDoubt)? {
                let waits_for = waits_for(tx, &row)?;
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
        self.command(caller, |_, _| Ok(())).await
    }

    /// Signs a checkpoint of all there is now.
    ///
    /// # Errors
    /// The store cannot.
    pub(super) async fn sign_checkpoint(&self) -> Result<(), Fault> {
        self.write(|tx| {
            tx.checkpoint();
            Ok(())
        })
        .await
    }

    /// Numbers for whoever watches the server.
    ///
    /// # Errors
    /// The store cannot say.
    pub async fn figures(&self) -> Result<xpd_store::Figures, StoreError> {
        self.store.read(|rows| rows.figures()).await
    }
}

fn summary(id: &str, run: &Run) -> RunSummary {
    let workflow = run.machine.workflow();
    let status = run.state.status();
    let ended_by = match status {
        Status::Ended(atom) => Some(print::atom(workflow, atom)),
        Status::Running | Status::Finished | Status::Killed => None,
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
        status,
        ended_by,
        entries: run.chain.len(),
        closed: run.chain.is_closed(),
        steps: steps.collect(),
    }
}
