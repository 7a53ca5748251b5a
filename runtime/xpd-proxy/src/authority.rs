//! What the proxy needs of whoever decides.

use std::collections::BTreeMap;

use xp_scope::Value;
use xpd_store::{GrantRow, Read, StoreError, Tx};
use xpd_token::GrantClaims;

use crate::ending::{Answer, Ending};
use crate::fault::{Fault, Refused, Stop};
use crate::permit::Spent;
use crate::warrant::Warrant;

/// A use of a token.
#[derive(Clone, Debug)]
pub struct Use {
    /// The token's claims, its signature checked.
    pub claims: GrantClaims,
    /// Arguments as the agent means them; left out, those the token was cut for.
    pub args: Option<BTreeMap<String, Value>>,
    /// For repeating the request.
    pub request_id: Option<String>,
}

/// What is decided about a use.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// It may be carried out.
    Allowed(Warrant),
    /// It was carried out before, under the same request id: the stored answer.
    Before(Answer),
}

/// Whoever decides. Each method runs in a transaction of the proxy's, so that a decision, its record and the step of the
/// grant's row are one commit.
pub trait Authority: Send + Sync + 'static {
    /// Who asks. The proxy only hands it on.
    type Caller: Send + 'static;

    /// Uses up a caller's proof of possession: the name of the principal.
    ///
    /// # Errors
    /// The proof was used before, or the principal must wait.
    fn admit(&self, tx: &mut dyn Tx, caller: &Self::Caller) -> Result<String, Fault>;

    /// Decides about a use and records that it starts. The proxy then moves the row from issued to claimed.
    ///
    /// # Errors
    /// It is refused.
    fn claim(&self, tx: &mut dyn Tx, caller: Self::Caller, using: Use) -> Result<Decision, Stop>;

    /// What it takes to read a grant; nothing where its run is unknown.
    ///
    /// # Errors
    /// The store cannot.
    fn warrant(&self, rows: &dyn Read, grant: &GrantRow) -> Result<Option<Warrant>, StoreError>;

    /// The kill in force that covers a grant: then it is not even looked for.
    ///
    /// # Errors
    /// The store cannot.
    fn stopped(&self, rows: &dyn Read, grant: &GrantRow) -> Result<Option<String>, StoreError>;

    /// Why an action in doubt may not be repeated, now or ever. Nothing if it may.
    ///
    /// # Errors
    /// The store cannot.
    fn forbids_repeat(&self, tx: &mut dyn Tx, grant: &GrantRow) -> Result<Option<Refused>, Fault>;

    /// Records that an action in doubt starts again.
    ///
    /// # Errors
    /// The store cannot.
    fn repeats(&self, tx: &mut dyn Tx, grant: &GrantRow) -> Result<(), Fault>;

    /// Leaves a doubt to a person, on the record, once and for good.
    ///
    /// # Errors
    /// The store cannot.
    fn leave_to_person(&self, tx: &mut dyn Tx, grant: &GrantRow, why: &Refused) -> Result<(), Fault>;

    /// Records how a claimed action ended, and moves its row accordingly.
    ///
    /// # Errors
    /// The store cannot; the action is then in doubt after the next start.
    fn end(&self, tx: &mut dyn Tx, spent: &Spent, ending: Ending) -> Result<Answer, Fault>;

    /// Resolves a doubt by what was found, or by a person's word (`by`), and moves its row accordingly.
    ///
    /// # Errors
    /// The result is not of the declared type.
    fn resolve(
        &self,
        tx: &mut dyn Tx,
        grant: &GrantRow,
        result: Option<Value>,
        by: Option<&str>,
    ) -> Result<Answer, Stop>;
}
