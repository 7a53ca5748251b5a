//! What can be stopped, and how that is written in a row.

use std::fmt;

/// What a kill stops.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// All runs, and no new ones.
    Everything,
    /// Every run of one artifact, by its digest, or of every artifact of one workflow, by its name.
    Artifact(String),
    /// One run.
    Run(String),
    /// One principal, in every run.
    Principal(String),
    /// One connector instance, in every run.
    Connector(String),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Artifact(which) => write!(f, "artifact {which}"),
            Self::Run(id) => write!(f, "run {id}"),
            Self::Principal(name) => write!(f, "principal {name}"),
            Self::Connector(name) => write!(f, "connector {name}"),
        }
    }
}
