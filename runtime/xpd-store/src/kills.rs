//! The scopes of a kill and their text form in a row.

use std::fmt;

/// The scope of a kill.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// All runs, and the start of new ones.
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
