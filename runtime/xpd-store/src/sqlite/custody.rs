//! Detects that the database is no longer the one that this process opened and wrote: its files must be in
//! place, no other process may have written to them, and the log must end with the last committed entry. A
//! commit into an unlinked file, or a read from a replaced one, must not be acknowledged.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};
use rustix::fs::OFlags;
use tokio::sync::watch;

use crate::error::StoreError;

/// A file of the database. It is held open so that its inode number cannot be reused. It is opened with
/// `O_PATH`, since closing any other descriptor of the file would release SQLite's POSIX locks on it.
struct Held {
    path: PathBuf,
    _own: File,
    number: (u64, u64),
}

impl Held {
    fn open(path: PathBuf) -> Result<Self, StoreError> {
        let flags = i32::try_from(OFlags::PATH.bits()).unwrap_or_default();
        let own = OpenOptions::new().read(true).custom_flags(flags).open(&path);
        let own = own.map_err(|error| StoreError::Io(format!("{}: {error}", path.display())))?;
        let found = own.metadata().map_err(|error| StoreError::Io(format!("{}: {error}", path.display())))?;
        Ok(Self { path, _own: own, number: (found.dev(), found.ino()) })
    }

    fn check_in_place(&self) -> Result<(), StoreError> {
        let name = self.path.display();
        match std::fs::metadata(&self.path) {
            Ok(found) if (found.dev(), found.ino()) == self.number => Ok(()),
            Ok(_) => Err(StoreError::Replaced(format!("{name} is not the file that this server opened"))),
            Err(error) => Err(StoreError::Replaced(format!("{name} is gone: {error}"))),
        }
    }

    fn stamp(&self) -> Result<Stamp, StoreError> {
        let found = std::fs::metadata(&self.path);
        let found = found
            .map_err(|error| StoreError::Replaced(format!("{} is gone: {error}", self.path.display())))?;
        Ok((found.len(), found.mtime(), found.mtime_nsec()))
    }
}

/// Length, and time of the last modification.
type Stamp = (u64, i64, i64);

/// Stamps of the database and its write-ahead log after the last commit. `None` during a commit.
type Stamps = Option<[Stamp; 2]>;

/// The last entry of the log: its index and its (random) salt.
type Head = Option<(i64, Vec<u8>)>;

/// State shared by the writer and the readers.
pub(super) struct Custody {
    database: Held,
    wal: Held,
    index: Held,
    stamps: Mutex<Stamps>,
    lost: watch::Sender<Option<StoreError>>,
}

impl Custody {
    /// Opens the files of a database that is open for writing.
    pub fn take(path: &Path) -> Result<Self, StoreError> {
        let file = |end: &str| Held::open(PathBuf::from(format!("{}{end}", path.display())));
        let (database, wal, index) = (file("")?, file("-wal")?, file("-shm")?);
        Ok(Self { database, wal, index, stamps: Mutex::new(None), lost: watch::Sender::new(None) })
    }

    /// The reason why the database was abandoned, once it was.
    pub fn lost(&self) -> watch::Receiver<Option<StoreError>> {
        self.lost.subscribe()
    }

    /// Marks the database as abandoned, permanently.
    fn abandon(&self, error: &StoreError) {
        self.lost.send_if_modified(|lost| {
            let first = lost.is_none();
            lost.get_or_insert_with(|| error.clone());
            first
        });
    }

    /// Checks that the database was not abandoned and that its files are in place.
    pub fn check_in_place(&self) -> Result<(), StoreError> {
        if let Some(error) = &*self.lost.borrow() {
            return Err(error.clone());
        }
        [&self.database, &self.wal, &self.index].into_iter().try_for_each(Held::check_in_place)
    }

    /// Called after a read: checks that the rows belong to this database and that no other process wrote to
    /// it between commits. On an error the writer detects the same within [`super::writer`]'s polling
    /// interval.
    pub fn verify(&self) -> Result<(), StoreError> {
        self.check_in_place()?;
        self.check_unchanged()
    }

    fn expected(&self) -> Stamps {
        *self.stamps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expect(&self, stamps: Stamps) {
        *self.stamps.lock().unwrap_or_else(PoisonError::into_inner) = stamps;
    }

    fn found(&self) -> Result<[Stamp; 2], StoreError> {
        Ok([self.database.stamp()?, self.wal.stamp()?])
    }

    fn check_unchanged(&self) -> Result<(), StoreError> {
        let expected = self.expected();
        let Some(stamps) = expected else { return Ok(()) };
        // A commit may have begun between reading the two stamps.
        if self.found()? == stamps || self.expected() != expected {
            return Ok(());
        }
        Err(changed())
    }
}

fn changed() -> StoreError {
    StoreError::Replaced("another program changed the database".to_owned())
}

/// The writer's part, which knows what was committed last.
pub(super) struct Watch {
    custody: std::sync::Arc<Custody>,
    version: i64,
    head: Head,
}

impl Watch {
    pub fn new(custody: std::sync::Arc<Custody>, conn: &Connection) -> Result<Self, StoreError> {
        let watch = Self { custody, version: version(conn)?, head: head(conn)? };
        watch.settle()?;
        Ok(watch)
    }

    /// Before a transaction: checks that the files are as the last commit left them.
    pub fn before(&self) -> Result<(), StoreError> {
        self.custody.check_in_place()?;
        self.custody.check_unchanged()
    }

    /// Inside the transaction, which excludes other writers: checks that the contents are what the last
    /// commit left.
    pub fn begun(&self, conn: &Connection) -> Result<(), StoreError> {
        self.custody.expect(None);
        if version(conn)? == self.version && head(conn)? == self.head { Ok(()) } else { Err(changed()) }
    }

    /// After a commit and before its acknowledgement: checks that the committed files are still in place.
    pub fn after(&mut self, conn: &Connection) -> Result<(), StoreError> {
        self.head = head(conn)?;
        self.custody.check_in_place()?;
        self.settle()
    }

    /// Records the stamps after a commit or a rollback by this process.
    pub fn settle(&self) -> Result<(), StoreError> {
        self.custody.expect(Some(self.custody.found()?));
        Ok(())
    }

    /// Abandons the database: nothing is acknowledged from here on. If the files were removed or replaced,
    /// the contents still held open are written to a rescue file beside the database; files now at their
    /// paths are left alone. `last` runs before the loss is announced.
    pub fn abandon(&self, conn: &Connection, error: &StoreError, last: impl FnOnce()) -> StoreError {
        // Otherwise closing the last connection would remove the write-ahead log by its path, which may be
        // another database's.
        let _ = conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        let StoreError::Replaced(why) = error else { return error.clone() };
        let moved = self.custody.lost.borrow().is_none() && self.custody.check_in_place().is_err();
        let error = match moved.then(|| self.rescue(conn)) {
            Some(Ok(path)) => StoreError::Replaced(format!(
                "{why}; all that was committed is in {}: to go on with it, move it to xpd.sqlite, without -wal and -shm \
                 beside it",
                path.display()
            )),
            Some(Err(failed)) => StoreError::Replaced(format!(
                "{why}; what was committed could not be written beside it: {failed}"
            )),
            None => error.clone(),
        };
        last();
        self.custody.abandon(&error);
        error
    }

    fn rescue(&self, conn: &Connection) -> Result<PathBuf, StoreError> {
        let path = self.custody.database.path.with_extension("sqlite.rescued");
        if head(conn)? != self.head {
            return Err(changed());
        }
        conn.execute("VACUUM INTO ?1", [path.display().to_string()])?;
        let written = File::open(&path).and_then(|file| file.sync_all());
        written.map_err(|error| StoreError::Io(error.to_string()))?;
        Ok(path)
    }
}

/// A number that changes when another connection commits.
fn version(conn: &Connection) -> Result<i64, StoreError> {
    Ok(conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
}

fn head(conn: &Connection) -> Result<Head, StoreError> {
    let mut query = conn.prepare_cached("SELECT idx, salt FROM entries ORDER BY idx DESC LIMIT 1")?;
    Ok(query.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}
