//! The artifact file: a DSSE envelope, canonical in both layers.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::error::{ArtifactError, MAX_BYTES};
use crate::key::{SigningKey, VerifyingKey};
use crate::{Artifact, FORMAT};

/// Media type of the payload.
pub const PAYLOAD_TYPE: &str = "application/vnd.xp.artifact+json";

/// An artifact with its signatures, as a file holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Envelope {
    /// Standard base64 of the canonical artifact.
    payload: String,
    /// Always [`PAYLOAD_TYPE`].
    payload_type: String,
    /// Signatures over the pre-authentication encoding, sorted by key, one of each; none in an unsigned file.
    signatures: Vec<Signature>,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Which key, [`VerifyingKey::id`].
    pub keyid: String,
    /// Standard base64 of the 64 bytes.
    pub sig: String,
}

/// What a reader demands of signatures.
#[derive(Clone, Copy, Debug)]
pub enum Trust<'a> {
    /// Nothing: only the form is checked. The caller must say that nobody's word stands behind it.
    FormOnly,
    /// A valid signature by one of these keys.
    AnyOf(&'a [VerifyingKey]),
}

impl Envelope {
    /// Wraps an artifact, signed once by each key.
    ///
    /// # Errors
    /// The artifact cannot be encoded.
    pub fn seal(artifact: &Artifact, keys: &[&SigningKey]) -> Result<Self, ArtifactError> {
        let bytes = artifact.canonical()?;
        let message = pre_authentication(&bytes);
        let signature = |key: &&SigningKey| Signature {
            keyid: key.public().id(),
            sig: STANDARD.encode(key.sign(&message)),
        };
        let mut signatures: Vec<Signature> = keys.iter().map(signature).collect();
        signatures.sort_by(|one, other| one.keyid.cmp(&other.keyid));
        signatures.dedup();
        Ok(Self { payload: STANDARD.encode(&bytes), payload_type: PAYLOAD_TYPE.to_owned(), signatures })
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// The envelope cannot be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ArtifactError> {
        serde_json_canonicalizer::to_vec(self).map_err(|error| ArtifactError::Encoding(error.to_string()))
    }

    /// The signatures as they stand; checked only by [`Envelope::open`].
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Reads a file and returns its artifact, checked as `trust` demands.
    ///
    /// # Errors
    /// Damage of any kind, another encoding of the same content, another format, missing or wrong signatures.
    pub fn open(bytes: &[u8], trust: Trust<'_>) -> Result<(Self, Artifact), ArtifactError> {
        if bytes.len() > MAX_BYTES {
            return Err(ArtifactError::TooLarge);
        }
        let encoding = |error: serde_json::Error| ArtifactError::Encoding(error.to_string());
        let envelope: Self = serde_json::from_slice(bytes).map_err(encoding)?;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(ArtifactError::Encoding("the payload is of another type".to_owned()));
        }
        if envelope.to_bytes()? != bytes {
            return Err(ArtifactError::Encoding("the envelope is not in canonical form".to_owned()));
        }
        // Sorted by key, each key once: there is no second spelling.
        if !envelope.signatures.is_sorted_by(|one, other| one.keyid < other.keyid) {
            return Err(ArtifactError::Encoding(
                "the signatures are not one of each key, in order".to_owned(),
            ));
        }
        let payload = STANDARD
            .decode(&envelope.payload)
            .map_err(|_| ArtifactError::Encoding("the payload is not base64".to_owned()))?;
        // Who signed is settled before the payload is parsed.
        envelope.check(&payload, trust)?;
        format(&payload)?;
        let artifact: Artifact = serde_json::from_slice(&payload).map_err(encoding)?;
        if artifact.canonical()? != payload {
            return Err(ArtifactError::Encoding("the payload is not in canonical form".to_owned()));
        }
        let misstated = artifact.misstated();
        if !misstated.is_empty() {
            return Err(ArtifactError::Guards(misstated.join("`, `")));
        }
        Ok((envelope, artifact))
    }

    fn check(&self, payload: &[u8], trust: Trust<'_>) -> Result<(), ArtifactError> {
        let Trust::AnyOf(keys) = trust else { return Ok(()) };
        if self.signatures.is_empty() {
            return Err(ArtifactError::Unsigned);
        }
        let message = pre_authentication(payload);
        let mut named = false;
        for signature in &self.signatures {
            let Some(key) = keys.iter().find(|key| key.id() == signature.keyid) else { continue };
            named = true;
            let bytes = STANDARD.decode(&signature.sig).unwrap_or_default();
            if key.verifies(&message, &bytes) {
                return Ok(());
            }
        }
        Err(if named { ArtifactError::BadSignature } else { ArtifactError::Untrusted })
    }
}

/// Another format is named as such, whatever else it holds.
fn format(payload: &[u8]) -> Result<(), ArtifactError> {
    #[derive(Deserialize)]
    struct Head {
        format: u64,
    }
    let head: Head =
        serde_json::from_slice(payload).map_err(|error| ArtifactError::Encoding(error.to_string()))?;
    match head.format.cmp(&u64::from(FORMAT)) {
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(ArtifactError::Newer { found: head.format, expected: FORMAT }),
        Ordering::Less => Err(ArtifactError::Older { found: head.format, expected: FORMAT }),
    }
}

/// DSSE's pre-authentication encoding.
fn pre_authentication(payload: &[u8]) -> Vec<u8> {
    let mut message = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    message.extend_from_slice(payload);
    message
}
