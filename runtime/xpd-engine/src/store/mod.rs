//! The store: SQLite with one writer. State, grant and log entry change in one transaction; answers come after the fsync.

mod artifacts;
mod cache;
mod doctor;
mod doubts;
mod edge;
mod error;
mod grants;
mod kills;
mod leases;
mod log;
mod numbers;
mod proofs;
mod read;
mod requests;
mod reserve;
mod runs;
mod schema;
mod tallies;
mod tx;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

pub(crate) use cache::Run;
pub use doctor::{check_store, store_is_new};
pub use edge::{LogKey, Nodes};
pub use error::StoreError;
pub(crate) use grants::GrantRow;
pub(crate) use kills::{EVERYTHING, of_principal};
pub(crate) use read::Reader;
pub use read::View;
pub(crate) use requests::Seen;
pub(crate) use runs::NewRun;
pub(crate) use tx::Tx;

use crate::clock::Clock;
use reserve::Reserve;
use writer::{Command, Job, Writer};

/// Commands that may wait; more are refused.
const MAX_WAITING: usize = 4_096;

/// The store of one server.
pub struct Store {
    jobs: Option<SyncSender<Box<dyn Job>>>,
    reads: Reader,
    reserve: Reserve,
    thread: Option<JoinHandle<()>>,
    // Held while the process lives: two servers on one folder would each believe they are alone.
    _lock: std::fs::File,
}

impl Store {
    /// Opens the store in a folder, which must exist.
    ///
    /// # Errors
    /// The folder is in use, the database is damaged, newer, older than its last checkpoint, or cannot be written.
    pub fn open(folder: &Path, key: LogKey, clock: Arc<dyn Clock>, reserve: u64) -> Result<Self, StoreError> {
        let lock = std::fs::File::create(folder.join("lock")).map_err(edge::broken)?;
        lock.try_lock().map_err(|_| StoreError::InUse)?;
        doctor::whole(folder)?;
        let path = folder.join("xpd.sqlite");
        let conn = Connection::open(&path)?;
        schema::configure(&conn)?;
        schema::migrate(&conn)?;
        let log = edge::Log::open(&conn, key, &folder.join("checkpoint"))?;
        let last: i64 = conn.query_row(
            "SELECT max(coalesce((SELECT max(issued) FROM grants), 0), coalesce((SELECT max(at) FROM checkpoints), 0))",
            [],
            |row| row.get(0),
        )?;
        let reads = Reader::new(&path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let writer =
            Writer { conn, clock, log, cache: cache::Cache::default(), last: numbers::unsigned(last) };
        let reserve = Reserve::open(folder, reserve);
        let (jobs, waiting) = sync_channel(MAX_WAITING);
        let thread = std::thread::Builder::new()
            .name("xpd-writer".to_owned())
            .spawn(move || writer.run(&waiting))
            .map_err(edge::broken)?;
        Ok(Self { jobs: Some(jobs), reads, reserve, thread: Some(thread), _lock: lock })
    }

    /// Runs a command in the writer. Its answer comes after it is durable; an error rolls it back. While the reserve is
    /// gone it is refused.
    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        if self.reserve.gone() {
            return Err(StoreError::Full("the reserve is gone".to_owned()).into());
        }
        self.insist(work).await
    }

    /// The same for what stops things or ends what was begun: it may use what the reserve left.
    pub(crate) async fn insist<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (send, answer) = oneshot::channel();
        let command: Box<dyn Job> = Box::new(Command::new(work, send));
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        match jobs.try_send(command) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(StoreError::Busy.into()),
            Err(TrySendError::Disconnected(_)) => return Err(StoreError::Closed.into()),
        }
        // No deadline here: a claim that was won must reach whoever acts on it. The edge has one.
        match answer.await {
            Ok(outcome) => outcome,
            Err(_) => Err(StoreError::Closed.into()),
        }
    }

    /// Gives the reserve up.
    pub(crate) fn release_reserve(&self) {
        self.reserve.release();
    }

    /// Makes the reserve again, if it is gone and there is room. False where there is none.
    pub(crate) fn refill_reserve(&self) -> bool {
        !self.reserve.gone() || self.reserve.refill()
    }

    /// For looking only.
    pub(crate) fn reader(&self) -> &Reader {
        &self.reads
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
