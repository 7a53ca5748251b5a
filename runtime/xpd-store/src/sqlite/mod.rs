//! SQLite with one writer: write-ahead log, every commit synchronised, many commands to a commit.

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
use std::thread::JoinHandle;

use rusqlite::Connection;

pub use doctor::{check, complete, is_new};
pub use lock::is_taken;

use crate::clock::Clock;
use crate::error::StoreError;
use crate::job::Job;
use crate::resident::Resident;
use crate::store::{Backend, Reader, Store};
use lock::Lock;
use queue::Queue;
use reader::Pool;
use reserve::Reserve;
use writer::Writer;

/// The file of the database in a folder.
fn database(folder: &Path) -> PathBuf {
    folder.join("xpd.sqlite")
}

/// The file of the last checkpoint that was given out, beside the database.
#[must_use]
pub fn checkpoint_file(folder: &Path) -> PathBuf {
    folder.join("checkpoint")
}

struct Sqlite {
    jobs: Arc<Queue>,
    reads: Pool,
    reserve: Reserve,
    thread: Option<JoinHandle<()>>,
    // Released last: two servers on one folder would each believe they are alone.
    _lock: Lock,
}

/// Opens the store in a folder, which must exist. The writer keeps `resident` in step with what it commits, and holds
/// `reserve` bytes back for stopping things.
///
/// # Errors
/// The folder is in use or lost its database, the database is damaged or newer, or it cannot be written.
pub fn open(
    folder: &Path,
    clock: Arc<dyn Clock>,
    resident: Arc<dyn Resident>,
    reserve: u64,
) -> Result<Store, StoreError> {
    let lock = Lock::take(folder)?;
    complete(folder)?;
    let path = database(folder);
    let conn = Connection::open(&path)?;
    schema::configure(&conn)?;
    schema::migrate(&conn)?;
    let last: i64 = conn.query_row(
        "SELECT max(coalesce((SELECT max(issued) FROM grants), 0), coalesce((SELECT max(at) FROM checkpoints), 0),
                    coalesce((SELECT max(at) FROM stops), 0),
                    coalesce((SELECT max(until) - 180 FROM proofs WHERE until < 9000000000), 0) * 1000)",
        [],
        |row| row.get(0),
    )?;
    let last = numbers::unsigned(last);
    clock.not_before(last);
    let writer = Writer::new(conn, folder, clock, resident, last);
    let reserve = Reserve::open(folder, reserve);
    let jobs = Arc::new(Queue::default());
    let waiting = Arc::clone(&jobs);
    let thread = std::thread::Builder::new()
        .name("xpd-writer".to_owned())
        .spawn(move || writer.run(&waiting))
        .map_err(StoreError::broken)?;
    let reads = Pool::new(&path);
    Ok(Store::new(Sqlite { jobs, reads, reserve, thread: Some(thread), _lock: lock }))
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

    fn release_reserve(&self) {
        self.reserve.release();
    }

    fn refill_reserve(&self) -> bool {
        !self.reserve.gone() || self.reserve.refill()
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.jobs.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
