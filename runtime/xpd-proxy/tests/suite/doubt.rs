//! Actions in doubt: each repeat needs a permit of its own, and only granted requests are repeated or probed
//! for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use xp_artifact::workflow::Repeat;
use xp_harness::Harness;
use xp_scope::Value;
use xp_wire::RefusalCode;
use xpd_proxy::{Fault, Refused, Resolution};
use xpd_store::{GrantRow, Phase};

use crate::support::{asked, harness};

async fn doubts(harness: &Harness, repeat: Repeat) -> GrantRow {
    *harness.granter.repeat.lock().unwrap() = Some(repeat);
    let row = GrantRow { phase: Phase::InDoubt, ..harness.row("grant", &asked()) };
    let args = [("number".to_owned(), Value::Int(8))].into();
    harness.put(&row).await;
    harness.put(&GrantRow { jti: "changed".to_owned(), args, ..row.clone() }).await;
    row
}

/// Resolves doubts until `holds` returns true, for at most ten seconds.
async fn settle_until(harness: &Harness, holds: impl AsyncFn() -> bool) {
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(Arc::clone(&harness.proxy).settle(stopped));
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(10), "it did not come");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.send(true).unwrap();
    task.await.unwrap();
}

#[tokio::test]
async fn an_idempotent_action_is_repeated_as_it_was_granted_or_left_to_a_person() {
    let (harness, connector) = harness().await;
    doubts(&harness, Repeat::Idempotent).await;
    settle_until(&harness, async || {
        harness.phase("grant").await == Phase::Done && !harness.granter.left.lock().unwrap().is_empty()
    })
    .await;
    let acted = connector.acted.lock().unwrap().clone();
    assert_eq!(acted.len(), 1);
    assert_eq!(acted.first().map(|(_, args, ..)| args.clone()), Some(asked().args));
    let left = harness.granter.left.lock().unwrap().clone();
    assert_eq!(left, [("changed".to_owned(), "not repeated: it is not what was granted".to_owned())]);
    assert_eq!(harness.phase("changed").await, Phase::InDoubt);
    let found = harness.granter.resolved.lock().unwrap().clone();
    assert_eq!(found, [("grant".to_owned(), Some(Value::Text("done with [secret]".to_owned())))]);
}

#[tokio::test]
async fn an_action_that_the_authority_forbids_is_not_repeated() {
    let (harness, connector) = harness().await;
    doubts(&harness, Repeat::Idempotent).await;
    *harness.granter.refusal.lock().unwrap() = Some(Refused::new(RefusalCode::Killed, "stopped"));
    settle_until(&harness, async || harness.granter.left.lock().unwrap().len() == 2).await;
    assert_eq!((connector.acts(), harness.phase("grant").await), (0, Phase::InDoubt));
}

#[tokio::test]
async fn a_probe_looks_for_what_was_granted_and_does_not_act() {
    let (harness, connector) = harness().await;
    doubts(&harness, Repeat::Probe).await;
    settle_until(&harness, async || harness.phase("grant").await == Phase::Done).await;
    assert_eq!(connector.acts(), 0);
    let looked = connector.looked.lock().unwrap().clone();
    assert!(looked.iter().all(|(_, args, ..)| *args == asked().args), "{looked:?}");
    assert_eq!(harness.phase("changed").await, Phase::InDoubt);
}

#[tokio::test]
async fn a_person_resolves_what_is_in_doubt_and_nothing_else() {
    let (harness, connector) = harness().await;
    doubts(&harness, Repeat::Manual).await;
    let word = |jti: &str| Resolution { jti: jti.to_owned(), result: None };
    harness.proxy.resolve((), word("grant")).await.unwrap();
    assert_eq!(harness.phase("grant").await, Phase::Failed);
    let unknown = Err(Fault::unknown("action in doubt"));
    assert_eq!(harness.proxy.resolve((), word("grant")).await, unknown, "it is none any more");
    assert_eq!(harness.proxy.resolve((), word("none")).await, unknown);
    assert_eq!(connector.acts(), 0);
}
