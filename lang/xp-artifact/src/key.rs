//! Ed25519 keys of artifact signers, in PKCS#8 PEM.

use ed25519_dalek::Signer;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};

use crate::error::ArtifactError;

/// A key that signs artifacts. Its secret is never printed.
pub struct SigningKey(ed25519_dalek::SigningKey);

/// A key that artifacts are checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.public().id())
    }
}

impl SigningKey {
    /// From 32 random bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// From PKCS#8 PEM.
    ///
    /// # Errors
    /// The text is not an Ed25519 private key.
    pub fn from_pem(text: &str) -> Result<Self, ArtifactError> {
        // The error of the decoder is dropped: it must never quote the key.
        ed25519_dalek::SigningKey::from_pkcs8_pem(text)
            .map(Self)
            .map_err(|_| ArtifactError::BadKey("expected PKCS#8 PEM (`BEGIN PRIVATE KEY`)".to_owned()))
    }

    /// As PKCS#8 PEM, for writing a key file.
    ///
    /// # Errors
    /// The key cannot be encoded.
    pub fn to_pem(&self) -> Result<String, ArtifactError> {
        self.0
            .to_pkcs8_pem(LineEnding::LF)
            .map(|pem| pem.to_string())
            .map_err(|_| ArtifactError::BadKey("cannot be encoded".to_owned()))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl VerifyingKey {
    /// From SPKI PEM.
    ///
    /// # Errors
    /// The text is not an Ed25519 public key.
    pub fn from_pem(text: &str) -> Result<Self, ArtifactError> {
        ed25519_dalek::VerifyingKey::from_public_key_pem(text)
            .map(Self)
            .map_err(|_| ArtifactError::BadKey("expected SPKI PEM (`BEGIN PUBLIC KEY`)".to_owned()))
    }

    /// As SPKI PEM.
    ///
    /// # Errors
    /// The key cannot be encoded.
    pub fn to_pem(&self) -> Result<String, ArtifactError> {
        self.0
            .to_public_key_pem(LineEnding::LF)
            .map_err(|_| ArtifactError::BadKey("cannot be encoded".to_owned()))
    }

    /// SHA-256 of the 32 key bytes: the `keyid` of its signatures.
    #[must_use]
    pub fn id(&self) -> String {
        xp_scope::Digest::of(self.0.as_bytes()).to_string()
    }

    /// RFC 8032 with the strict checks: no small-order keys, no malleable signatures.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let Ok(bytes) = <[u8; 64]>::try_from(signature) else { return false };
        self.0.verify_strict(message, &ed25519_dalek::Signature::from_bytes(&bytes)).is_ok()
    }
}
