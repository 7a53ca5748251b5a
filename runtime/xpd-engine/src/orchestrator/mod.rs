//! Decides, on the compiled machine. Holds no secret of any connector and does nothing to the world.

mod args;
mod authority;
mod caller;
mod claim;
mod clause;
mod command;
mod decide;
mod deploy;
mod doubt;
mod end;
mod evidence;
mod health;
mod kill;
mod look;
mod published;
mod recover;
mod repeat;
mod request;
mod say;
mod session;
mod start;
mod view;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;
use xp_artifact::VerifyingKey;
use xpd_proxy::Fault;
use xpd_proxy::hooks::Hooks;
use xpd_store::{Clock, Resident, Store, StoreError};

use crate::health::Health;
use crate::keys::Keys;
use crate::limiter::Limiter;
use crate::log_key::LogKey;
use crate::memory::{Machines, Shared};
use crate::realms::Instances;
use crate::registry::Registry;
use crate::roster::Roster;

pub use caller::Caller;
pub use deploy::Deployed;
pub use doubt::WaitsFor;
pub use kill::Scope;
pub use look::{Doubtful, RunSummary, StepSummary};
pub use request::{Ask, Granted};
pub use say::{Judgement, Said, Submission};
pub use session::Session;
pub use start::{StartRun, Started};
pub use view::Shown;

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
    /// The connector instances, with where their things lie.
    pub instances: Instances,
    /// Refusals of one principal logged one by one, each minute.
    pub refusals_per_minute: u32,
    /// How full the disk may be, in percent, for new runs to be started.
    pub disk_percent: u8,
    /// Checkpoints are cosigned by witnesses, and evidence waits for that for a while.
    pub witnessed: bool,
    /// Digest of all of this, as logged.
    pub digest: xp_scope::Digest,
}

/// The orchestrator.
pub struct Orchestrator {
    store: Arc<Store>,
    rules: Arc<Rules>,
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    memory: Arc<Shared>,
    machines: Arc<Machines>,
    hooks: Hooks,
    health: Health,
    /// Size of the largest checkpoint that has the cosignatures it needs.
    cosigned: watch::Sender<u64>,
}

impl Orchestrator {
    /// Over the store that `open` opens with what the orchestrator keeps beside its writer. `checkpoint` is the file of the
    /// last checkpoint given out.
    ///
    /// # Errors
    /// The store cannot be opened, or its log is not the one whose checkpoint was given out.
    pub async fn open(
        rules: Arc<Rules>,
        keys: Arc<Keys>,
        clock: Arc<dyn Clock>,
        hooks: Hooks,
        checkpoint: &Path,
        open: impl FnOnce(Arc<dyn Resident>) -> Result<Store, StoreError>,
    ) -> Result<Self, StoreError> {
        let key = LogKey::new(&rules.name, Arc::clone(&keys.log))?;
        let machines = Arc::new(Machines::default());
        let limiter = Limiter::new(rules.refusals_per_minute);
        let memory = Arc::new(Shared::new(key, checkpoint, Arc::clone(&machines), limiter));
        let store = Arc::new(open(Arc::clone(&memory) as Arc<dyn Resident>)?);
        let (health, cosigned) = (Health::default(), watch::Sender::new(0));
        let orchestrator = Self { store, rules, keys, clock, memory, machines, hooks, health, cosigned };
        let shared = Arc::clone(&orchestrator.memory);
        let checked =
            orchestrator.store.insist(move |rows| crate::memory::Tx::new(rows, &shared).check_log());
        checked.await?;
        Ok(orchestrator)
    }

    /// What the operator settled.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The store, for the proxy.
    #[must_use]
    pub fn store(&self) -> Arc<Store> {
        Arc::clone(&self.store)
    }

    /// The public keys of its tokens.
    #[must_use]
    pub fn jwks(&self) -> xp_wire::body::JwkSet {
        xpd_token::jwks([self.keys.grants.public(), self.keys.sessions.public()])
    }
}

/// 128 random bits in hex.
fn random_id() -> Result<String, Fault> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(StoreError::broken)?;
    Ok(xpd_token::jti(bytes))
}
