//! Decides, on the compiled machine. Holds no secret of any connector and does nothing to the world.

mod args;
mod caller;
mod claim;
mod clause;
mod decide;
mod deploy;
mod doubt;
mod end;
mod flights;
mod kill;
mod limiter;
mod look;
mod permit;
mod recover;
mod repeat;
mod request;
mod say;
mod session;
mod start;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use xp_artifact::VerifyingKey;

use crate::clock::Clock;
use crate::keys::Keys;
use crate::registry::Registry;
use crate::roster::Roster;
use crate::store::Store;
use xpd_proxy::hooks::Hooks;

pub use caller::{Caller, Received};
pub use claim::{Claimed, Use};
pub use deploy::Deployed;
pub use doubt::Resolution;
pub use end::{Answer, Ending};
pub use kill::Scope;
pub use look::{Doubtful, RunSummary, StepSummary};
pub use permit::{Doubt, Order, Permit, Sought, Spent};
pub use request::{Ask, Granted};
pub use say::{Judgement, Said, Submission};
pub use session::Session;
pub use start::{StartRun, Started};
pub use view::Shown;

use flights::Flights;
use limiter::Limiter;

/// What the operator settled.
pub struct Rules {
    /// Name of this server: issuer and audience of its tokens, origin of its log.
    pub name: String,
    /// Who there is.
    pub roster: Roster,
    /// Declarations an artifact may use.
    pub registry: Registry,
    /// Keys whose artifacts are taken.
    pub trusted: Vec<VerifyingKey>,
    /// Kinds of questions that may stand unanswered in an artifact.
    pub unproved: BTreeSet<String>,
    /// Kinds of questions that every artifact must have answered.
    pub required: BTreeSet<String>,
    /// Kind of each connector instance.
    pub instances: BTreeMap<String, String>,
    /// Refusals of one principal logged one by one, each minute.
    pub refusals_per_minute: u32,
    /// Digest of all of this, as logged.
    pub digest: xp_scope::Digest,
}

/// The orchestrator.
pub struct Orchestrator {
    store: Arc<Store>,
    rules: Arc<Rules>,
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    limiter: Arc<Mutex<Limiter>>,
    flights: Flights,
    hooks: Hooks,
}

impl Orchestrator {
    /// Over a store.
    #[must_use]
    pub fn new(
        store: Arc<Store>,
        rules: Arc<Rules>,
        keys: Arc<Keys>,
        clock: Arc<dyn Clock>,
        hooks: Hooks,
    ) -> Self {
        let limiter = Arc::new(Mutex::new(Limiter::new(rules.refusals_per_minute)));
        Self { store, rules, keys, clock, limiter, flights: Flights::default(), hooks }
    }

    /// What the operator settled.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Keys that are public.
    #[must_use]
    pub fn jwks(&self) -> serde_json::Value {
        xpd_token::jwks([self.keys.grants.public(), self.keys.sessions.public()])
    }
}

/// 128 random bits in hex.
fn random_id() -> Result<String, crate::store::StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| crate::store::StoreError::Broken(error.to_string()))?;
    Ok(xpd_token::jti(bytes))
}
