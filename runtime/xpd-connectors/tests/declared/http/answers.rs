//! What an answer means: the declared success is one, a registered and observed failure is one, all else is a doubt after an
//! effect and a failure after a read. Whatever the upstream answers, it gets one request.

use serde_json::json;
use xpd_proxy::Ending;

use crate::world::{act, asked, instance, observed};
use xp_harness::stand_in::{StandIn, json as answer, with};

const ORDER: &str = r#"{"id":"o-1","total":12.5,"placed":1764180000,"note":null,
    "lines":[{"sku":"a","count":2,"more":true}],"tags":["b","a"],"unknown":{"x":[1e400]}}"#;

fn plain(ending: Ending) -> serde_json::Value {
    match ending {
        Ending::Done(value) => serde_json::to_value(value).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn order(body: &str) -> Vec<u8> {
    with(200, &[("Content-Type", "application/json; charset=utf-8"), ("ETag", "\"v7\"")], body)
}

#[tokio::test]
async fn a_result_is_read_by_its_types() {
    let upstream = StandIn::new(|_, _| order(ORDER));
    let harness = instance(&upstream, "", None).await;
    let found = plain(act(&harness, &asked("orders.read", json!({ "order": "o-1" }))).await);
    let wanted = json!({
        "order": "o-1", "total": "12.50", "placed": "2025-11-26T18:00:00Z", "version": "\"v7\"",
        "lines": [{ "sku": "a", "count": 2 }], "tags": ["a", "b"],
    });
    assert_eq!(found, wanted);
    let [request] = &upstream.requests()[..] else { panic!("one request") };
    assert_eq!(
        (request.line.as_str(), request.header("accept")),
        ("GET /api/orders/o-1", Some("application/json"))
    );
    assert_eq!(request.header("accept-encoding"), None);
}

#[tokio::test]
async fn an_answer_that_is_not_as_declared_is_no_result() {
    let typed = |kind: &str, body: &str| with(200, &[("Content-Type", kind), ("ETag", "v")], body);
    let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
    let answers = [
        ("another type", typed("text/html", ORDER)),
        ("no type", with(200, &[("ETag", "v")], ORDER)),
        (
            "two types",
            with(
                200,
                &[("Content-Type", "application/json"), ("Content-Type", "text/html"), ("ETag", "v")],
                ORDER,
            ),
        ),
        ("another charset", typed("application/json; charset=utf-16", ORDER)),
        (
            "compressed",
            with(
                200,
                &[("Content-Type", "application/json"), ("Content-Encoding", "gzip"), ("ETag", "v")],
                ORDER,
            ),
        ),
        (
            "two headers",
            with(200, &[("Content-Type", "application/json"), ("ETag", "v"), ("ETag", "w")], ORDER),
        ),
        ("no header", with(200, &[("Content-Type", "application/json")], ORDER)),
        ("a member twice", order(&ORDER.replace("\"note\":null", "\"id\":\"o-2\""))),
        ("a member twice, far away", order(&ORDER.replace("[1e400]", "{\"y\":1,\"y\":2}"))),
        ("a byte order mark", order(&format!("\u{feff}{ORDER}"))),
        ("deep", order(&ORDER.replace("[1e400]", &deep))),
        ("cut", order(&ORDER[..ORDER.len() - 1])),
        ("two texts", order(&format!("{ORDER}{{}}"))),
        ("no total", order(&ORDER.replace("\"total\":12.5,", ""))),
        ("a null total", order(&ORDER.replace("12.5", "null"))),
        ("a third digit", order(&ORDER.replace("12.5", "12.505"))),
        ("an exponent", order(&ORDER.replace("12.5", "1e2"))),
        ("a text for a number", order(&ORDER.replace("\"count\":2", "\"count\":\"2\""))),
        ("a fraction for an integer", order(&ORDER.replace("\"count\":2", "\"count\":2.0"))),
        ("beyond 2^53", order(&ORDER.replace("\"count\":2", "\"count\":9007199254740993"))),
        ("an element twice", order(&ORDER.replace("[\"b\",\"a\"]", "[\"a\",\"a\"]"))),
        ("a note of another type", order(&ORDER.replace("\"note\":null", "\"note\":1"))),
        ("a zero character", order(&ORDER.replace("o-1", "o\\u0000"))),
        ("nothing", Vec::new()),
        ("garbage", b"\x00\x01\x02".to_vec()),
        ("too long", order(&ORDER.replace("o-1", &"x".repeat(2_000)))),
    ];
    for (what, bytes) in answers {
        let upstream = StandIn::new(move |_, _| bytes.clone());
        let harness = instance(&upstream, "answer_bytes = 1000", None).await;
        match act(&harness, &asked("orders.read", json!({ "order": "o-1" }))).await {
            Ending::Failed { returned: true, .. } => {}
            other => panic!("{what}: {other:?}"),
        }
        assert_eq!(upstream.requests().len(), 1, "{what}");
    }
    // The same answers whole, so that each case above fails for its own reason.
    let upstream = StandIn::new(|_, _| order(ORDER));
    let harness = instance(&upstream, "answer_bytes = 1000", None).await;
    plain(act(&harness, &asked("orders.read", json!({ "order": "o-1" }))).await);
}

#[tokio::test]
async fn an_effect_is_one_whatever_the_upstream_answers() {
    let statuses = [
        100, 202, 204, 206, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409,
        410, 412, 413, 415, 418, 422, 423, 425, 428, 429, 431, 451, 500, 501, 502, 503, 504, 507, 599,
    ];
    let good = r#"{"id":"r-1","status":"succeeded"}"#;
    let mut answers: Vec<(String, Vec<u8>)> = statuses
        .into_iter()
        .map(|status| {
            let headers =
                [("Content-Type", "application/json"), ("Location", "/api/elsewhere"), ("Retry-After", "0")];
            (status.to_string(), with(status, &headers, good))
        })
        .collect();
    answers.extend([
        ("201 with an error inside".to_owned(), answer(201, r#"{"id":"r-1","status":"failed"}"#)),
        ("201 without the condition".to_owned(), answer(201, r#"{"id":"r-1"}"#)),
        ("201 without a result".to_owned(), answer(201, r#"{"status":"succeeded"}"#)),
        ("201 that breaks off".to_owned(), {
            let mut bytes = answer(201, good);
            bytes.truncate(bytes.len() - 3);
            bytes
        }),
        ("garbage".to_owned(), b"SSH-2.0-x\r\n".to_vec()),
        ("nothing".to_owned(), Vec::new()),
    ]);
    let refund = asked("orders.refund", json!({ "order": "o-1", "amount": "12.50" }));
    for (what, bytes) in answers {
        let upstream = StandIn::new(move |_, _| bytes.clone());
        // Registered as failures, but no test saw that they leave the upstream unchanged.
        let harness = instance(&upstream, "failures = { \"orders.refund\" = [400, 404, 409] }", None).await;
        let ending = act(&harness, &refund).await;
        assert!(matches!(ending, Ending::Unknown(_)), "{what}: {ending:?}");
        assert_eq!(upstream.effects(), 1, "{what}");
        assert_eq!(upstream.requests().len(), 1, "{what}: nothing else either");
    }
    let upstream = StandIn::new(move |_, _| answer(201, good));
    let harness = instance(&upstream, "", None).await;
    assert_eq!(plain(act(&harness, &refund).await), json!({ "id": "r-1", "order": "o-1" }));
}

#[tokio::test]
async fn a_failure_is_one_where_it_is_registered_and_was_seen_to_change_nothing() {
    let refund = asked("orders.refund", json!({ "order": "o-1", "amount": "12.50" }));
    let keys = "failures = { \"orders.refund\" = [402, 409] }";
    for (status, is_failure) in [(402, true), (409, false), (404, false)] {
        let upstream = StandIn::new(move |_, _| answer(status, "{}"));
        let harness = instance(&upstream, keys, Some(observed(&upstream.url, &[402, 404]))).await;
        let ending = act(&harness, &refund).await;
        let failed =
            matches!(&ending, Ending::Failed { returned: true, status: Some(found), .. } if *found == status);
        assert_eq!(failed, is_failure, "{status}: {ending:?}");
        assert_eq!(matches!(ending, Ending::Unknown(_)), !is_failure, "{status}");
    }
    // A record of another address, credential or declaration counts for nothing.
    type Change = fn(&mut xpd_connectors::declared::observed::Observed);
    let changes: [Change; 3] = [
        |record| record.base_url.push('x'),
        |record| record.credential.push('0'),
        |record| record.connector = format!("sha256:{}", "0".repeat(64)),
    ];
    for change in changes {
        let upstream = StandIn::new(|_, _| answer(402, "{}"));
        let mut record = observed(&upstream.url, &[402]);
        change(&mut record);
        let harness = instance(&upstream, keys, Some(record)).await;
        assert!(matches!(act(&harness, &refund).await, Ending::Unknown(_)));
    }
}

#[tokio::test]
async fn an_answer_about_another_thing_is_not_hidden() {
    let upstream = StandIn::new(|_, _| order(&ORDER.replace("o-1", "o-2")));
    let harness = instance(&upstream, "", None).await;
    let found = plain(act(&harness, &asked("orders.read", json!({ "order": "o-1" }))).await);
    // The server compares it with the argument that `result.order is order` names.
    assert_eq!(found["order"], "o-2");
}

#[tokio::test]
async fn an_action_granted_under_another_declaration_is_not_sent() {
    let upstream = StandIn::new(|_, _| order(ORDER));
    let harness = instance(&upstream, "", None).await;
    let read = asked("orders.read", json!({ "order": "o-1" }));
    act(&harness, &read).await;
    *harness.granter.declaration.lock().unwrap() = Some(xp_scope::Digest::of(b"another"));
    harness.put(&harness.row("other", &read)).await;
    harness.claim("other").await.unwrap();
    let ending = harness.granter.endings.lock().unwrap().last().cloned().unwrap();
    assert!(
        matches!(&ending, Ending::Failed { returned: true, reason, .. } if reason.contains("another declaration")),
        "{ending:?}"
    );
    assert_eq!(upstream.requests().len(), 1);
}
