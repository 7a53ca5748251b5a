//! The server's own keys: one per purpose, in files that only their owner may read, made at the first start.

use std::path::Path;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use xpd_token::{KeyPair, KeyRing};

use crate::roster::ConfigError;

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
    /// Reads the keys of a folder, making the folder and what is missing in it.
    ///
    /// # Errors
    /// A file that cannot be read or written, or that others may read.
    pub fn open(folder: &Path) -> Result<Self, ConfigError> {
        make_private(folder)?;
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

/// Makes a folder that only its owner may enter, or checks that it is one.
///
/// # Errors
/// It cannot be made, or others may enter it.
pub fn make_private(folder: &Path) -> Result<(), ConfigError> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    if !folder.exists() {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| ConfigError::new(folder, error))?;
    }
    let metadata = std::fs::metadata(folder).map_err(|error| ConfigError::new(folder, error))?;
    let mode = metadata.permissions().mode() & 0o777;
    if !metadata.is_dir() || mode & 0o077 != 0 {
        return Err(ConfigError::new(folder, format!("must be a folder of mode 700, has {mode:03o}")));
    }
    Ok(())
}

fn key(folder: &Path, name: &str) -> Result<KeyPair, ConfigError> {
    let path = folder.join(name);
    if !path.exists() {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| ConfigError::new(&path, error))?;
        let made = KeyPair::from_seed(seed).and_then(|key| key.write_file(&path));
        made.map_err(|error| ConfigError::new(&path, error))?;
    }
    KeyPair::read_file(&path).map_err(|error| ConfigError::new(&path, error))
}
