//! JSON as a signature must mean it: one reading only. A member named twice is an error, at any depth.

use serde_json::{Map, Value};
use xp_json::{Tree, Unread};

use super::error::CompactError;

/// Parses one JSON object, complete, without duplicate members.
pub(crate) fn object(bytes: &[u8]) -> Result<Map<String, Value>, CompactError> {
    match Tree::read(bytes) {
        Ok(Tree::Record(_)) => serde_json::from_slice(bytes).map_err(|_| CompactError::Malformed),
        Err(Unread::Twice) => Err(CompactError::DuplicateMember),
        Ok(_) | Err(Unread::NotJson | Unread::TooDeep) => Err(CompactError::Malformed),
    }
}
