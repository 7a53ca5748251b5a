//! What the authority says of a grant's action.

use xp_artifact::workflow::Repeat;
use xp_scope::{Digest, Value};
use xpd_store::Scope;

/// What it takes to read a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warrant {
    /// Digest of the action's declaration in the run's artifact.
    pub declaration: Digest,
    /// How an unknown end is resolved.
    pub repeat: Repeat,
    /// What the use is known by at the upstream.
    pub marker: String,
    /// For each thing that must not have moved, in the order of the declaration: the version it must be at, if one is known.
    pub expected: Vec<Option<Value>>,
    /// Every scope of a kill that covers it, the wide one aside.
    pub scopes: Vec<Scope>,
}
