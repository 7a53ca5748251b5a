//! Runs in decoded form.

use std::sync::Arc;

use xp_machine::{Machine, State};
use xp_scope::Digest;
use xpd_audit::entry::Chain;
use xpd_store::{Mode, StoreError};

use super::Tx;

/// A run in memory.
#[derive(Debug)]
pub(crate) struct Run {
    /// Digest of its artifact.
    pub artifact: Digest,
    /// The machine of the artifact.
    pub machine: Arc<Machine>,
    /// State of the machine.
    pub state: State,
    /// Head of the chain of log entries.
    pub chain: Chain,
    /// Start time, milliseconds since 1970.
    pub opened: u64,
    /// End time, milliseconds since 1970.
    pub closed: Option<u64>,
    /// Whether the row is out of date.
    pub(super) dirty: bool,
}

impl Run {
    /// The mode in which it was started, which its chain keeps.
    pub fn mode(&self) -> Mode {
        if self.chain.is_shadow() { Mode::Shadow } else { Mode::Enforced }
    }

    /// Writes the row. Called once per commit, however many commands changed the run.
    pub(super) fn save(&mut self, tx: &mut dyn xpd_store::Tx, id: &str) -> Result<(), StoreError> {
        let (state, chain) = (serde_json::to_vec(&self.state)?, serde_json::to_vec(&self.chain)?);
        tx.save_run(id, &state, &chain, self.closed)?;
        self.dirty = false;
        Ok(())
    }
}

/// A run to insert.
pub(crate) struct NewRun<'a> {
    pub id: &'a str,
    pub artifact: Digest,
    pub machine: Arc<Machine>,
    pub state: State,
    pub mode: Mode,
    pub rule: &'a str,
    pub started_by: &'a str,
}

impl Tx<'_> {
    /// A run, read-only.
    pub(crate) fn run(&mut self, id: &str) -> Result<Option<&Run>, StoreError> {
        self.load(id)?;
        Ok(self.memory.runs.get(id))
    }

    /// A run, for modification. After this call the command can fail only together with its whole commit.
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

    /// Inserts a run.
    pub(crate) fn insert_run(&mut self, new: NewRun<'_>) -> Result<(), StoreError> {
        let NewRun { id, artifact, machine, state, mode, rule, started_by } = new;
        let digest = artifact.to_string();
        self.rows.insert_run(&xpd_store::NewRun { id, artifact: &digest, rule, started_by })?;
        let chain = match mode {
            Mode::Enforced => Chain::of_run(id, artifact.clone()),
            Mode::Shadow => Chain::of_shadow_run(id, artifact.clone()),
        };
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

    /// Ordinal of the latest opening of a step; 0 if there is no such step.
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
