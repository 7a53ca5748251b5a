//! Calls as they are sent, and answers of every kind: one effect, and a doubt where the answer is not the declared success.

use serde_json::{Value, json};
use xp_harness::Asked;
use xp_harness::stand_in::{Arrived, with};
use xpd_connectors::declared::observed::{Failing, FailingTool};
use xpd_proxy::Ending;
use xpd_store::Phase;

use super::server::{BOTH, Speaks, calls, error, events, id, instance, method, notes, result, server, tools};
use crate::world::{act_of, asked, doubt_of, settle_until};

fn read() -> Asked {
    asked("notes.read", json!({ "id": "n-1" }))
}

fn pay() -> Asked {
    asked("notes.pay", json!({ "id": "n-1", "amount": "12.50" }))
}

fn note() -> Value {
    json!({
        "resultType": "complete",
        "content": [{ "type": "text", "text": "{\"tags\":[\"b\",\"a\"],\"n\":12.50}" }],
        "structuredContent": { "status": "ok", "note": { "title": "Sun" }, "version": "7" },
    })
}

fn paid() -> Value {
    json!({ "content": [{ "type": "text", "text": "paid" }], "structuredContent": { "id": "p-1" } })
}

fn plain(ending: Ending) -> Value {
    let Ending::Done(value) = ending else { panic!("{ending:?}") };
    serde_json::to_value(&value).unwrap()
}

#[tokio::test]
async fn a_call_is_sent_and_read_as_declared_in_both_revisions() {
    for speaks in BOTH {
        let upstream = server(speaks, tools, |arrived, _| result(200, arrived, &note()));
        let harness = instance(&upstream, "", None).await;
        let found = plain(act_of(&notes(), &harness, &read()).await);
        let text = "{\"tags\":[\"b\",\"a\"],\"n\":12.50}";
        assert_eq!(found, json!({ "title": "Sun", "body": text, "version": 7, "tags": ["a", "b"] }));
        act_of(&notes(), &harness, &read()).await;
        let requests = upstream.requests();
        let methods: Vec<String> = requests.iter().map(method).collect();
        let call = requests.iter().rfind(|arrived| method(arrived) == "tools/call").unwrap();
        let body: Value = serde_json::from_str(&call.body).unwrap();
        assert_eq!(body["params"]["name"], "read_note");
        assert_eq!(body["params"]["arguments"], json!({ "id": "n-1" }));
        assert_eq!(call.header("accept"), Some("application/json, text/event-stream"));
        match speaks {
            Speaks::Stateless => {
                assert_eq!(methods, ["server/discover", "tools/list", "tools/call", "tools/call"]);
                assert_eq!(call.header("mcp-protocol-version"), Some("2026-07-28"));
                assert_eq!(call.header("mcp-method"), Some("tools/call"));
                assert_eq!(call.header("mcp-name"), Some("read_note"));
                assert_eq!(call.header("mcp-session-id"), None);
                let meta = &body["params"]["_meta"];
                assert_eq!(meta["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
                assert_eq!(meta["io.modelcontextprotocol/clientCapabilities"], json!({}));
            }
            Speaks::Sessions => {
                let opening = ["server/discover", "initialize", "notifications/initialized", "tools/list"];
                assert_eq!(methods, [&opening[..], &["tools/call", "tools/call"]].concat());
                assert_eq!(call.header("mcp-protocol-version"), Some("2025-06-18"));
                assert_eq!(call.header("mcp-session-id"), Some("session-1"));
                assert_eq!(body["params"].get("_meta"), None);
            }
        }
    }
}

#[tokio::test]
async fn a_payment_carries_its_amount_by_its_digits_and_its_key() {
    let upstream = server(Speaks::Stateless, tools, |arrived, _| result(200, arrived, &paid()));
    let harness = instance(&upstream, "", None).await;
    assert_eq!(plain(act_of(&notes(), &harness, &pay()).await), json!({ "id": "p-1" }));
    let requests = upstream.requests();
    let body = &requests.last().unwrap().body;
    let arguments = r#""arguments":{"note":{"id":"n-1"},"amount":1250,"confirm":true,"idempotency_key":"xp-00112233445566778899aabbccddeeff"}"#;
    assert!(body.contains(arguments), "{body}");
}

#[tokio::test]
async fn an_answer_in_a_stream_is_the_first_answer_to_the_call() {
    let upstream = server(Speaks::Sessions, tools, |arrived, _| {
        let answer = json!({ "jsonrpc": "2.0", "id": id(arrived), "result": note() }).to_string();
        let progress = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}"#;
        events(&[progress.to_owned(), answer])
    });
    let harness = instance(&upstream, "", None).await;
    assert_eq!(plain(act_of(&notes(), &harness, &read()).await)["title"], "Sun");
}

type Answer = fn(&Arrived) -> Vec<u8>;

/// Answers after an effect that are not the declared success.
fn unclear() -> Vec<(&'static str, Answer)> {
    fn said(arrived: &Arrived, of: Value) -> Vec<u8> {
        result(200, arrived, &of)
    }
    fn text(status: u16, kind: &str, body: &str) -> Vec<u8> {
        with(status, &[("Content-Type", kind)], body)
    }
    let mut all: Vec<(&'static str, Answer)> = vec![
        ("nothing", |_| Vec::new()),
        ("a cut head", |_| b"HTTP/1.1 200 OK\r\nContent-".to_vec()),
        ("a cut body", |_| {
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{\"jsonrpc\""
                .to_vec()
        }),
        ("a cut stream", |_| events(&[r#"{"jsonrpc":"2.0","method":"notifications/progress"}"#.to_owned()])),
        ("an empty stream", |_| events(&[])),
        ("garbage", |_| text(200, "application/json", "paid")),
        ("HTML", |_| text(200, "text/html", "<p>paid</p>")),
        ("nothing in it", |_| with(202, &[], "")),
        ("a batch", |arrived| {
            let one = json!({ "jsonrpc": "2.0", "id": id(arrived), "result": paid() });
            text(200, "application/json", &json!([one, one]).to_string())
        }),
        ("another identifier", |_| {
            text(
                200,
                "application/json",
                &json!({ "jsonrpc": "2.0", "id": "other", "result": paid() }).to_string(),
            )
        }),
        ("another identifier in a stream", |arrived| {
            let other = json!({ "jsonrpc": "2.0", "id": "other", "result": paid() }).to_string();
            let own = json!({ "jsonrpc": "2.0", "id": id(arrived), "result": paid() }).to_string();
            events(&[other, own])
        }),
        ("a member twice", |arrived| {
            let text_of = format!(
                r#"{{"jsonrpc":"2.0","id":"{}","result":{},"result":{}}}"#,
                id(arrived),
                paid(),
                paid()
            );
            text(200, "application/json", &text_of)
        }),
        ("a question", |arrived| {
            said(arrived, json!({ "resultType": "input_required", "inputRequests": {}, "content": [] }))
        }),
        ("another type of result", |arrived| {
            said(arrived, json!({ "resultType": "streaming", "content": [] }))
        }),
        ("a task", |arrived| said(arrived, json!({ "task": { "taskId": "t", "status": "working" } }))),
        ("no content", |arrived| said(arrived, json!({ "structuredContent": { "id": "p" } }))),
        ("no structured content", |arrived| {
            said(arrived, json!({ "content": [{ "type": "text", "text": "p" }] }))
        }),
        ("another type of field", |arrived| {
            said(arrived, json!({ "content": [], "structuredContent": { "id": 7 } }))
        }),
        ("an error that is a text", |arrived| {
            said(arrived, json!({ "content": [], "structuredContent": { "id": "p" }, "isError": "false" }))
        }),
        ("a failure", |arrived| {
            said(arrived, json!({ "content": [{ "type": "text", "text": "no" }], "isError": true }))
        }),
        ("an error", |arrived| error(200, arrived, -32602)),
        ("a request of its own", |_| {
            events(&[r#"{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{}}"#.to_owned()])
        }),
        ("a compressed answer", |arrived| {
            let body = json!({ "jsonrpc": "2.0", "id": id(arrived), "result": paid() }).to_string();
            with(200, &[("Content-Type", "application/json"), ("Content-Encoding", "gzip")], &body)
        }),
        ("too much", |arrived| {
            said(arrived, json!({ "content": [], "structuredContent": { "id": "p".repeat(2 << 20) } }))
        }),
        ("another place", |_| with(307, &[("Location", "/other")], "")),
        ("another place for good", |_| with(308, &[("Location", "/other")], "")),
    ];
    let statuses: [Answer; 12] = [
        |arrived| error(400, arrived, -32020),
        |_| with(401, &[("WWW-Authenticate", "Bearer")], ""),
        |_| with(403, &[], ""),
        |_| with(404, &[], ""),
        |arrived| error(404, arrived, -32001),
        |_| with(405, &[], ""),
        |_| with(408, &[], ""),
        |_| with(409, &[], ""),
        |_| with(425, &[], ""),
        |_| with(429, &[("Retry-After", "0")], ""),
        |_| with(500, &[], ""),
        |_| with(503, &[("Retry-After", "0")], ""),
    ];
    all.extend(statuses.into_iter().map(|answer| ("a status", answer)));
    all
}

#[tokio::test]
async fn an_effect_is_one_whatever_the_server_answers() {
    for speaks in BOTH {
        for (what, answer) in unclear() {
            let upstream = server(speaks, tools, move |arrived, _| answer(arrived));
            let harness = instance(&upstream, "answer_bytes = 1000000", None).await;
            let ending = act_of(&notes(), &harness, &pay()).await;
            assert!(matches!(ending, Ending::Unknown(_)), "{speaks:?}, {what}: {ending:?}");
            assert_eq!(calls(&upstream), 1, "{speaks:?}, {what}");
            assert!(!format!("{ending:?}").contains("IGNORE"), "{what}: {ending:?}");
        }
    }
}

#[tokio::test]
async fn a_read_that_is_not_answered_as_declared_is_refused_and_nothing_is_in_doubt() {
    for (what, answer) in unclear() {
        let upstream = server(Speaks::Stateless, tools, move |arrived, _| answer(arrived));
        let harness = instance(&upstream, "answer_bytes = 1000000", None).await;
        let ending = act_of(&notes(), &harness, &read()).await;
        assert!(matches!(ending, Ending::Failed { returned: true, .. }), "{what}: {ending:?}");
    }
    let mut other = note();
    other["structuredContent"]["status"] = json!("gone");
    let upstream = server(Speaks::Stateless, tools, move |arrived, _| result(200, arrived, &other));
    let harness = instance(&upstream, "", None).await;
    let ending = act_of(&notes(), &harness, &read()).await;
    assert!(
        matches!(&ending, Ending::Failed { reason, .. } if reason.contains("not the success")),
        "{ending:?}"
    );
}

#[tokio::test]
async fn a_failure_is_one_where_it_is_registered_and_was_seen_to_change_nothing() {
    let failed = Failing::Tool(FailingTool::Failed);
    let keys = "failures = { \"notes.pay\" = [\"failed\", -32602] }";
    let cases: [(&[Failing], Answer, bool); 4] = [
        (&[failed], |arrived| result(200, arrived, &json!({ "content": [], "isError": true })), true),
        (&[], |arrived| result(200, arrived, &json!({ "content": [], "isError": true })), false),
        (&[Failing::Number(-32602)], |arrived| error(200, arrived, -32602), true),
        (&[failed, Failing::Number(-32602)], |arrived| error(200, arrived, -32603), false),
    ];
    for (seen, answer, is_failure) in cases {
        let upstream = server(Speaks::Stateless, tools, move |arrived, _| answer(arrived));
        let harness = instance(&upstream, keys, Some(seen)).await;
        let ending = act_of(&notes(), &harness, &pay()).await;
        assert_eq!(matches!(ending, Ending::Failed { returned: true, .. }), is_failure, "{ending:?}");
        assert_eq!(matches!(ending, Ending::Unknown(_)), !is_failure, "{ending:?}");
    }
}

#[tokio::test]
async fn a_session_that_ended_is_opened_for_the_next_call_and_not_for_this_one() {
    let upstream = server(Speaks::Sessions, tools, |arrived, number| {
        if number == 1 { with(404, &[], "") } else { result(200, arrived, &paid()) }
    });
    let harness = instance(&upstream, "", None).await;
    assert!(matches!(act_of(&notes(), &harness, &pay()).await, Ending::Unknown(_)));
    assert_eq!(calls(&upstream), 1);
    assert!(matches!(act_of(&notes(), &harness, &pay()).await, Ending::Done(_)));
    let sessions: Vec<String> = upstream
        .requests()
        .iter()
        .filter(|arrived| method(arrived) == "tools/call")
        .map(|arrived| arrived.header("mcp-session-id").unwrap().to_owned())
        .collect();
    assert_eq!(sessions, ["session-1", "session-2"]);
}

#[tokio::test]
async fn a_doubt_is_repeated_with_its_key_where_a_test_saw_the_server_keep_it() {
    for seen in [Some(&[][..]), None] {
        let upstream = server(Speaks::Stateless, tools, |arrived, _| result(200, arrived, &paid()));
        let harness = instance(&upstream, "", seen).await;
        doubt_of(&notes(), &harness, &pay()).await;
        if seen.is_some() {
            settle_until(&harness, async || harness.phase("grant").await == Phase::Done).await;
            assert!(upstream.requests().last().unwrap().body.contains("xp-00112233445566778899aabbccddeeff"));
            assert_eq!(calls(&upstream), 1);
        } else {
            settle_until(&harness, async || !harness.granter.left.lock().unwrap().is_empty()).await;
            assert_eq!((harness.phase("grant").await, calls(&upstream)), (Phase::InDoubt, 0));
        }
    }
}

#[tokio::test]
async fn a_credential_is_sent_and_never_comes_back() {
    const CANARY: &str = "canary-3d5ab1c0ffee";
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), CANARY).unwrap();
    let keys = format!("credential = {{ bearer = {{ file = {:?} }} }}", file.path());
    let upstream = server(Speaks::Stateless, tools, |arrived, _| {
        let sent = arrived.header("authorization").unwrap_or_default();
        result(200, arrived, &json!({ "content": [], "structuredContent": { "id": sent } }))
    });
    let harness = instance(&upstream, &keys, None).await;
    let found = plain(act_of(&notes(), &harness, &pay()).await);
    assert_eq!(found, json!({ "id": "Bearer [secret]" }));
    assert!(
        upstream
            .requests()
            .iter()
            .all(|arrived| arrived.header("authorization").is_some_and(|it| it.contains(CANARY)))
    );
}
