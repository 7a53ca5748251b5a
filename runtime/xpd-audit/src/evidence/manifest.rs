//! `manifest.json`: the list of files with their digests. It detects accidental damage; protection against
//! forgery rests on the log's signature.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xp_scope::Digest;

/// The package format.
pub(crate) const FORMAT: &str = "xp-evidence-v1";

/// How the parts of the runtime were isolated from each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deployment {
    /// All parts in one process. Protects against an omitted check, not against an intruder in the process.
    OneProcess,
    /// Each part in a process under a user of its own.
    Processes,
    /// Orchestrator and proxy on two hosts.
    Hosts,
}

/// `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub format: String,
    pub run: String,
    pub artifact: Digest,
    pub entries: u64,
    /// The run is a shadow run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    pub deployment: Deployment,
    pub files: BTreeMap<String, Digest>,
}
