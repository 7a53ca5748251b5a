//! The operator's settings on which decisions depend.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::VerifyingKey;
use xpd_audit::left_open::LeftOpen;

use crate::realms::{Instances, Places};
use crate::registry::Registry;
use crate::roster::Roster;

/// A bridge to a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// Its public key, as SPKI PEM.
    pub key: String,
    /// Who runs it.
    pub controller: String,
    /// Where it is told what waits.
    pub url: String,
}

/// The operator's settings on which decisions depend.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Name of the server: issuer and audience of its tokens, origin of its log.
    pub name: String,
    /// The roster.
    pub roster: Roster,
    /// Declarations that an artifact may use.
    pub registry: Registry,
    /// Keys whose signatures on artifacts are trusted.
    pub trusted: Vec<VerifyingKey>,
    /// Kinds of properties that may be unproved in an artifact.
    pub unproved: BTreeSet<String>,
    /// Kinds of properties for which every artifact must have an answer.
    pub required: BTreeSet<String>,
    /// Connector instances and the addresses of their upstreams.
    pub instances: Instances,
    /// Names of the instances' upstreams, from [`Places::among`].
    pub places: Places,
    /// Refusals of one principal that are logged individually per minute.
    pub refusals_per_minute: u32,
    /// Decisions that one person may take in an hour.
    pub decisions_per_hour: u64,
    /// How often people may be asked for one agent in an hour.
    pub requests_per_hour: u64,
    /// Disk usage in percent above which no new run is started.
    pub disk_percent: u8,
    /// Whether witnesses cosign checkpoints; evidence then waits for cosignatures.
    pub witnessed: bool,
    /// What the installation leaves open, for each run's first entry.
    pub left_open: BTreeSet<LeftOpen>,
    /// What shadow runs may send: names of actions by connector instance.
    pub shadow_sends: BTreeMap<String, BTreeSet<String>>,
    /// Providers of logins, as text, without their secrets.
    pub providers: BTreeSet<String>,
    /// Bridges to chats, by name.
    pub bridges: BTreeMap<String, Bridge>,
    /// Thumbprint of the recovery key, whose holder may lift a kill without a second person.
    pub recovery: Option<String>,
    /// Digest of these settings, as logged.
    pub digest: xp_scope::Digest,
    /// When each part of the roster was added, milliseconds since 1970. Set by
    /// [`crate::Orchestrator::reconfigure`].
    pub since: BTreeMap<String, u64>,
}
