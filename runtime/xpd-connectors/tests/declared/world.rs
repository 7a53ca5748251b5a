//! An instance of a declared connector behind a proxy.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use xp_artifact::ConnectorFile;
use xp_harness::{Asked, Harness};
use xp_scope::Value;
use xpd_connectors::declared::observed::{Failing, Observed, Seen, fingerprint};
use xpd_connectors::{Declared, make};
use xpd_proxy::{Ending, Scrubber};
use xpd_store::{GrantRow, Phase};

use xp_harness::stand_in::StandIn;

/// The declaration in `shop.xp`, as the compiler writes it; a test holds the two together.
pub fn shop() -> ConnectorFile {
    ConnectorFile::open(include_bytes!("http/shop.json")).unwrap()
}

/// A record of a test that saw keys kept and these statuses harmless, of the shop at an address without a credential.
pub fn observed(url: &str, unchanged_after: &[u16]) -> Observed {
    observed_of(&shop(), url, unchanged_after.iter().copied().map(Into::into).collect())
}

/// A record of a test that saw keys kept and these answers harmless, of a connector.
pub fn observed_of(file: &ConnectorFile, url: &str, unchanged_after: BTreeSet<Failing>) -> Observed {
    let seen = Seen { key_is_kept: true, unchanged_after, repeat_is_idle: true, probe_finds: true };
    let actions = file.actions.iter().map(|action| (action.name.clone(), seen.clone())).collect();
    Observed {
        connector: file.digest().unwrap().to_string(),
        base_url: url.to_owned(),
        credential: fingerprint("00", "", &[]),
        salt: "00".to_owned(),
        at: "2025-01-01T00:00:00Z".to_owned(),
        actions,
    }
}

/// An instance with these further keys in its table.
pub async fn instance(at: &StandIn, keys: &str, observed: Option<Observed>) -> Harness {
    let table = format!("base_url = \"{}\"\n{keys}", at.url);
    instance_of(shop(), &table, observed).await
}

/// An instance of a connector with this table.
pub async fn instance_of(file: ConnectorFile, table: &str, observed: Option<Observed>) -> Harness {
    let kind = file.name.clone();
    let declared = Declared { file: Arc::new(file), observed };
    let folder = std::env::temp_dir();
    let made = make("tested", &kind, &table.parse().unwrap(), &folder, Some(&declared)).unwrap();
    Harness::new(made.connector, Scrubber::new(made.secrets)).await
}

pub fn asked(action: &str, args: serde_json::Value) -> Asked {
    let Value::Record(args) = serde_json::from_value(args).expect("typed arguments") else {
        panic!("arguments are a record")
    };
    Asked {
        action: action.to_owned(),
        args: BTreeMap::from_iter(args),
        marker: "xp-00112233445566778899aabbccddeeff".to_owned(),
        since: now(),
        expected: Vec::new(),
    }
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

fn declare(harness: &Harness, file: &ConnectorFile, action: &str) {
    let found = file.actions.iter().find(|known| known.name == action).expect(action);
    *harness.granter.declaration.lock().unwrap() =
        Some(xp_artifact::action_digest(found, &file.records, &file.kinds));
    *harness.granter.repeat.lock().unwrap() = Some(found.repeat);
}

/// Uses a grant for an action and returns how it ended.
pub async fn act(harness: &Harness, asked: &Asked) -> Ending {
    act_of(&shop(), harness, asked).await
}

/// As [`act`], of a connector.
pub async fn act_of(file: &ConnectorFile, harness: &Harness, asked: &Asked) -> Ending {
    declare(harness, file, &asked.action);
    let jti = format!("grant-{}", harness.granter.endings.lock().unwrap().len());
    harness.put(&harness.row(&jti, asked)).await;
    harness.claim(&jti).await.unwrap();
    harness.granter.endings.lock().unwrap().last().cloned().unwrap()
}

/// An action in doubt, under `grant`.
pub async fn doubt(harness: &Harness, asked: &Asked) {
    doubt_of(&shop(), harness, asked).await;
}

/// As [`doubt`], of a connector.
pub async fn doubt_of(file: &ConnectorFile, harness: &Harness, asked: &Asked) {
    declare(harness, file, &asked.action);
    let row = GrantRow { phase: Phase::InDoubt, ..harness.row("grant", asked) };
    harness.put(&row).await;
}

/// Resolves doubts until a condition holds, for at most thirty seconds.
pub async fn settle_until(harness: &Harness, holds: impl AsyncFn() -> bool) {
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(Arc::clone(&harness.proxy).settle(stopped));
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "it did not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.send(true).unwrap();
    task.await.unwrap();
}
