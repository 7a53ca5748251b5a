//! The server's keys: one per purpose, in files that only their owner may read, created at the first start.

use std::path::Path;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use xpd_token::{KeyPair, KeyRing};

use crate::config_error::ConfigError;

/// Key files, in order of decreasing damage if lost.
const NAMES: [&str; 5] = ["log.pem", "marker.pem", "admin.pem", "grant.pem", "session.pem"];

/// The server's keys. `Debug` prints no key material.
pub struct Keys {
    /// Signs grants.
    pub grants: KeyPair,
    /// Verifies grants.
    pub grant_ring: KeyRing,
    /// Signs session tokens.
    pub sessions: KeyPair,
    /// Verifies session tokens.
    pub session_ring: KeyRing,
    /// Signs checkpoints.
    pub log: Arc<KeyPair>,
    /// Thumbprint of the administrator's key.
    pub admin: String,
    markers: KeyPair,
}

impl Keys {
    /// Reads the keys of a folder. If `new`, creates the folder and missing keys. Otherwise a missing key is
    /// an error: with a new log key the existing log would be rejected, and with a new marker key effects at
    /// upstreams could not be found.
    ///
    /// # Errors
    /// A file is missing, cannot be read or written, or is readable by other users.
    pub fn open(folder: &Path, new: bool) -> Result<Self, ConfigError> {
        if !new && let Some(name) = NAMES.into_iter().find(|name| !folder.join(name).exists()) {
            return Err(missing(&folder.join(name)));
        }
        make_private_folder(folder)?;
        let grants = key(folder, "grant.pem")?;
        let sessions = key(folder, "session.pem")?;
        let admin = key(folder, "admin.pem")?;
        Ok(Self {
            grant_ring: KeyRing::new([grants.public().clone()]),
            session_ring: KeyRing::new([sessions.public().clone()]),
            grants,
            sessions,
            log: Arc::new(key(folder, "log.pem")?),
            admin: admin.kid().to_owned(),
            markers: key(folder, "marker.pem")?,
        })
    }

    /// The marker that an action leaves at its upstream. Only the holder of the marker key can compute it.
    #[must_use]
    pub fn marker(&self, jti: &str, req: &str) -> String {
        // An Ed25519 signature is deterministic, so this one serves as a secret derived from the key.
        let secret = self.markers.sign(b"xp-marker-v1");
        let mac = Hmac::<Sha256>::new_from_slice(&secret).map(|mac| {
            let tag = mac.chain_update(jti).chain_update([0]).chain_update(req).finalize().into_bytes();
            tag.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>()
        });
        format!("xp-{}", mac.unwrap_or_default())
    }
}

/// Checks the file of each key as [`Keys::open`] would, without creating any.
pub fn look(folder: &Path, new: bool) -> impl Iterator<Item = (&'static str, Result<String, ConfigError>)> {
    NAMES.into_iter().map(move |name| {
        let path = folder.join(name);
        let found = match path.exists() {
            true => match KeyPair::read_file(&path) {
                Ok(_) => Ok("can be read".to_owned()),
                Err(error) => Err(ConfigError::new(&path, error)),
            },
            false if new => Ok("made at the first start".to_owned()),
            false => Err(missing(&path)),
        };
        (name, found)
    })
}

fn missing(path: &Path) -> ConfigError {
    let why = "is missing, and a server has worked with this data folder: put the key back; no other is made for it";
    ConfigError::new(path, why)
}

/// Creates a folder that only its owner may enter, or checks an existing one.
///
/// # Errors
/// It cannot be created, or other users may enter it.
pub fn make_private_folder(folder: &Path) -> Result<(), ConfigError> {
    use std::os::unix::fs::DirBuilderExt as _;
    if !folder.exists() {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| ConfigError::new(folder, error))?;
    }
    check_private_folder(folder)
}

/// Checks that only its owner may enter a folder.
///
/// # Errors
/// Other users may, or it is not a folder.
pub fn check_private_folder(folder: &Path) -> Result<(), ConfigError> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = std::fs::metadata(folder).map_err(|error| ConfigError::new(folder, error))?;
    let mode = metadata.permissions().mode() & 0o777;
    if !metadata.is_dir() || mode & 0o077 != 0 {
        return Err(ConfigError::new(folder, format!("must be a folder of mode 700, has {mode:03o}")));
    }
    Ok(())
}

/// Reads a key file, creating it if it does not exist.
///
/// # Errors
/// It cannot be read or written, or is readable by other users.
pub fn key(folder: &Path, name: &str) -> Result<KeyPair, ConfigError> {
    let path = folder.join(name);
    if !path.exists() {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| ConfigError::new(&path, error))?;
        let made = KeyPair::from_seed(seed).and_then(|key| key.write_file(&path));
        made.map_err(|error| ConfigError::new(&path, error))?;
    }
    KeyPair::read_file(&path).map_err(|error| ConfigError::new(&path, error))
}
