//! A folder with a store, and rows for it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use xp_scope::Value;
use xpd_store::{Clock, GrantRow, Mode, NewRun, NoResident, Phase, Resident, Store, StoreError, Tx};

/// The function that opens a back end.
pub type Open = fn(&Path, Arc<dyn Clock>, Arc<dyn Resident>, u64) -> Result<Store, StoreError>;

/// A clock set by the test.
#[derive(Default)]
pub struct Hand(AtomicU64);

impl Hand {
    pub fn set(&self, now: u64) {
        self.0.store(now, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

pub struct Site {
    pub folder: tempfile::TempDir,
    pub clock: Arc<Hand>,
    open: Open,
}

impl Site {
    pub fn new(open: Open) -> Self {
        let clock = Arc::new(Hand::default());
        clock.set(1_000_000);
        Self { folder: tempfile::tempdir().unwrap(), clock, open }
    }

    pub fn open(&self) -> Result<Store, StoreError> {
        self.open_with(Arc::new(NoResident))
    }

    pub fn open_with(&self, resident: Arc<dyn Resident>) -> Result<Store, StoreError> {
        (self.open)(self.folder.path(), Arc::clone(&self.clock) as Arc<dyn Clock>, resident, 64 * 1024)
    }

    /// A store with a run `r`.
    pub async fn with_run(&self) -> Store {
        let store = self.open().unwrap();
        store
            .write(|tx| {
                tx.insert_artifact("sha256:a", "flow", "signer", b"artifact", Mode::Enforced)?;
                run(tx, "r")
            })
            .await
            .unwrap();
        store
    }
}

pub fn run(tx: &mut dyn Tx, id: &str) -> Result<(), StoreError> {
    tx.insert_run(&NewRun { id, artifact: "sha256:a", rule: "rule", started_by: "ann" })?;
    tx.save_run(id, b"state", b"chain", None)
}

pub fn grant(jti: &str) -> GrantRow {
    GrantRow {
        jti: jti.to_owned(),
        run: "r".to_owned(),
        principal: "ann".to_owned(),
        key: "key".to_owned(),
        step: "work".to_owned(),
        step_id: 3,
        opening: 1,
        attempt: 2,
        instance: "tickets".to_owned(),
        action: "tickets.issues.read".to_owned(),
        args: BTreeMap::from([("number".to_owned(), Value::Int(7))]),
        req: "sha256:r".to_owned(),
        issued: 1_000,
        expires: 61_000,
        phase: Phase::Issued,
        request: None,
        result: None,
    }
}
