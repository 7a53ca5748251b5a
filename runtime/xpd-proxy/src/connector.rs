//! What the proxy acts through.

use async_trait::async_trait;
use xp_scope::Value;

use crate::failure::ActError;
use crate::permit::{Permit, Sought};

/// An upstream.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Name in the language.
    fn name(&self) -> &str;

    /// Acts, on a permit that is used up by it. Every request it sends and every command it starts goes through the permit's
    /// line, so that it ends when the action is stopped. Idempotent actions may be repeated, each time on a permit of its own;
    /// others are followed by [`Connector::probe`] when in doubt.
    async fn act(&self, permit: Permit) -> Result<Value, ActError>;

    /// Looks whether a call happened: its result if it did, nothing if it provably did not.
    ///
    /// Only after whoever acted is known to be gone: a request still on its way may arrive later. What it sends goes
    /// through the line of what it looks for.
    async fn probe(&self, sought: &Sought) -> Result<Option<Value>, ActError>;
}
