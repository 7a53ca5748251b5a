//! The checkpoint file beside the database. It records the last published state of the log and is not part of
//! a database backup, so it detects that an older database was restored. It is created before the first log
//! entry; a missing file is an error.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use xpd_audit::merkle::Frontier;
use xpd_audit::note::{Checkpoint, CheckpointError, NoteError};
use xpd_store::{Read, Store, StoreError};

use crate::log_key::{LogKey, Nodes};

/// The last published checkpoint, verified with the log's key.
///
/// # Errors
/// The file is missing or cannot be read, or was signed with another key.
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

/// Writes the checkpoint of the empty log, before the database is created.
///
/// # Errors
/// The file cannot be written.
pub fn begin(file: &Path, key: &LogKey) -> Result<(), StoreError> {
    write(file, &key.checkpoint(&Frontier::default())?.1)
}

/// Checks that a folder has both database and checkpoint, or neither. Without its checkpoint a database might
/// be an older one; without its database a log must not be started again under the same key.
///
/// # Errors
/// One of the two is missing.
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

/// Checks that the log in the store is an extension of a checkpoint signed with its key.
///
/// # Errors
/// The log is shorter than the checkpoint or differs from it.
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

/// Restores a missing checkpoint file, if the given checkpoint is one of the log in the store. Used by `xpd
/// checkpoint restore`.
///
/// # Errors
/// The file exists, the checkpoint is of another log or key, or the log in the database is shorter.
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

/// Writes a checkpoint atomically and durably: on an error the previous file remains.
///
/// # Errors
/// The file cannot be written.
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
