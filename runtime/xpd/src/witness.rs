//! A witness (C2SP tlog-witness): cosigns a checkpoint only if it is consistent with the one it cosigned last
//! for the log.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use xpd_audit::note::{Checkpoint, CosignerKey, Note, Vkey, cosign};
use xpd_audit::witness::{AddCheckpoint, Rejection, origin_hash};
use xpd_doors::witness::{Cosigner, Rejected};
use xpd_engine::keys::make_private_folder;
use xpd_engine::{ConfigError, checkpoint_file};
use xpd_store::Clock;
use xpd_token::KeyPair;

/// A log to cosign.
struct Log {
    key: Vkey,
    file: PathBuf,
    /// The last cosigned checkpoint and its note. Read from the file at the start only.
    latest: Option<(Checkpoint, Vec<u8>)>,
}

/// A witness over a folder, of which it has exclusive use.
pub struct Witness {
    pair: KeyPair,
    key: CosignerKey,
    clock: Arc<dyn Clock>,
    /// By the hash of the origin. The lock makes check and store atomic.
    logs: Mutex<BTreeMap<String, Log>>,
    _lock: File,
}

impl Witness {
    /// Opens the folder, or creates it with a new key. `logs` are the keys of the logs to cosign.
    ///
    /// # Errors
    /// The folder is in use, the name is invalid, or a file in the folder is malformed.
    pub fn open(
        folder: &Path,
        name: &str,
        logs: &[Vkey],
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        make_private_folder(folder)?;
        let lock_file = folder.join("lock");
        let lock = File::create(&lock_file).map_err(|error| ConfigError::new(&lock_file, error))?;
        lock.try_lock().map_err(|_| ConfigError::new(folder, "another witness works in this folder"))?;
        let pair = xpd_engine::keys::key(folder, "witness.pem")?;
        let key = CosignerKey::new(name, pair.public().bytes());
        let key = key.map_err(|error| ConfigError::new(&folder.join("witness.pem"), error))?;
        let mut known = BTreeMap::new();
        for log in logs {
            let hash = origin_hash(log.name());
            let file = folder.join(format!("{hash}.checkpoint"));
            let latest = latest(&file, log)?;
            if known.insert(hash, Log { key: log.clone(), file, latest }).is_some() {
                return Err(ConfigError::new(folder, format!("two keys for the log `{}`", log.name())));
            }
        }
        Ok(Self { pair, key, clock, logs: Mutex::new(known), _lock: lock })
    }

    /// The key under which its cosignatures verify.
    #[must_use]
    pub fn key(&self) -> &CosignerKey {
        &self.key
    }

    fn logs(&self) -> MutexGuard<'_, BTreeMap<String, Log>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn latest(file: &Path, key: &Vkey) -> Result<Option<(Checkpoint, Vec<u8>)>, ConfigError> {
    let note = match std::fs::read(file) {
        Ok(note) => note,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ConfigError::new(file, error)),
    };
    let checkpoint = Checkpoint::open(&note, key).map_err(|error| ConfigError::new(file, error))?;
    Ok(Some((checkpoint, note)))
}

impl Cosigner for Witness {
    fn add_checkpoint(&self, body: &[u8]) -> Result<String, Rejected> {
        let request = AddCheckpoint::parse(body).map_err(Rejected::Rule)?;
        let origin = request.origin().map_err(Rejected::Rule)?;
        let mut logs = self.logs();
        let log = logs.get_mut(&origin_hash(&origin)).ok_or(Rejected::Rule(Rejection::UnknownLog))?;
        let known = log.latest.as_ref().map(|(checkpoint, _)| checkpoint);
        let checkpoint = request.admit(&log.key, known).map_err(|rule| {
            if rule == Rejection::Inconsistent {
                tracing::error!(origin, "a signed checkpoint does not continue the log that was cosigned");
            }
            Rejected::Rule(rule)
        })?;
        let mut note = Note::parse(&request.checkpoint).map_err(|_| Rejected::Rule(Rejection::Malformed))?;
        note.retain(&log.key);
        let time = self.clock.now() / 1_000;
        let line = cosign(note.unverified_text(), &self.key, time, |message| self.pair.sign(message));
        let line = line.map_err(|error| failed(&error))?;
        note.add(line.clone());
        let note = note.to_bytes();
        // The checkpoint is durable before the cosignature is returned.
        checkpoint_file::write(&log.file, &note).map_err(|error| failed(&error))?;
        tracing::info!(origin, size = checkpoint.size, "cosigned");
        log.latest = Some((checkpoint, note));
        Ok(line.to_line())
    }

    fn checkpoint(&self, origin_hash: &str) -> Option<Vec<u8>> {
        self.logs().get(origin_hash)?.latest.as_ref().map(|(_, note)| note.clone())
    }
}

fn failed(error: &dyn std::fmt::Display) -> Rejected {
    tracing::error!(%error, "a checkpoint cannot be cosigned");
    Rejected::Storage
}
