//! The interface of connectors.

use async_trait::async_trait;
use xp_scope::Value;

use crate::failure::ActError;
use crate::permit::{Permit, Sought};

/// A connector to an upstream.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Name of the connector in the language.
    fn name(&self) -> &str;

    /// Performs the action, consuming the permit. Every request it sends and every command it starts must go
    /// through the permit's line, so that a kill can end it. Idempotent actions may be repeated, each time
    /// under a new permit; other actions in doubt are resolved by [`Connector::probe`].
    async fn act(&self, permit: Permit) -> Result<Value, ActError>;

    /// Determines whether a call took effect: its result if it did, `None` if it provably did not.
    ///
    /// Called only after the task that acted has ended, although a request it sent may still arrive. Every
    /// request must go through the line of `sought`.
    async fn probe(&self, sought: &Sought) -> Result<Option<Value>, ActError>;
}
