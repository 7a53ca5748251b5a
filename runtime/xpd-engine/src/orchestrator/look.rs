//! Queries: status of runs, offers, doubts.

use std::collections::BTreeMap;
use std::sync::Arc;

use xp_artifact::print;
use xp_artifact::workflow::Atom;
use xp_machine::{Offer, Status};
use xp_scope::Value;
use xpd_proxy::Fault;
use xpd_store::{Mode, Phase, Read, StoreError};

use super::Orchestrator;
use super::caller::{Caller, actor};
use super::clause;
use super::doubt::{WaitsFor, waits_for};
use super::stops::{Covered, stopped};
use crate::memory::Run;

/// Status of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSummary {
    /// Run id.
    pub run: String,
    /// Whether it is a shadow run.
    pub shadow: bool,
    /// Name of its workflow.
    pub workflow: String,
    /// Digest of its artifact.
    pub artifact: String,
    /// Status of its machine.
    pub status: Status,
    /// The outcome that ended it, such as `review.refused`.
    pub ended_by: Option<String>,
    /// Number of its log entries.
    pub entries: u64,
    /// Whether `run.closed` has been written, so that its evidence is complete.
    pub closed: bool,
    /// Its steps.
    pub steps: Vec<StepSummary>,
}

/// A run that goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenRun {
    /// Run id.
    pub run: String,
    /// Whether it is a shadow run.
    pub shadow: bool,
    /// Name of its workflow.
    pub workflow: String,
    /// Digest of its artifact.
    pub artifact: String,
    /// Its parameters.
    pub params: BTreeMap<String, Value>,
}

/// Status of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepSummary {
    /// Name.
    pub step: String,
    /// Whether it is open.
    pub open: bool,
    /// Ordinal of the latest opening.
    pub opening: u32,
    /// The outcome with which it settled.
    pub outcome: Option<String>,
}

/// An action in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubtful {
    /// `jti` of the grant.
    pub jti: String,
    /// The run.
    pub run: String,
    /// The step.
    pub step: String,
    /// The action.
    pub action: String,
    /// The connector instance.
    pub instance: String,
    /// The principal that claimed it.
    pub principal: String,
    /// How the doubt will be resolved.
    pub waits_for: WaitsFor,
}

// Queries that record the caller's proof as used go through the writer, and therefore see everything
// committed.
impl Orchestrator {
    /// Status of a run.
    ///
    /// # Errors
    /// There is no such run.
    pub async fn summary(&self, caller: Caller, run: &str) -> Result<RunSummary, Fault> {
        let id = run.to_owned();
        self.command(caller, move |tx, _| {
            let run = tx.run(&id)?.ok_or_else(|| Fault::unknown("run"))?;
            Ok(summary(&id, run))
        })
        .await
    }

    /// The clause of a step that grants an action, in source form.
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

    /// The grants that the caller may request now.
    ///
    /// # Errors
    /// There is no such run.
    pub async fn offers(&self, caller: Caller, run: &str) -> Result<Vec<Offer>, Fault> {
        Ok(self.prospect(caller, run).await?.0)
    }

    /// The grants that the caller may request, and the status of the run at the same moment.
    ///
    /// # Errors
    /// There is no such run.
    pub async fn prospect(&self, caller: Caller, run: &str) -> Result<(Vec<Offer>, RunSummary), Fault> {
        let id = run.to_owned();
        self.command(caller, move |tx, caller| {
            let covered = Covered { run: Some(&id), principal: Some(caller.name()), ..Covered::default() };
            let is_stopped = stopped(tx, covered)?.is_some();
            let mine = actor(tx, caller, &id)?;
            let rules = tx.rules();
            let may_take = |role: &str| rules.roster.plays(&mine.principal.controller, role);
            let run = tx.run(&id)?.ok_or_else(|| Fault::unknown("run"))?;
            let offers =
                if is_stopped { Vec::new() } else { run.machine.offers(&run.state, &mine, &may_take) };
            Ok((offers, summary(&id, run)))
        })
        .await
    }

    /// The actions in doubt, for administrators.
    ///
    /// # Errors
    /// The store failed.
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

    /// The runs that go on, for administrators.
    ///
    /// # Errors
    /// The store failed.
    pub async fn open_runs(&self, caller: Caller) -> Result<Vec<OpenRun>, Fault> {
        self.command(caller, move |tx, _| {
            let mut open = Vec::new();
            for id in tx.open_runs()? {
                let Some(run) = tx.run(&id)? else { continue };
                if run.state.status() != Status::Running {
                    continue;
                }
                let workflow = run.machine.workflow();
                let params = workflow.params.iter().zip(run.state.params());
                let params = params.map(|(param, value)| (param.name.clone(), value.clone())).collect();
                let (workflow, artifact) = (workflow.name.clone(), run.artifact.to_string());
                let shadow = run.mode() == Mode::Shadow;
                open.push(OpenRun { run: id, shadow, workflow, artifact, params });
            }
            Ok(open)
        })
        .await
    }

    /// Records the proof of a caller whose request reads immutable data only.
    ///
    /// # Errors
    /// The proof was used before.
    pub async fn admit(&self, caller: Caller) -> Result<(), Fault> {
        self.command(caller, |_, _| Ok(())).await
    }

    /// Signs a checkpoint of the whole log.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn sign_checkpoint(&self) -> Result<(), Fault> {
        self.write(|tx| {
            tx.checkpoint();
            Ok(())
        })
        .await
    }

    /// Counters for monitoring.
    ///
    /// # Errors
    /// The store failed.
    pub async fn figures(&self) -> Result<xpd_store::Figures, StoreError> {
        self.store.read(|rows| rows.figures()).await
    }
}

pub(super) fn summary(id: &str, run: &Run) -> RunSummary {
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
        shadow: run.mode() == Mode::Shadow,
        workflow: workflow.name.clone(),
        artifact: run.artifact.to_string(),
        status,
        ended_by,
        entries: run.chain.len(),
        closed: run.chain.is_closed(),
        steps: steps.collect(),
    }
}
