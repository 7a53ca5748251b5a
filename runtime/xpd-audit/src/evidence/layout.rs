//! Names of the files in a package, and the small formats among them.

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

/// A line of `proofs.jsonl`: the path of one entry, lowest hash first, each in base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proof {
    pub index: u64,
    pub path: Vec<String>,
}

/// Hashes as they stand in proofs.
pub(crate) fn texts(path: &[Hash]) -> Vec<String> {
    path.iter().map(|hash| STANDARD.encode(hash)).collect()
}

/// Reads them; none if one is no hash.
pub(crate) fn hashes(texts: &[String]) -> Option<Vec<Hash>> {
    texts.iter().map(|text| STANDARD.decode(text).ok()?.try_into().ok()).collect()
}
