//! Names of the files in a package, and the formats of the small ones.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::merkle::Hash;

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const ARTIFACT: &str = "artifact.xpa";
pub(crate) const EVENTS: &str = "events.jsonl";
pub(crate) const PROOFS: &str = "proofs.jsonl";
pub(crate) const CHECKPOINT: &str = "checkpoint";
pub(crate) const START_CHECKPOINT: &str = "start/checkpoint";
pub(crate) const CONSISTENCY: &str = "start/consistency.json";
pub(crate) const LOG_KEY: &str = "keys/log.vkey";
pub(crate) const LOG_PEM: &str = "keys/log.pem";
pub(crate) const ARTIFACT_KEYS: &str = "keys/artifact/";
pub(crate) const BLOBS: &str = "blobs/";
pub(crate) const VERIFY: &str = "VERIFY.md";

/// A line of `proofs.jsonl`: the inclusion path of one entry, lowest hash first, each hash in base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proof {
    pub index: u64,
    pub path: Vec<String>,
}

/// Encodes hashes in base64.
pub(crate) fn texts(path: &[Hash]) -> Vec<String> {
    path.iter().map(|hash| STANDARD.encode(hash)).collect()
}

/// Decodes hashes; `None` if one of them is malformed.
pub(crate) fn hashes(texts: &[String]) -> Option<Vec<Hash>> {
    texts.iter().map(|text| STANDARD.decode(text).ok()?.try_into().ok()).collect()
}
