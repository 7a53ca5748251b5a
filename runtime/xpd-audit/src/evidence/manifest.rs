//! `manifest.json`: what is in the package. It shows accidents; against a forger the log's signature stands.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xp_scope::Digest;

/// The package format.
pub(crate) const FORMAT: &str = "xp-evidence-v1";

/// How the parts of the runtime were kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deployment {
    /// All in one process: checks cannot be forgotten, an intruder is not stopped.
    OneProcess,
    /// Each part a process with its own user.
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
    pub deployment: Deployment,
    pub files: BTreeMap<String, Digest>,
}
