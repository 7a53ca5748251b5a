//! What the writer keeps in memory of runs and machines.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, params};
use xp_machine::{Machine, State};
use xp_scope::Digest;
use xpd_audit::entry::Chain;

use super::error::StoreError;
use super::numbers::signed;

/// States kept at once; the table has them all.
const MAX_CACHED: usize = 4_096;

/// A run as the writer holds it.
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
    /// When it was over.
    pub closed: Option<u64>,
    /// The table does not have it yet.
    pub(super) dirty: bool,
}

/// What the writer keeps in memory. The tables stay the truth.
#[derive(Debug, Default)]
pub(super) struct Cache {
    pub(super) runs: HashMap<String, Run>,
    pub(super) machines: HashMap<String, Arc<Machine>>,
}

impl Cache {
    pub fn clear(&mut self) {
        self.runs.clear();
    }

    /// Writes the states that changed.
    pub fn flush(&mut self, conn: &Connection) -> Result<(), StoreError> {
        for (id, run) in self.runs.iter_mut().filter(|(_, run)| run.dirty) {
            let mut update =
                conn.prepare_cached("UPDATE runs SET state = ?2, chain = ?3, closed = ?4 WHERE id = ?1")?;
            let state = serde_json::to_vec(&run.state)?;
            let chain = serde_json::to_vec(&run.chain)?;
            update.execute(params![id, state, chain, run.closed.map(signed)])?;
            run.dirty = false;
        }
        if self.runs.len() > MAX_CACHED {
            self.runs.clear();
        }
        Ok(())
    }
}
