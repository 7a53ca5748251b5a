//! Facts about a grant's action, supplied by the authority.

use xp_artifact::workflow::Repeat;
use xp_scope::{Digest, Value};
use xpd_store::Scope;

/// The facts needed to act on a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warrant {
    /// Digest of the action's declaration in the run's artifact.
    pub declaration: Digest,
    /// How an action in doubt is resolved.
    pub repeat: Repeat,
    /// Identifier of the use at the upstream.
    pub marker: String,
    /// For each thing that must be unchanged, in the order of the declaration: its expected version, if
    /// known.
    pub expected: Vec<Option<Value>>,
    /// The kill scopes that cover the grant, except `everything`.
    pub scopes: Vec<Scope>,
}
