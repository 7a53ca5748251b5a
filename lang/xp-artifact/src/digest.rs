//! Digests of declarations and requests, each in a domain of its own.

use std::collections::BTreeMap;

use serde::Serialize;
use xp_scope::{Digest, Value};

use crate::workflow::Action;

/// Digest of a declaration: what a server registers and an artifact must match.
#[must_use]
pub fn action_digest(action: &Action) -> Digest {
    tagged("xp-action-v1", action)
}

/// Digest of one request: declaration, connector instance and complete typed arguments. A token is good for these only.
#[must_use]
pub fn request_digest(action: &Action, instance: &str, args: &BTreeMap<String, Value>) -> Digest {
    #[derive(Serialize)]
    struct Request<'a> {
        action: Digest,
        instance: &'a str,
        args: &'a BTreeMap<String, Value>,
    }
    tagged("xp-req-v1", &Request { action: action_digest(action), instance, args })
}

/// SHA-256 over a tag, a zero byte and canonical JSON.
fn tagged<T: Serialize>(tag: &str, value: &T) -> Digest {
    let mut bytes = tag.as_bytes().to_vec();
    bytes.push(0);
    // Types of this crate always encode; were one not to, two such values must not share a digest of nothing.
    match serde_json_canonicalizer::to_vec(value) {
        Ok(canonical) => bytes.extend(canonical),
        Err(error) => bytes.extend(format!("\u{0}unencodable {error}").into_bytes()),
    }
    Digest::of(&bytes)
}
