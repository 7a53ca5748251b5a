//! The server's own keys: one per purpose, in files that only their owner may read, made at the first start.

use std::path::Path;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use xpd_token::{KeyPair, KeyRing};

use crate::config_error::ConfigError;

/// Files of the keys, the ones whose loss is the worst first.
const NAMES: [&str; 5] = ["log.pem", "marker.pem", "admin.pem", "grant.pem", "session.pem"];

/// Every key the server holds. None is ever printed.
pub struct Keys {
    /// Signs grants.
    pub grants: KeyPair,
    /// What grants are checked against.
    pub grant_ring: KeyRing,
    /// Signs session tokens.
    pub sessions: KeyPair,
    /// What sessions are checked against.
    pub session_ring: KeyRing,
    /// Signs checkpoints.
    pub log: Arc<KeyPair>,
    /// Thumbprint of the administrator's key.
    pub admin: String,
    markers: KeyPair,
}

impl Keys {
    /// Reads the keys of a folder. Where no server has worked yet, it makes the folder and what is missing in it:
    /// later, another log key would disown the log, and another marker key could not find what was done.
    ///
    /// # Errors
    /// A file that is missing, cannot be read or written, or that others may read.
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

    /// What an action leaves in the world so that it can be found again: nobody else can make it.
    #[must_use]
    pub fn marker(&self, jti: &str, req: &str) -> String {
        // An Ed25519 signature is deterministic: a secret function of what it signs.
        let secret = self.markers.sign(b"xp-marker-v1");
        let mac = Hmac::<Sha256>::new_from_slice(&secret).map(|mac| {
            let tag = mac.chain_update(jti).chain_update([0]).chain_update(req).finalize().into_bytes();
            tag.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>()
        });
        format!("xp-{}", mac.unwrap_or_default())
    }
}

/// Looks at the file of each key, as [`Keys::open`] would find it, and makes nothing.
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

/// Makes a folder that only its owner may enter, or checks that it is one.
///
/// # Errors
/// It cannot be made, or others may enter it.
pub fn make_private_folder(folder: &Path) -> Result<(), ConfigError> {
    use std::os::unix::fs::DirBuilderExt as _;
    if !folder.exists() {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| ConfigError::new(folder, error))?;
    }
    check_private_folder(folder)
}

/// Checks that a folder is one that only its owner may enter.
///
/// # Errors
/// It is none.
pub fn check_private_folder(folder: &Path) -> Result<(), ConfigError> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = std::fs::metadata(folder).map_err(|error| ConfigError::new(folder, error))?;
    let mode = metadata.permissions().mode() & 0o777;
    if !metadata.is_dir() || mode & 0o077 != 0 {
        return Err(ConfigError::new(folder, format!("must be a folder of mode 700, has {mode:03o}")));
    }
    Ok(())
}

/// Reads the key in a file of a folder, which is made where there is none.
///
/// # Errors
/// It cannot be read or written, or others may read it.
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
