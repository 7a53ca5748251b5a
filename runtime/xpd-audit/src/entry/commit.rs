//! Commitments: the only part of an entry that the public log contains.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use xp_scope::Digest;

/// 32 random bytes, so that an entry cannot be guessed and confirmed from its commitment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 32]);

/// The commitment to an entry: SHA-256 of the salt and the entry's canonical bytes.
#[must_use]
pub fn commitment(salt: &Salt, entry: &[u8]) -> Digest {
    Digest::of_parts(&[&salt.0, entry])
}

/// The data of a leaf, as a tlog-tiles entry bundle holds it.
#[must_use]
pub fn leaf_data(commitment: &Digest) -> Vec<u8> {
    format!("{{\"c\":\"{commitment}\"}}").into_bytes()
}

/// Digest of a part stored outside its entry, under the entry's salt.
pub(crate) fn blob_digest(salt: &Salt, bytes: &[u8]) -> Digest {
    Digest::of_parts(&[b"xp-blob-v1\0", &salt.0, bytes])
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

impl Serialize for Salt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Digest::from_bytes(self.0).hex())
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        let bytes =
            Digest::parse(&format!("sha256:{hex}")).map_err(|_| de::Error::custom("not 64 hex digits"))?;
        Ok(Self(*bytes.bytes()))
    }
}
