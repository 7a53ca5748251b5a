//! The checkpoint that is kept beside the database: the memory of the last signed state that a restored database does not
//! reach. It is there from before the first entry on, so where it is missing somebody took it away.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use xpd_audit::merkle::Frontier;
use xpd_audit::note::{Checkpoint, CheckpointError, NoteError};
use xpd_store::{Read, Store, StoreError};

use crate::log_key::{LogKey, Nodes};

/// The last checkpoint given out: signed with this key.
///
/// # Errors
/// It is missing or cannot be read, or was signed with another key.
pub fn published(file: &Path, key: &LogKey) -> Result<Checkpoint, StoreError> {
    let bytes = std::fs::read(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => StoreError::Folder(format!(
            "{} is missing: without it an older database would not be noticed; `xpd checkpoint restore` puts one back \
             that was exported, cosigned or packed with evidence",
            file.display()
        )),
        _ => StoreError::Io(format!("{}: {error}", file.display())),
    })?;
    open(&bytes, key, file)
}

fn open(bytes: &[u8], key: &LogKey, file: &Path) -> Result<Checkpoint, StoreError> {
    match Checkpoint::open(bytes, key.vkey()) {
        Ok(checkpoint) => Ok(checkpoint),
        Err(CheckpointError::Note(NoteError::Unsigned)) => Err(StoreError::Folder(format!(
            "log.pem is another key than the one that signed {}, or `server.name` was another then: put the right one back",
            file.display()
        ))),
        Err(error) => Err(StoreError::Broken(format!("{}: {error}", file.display()))),
    }
}

/// The checkpoint of a log without entries, before there is a database.
///
/// # Errors
/// It cannot be written.
pub fn begin(file: &Path, key: &LogKey) -> Result<(), StoreError> {
    write(file, &key.checkpoint(&Frontier::default())?.1)
}

/// A folder has both or neither: a database whose checkpoint is gone might be an older one, and a log that was begun is not
/// begun again under its key.
///
/// # Errors
/// One of them is missing.
pub fn complete(file: &Path, database: bool, key: &LogKey) -> Result<(), StoreError> {
    let checkpoint = published(file, key)?;
    if database || checkpoint.size == 0 {
        return Ok(());
    }
    Err(StoreError::Folder(format!(
        "the database is missing, and {} says that there was one of {} entries: put xpd.sqlite back, with its -wal",
        file.display(),
        checkpoint.size
    )))
}

/// Compares a checkpoint that this key signed with the log in the store, which must be that log or a longer one.
///
/// # Errors
/// It is an older log or another one.
pub fn compare(rows: &dyn Read, signed: &Checkpoint) -> Result<(), StoreError> {
    let size = rows.log_size()?;
    if signed.size > size {
        return Err(StoreError::Replaced(format!(
            "the last signed checkpoint is of {} entries, the log has {size}: an older database was put back",
            signed.size
        )));
    }
    let root = xpd_audit::merkle::root(&Nodes(rows), signed.size).map_err(StoreError::broken)?;
    if root == signed.root {
        return Ok(());
    }
    Err(StoreError::Replaced(format!("its first {} entries are not those that were signed", signed.size)))
}

/// Puts a checkpoint back that is missing, on the operator's word, if it is one of the log in the store.
///
/// # Errors
/// There is one already, this one is not of this log or key, or the database is older than it.
pub async fn restore(
    file: &Path,
    note: &[u8],
    key: &LogKey,
    store: &Store,
) -> Result<Checkpoint, StoreError> {
    if file.exists() {
        return Err(StoreError::Folder(format!("{} is there: nothing is put in its place", file.display())));
    }
    let checkpoint = open(note, key, Path::new("the checkpoint"))?;
    let signed = checkpoint.clone();
    store.read(move |rows| compare(rows, &signed)).await?;
    write(file, note)?;
    Ok(checkpoint)
}

/// Writes a checkpoint: whole under its name and durable, or what was there stays.
///
/// # Errors
/// It cannot be written.
pub fn write(file: &Path, note: &[u8]) -> Result<(), StoreError> {
    let written = (|| -> std::io::Result<()> {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut new = tempfile::NamedTempFile::new_in(folder)?;
        new.write_all(note)?;
        new.as_file().sync_data()?;
        new.persist(file)?;
        File::open(folder)?.sync_all()
    })();
    written.map_err(|error| StoreError::Io(format!("{}: {error}", file.display())))
}
