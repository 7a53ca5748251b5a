//! Rows of runs, and the machines they run on.

use std::sync::Arc;

use rusqlite::{OptionalExtension, named_params, params};
use xp_artifact::{Envelope, Trust};
use xp_machine::{Machine, State};
use xp_scope::Digest;
use xpd_audit::entry::Chain;

use super::cache::Run;
use super::error::StoreError;
use super::numbers::{signed, unsigned};
use super::tx::Tx;

/// A run to be inserted.
pub(crate) struct NewRun<'a> {
    pub id: &'a str,
    pub artifact: Digest,
    pub machine: Arc<Machine>,
    pub state: State,
    pub rule: &'a str,
    pub started_by: &'a str,
}

/// Artifact, chain, state and when it was over.
type Row = (String, Vec<u8>, Vec<u8>, Option<i64>);

impl Tx<'_> {
    /// The machine of a deployed artifact.
    pub(crate) fn machine(&mut self, artifact: &str) -> Result<Option<Arc<Machine>>, StoreError> {
        if let Some(machine) = self.cache.machines.get(artifact) {
            return Ok(Some(Arc::clone(machine)));
        }
        let Some(bytes) = self.artifact_bytes(artifact)? else { return Ok(None) };
        // Its signature was checked when it was deployed.
        let (_, opened) =
            Envelope::open(&bytes, Trust::FormOnly).map_err(|error| StoreError::Broken(error.to_string()))?;
        let machine = Machine::new(opened.workflow).map_err(|error| StoreError::Broken(error.to_string()))?;
        let machine = Arc::new(machine);
        self.cache.machines.insert(artifact.to_owned(), Arc::clone(&machine));
        Ok(Some(machine))
    }

    /// A run, to look at.
    pub(crate) fn run(&mut self, id: &str) -> Result<Option<&Run>, StoreError> {
        self.load(id)?;
        Ok(self.cache.runs.get(id))
    }

    /// A run, to change. From here on the command may fail only with the whole commit.
    pub(crate) fn run_mut(&mut self, id: &str) -> Result<Option<&mut Run>, StoreError> {
        self.load(id)?;
        let run = self.cache.runs.get_mut(id);
        if let Some(run) = run {
            run.dirty = true;
            self.touched = true;
            return Ok(Some(run));
        }
        Ok(None)
    }

    /// Adds a run.
    pub(crate) fn insert_run(&mut self, new: NewRun<'_>) -> Result<(), StoreError> {
        let state = serde_json::to_vec(&new.state)?;
        let chain = Chain::of_run(new.id, new.artifact.clone());
        self.conn
            .prepare_cached(
                "INSERT INTO runs (id, artifact, rule, started_by, opened, closed, chain, state)
                 VALUES (:id, :artifact, :rule, :started_by, :opened, NULL, :chain, :state)",
            )?
            .execute(named_params! {
                ":id": new.id,
                ":artifact": new.artifact.to_string(),
                ":rule": new.rule,
                ":started_by": new.started_by,
                ":opened": signed(self.now),
                ":chain": serde_json::to_vec(&chain)?,
                ":state": state,
            })?;
        let run = Run {
            artifact: new.artifact,
            machine: new.machine,
            state: new.state,
            chain,
            closed: None,
            dirty: true,
        };
        self.cache.runs.insert(new.id.to_owned(), run);
        self.touched = true;
        Ok(())
    }

    /// Number of the latest opening of a step; 0 where there is no such step.
    pub(crate) fn opening(&mut self, id: &str, step: &str) -> Result<u32, StoreError> {
        let Some(run) = self.run(id)? else { return Ok(0) };
        let found = run.machine.step_named(step).and_then(|step| run.state.step(step));
        Ok(found.map_or(0, |step| step.opening))
    }

    /// Runs started under a rule: open ones, and those started since a time.
    pub(crate) fn started(&self, rule: &str, since: u64) -> Result<(u64, u64), StoreError> {
        let mut query = self.conn.prepare_cached(
            "SELECT count(*) FILTER (WHERE closed IS NULL), count(*) FILTER (WHERE opened >= ?2)
             FROM runs WHERE rule = ?1",
        )?;
        Ok(query.query_row(params![rule, signed(since)], |row| {
            Ok((unsigned(row.get(0)?), unsigned(row.get(1)?)))
        })?)
    }

    /// Ids of the runs that are not over.
    pub(crate) fn open_runs(&self) -> Result<Vec<String>, StoreError> {
        let mut query =
            self.conn.prepare_cached("SELECT id FROM runs WHERE closed IS NULL ORDER BY opened, id")?;
        let rows = query.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn load(&mut self, id: &str) -> Result<(), StoreError> {
        if self.cache.runs.contains_key(id) {
            return Ok(());
        }
        let row: Option<Row> = self
            .conn
            .prepare_cached("SELECT artifact, chain, state, closed FROM runs WHERE id = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        let Some((artifact, chain, state, closed)) = row else { return Ok(()) };
        let machine = self.machine(&artifact)?;
        let machine = machine.ok_or_else(|| StoreError::Broken(format!("run {id} has no artifact")))?;
        let run = Run {
            artifact: Digest::parse(&artifact).map_err(|error| StoreError::Broken(error.to_string()))?,
            machine,
            state: serde_json::from_slice(&state)?,
            chain: serde_json::from_slice(&chain)?,
            closed: closed.map(unsigned),
            dirty: false,
        };
        self.cache.runs.insert(id.to_owned(), run);
        Ok(())
    }
}
