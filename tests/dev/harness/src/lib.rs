//! Grants made by a test and claimed by the real proxy in a real store.
//!
//! Only the proxy can make a permit, so a test of a connector follows the path of every use: a grant is
//! inserted as a row, the claim moves the row, and the connector's result is recorded.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests are tests too"
)]

pub mod browser;
mod granter;
mod proxied;
pub mod stand_in;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use xp_scope::{Digest, Value};
use xpd_proxy::hooks::Hooks;
use xpd_proxy::{Answer, Connector, Fault, Proxy, Scrubber, Sought, Use};
use xpd_store::{GrantRow, Mode, NewRun, NoResident, Phase, Store, SystemClock, sqlite};
use xpd_token::{AuthorizationDetail, Confirmation, GrantClaims, StepBinding};

pub use granter::Granter;
pub use proxied::Proxied;

/// The connector instance of every grant.
pub const INSTANCE: &str = "tested";
const RUN: &str = "run";
const ARTIFACT: &str = "sha256:artifact";

/// An action to request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Name within the connector.
    pub action: String,
    /// Its arguments.
    pub args: BTreeMap<String, Value>,
    /// Identifier of the use.
    pub marker: String,
    /// Time of the grant, milliseconds since 1970.
    pub since: u64,
    /// The versions expected of things that must be unchanged.
    pub expected: Vec<Option<Value>>,
}

impl Asked {
    /// The action as a subject of a probe.
    #[must_use]
    pub fn sought(&self) -> Sought {
        Sought::new(&self.action, self.args.clone(), &self.marker, self.since)
    }
}

/// A proxy over a store of its own, with one connector and an authority that grants every request.
pub struct Harness {
    /// The store.
    pub store: Arc<Store>,
    /// The proxy.
    pub proxy: Arc<Proxy<Granter>>,
    /// The authority.
    pub granter: Arc<Granter>,
    _folder: tempfile::TempDir,
}

impl Harness {
    /// A harness with a run and without grants.
    pub async fn new(connector: Arc<dyn Connector>, scrubber: Scrubber) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = sqlite::open(folder.path(), SystemClock::shared(), Arc::new(NoResident), 4_096).unwrap();
        let run = NewRun { id: RUN, artifact: ARTIFACT, rule: "rule", started_by: "tester" };
        store
            .write(move |tx| {
                tx.insert_artifact(ARTIFACT, "flow", "signer", b"", Mode::Enforced)?;
                tx.insert_run(&run)
            })
            .await
            .unwrap();
        let (store, granter) = (Arc::new(store), Arc::new(Granter::default()));
        let connectors = BTreeMap::from([(INSTANCE.to_owned(), connector)]);
        let (authority, rows) = (Arc::clone(&granter), Arc::clone(&store));
        let proxy = Proxy::new(authority, rows, connectors, scrubber, Hooks::default(), Duration::ZERO);
        Self { store, proxy: Arc::new(proxy), granter, _folder: folder }
    }

    /// The row of a grant in phase issued.
    #[must_use]
    pub fn row(&self, jti: &str, asked: &Asked) -> GrantRow {
        self.granter.mark(jti, &asked.marker, &asked.expected);
        GrantRow {
            jti: jti.to_owned(),
            run: RUN.to_owned(),
            principal: "tester".to_owned(),
            key: "key".to_owned(),
            step: "step".to_owned(),
            step_id: 0,
            opening: 1,
            attempt: 1,
            instance: INSTANCE.to_owned(),
            action: format!("{INSTANCE}.{}", asked.action),
            args: asked.args.clone(),
            req: self.granter.digest(INSTANCE, &asked.args).to_string(),
            issued: asked.since,
            expires: u64::MAX,
            phase: Phase::Issued,
            request: None,
            result: None,
        }
    }

    /// Inserts a grant.
    pub async fn put(&self, row: &GrantRow) {
        let row = row.clone();
        self.store.write(move |tx| tx.insert_grant(&row)).await.unwrap();
    }

    /// The phase of a grant.
    pub async fn phase(&self, jti: &str) -> Phase {
        let jti = jti.to_owned();
        self.store.read(move |rows| rows.grant(&jti)).await.unwrap().unwrap().phase
    }

    /// Uses a grant.
    ///
    /// # Errors
    /// The claim was refused.
    pub async fn claim(&self, jti: &str) -> Result<Answer, Fault> {
        let using = Use { claims: claims(jti), args: None, request_id: None };
        self.proxy.carry_out((), using).await
    }
}

fn claims(jti: &str) -> GrantClaims {
    let text = str::to_owned;
    GrantClaims {
        iss: text("xpd"),
        aud: text("xpd"),
        sub: text("tester"),
        iat: 0,
        nbf: 0,
        exp: 0,
        jti: text(jti),
        cnf: Confirmation { jkt: text("key") },
        txn: text(RUN),
        authorization_details: [AuthorizationDetail::step(INSTANCE, "action")],
        xp: StepBinding {
            art: Digest::of(ARTIFACT.as_bytes()),
            run: text(RUN),
            step: text("step"),
            opening: 1,
            attempt: 1,
            req: Digest::of(b""),
        },
    }
}
