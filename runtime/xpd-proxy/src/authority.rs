//! The interface through which the proxy asks for decisions.

use std::collections::BTreeMap;

use xp_scope::Value;
use xpd_store::{GrantRow, Read, StoreError, Tx};
use xpd_token::GrantClaims;

use crate::ending::{Answer, Ending};
use crate::fault::{Fault, Refused, Stop};
use crate::permit::Spent;
use crate::warrant::Warrant;

/// A request to use a grant.
#[derive(Clone, Debug)]
pub struct Use {
    /// The token's claims, with the signature verified.
    pub claims: GrantClaims,
    /// The arguments as stated by the agent. If absent, the arguments that were granted.
    pub args: Option<BTreeMap<String, Value>>,
    /// Idempotency key of the request.
    pub request_id: Option<String>,
}

/// The decision on a use.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The action may be performed.
    Allowed(Warrant),
    /// The use was completed before under the same request id; this is the stored answer.
    Before(Answer),
}

/// The party that decides; the engine implements it. Each method runs in a transaction of the proxy's, so
/// that a decision, its log entry and the phase of the grant's row are committed together.
pub trait Authority: Send + Sync + 'static {
    /// The authenticated caller. Opaque to the proxy.
    type Caller: Send + 'static;

    /// Records the caller's proof of possession as used and returns the principal.
    ///
    /// # Errors
    /// The proof was used before, or the principal is rate limited.
    fn admit(&self, tx: &mut dyn Tx, caller: &Self::Caller) -> Result<String, Fault>;

    /// Decides on a use and records its start. The proxy then moves the row from issued to claimed.
    ///
    /// # Errors
    /// The use is refused.
    fn claim(&self, tx: &mut dyn Tx, caller: Self::Caller, using: Use) -> Result<Decision, Stop>;

    /// The facts needed to act on a grant. `None` if its run is unknown.
    ///
    /// # Errors
    /// The store failed.
    fn warrant(&self, rows: &dyn Read, grant: &GrantRow) -> Result<Option<Warrant>, StoreError>;

    /// The kill in force that covers a grant. While there is one, the upstream is not even probed.
    ///
    /// # Errors
    /// The store failed.
    fn stopped(&self, rows: &dyn Read, grant: &GrantRow) -> Result<Option<String>, StoreError>;

    /// Why an action in doubt may not be repeated. `None` if it may.
    ///
    /// # Errors
    /// The store failed.
    fn forbids_repeat(&self, tx: &mut dyn Tx, grant: &GrantRow) -> Result<Option<Refused>, Fault>;

    /// Records that an action in doubt is repeated.
    ///
    /// # Errors
    /// The store failed.
    fn repeats(&self, tx: &mut dyn Tx, grant: &GrantRow) -> Result<(), Fault>;

    /// Leaves a doubt to a person. Recorded once, and permanent.
    ///
    /// # Errors
    /// The store failed.
    fn leave_to_person(&self, tx: &mut dyn Tx, grant: &GrantRow, why: &Refused) -> Result<(), Fault>;

    /// Records the end of a claimed action and moves its row accordingly.
    ///
    /// # Errors
    /// The store failed; the action is in doubt after the next start.
    fn end(&self, tx: &mut dyn Tx, spent: &Spent, ending: Ending) -> Result<Answer, Fault>;

    /// Resolves a doubt by the outcome of a probe or a repeat, or by a person's statement (`by`), and moves
    /// its row accordingly.
    ///
    /// # Errors
    /// The result does not have the declared type.
    fn resolve(
        &self,
        tx: &mut dyn Tx,
        grant: &GrantRow,
        result: Option<Value>,
        by: Option<&str>,
    ) -> Result<Answer, Stop>;
}
