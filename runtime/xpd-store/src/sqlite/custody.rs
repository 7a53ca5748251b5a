//! Whether the database is still the one this process opened and wrote: its files are where they were, nobody else wrote to
//! them, and the end of the log is what was committed last. What was committed into a file that was unlinked, or is read
//! from one that was put in its place, must not be acknowledged.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};
use rustix::fs::OFlags;
use tokio::sync::watch;

use crate::error::StoreError;

/// A file of the database. It is held open, so that no other file can be given its number; as a path only, since closing
/// any other descriptor of the file would release SQLite's locks on it.
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

    fn is_there(&self) -> Result<(), StoreError> {
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

/// Length and time of the last change.
type Stamp = (u64, i64, i64);

/// Database and write-ahead log, as the last commit left them. Nothing while one is under way.
type Stamps = Option<[Stamp; 2]>;

/// The last entry of the log: its index, and its salt, which is random.
type Head = Option<(i64, Vec<u8>)>;

/// What both writer and readers look at.
pub(super) struct Custody {
    database: Held,
    wal: Held,
    index: Held,
    stamps: Mutex<Stamps>,
    lost: watch::Sender<Option<StoreError>>,
}

impl Custody {
    /// Takes the files of a database that is open for writing.
    pub fn take(path: &Path) -> Result<Self, StoreError> {
        let file = |end: &str| Held::open(PathBuf::from(format!("{}{end}", path.display())));
        let (database, wal, index) = (file("")?, file("-wal")?, file("-shm")?);
        Ok(Self { database, wal, index, stamps: Mutex::new(None), lost: watch::Sender::new(None) })
    }

    /// Why the database was given up, once it was.
    pub fn lost(&self) -> watch::Receiver<Option<StoreError>> {
        self.lost.subscribe()
    }

    /// The database is not what it was, for good.
    fn give_up(&self, error: &StoreError) {
        self.lost.send_if_modified(|lost| {
            let first = lost.is_none();
            lost.get_or_insert_with(|| error.clone());
            first
        });
    }

    /// Not given up, and the files are where they were.
    pub fn is_here(&self) -> Result<(), StoreError> {
        if let Some(error) = &*self.lost.borrow() {
            return Err(error.clone());
        }
        [&self.database, &self.wal, &self.index].into_iter().try_for_each(Held::is_there)
    }

    /// For whoever has read: what was read is of this database, and nobody wrote to it between two commits. The writer finds
    /// out by itself soon.
    pub fn vouch(&self) -> Result<(), StoreError> {
        self.is_here()?;
        self.is_unchanged()
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

    fn is_unchanged(&self) -> Result<(), StoreError> {
        let expected = self.expected();
        let Some(stamps) = expected else { return Ok(()) };
        // A commit may have begun between the two looks.
        if self.found()? == stamps || self.expected() != expected {
            return Ok(());
        }
        Err(changed())
    }
}

fn changed() -> StoreError {
    StoreError::Replaced("another program changed the database".to_owned())
}

/// The writer's side: it alone knows what was committed.
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

    /// Before anything is written: the files are as the last commit left them.
    pub fn before(&self) -> Result<(), StoreError> {
        self.custody.is_here()?;
        self.custody.is_unchanged()
    }

    /// In the transaction, which keeps all others out: so is what they say.
    pub fn begun(&self, conn: &Connection) -> Result<(), StoreError> {
        self.custody.expect(None);
        if version(conn)? == self.version && head(conn)? == self.head { Ok(()) } else { Err(changed()) }
    }

    /// After a commit, before it is acknowledged: it went into the files that are there.
    pub fn after(&mut self, conn: &Connection) -> Result<(), StoreError> {
        self.head = head(conn)?;
        self.custody.is_here()?;
        self.settle()
    }

    /// The files are as this process left them, after a commit or a rollback.
    pub fn settle(&self) -> Result<(), StoreError> {
        self.custody.expect(Some(self.custody.found()?));
        Ok(())
    }

    /// Nothing is acknowledged from here on. What this process still holds open is written beside the database where its
    /// files were taken away, and files that now stand at their paths are left alone. `last` is done before anybody hears
    /// of it.
    pub fn give_up(&self, conn: &Connection, error: &StoreError, last: impl FnOnce()) -> StoreError {
        // Closing the last connection would else remove the write-ahead log by its path, whoever's it is.
        let _ = conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        let StoreError::Replaced(why) = error else { return error.clone() };
        let moved = self.custody.lost.borrow().is_none() && self.custody.is_here().is_err();
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
        self.custody.give_up(&error);
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

/// Changes whenever another connection committed.
fn version(conn: &Connection) -> Result<i64, StoreError> {
    Ok(conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
}

fn head(conn: &Connection) -> Result<Head, StoreError> {
    let mut query = conn.prepare_cached("SELECT idx, salt FROM entries ORDER BY idx DESC LIMIT 1")?;
    Ok(query.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}
