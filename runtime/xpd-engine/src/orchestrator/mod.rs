//! The orchestrator: decides on requests with the compiled machine. It holds no connector credential and has
//! no effect outside the store.

mod args;
mod asking;
mod authority;
mod caller;
mod changes;
mod chat;
mod claim;
mod clause;
mod command;
mod credentials;
mod deadlines;
mod decide;
mod declined;
mod deploy;
mod doubt;
mod drawn;
mod end;
mod evidence;
mod health;
mod in_order;
mod kill;
mod lift;
mod logins;
mod look;
mod past;
mod people;
mod peoples;
mod provider_login;
mod published;
mod reconfigure;
mod recover;
mod repeat;
mod request;
mod say;
mod seat;
mod session;
mod shadow;
mod start;
mod stops;
mod sums;
mod time_outs;
mod view;
mod waiting;
mod workload;

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;
use xpd_proxy::Fault;
use xpd_proxy::hooks::Hooks;
use xpd_store::{Resident, ServerClock, Store, StoreError, Trouble};

use crate::health::Health;
use crate::keys::Keys;
use crate::limiter::Limiter;
use crate::live::Live;
use crate::log_key::LogKey;
use crate::memory::{Machines, Settings, Shared};
use crate::rules::Rules;

pub use caller::{Caller, Standing};
pub use chat::{ChatAnswer, Telling};
pub use credentials::{PasskeyState, PersonPasskey};
pub use deploy::Deployed;
pub use doubt::WaitsFor;
pub use drawn::{Choice, Leads, Limit, Node};
pub use kill::Killed;
pub use lift::Lifted;
pub use look::{Doubtful, OpenRun, RunSummary, StepSummary};
pub use past::{Act, Author, Refusal, Requested};
pub use people::Invitation;
pub use provider_login::ProviderLogin;
pub use request::{Ask, Granted};
pub use say::{Judgement, Said, Submission};
pub use seat::{Earlier, Seat};
pub use session::Session;
pub use start::{StartRun, Started};
pub use sums::Sum;
pub use view::Shown;
pub use waiting::{Decision, Judged, Pictured, Waiting};
pub use workload::ForeignToken;

/// The orchestrator.
pub struct Orchestrator {
    store: Arc<Store>,
    name: String,
    live: Arc<Live>,
    keys: Arc<Keys>,
    clock: Arc<ServerClock>,
    memory: Arc<Shared>,
    machines: Arc<Machines>,
    hooks: Hooks,
    health: Health,
    /// Size of the largest checkpoint with the required cosignatures.
    cosigned: watch::Sender<u64>,
}

impl Orchestrator {
    /// An orchestrator over the store that `open` opens with the given resident. `checkpoint` is the path of
    /// the checkpoint file.
    ///
    /// # Errors
    /// The store cannot be opened, or its log does not extend the published checkpoint.
    pub async fn open(
        rules: Rules,
        keys: Arc<Keys>,
        clock: Arc<ServerClock>,
        hooks: Hooks,
        checkpoint: &Path,
        open: impl FnOnce(Arc<dyn Resident>) -> Result<Store, StoreError>,
    ) -> Result<Self, StoreError> {
        let key = LogKey::new(&rules.name, Arc::clone(&keys.log))?;
        let machines = Arc::new(Machines::default());
        let limiter = Limiter::new(rules.refusals_per_minute);
        let (name, live) = (rules.name.clone(), Arc::new(Live::new(Arc::new(rules))));
        let settings =
            Settings { live: Arc::clone(&live), admin: keys.admin.clone(), clock: Arc::clone(&clock) };
        let memory = Arc::new(Shared::new(key, checkpoint, Arc::clone(&machines), limiter, settings));
        let store = Arc::new(open(Arc::clone(&memory) as Arc<dyn Resident>)?);
        let (health, cosigned) = (Health::default(), watch::Sender::new(0));
        let orchestrator = Self { store, name, live, keys, clock, memory, machines, hooks, health, cosigned };
        let shared = Arc::clone(&orchestrator.memory);
        let checked = orchestrator
            .store
            .write_past_reserve(move |rows| crate::memory::Tx::new(rows, &shared).check_log());
        checked.await?;
        Ok(orchestrator)
    }

    /// The rules in force.
    #[must_use]
    pub fn rules(&self) -> Arc<Rules> {
        self.live.now()
    }

    /// Name of the server, which cannot be changed by a reload.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Why the time is not trusted at present; `None` if it is.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.clock.trouble()
    }

    /// The store, for the proxy.
    #[must_use]
    pub fn store(&self) -> Arc<Store> {
        Arc::clone(&self.store)
    }

    /// The public keys with which its tokens are verified.
    #[must_use]
    pub fn jwks(&self) -> xp_wire::body::JwkSet {
        xpd_token::jwks([self.keys.grants.public(), self.keys.sessions.public()])
    }
}

/// 128 random bits in hexadecimal.
fn random_id() -> Result<String, Fault> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(StoreError::broken)?;
    Ok(xpd_token::jti(bytes))
}
