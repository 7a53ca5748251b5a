//! What the operator settled.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::VerifyingKey;

use crate::realms::{Instances, Places};
use crate::registry::Registry;
use crate::roster::Roster;

/// What the operator settled.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Name of this server: issuer and audience of its tokens, origin of its log.
    pub name: String,
    /// Who there is.
    pub roster: Roster,
    /// Declarations an artifact may use.
    pub registry: Registry,
    /// Keys whose artifacts are taken.
    pub trusted: Vec<VerifyingKey>,
    /// Kinds of questions that may stand unanswered in an artifact.
    pub unproved: BTreeSet<String>,
    /// Kinds of questions that every artifact must have answered.
    pub required: BTreeSet<String>,
    /// The connector instances, with where their things lie.
    pub instances: Instances,
    /// What their upstreams are called: [`Places::among`] them.
    pub places: Places,
    /// Refusals of one principal logged one by one, each minute.
    pub refusals_per_minute: u32,
    /// How full the disk may be, in percent, for new runs to be started.
    pub disk_percent: u8,
    /// Checkpoints are cosigned by witnesses, and evidence waits for that for a while.
    pub witnessed: bool,
    /// Thumbprint of the recovery key, whose holder alone may lift a kill.
    pub recovery: Option<String>,
    /// Digest of all of this, as logged.
    pub digest: xp_scope::Digest,
    /// Since when each part of the roster is known, milliseconds since 1970. Put in by [`crate::Orchestrator::reconfigure`].
    pub since: BTreeMap<String, u64>,
}
