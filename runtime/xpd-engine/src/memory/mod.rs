//! What the writer keeps in memory, in step with its transactions: runs, the log's edge, the refusals of the minute.

mod lines;
mod log;
mod machines;
mod runs;
mod tx;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use xpd_store::{Resident, ServerClock, StoreError};

pub(crate) use lines::Line;
pub(crate) use log::Written;
pub(crate) use machines::Machines;
pub(crate) use runs::{NewRun, Run};
pub(crate) use tx::Tx;

use crate::limiter::Limiter;
use crate::live::Live;
use crate::log_key::LogKey;
use lines::Lines;
use log::{Log, Mark};

/// States kept at once; the table has them all.
const MAX_RUNS: usize = 4_096;

/// What decisions depend on that is in no table.
pub(crate) struct Settings {
    pub live: Arc<Live>,
    /// Thumbprint of the server's own administrative key.
    pub admin: String,
    pub clock: Arc<ServerClock>,
}

/// What is kept. The tables stay the truth.
pub(crate) struct Memory {
    runs: HashMap<String, Run>,
    log: Log,
    /// Where the log stood when the command began.
    mark: Mark,
    /// What was decided in the running commit.
    lines: Lines,
    machines: Arc<Machines>,
    pub(crate) limiter: Limiter,
    settings: Settings,
    /// The command changed a run: its failure cannot be undone alone.
    touched: bool,
    /// A checkpoint is signed with this commit.
    checkpoint: bool,
    /// The process ends before this commit (tests).
    crash: bool,
}

impl Memory {
    fn forget(&mut self) {
        self.runs.clear();
        self.log.forget();
        self.lines.forget();
        (self.checkpoint, self.crash) = (false, false);
    }
}

/// The memory, shared by those who run commands in the writer. Never contended: commands run one after the other.
pub(crate) struct Shared(Mutex<Memory>);

impl Shared {
    /// Empty; `checkpoint` is the file of the last checkpoint that was given out.
    pub fn new(
        key: LogKey,
        checkpoint: &Path,
        machines: Arc<Machines>,
        limiter: Limiter,
        settings: Settings,
    ) -> Self {
        Self(Mutex::new(Memory {
            runs: HashMap::new(),
            log: Log::new(key, checkpoint),
            mark: Mark::default(),
            lines: Lines::default(),
            machines,
            limiter,
            settings,
            touched: false,
            checkpoint: false,
            crash: false,
        }))
    }

    /// Size of the checkpoint that was committed last.
    pub fn signed(&self) -> watch::Receiver<u64> {
        self.lock().log.signed()
    }

    /// The checkpoint beside the database is as it was written, or is written again.
    pub fn keep_checkpoint(&self) {
        self.lock().log.is_where_it_was();
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resident for Shared {
    fn begin(&self) {
        let memory = &mut *self.lock();
        memory.touched = false;
        memory.mark = memory.log.mark();
        memory.lines.begin();
    }

    fn undo(&self) -> bool {
        let memory = &mut *self.lock();
        if memory.touched {
            // A run is ahead of its row and cannot be told from one that a neighbour changed.
            return false;
        }
        let mark = std::mem::take(&mut memory.mark);
        memory.log.rewind(mark);
        memory.lines.undo();
        true
    }

    fn flush(&self, tx: &mut dyn xpd_store::Tx, due: bool) -> Result<bool, StoreError> {
        let memory = &mut *self.lock();
        for (id, run) in memory.runs.iter_mut().filter(|(_, run)| run.dirty) {
            run.save(tx, id)?;
        }
        memory.log.flush(tx)?;
        let wanted = memory.checkpoint || memory.log.is_due(due);
        if wanted {
            memory.log.checkpoint(tx)?;
        }
        if memory.crash {
            std::process::abort();
        }
        Ok(wanted)
    }

    fn committed(&self) {
        let memory = &mut *self.lock();
        memory.checkpoint = false;
        memory.log.publish();
        memory.lines.write();
        if memory.runs.len() > MAX_RUNS {
            memory.runs.clear();
        } else if memory.machines.dropped() {
            let machines = Arc::clone(&memory.machines);
            memory.runs.retain(|_, run| machines.has(&run.machine));
        }
    }

    fn clear(&self) {
        self.lock().forget();
    }

    fn given_up(&self) {
        self.lock().log.publish_last();
    }

    fn waits(&self) -> bool {
        self.lock().log.unsigned() > 0
    }
}
