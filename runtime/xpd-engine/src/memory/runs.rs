//! Runs as they are decided about.

use std::sync::Arc;

use xp_machine::{Machine, State};
use xp_scope::Digest;
use xpd_audit::entry::Chain;
use xpd_store::StoreError;

use super::Tx;

/// A run in memory.
#[derive(Debug)]
pub(crate) struct Run {
    /// Digest of its artifact.
    pub artifact: Digest,
    /// What runs it.
    pub machine: Arc<Machine>,
    /// Where it is.
    pub state: State,
    /// The end of its chain of log entries.
    pub chain: Chain,
    /// When it was started.
    pub opened: u64,
    /// When it was over.
    pub closed: Option<u64>,
    /// The table does not have it yet.
    pub(super) dirty: bool,
}

impl Run {
    /// Writes it: once for a commit, however many commands changed it.
    pub(super) fn save(&mut self, tx: &mut dyn xpd_store::Tx, id: &str) -> Result<(), StoreError> {
        let (state, chain) = (serde_json::to_vec(&self.state)?, serde_json::to_vec(&self.chain)?);
        tx.save_run(id, &state, &chain, self.closed)?;
        self.dirty = false;
        Ok(())
    }
}

/// A run to be.
pub(crate) struct NewRun<'a> {
    pub id: &'a str,
    pub artifact: Digest,
    pub machine: Arc<Machine>,
    pub state: State,
    pub rule: &'a str,
    pub started_by: &'a str,
}

impl Tx<'_> {
    /// A run, to look at.
    pub(crate) fn run(&mut self, id: &str) -> Result<Option<&Run>, StoreError> {
        self.load(id)?;
        Ok(self.memory.runs.get(id))
    }

    /// A run, to change. From here on the command may fail only with the whole commit.
    pub(crate) fn run_mut(&mut self, id: &str) -> Result<Option<&mut Run>, StoreError> {
        self.load(id)?;
        let memory = &mut *self.memory;
        let run = memory.runs.get_mut(id);
        if let Some(run) = run {
            run.dirty = true;
            memory.touched = true;
            return Ok(Some(run));
        }
        Ok(None)
    }

    /// Adds a run.
    pub(crate) fn insert_run(&mut self, new: NewRun<'_>) -> Result<(), StoreError> {
        let NewRun { id, artifact, machine, state, rule, started_by } = new;
        let digest = artifact.to_string();
        self.rows.insert_run(&xpd_store::NewRun { id, artifact: &digest, rule, started_by })?;
        let chain = Chain::of_run(id, artifact.clone());
        let opened = self.now;
        let run = Run { artifact, machine, state, chain, opened, closed: None, dirty: true };
        self.memory.runs.insert(id.to_owned(), run);
        self.memory.touched = true;
        Ok(())
    }

    /// The machine of a deployed artifact.
    pub(crate) fn machine(&self, artifact: &str) -> Result<Option<Arc<Machine>>, StoreError> {
        self.memory.machines.of(self.rows.rows(), artifact)
    }

    /// Number of the latest opening of a step; 0 where there is no such step.
    pub(crate) fn opening(&mut self, id: &str, step: &str) -> Result<u32, StoreError> {
        let Some(run) = self.run(id)? else { return Ok(0) };
        let found = run.machine.step_named(step).and_then(|step| run.state.steps().get(step.index()));
        Ok(found.map_or(0, |step| step.opening))
    }

    fn load(&mut self, id: &str) -> Result<(), StoreError> {
        if self.memory.runs.contains_key(id) {
            return Ok(());
        }
        let Some(row) = self.rows.run_row(id)? else { return Ok(()) };
        let machine = self.machine(&row.artifact)?;
        let machine = machine.ok_or_else(|| StoreError::Broken(format!("run {id} has no artifact")))?;
        let run = Run {
            artifact: Digest::parse(&row.artifact).map_err(StoreError::broken)?,
            machine,
            state: serde_json::from_slice(&row.state)?,
            chain: serde_json::from_slice(&row.chain)?,
            opened: row.opened,
            closed: row.closed,
            dirty: false,
        };
        self.memory.runs.insert(id.to_owned(), run);
        Ok(())
    }
}
