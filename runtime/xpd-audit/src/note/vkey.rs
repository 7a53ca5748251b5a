//! Verifier keys: `<name>+<key id>+<base64 of type and key>`.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

/// The key of a log: signature type 0x01, Ed25519 over the note's text.
pub type Vkey = NamedKey<0x01>;

/// The key of a witness: signature type 0x04, timestamped Ed25519 cosignatures of checkpoints.
pub type CosignerKey = NamedKey<0x04>;

/// An Ed25519 public key with the name it signs notes under, for signatures of one type.
#[derive(Clone, PartialEq, Eq)]
pub struct NamedKey<const TYPE: u8> {
    name: String,
    key: VerifyingKey,
}

/// Why a text is not a usable verifier key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VkeyError {
    /// Not `<name>+<8 hex digits>+<base64>`.
    #[error("not a verifier key (name+id+key)")]
    Form,
    /// The key name is empty or contains white space or `+`.
    #[error("key name is not usable")]
    Name,
    /// The key id does not match name and key.
    #[error("key id does not fit name and key")]
    Id,
    /// The key is for another signature type: a log's key has type 1, a witness's type 4.
    #[error("key is of another type than is needed here")]
    Type,
    /// Not a point of the curve, or a point of small order.
    #[error("key is not a usable Ed25519 key")]
    Key,
}

impl<const TYPE: u8> NamedKey<TYPE> {
    /// A key under a name.
    pub fn new(name: &str, key: &[u8; 32]) -> Result<Self, VkeyError> {
        if name.is_empty() || name.contains('+') || name.chars().any(|c| c.is_whitespace() || c.is_control())
        {
            return Err(VkeyError::Name);
        }
        let key = VerifyingKey::from_bytes(key).map_err(|_| VkeyError::Key)?;
        if key.is_weak() { Err(VkeyError::Key) } else { Ok(Self { name: name.to_owned(), key }) }
    }

    /// Key name; for a log, its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Key id: the four bytes that precede each signature.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let hash = Sha256::new().chain_update(&self.name).chain_update("\n").chain_update(self.typed());
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
        [a, b, c, d]
    }

    /// The 32 bytes of the key.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Verifies by the strict Ed25519 rules (no small-order points, canonical scalars).
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }

    fn typed(&self) -> [u8; 33] {
        let mut typed = [TYPE; 33];
        for (to, from) in typed.iter_mut().skip(1).zip(self.key.as_bytes()) {
            *to = *from;
        }
        typed
    }
}

impl<const TYPE: u8> FromStr for NamedKey<TYPE> {
    type Err = VkeyError;

    fn from_str(text: &str) -> Result<Self, VkeyError> {
        let (name, rest) = text.split_once('+').ok_or(VkeyError::Form)?;
        let (id, key) = rest.split_once('+').ok_or(VkeyError::Form)?;
        let typed = STANDARD.decode(key).map_err(|_| VkeyError::Form)?;
        let (kind, key) = typed.split_first().ok_or(VkeyError::Form)?;
        if *kind != TYPE {
            return Err(VkeyError::Type);
        }
        let vkey = Self::new(name, key.try_into().map_err(|_| VkeyError::Key)?)?;
        if id == format!("{:08x}", u32::from_be_bytes(vkey.id())) { Ok(vkey) } else { Err(VkeyError::Id) }
    }
}

impl<const TYPE: u8> fmt::Display for NamedKey<TYPE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{:08x}+{}", self.name, u32::from_be_bytes(self.id()), STANDARD.encode(self.typed()))
    }
}

impl<const TYPE: u8> fmt::Debug for NamedKey<TYPE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const TYPE: u8> Serialize for NamedKey<TYPE> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, const TYPE: u8> Deserialize<'de> for NamedKey<TYPE> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
