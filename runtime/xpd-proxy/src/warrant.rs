//! What the authority says of a grant's action.

use xp_artifact::workflow::Repeat;
use xp_scope::Digest;

/// What it takes to read a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warrant {
    /// Digest of the action's declaration in the run's artifact.
    pub declaration: Digest,
    /// How an unknown end is resolved.
    pub repeat: Repeat,
    /// What the use is known by at the upstream.
    pub marker: String,
}
