//! The data folder and its keys: either new or complete.

use std::sync::Arc;

use xpd_engine::keys::{Keys, make_private_folder};
use xpd_engine::{ConfigError, LogKey, checkpoint_file};
use xpd_store::{NoResident, StoreError, SystemClock, sqlite};

use crate::config::Config;
use crate::export::largest;
use crate::settled::ServeError;

/// Opens the keys of a folder. A new folder is created with the checkpoint of the empty log, so a checkpoint
/// that is missing later was removed.
pub(crate) fn open(config: &Config) -> Result<(Arc<Keys>, LogKey), ServeError> {
    let new = sqlite::is_new(&config.data);
    let key_file = config.keys.join("log.pem");
    if new && key_file.exists() {
        return Err(begun(&key_file).into());
    }
    make_private_folder(&config.data)?;
    let keys = Arc::new(Keys::open(&config.keys, new)?);
    let log_key = LogKey::new(&config.name, Arc::clone(&keys.log))?;
    if new {
        let begun = checkpoint_file::begin(&sqlite::checkpoint_file(&config.data), &log_key);
        // No signature by the key has left the process, so it can be discarded; the next start creates
        // another.
        begun.inspect_err(|_| drop(std::fs::remove_file(&key_file)))?;
    } else {
        complete(config, &log_key)?;
    }
    Ok((keys, log_key))
}

/// Checks that both database and checkpoint exist.
///
/// # Errors
/// One of them is missing.
pub(crate) fn complete(config: &Config, log_key: &LogKey) -> Result<(), StoreError> {
    let (file, database) = (sqlite::checkpoint_file(&config.data), sqlite::exists(&config.data));
    checkpoint_file::complete(&file, database, log_key)
}

/// The message for a folder with a log key but without database and checkpoint.
pub(crate) fn begun(key_file: &std::path::Path) -> ConfigError {
    let why = "is there, and database and checkpoint are missing: a log was begun under this key, and no second one may be; \
               put the data folder back, or move the key away to begin a new log under a new key";
    ConfigError::new(key_file, why)
}

/// Restores a missing checkpoint file: from `note`, or from the largest checkpoint that a configured witness
/// serves. Returns its size.
///
/// # Errors
/// The file exists, the checkpoint is not of this log, the database is older than it, or a server uses the
/// folder.
pub async fn restore(config: &Config, note: Option<Vec<u8>>) -> Result<u64, ServeError> {
    if !sqlite::exists(&config.data) {
        let why = "there is no database here; a checkpoint is put beside the one that it is of";
        return Err(ConfigError::new(&config.data, why).into());
    }
    let keys = Keys::open(&config.keys, false)?;
    let log_key = LogKey::new(&config.name, Arc::clone(&keys.log))?;
    let note = match (note, &config.log.policy) {
        (Some(note), _) => note,
        (None, Some(policy)) => largest(policy, &config.log.reach, log_key.vkey())
            .await
            .map_err(|why| StoreError::Folder(format!("no witness shows a checkpoint: {why}")))?,
        (None, None) => {
            let why = "`log.witness_policy` names nobody to ask: give a file with a checkpoint";
            return Err(ConfigError::new(&config.file, why).into());
        }
    };
    let (clock, resident) = (SystemClock::shared(), Arc::new(NoResident));
    let store = sqlite::open(&config.data, clock, resident, config.limits.reserve_bytes)?;
    let file = sqlite::checkpoint_file(&config.data);
    Ok(checkpoint_file::restore(&file, &note, &log_key, &store).await?.size)
}
