//! Actions in doubt: repeated with a key only as long as the upstream was seen to keep it, looked for by their identifier, or
//! left to a person.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;
use xp_harness::Harness;
use xpd_store::Phase;

use crate::world::{asked, doubt, instance, now, observed, settle_until};
use xp_harness::stand_in::{StandIn, json as answer};

fn refund() -> xp_harness::Asked {
    asked("orders.refund", json!({ "order": "o-1", "amount": "12.50" }))
}

/// An upstream that makes one refund per key, and another for each request without a key that it knows.
fn keeps_keys() -> StandIn {
    let known: Mutex<Vec<String>> = Mutex::default();
    StandIn::new(move |request, _| {
        let key = request.header("idempotency-key").unwrap_or_default().to_owned();
        let mut known = known.lock().unwrap();
        if !known.contains(&key) {
            known.push(key);
        }
        answer(201, &format!(r#"{{"id":"r-{}","status":"succeeded"}}"#, known.len()))
    })
}

async fn left(harness: &Harness) -> Vec<String> {
    settle_until(harness, async || !harness.granter.left.lock().unwrap().is_empty()).await;
    assert_eq!(harness.phase("grant").await, Phase::InDoubt);
    harness.granter.left.lock().unwrap().iter().map(|(_, reason)| reason.clone()).collect()
}

#[tokio::test]
async fn a_doubt_is_repeated_with_its_key_where_a_test_saw_the_upstream_keep_it() {
    let upstream = keeps_keys();
    let harness = instance(&upstream, "", Some(observed(&upstream.url, &[]))).await;
    doubt(&harness, &refund()).await;
    settle_until(&harness, async || harness.phase("grant").await == Phase::Done).await;
    let requests = upstream.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].header("idempotency-key"), Some("xp-00112233445566778899aabbccddeeff"));
}

#[tokio::test]
async fn a_doubt_is_left_to_a_person_where_nothing_was_seen() {
    let upstream = keeps_keys();
    let harness = instance(&upstream, "", None).await;
    doubt(&harness, &refund()).await;
    assert_eq!(
        left(&harness).await,
        ["not repeated: no test of this instance before the use saw what a repetition does"]
    );
    assert_eq!(upstream.requests().len(), 0);
}

#[tokio::test]
async fn a_doubt_is_left_to_a_person_when_the_key_may_be_forgotten() {
    let day = Duration::from_secs(24 * 3_600).as_millis() as u64;
    for (age, is_repeated) in [(day / 2, true), (day * 95 / 100, false), (day * 2, false)] {
        let upstream = keeps_keys();
        let harness = instance(&upstream, "", Some(observed(&upstream.url, &[]))).await;
        let mut asked = refund();
        asked.since = now() - age;
        doubt(&harness, &asked).await;
        if is_repeated {
            settle_until(&harness, async || harness.phase("grant").await == Phase::Done).await;
        } else {
            assert_eq!(
                left(&harness).await,
                ["not repeated: too much time has passed for a repetition that changes nothing more"]
            );
        }
        assert_eq!(upstream.effects(), usize::from(is_repeated));
    }
}

#[tokio::test]
async fn what_put_does_is_repeated_without_a_key_where_a_test_saw_it_change_nothing() {
    for (seen, age, is_repeated) in [(true, 0, true), (false, 0, false), (true, 601_000, false)] {
        let upstream = StandIn::new(|_, _| xp_harness::stand_in::with(204, &[], ""));
        let harness = instance(&upstream, "", seen.then(|| observed(&upstream.url, &[]))).await;
        let lines = json!({ "order": "o-1", "version": "v", "lines": [] });
        let mut asked = asked("orders.replace", lines);
        asked.since = now() - age;
        doubt(&harness, &asked).await;
        if is_repeated {
            settle_until(&harness, async || harness.phase("grant").await == Phase::Done).await;
        } else {
            left(&harness).await;
        }
        assert_eq!(upstream.effects(), usize::from(is_repeated));
    }
}

#[tokio::test]
async fn a_use_before_the_test_may_have_gone_to_another_account() {
    let upstream = keeps_keys();
    let mut record = observed(&upstream.url, &[]);
    record.at = "2099-01-01T00:00:00Z".to_owned();
    let harness = instance(&upstream, "", Some(record)).await;
    doubt(&harness, &refund()).await;
    left(&harness).await;
    assert_eq!(upstream.requests().len(), 0);
}

#[tokio::test]
async fn a_probe_that_was_never_seen_to_find_something_does_not_say_that_nothing_was_done() {
    let upstream = StandIn::new(|_, _| answer(200, r#"{"data":[]}"#));
    let harness = instance(&upstream, "", None).await;
    doubt(&harness, &asked("orders.place", json!({ "sku": "s", "count": 1 }))).await;
    settle_until(&harness, async || upstream.requests().len() > 1).await;
    assert_eq!(harness.phase("grant").await, Phase::InDoubt);
}

/// The result with which a doubt about a placed order was resolved, if it was.
async fn looked(body: &'static str, status: u16) -> (Phase, Option<serde_json::Value>, usize) {
    let upstream = StandIn::new(move |_, _| answer(status, body));
    let harness = instance(&upstream, "", Some(observed(&upstream.url, &[]))).await;
    doubt(&harness, &asked("orders.place", json!({ "sku": "s", "count": 1 }))).await;
    settle_until(&harness, async || {
        harness.phase("grant").await != Phase::InDoubt || upstream.requests().len() > 1
    })
    .await;
    let requests = upstream.requests();
    assert!(requests.iter().all(|request| request.line == "GET /api/orders?limit=3"), "{requests:?}");
    let resolved = harness.granter.resolved.lock().unwrap().clone();
    let result = resolved.into_iter().next().and_then(|(_, value)| value);
    (
        harness.phase("grant").await,
        result.map(|value| serde_json::to_value(value).unwrap()),
        upstream.effects(),
    )
}

#[tokio::test]
async fn a_doubt_is_resolved_by_the_identifier_that_the_upstream_shows() {
    const MINE: &str = r#"{"id":"o-9","metadata":{"xp":"xp-00112233445566778899aabbccddeeff"}}"#;
    let mine: &str = Box::leak(format!(r#"{{"data":[{{"id":"o-8"}},{MINE}]}}"#).into_boxed_str());
    assert_eq!(looked(mine, 200).await, (Phase::Done, Some(json!({ "id": "o-9" })), 0));
    assert_eq!(
        looked(r#"{"data":[{"id":"o-8","metadata":{"xp":"xp-other"}}]}"#, 200).await,
        (Phase::Failed, None, 0)
    );
    let twice: &str = Box::leak(format!(r#"{{"data":[{MINE},{MINE}]}}"#).into_boxed_str());
    for (body, status) in [
        // A full page, and what is no list of things.
        (r#"{"data":[{"id":"1"},{"id":"2"},{"id":"3"}]}"#, 200),
        (twice, 200),
        (r#"{"data":{}}"#, 200),
        (r#"{}"#, 200),
        (r#"{"data":[]}"#, 404),
        (r#"{"data":[]}"#, 500),
    ] {
        assert_eq!(looked(body, status).await, (Phase::InDoubt, None, 0), "{body} {status}");
    }
}

#[tokio::test]
async fn a_named_thing_that_is_not_there_was_not_made() {
    for (status, body, phase) in [
        (404, "{}", Phase::Failed),
        (200, r#"{"title":"T","xp":"xp-00112233445566778899aabbccddeeff"}"#, Phase::Done),
        // Somebody else's thing of this name says nothing.
        (200, r#"{"title":"T"}"#, Phase::InDoubt),
        (403, "{}", Phase::InDoubt),
    ] {
        let upstream = StandIn::new(move |_, _| answer(status, body));
        let harness = instance(&upstream, "", Some(observed(&upstream.url, &[]))).await;
        doubt(&harness, &asked("orders.name", json!({ "order": "o-1", "title": "T" }))).await;
        settle_until(&harness, async || {
            harness.phase("grant").await != Phase::InDoubt || upstream.requests().len() > 1
        })
        .await;
        assert_eq!(harness.phase("grant").await, phase, "{status} {body}");
        assert_eq!(upstream.effects(), 0);
    }
}
