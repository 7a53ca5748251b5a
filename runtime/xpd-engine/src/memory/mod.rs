//! State in memory, kept in step with the writer's transactions: runs, the edge of the log, recent refusals.

mod lines;
mod log;
mod machines;
mod runs;
mod tx;

use std::collections::{BTreeMap, HashMap};
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

/// Capacity of the cache of run states.
const MAX_RUNS: usize = 4_096;

/// Inputs of decisions that are not in any table.
pub(crate) struct Settings {
    pub live: Arc<Live>,
    /// Thumbprint of the server's own administrative key.
    pub admin: String,
    pub clock: Arc<ServerClock>,
}

/// The cached state. The tables are authoritative.
pub(crate) struct Memory {
    runs: HashMap<String, Run>,
    log: Log,
    /// State of the log when the current command began.
    mark: Mark,
    /// Decisions of the current commit.
    lines: Lines,
    machines: Arc<Machines>,
    pub(crate) limiter: Limiter,
    settings: Settings,
    /// Whether the current command changed a run, so that its failure cannot be undone separately.
    touched: bool,
    /// Whether a checkpoint is signed in this commit.
    checkpoint: bool,
    /// Whether the process ends before this commit (crash tests).
    crash: bool,
    /// Runs changed in this commit.
    changed: Vec<String>,
    /// For each open run with time limits: when to look at them.
    pub(crate) deadlines: BTreeMap<String, u64>,
    /// Who waits for a change of a run.
    waiting: HashMap<String, watch::Sender<()>>,
}

impl Memory {
    fn forget(&mut self) {
        self.runs.clear();
        self.log.forget();
        self.lines.forget();
        self.changed.clear();
        (self.checkpoint, self.crash) = (false, false);
    }
}

/// The memory, shared between commands. Without contention, since the writer runs one command at a time.
pub(crate) struct Shared(Mutex<Memory>);

impl Shared {
    /// Empty memory. `checkpoint` is the path of the checkpoint file.
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
            changed: Vec::new(),
            deadlines: BTreeMap::new(),
            waiting: HashMap::new(),
        }))
    }

    /// Size of the last committed checkpoint.
    pub fn signed(&self) -> watch::Receiver<u64> {
        self.lock().log.signed()
    }

    /// Checks the checkpoint file and rewrites it if it was changed.
    pub fn keep_checkpoint(&self) {
        self.lock().log.is_where_it_was();
    }

    /// Changes whenever something of the run was committed.
    pub fn changes(&self, run: &str) -> watch::Receiver<()> {
        let memory = &mut *self.lock();
        memory.waiting.retain(|_, waiting| waiting.receiver_count() > 0);
        memory.waiting.entry(run.to_owned()).or_insert_with(|| watch::Sender::new(())).subscribe()
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
            // The run differs from its row, possibly by changes of other commands in the batch, which cannot
            // be separated.
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
            memory.changed.push(id.clone());
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
        for run in std::mem::take(&mut memory.changed) {
            memory.waiting.get(&run).inspect(|waiting| {
                waiting.send_replace(());
            });
        }
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

    fn abandoned(&self) {
        self.lock().log.publish_last();
    }

    fn waits(&self) -> bool {
        self.lock().log.unsigned() > 0
    }
}
