//! Ed25519 keys: key files, public encodings, rings of trusted keys.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _, KeypairBytes,
};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jsonwebtoken::{DecodingKey, EncodingKey};
use sha2::{Digest as _, Sha256};
use xp_wire::body::{Jwk, JwkSet};
use xp_wire::proof::PublicJwk;

/// Why a key could not be read or written. No variant carries key material.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file could not be read or written.
    #[error("key file: {0}")]
    Io(#[from] std::io::Error),
    /// The file's permission bits grant access to users other than its owner.
    #[error("key file has mode {mode:03o}, must be 600 or stricter")]
    Mode {
        /// Its permission bits.
        mode: u32,
    },
    /// Not a regular file.
    #[error("key file is not a regular file")]
    NotAFile,
    /// Not an Ed25519 key in PEM (PKCS#8 for private, SubjectPublicKeyInfo for public keys).
    #[error("not an Ed25519 key in PEM")]
    Format,
    /// A public key of small order, under which a signature can verify for arbitrary messages.
    #[error("the public key is weak")]
    Weak,
}

/// An Ed25519 key pair. `Debug` does not print the private half; it is zeroized on drop.
pub struct KeyPair {
    signing: SigningKey,
    encoding: EncodingKey,
    public: PublicKey,
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").field("kid", &self.public.kid).finish_non_exhaustive()
    }
}

impl KeyPair {
    /// A key pair from 32 random bytes.
    pub fn from_seed(seed: [u8; 32]) -> Result<Self, KeyError> {
        Self::new(SigningKey::from_bytes(&seed))
    }

    /// Reads PKCS#8 PEM.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        Self::new(SigningKey::from_pkcs8_pem(pem).map_err(|_| KeyError::Format)?)
    }

    /// Reads a PKCS#8 PEM file that only its owner may read.
    pub fn read_file(path: &Path) -> Result<Self, KeyError> {
        let file = File::open(path)?;
        // Metadata of the open descriptor, so the file cannot be replaced between the check and the read.
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(KeyError::NotAFile);
        }
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Mode { mode });
        }
        let mut pem = String::new();
        file.take(16 * 1024).read_to_string(&mut pem)?;
        Self::from_pem(&pem)
    }

    /// Writes a new PKCS#8 PEM file with mode 0600. Fails if the file exists.
    pub fn write_file(&self, path: &Path) -> Result<(), KeyError> {
        // PKCS#8 version 1, without the public key: the form that `openssl genpkey` writes.
        let bytes = KeypairBytes { secret_key: self.signing.to_bytes(), public_key: None };
        let pem = bytes.to_pkcs8_pem(LineEnding::LF).map_err(|_| KeyError::Format)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(pem.as_bytes())?;
        file.sync_all()?;
        Ok(())
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// RFC 7638 thumbprint of the public half.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.public.kid
    }

    /// A bare Ed25519 signature, for checkpoints.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signing.sign(message).to_bytes()
    }

    pub(crate) fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    fn new(signing: SigningKey) -> Result<Self, KeyError> {
        let bytes = KeypairBytes { secret_key: signing.to_bytes(), public_key: None };
        let der = bytes.to_pkcs8_der().map_err(|_| KeyError::Format)?;
        let public = PublicKey::from_bytes(signing.verifying_key().to_bytes())?;
        Ok(Self { encoding: EncodingKey::from_ed_der(der.as_bytes()), signing, public })
    }
}

/// An Ed25519 public key with its thumbprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    bytes: [u8; 32],
    kid: String,
}

impl PublicKey {
    /// Decodes a public key. Refuses points of small order.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::Format)?;
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        Ok(Self { bytes, kid: PublicJwk::Ed25519 { x: bytes }.thumbprint() })
    }

    /// Reads SubjectPublicKeyInfo PEM.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_public_key_pem(pem).map_err(|_| KeyError::Format)?;
        Self::from_bytes(key.to_bytes())
    }

    /// SubjectPublicKeyInfo PEM.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let key = VerifyingKey::from_bytes(&self.bytes).map_err(|_| KeyError::Format)?;
        key.to_public_key_pem(LineEnding::LF).map_err(|_| KeyError::Format)
    }

    /// The C2SP signed-note verifier key of this key under a name: `<name>+<key id>+<type and key>`.
    #[must_use]
    pub fn vkey(&self, name: &str) -> String {
        use base64::Engine as _;
        let mut typed = vec![0x01];
        typed.extend_from_slice(&self.bytes);
        let id = Sha256::new().chain_update(name).chain_update("\n").chain_update(&typed).finalize();
        let id: String = id.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        format!("{name}+{id}+{}", base64::engine::general_purpose::STANDARD.encode(&typed))
    }

    /// The encoded point.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// RFC 7638 thumbprint.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// As a JWK.
    #[must_use]
    pub fn jwk(&self) -> PublicJwk {
        PublicJwk::Ed25519 { x: self.bytes }
    }

    /// Verifies a signature by the strict rules (no small-order points, canonical scalars).
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(&self.bytes)
            .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
    }

    pub(crate) fn decoding(&self) -> DecodingKey {
        DecodingKey::from_ed_der(&self.bytes)
    }
}

/// The keys trusted for one class of token, by thumbprint.
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    keys: BTreeMap<String, PublicKey>,
}

impl KeyRing {
    /// A ring of these keys.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self { keys: keys.into_iter().map(|key| (key.kid.clone(), key)).collect() }
    }

    /// The key with this thumbprint.
    #[must_use]
    pub fn get(&self, kid: &str) -> Option<&PublicKey> {
        self.keys.get(kid)
    }
}

/// A JWK set (RFC 7517) of signing keys, for publication.
#[must_use]
pub fn jwks<'a>(keys: impl IntoIterator<Item = &'a PublicKey>) -> JwkSet {
    let keys = keys.into_iter().map(|key| Jwk {
        kty: "OKP".to_owned(),
        crv: "Ed25519".to_owned(),
        x: xp_wire::proof::base64url(&key.bytes),
        kid: key.kid.clone(),
        usage: "sig".to_owned(),
        alg: "EdDSA".to_owned(),
    });
    JwkSet { keys: keys.collect() }
}
