//! The SQLite back end: one writer, write-ahead log, each commit synchronised to disk, many commands per
//! commit.

mod custody;
mod disk;
mod doctor;
mod error;
mod grants;
mod lock;
mod numbers;
mod queue;
mod read;
mod reader;
mod reserve;
mod schema;
mod tx;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::watch;

pub use doctor::{check, exists, is_new};
pub use lock::is_taken;

use crate::clock::Clock;
use crate::error::StoreError;
use crate::job::Job;
use crate::resident::Resident;
use crate::store::{Backend, Reader, Store};
use custody::{Custody, Watch};
use lock::Lock;
use queue::Queue;
use reader::Pool;
use reserve::Reserve;
use writer::Writer;

/// The database file of a folder.
fn database(folder: &Path) -> PathBuf {
    folder.join("xpd.sqlite")
}

/// The file with the last published checkpoint, beside the database.
#[must_use]
pub fn checkpoint_file(folder: &Path) -> PathBuf {
    folder.join("checkpoint")
}

struct Sqlite {
    jobs: Arc<Queue>,
    reads: Pool,
    reserve: Reserve,
    thread: Option<JoinHandle<()>>,
    custody: Arc<Custody>,
    /// Whether the last commit failed for lack of space.
    full: Arc<AtomicBool>,
    folder: PathBuf,
    // Dropped last, so that no second server can open the folder while this one is still writing.
    _lock: Lock,
}

/// Opens the store in an existing folder. The writer keeps `resident` in step with its commits and holds
/// `reserve` bytes of disk space back for kills.
///
/// # Errors
/// The folder is in use, or the database is damaged, written by a newer version, or not writable.
pub fn open(
    folder: &Path,
    clock: Arc<dyn Clock>,
    resident: Arc<dyn Resident>,
    reserve: u64,
) -> Result<Store, StoreError> {
    let lock = Lock::take(folder)?;
    let path = database(folder);
    let conn = Connection::open(&path)?;
    schema::configure(&conn)?;
    schema::migrate(&conn)?;
    let last: i64 = conn.query_row(
        "SELECT max(coalesce((SELECT max(issued) FROM grants), 0), coalesce((SELECT max(at) FROM checkpoints), 0),
                    coalesce((SELECT max(at) FROM stops), 0),
                    coalesce((SELECT max(until) - 180 FROM proofs
                              WHERE until < 9000000000 AND key NOT LIKE 'foreign:%'), 0) * 1000)",
        [],
        |row| row.get(0),
    )?;
    let last = numbers::unsigned(last);
    clock.not_before(last);
    let custody = Arc::new(Custody::take(&path)?);
    let watch = Watch::new(Arc::clone(&custody), &conn)?;
    let full = Arc::new(AtomicBool::new(false));
    let writer = Writer::new(conn, folder, clock, resident, watch, Arc::clone(&full), last);
    let reserve = Reserve::open(folder, reserve);
    let jobs = Arc::new(Queue::default());
    let waiting = Arc::clone(&jobs);
    let thread = std::thread::Builder::new()
        .name("xpd-writer".to_owned())
        .spawn(move || writer.run(&waiting))
        .map_err(StoreError::broken)?;
    let reads = Pool::new(&path, Arc::clone(&custody));
    let (thread, folder) = (Some(thread), folder.to_owned());
    Ok(Store::new(Sqlite { jobs, reads, reserve, thread, custody, full, folder, _lock: lock }))
}

impl Backend for Sqlite {
    fn submit(&self, job: Box<dyn Job>, urgent: bool) -> Result<(), StoreError> {
        self.jobs.push(job, urgent)
    }

    fn reader(&self) -> Arc<dyn Reader> {
        Arc::new(self.reads.clone())
    }

    fn has_room(&self) -> bool {
        !self.reserve.gone()
    }

    fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire) || self.reserve.gone()
    }

    fn release_reserve(&self) {
        self.reserve.release();
    }

    fn refill_reserve(&self) -> bool {
        let room = !self.reserve.gone() || self.reserve.refill();
        if self.full.load(Ordering::Acquire) && !disk::is_full(&self.folder) {
            self.full.store(false, Ordering::Release);
        }
        room
    }

    fn disk_percent(&self) -> Option<u8> {
        disk::percent(&self.folder)
    }

    fn lost(&self) -> watch::Receiver<Option<StoreError>> {
        self.custody.lost()
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        // The write-ahead log is checkpointed and removed only if the writer's connection is the last to
        // close.
        self.reads.close();
        self.jobs.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
