//! A claim leads to one action, with the granted arguments.

use std::sync::Arc;

use tokio::task::JoinSet;
use xp_scope::Value;
use xp_wire::RefusalCode;
use xpd_proxy::{ActError, Ending, Fault, Refused};
use xpd_store::{Phase, StoreError};

use crate::support::{asked, harness};

#[tokio::test]
async fn a_granted_call_reaches_the_connector_once_and_its_result_is_scrubbed() {
    let (harness, connector) = harness().await;
    harness.put(&harness.row("grant", &asked())).await;
    let answer = harness.claim("grant").await.unwrap();
    assert_eq!(answer.result, Some(Value::Text("done with [secret]".to_owned())));
    let asked = asked();
    let reached = (asked.action, asked.args, asked.marker, asked.since);
    assert_eq!(*connector.acted.lock().unwrap(), [reached]);
    assert_eq!(harness.phase("grant").await, Phase::Done);
    // The row cannot be claimed again, even if the authority allows it.
    let again = harness.claim("grant").await.unwrap_err();
    assert!(matches!(again, Fault::Store(StoreError::Broken(_))), "{again:?}");
    assert_eq!(connector.acts(), 1);
}

#[tokio::test]
async fn arguments_with_another_digest_do_not_reach_the_connector() {
    let (harness, connector) = harness().await;
    let row = harness.row("grant", &asked());
    let other = [("number".to_owned(), Value::Int(8))].into();
    let more = [("number".to_owned(), Value::Int(7)), ("extra".to_owned(), Value::Bool(true))].into();
    for (jti, args) in [("other", other), ("more", more), ("none", [].into())] {
        harness.put(&xpd_store::GrantRow { jti: jti.to_owned(), args, ..row.clone() }).await;
        let answer = harness.claim(jti).await.unwrap();
        assert!(answer.failure.unwrap().reason.contains("not those that were granted"));
        assert_eq!(harness.phase(jti).await, Phase::Failed);
    }
    let digest = xp_scope::Digest::of(b"another").to_string();
    harness.put(&xpd_store::GrantRow { jti: "digest".to_owned(), req: digest, ..row.clone() }).await;
    harness.claim("digest").await.unwrap();
    // The same arguments at another instance are a different request.
    let elsewhere = xpd_store::GrantRow { jti: "at".to_owned(), instance: "other".to_owned(), ..row };
    harness.put(&elsewhere).await;
    harness.claim("at").await.unwrap();
    assert_eq!(connector.acts(), 0);
    let endings = harness.granter.endings.lock().unwrap();
    assert!(
        endings.iter().all(|ending| matches!(ending, Ending::Failed { returned: true, status: None, .. }))
    );
    assert_eq!(endings.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_concurrent_claims_one_succeeds() {
    let (harness, connector) = harness().await;
    harness.put(&harness.row("grant", &asked())).await;
    let harness = Arc::new(harness);
    let mut tasks = JoinSet::new();
    for _ in 0..32 {
        let harness = Arc::clone(&harness);
        tasks.spawn(async move { harness.claim("grant").await.is_ok() });
    }
    let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!((won, connector.acts()), (1, 1));
}

#[tokio::test]
async fn what_is_refused_reaches_nobody_and_stays_as_it_was() {
    let (harness, connector) = harness().await;
    harness.put(&harness.row("grant", &asked())).await;
    *harness.granter.refusal.lock().unwrap() = Some(Refused::new(RefusalCode::Killed, "stopped"));
    assert_eq!(harness.claim("grant").await, Err(Fault::refused(RefusalCode::Killed, "stopped")));
    assert_eq!((harness.phase("grant").await, connector.acts()), (Phase::Issued, 0));
    assert_eq!(harness.claim("unknown").await, Err(Fault::refused(RefusalCode::Killed, "stopped")));
    *harness.granter.refusal.lock().unwrap() = None;
    assert_eq!(harness.claim("unknown").await, Err(Fault::unknown("grant")));
    harness.claim("grant").await.unwrap();
    assert_eq!((harness.phase("grant").await, connector.acts()), (Phase::Done, 1));
}

#[tokio::test]
async fn each_end_is_recorded_for_what_it_is() {
    let (harness, connector) = harness().await;
    let no = |reason: &str| reason.to_owned();
    for (jti, error, ending, phase) in [
        (
            "not-sent",
            ActError::NotSent(no("no way")),
            Ending::Failed { returned: true, reason: no("no way"), status: None },
            Phase::Failed,
        ),
        (
            "refused",
            ActError::Refused { status: 409, reason: no("moved") },
            Ending::Failed { returned: true, reason: no("moved"), status: Some(409) },
            Phase::Failed,
        ),
        ("unknown", ActError::Unknown(no("silence")), Ending::Unknown(no("silence")), Phase::InDoubt),
    ] {
        harness.put(&harness.row(jti, &asked())).await;
        *connector.next.lock().unwrap() = Some(error);
        harness.claim(jti).await.unwrap();
        assert_eq!(harness.granter.endings.lock().unwrap().pop(), Some(ending));
        assert_eq!(harness.phase(jti).await, phase);
    }
}
