//! Secrets and keys, made anew for each run of the demo.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use xp_artifact::SigningKey;
use xpd_token::KeyPair;

use crate::Done;

/// Makes the key that signs artifacts, in `keys/signer.pem` and `keys/signer.pub.pem` of a folder.
pub fn signer(folder: &Path) -> Done {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| error.to_string())?;
    let signer = SigningKey::from_seed(&seed);
    let pem = signer.to_pem().map_err(|error| error.to_string())?;
    private(&folder.join("keys/signer.pem"), &pem)?;
    let public = signer.public().to_pem().map_err(|error| error.to_string())?;
    std::fs::write(folder.join("keys/signer.pub.pem"), public).map_err(|error| error.to_string())
}

/// Makes an agent's key, in `keys/NAME.pem` and `keys/NAME.pub.pem` of a folder.
pub fn agent_key(folder: &Path, name: &str) -> Done {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| error.to_string())?;
    let key = KeyPair::from_seed(seed).map_err(|error| error.to_string())?;
    key.write_file(&folder.join(format!("keys/{name}.pem"))).map_err(|error| error.to_string())?;
    let public = key.public().to_pem().map_err(|error| error.to_string())?;
    std::fs::write(folder.join(format!("keys/{name}.pub.pem")), public).map_err(|error| error.to_string())
}

/// Writes a file that only its owner reads.
pub fn private(path: &Path, text: &str) -> Done {
    let written = std::fs::write(path, text);
    let closed = written.and_then(|()| std::fs::set_permissions(path, Permissions::from_mode(0o600)));
    closed.map_err(|error| format!("{}: {error}", path.display()))
}

/// 32 random bytes in text form.
pub fn random_text() -> Done<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
