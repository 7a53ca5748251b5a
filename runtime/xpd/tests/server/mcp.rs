//! The MCP door: what reaches it, what it offers, and what a call does.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{Agent, World, until};

const OLD: &str = "2025-11-25";
const NEW: &str = "2026-07-28";

/// A message of a revision with the headers that go with it.
fn message(revision: &str, method: &str, params: Value) -> (Vec<(String, String)>, Value) {
    let mut params = params;
    let mut headers = vec![("MCP-Protocol-Version".to_owned(), revision.to_owned())];
    if revision == NEW {
        let member = |name: &str| format!("io.modelcontextprotocol/{name}");
        params["_meta"] = json!({
            member("protocolVersion"): NEW,
            member("clientInfo"): { "name": "test", "version": "1" },
            member("clientCapabilities"): {},
        });
        headers.push(("Mcp-Method".to_owned(), method.to_owned()));
        if let Some(name) = params["name"].as_str() {
            headers.push(("Mcp-Name".to_owned(), name.to_owned()));
        }
    }
    (headers, json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }))
}

fn request(agent: &Agent, headers: &[(String, String)], body: &[u8]) -> reqwest::RequestBuilder {
    let proof = agent.proof("POST", "/mcp", Some(&agent.session), body);
    let mut request = reqwest::Client::new()
        .post(format!("{}/mcp", agent.url))
        .header("Authorization", format!("DPoP {}", agent.session))
        .header("DPoP", proof)
        .header("Content-Type", "application/json")
        .header("Accept", "application/json, text/event-stream");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.body(body.to_vec())
}

async fn raw(agent: &Agent, headers: &[(String, String)], body: &[u8]) -> (u16, Value) {
    let response = request(agent, headers, body).send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Sends a message and returns its result.
async fn ask(agent: &Agent, revision: &str, method: &str, params: Value) -> Value {
    let (headers, body) = message(revision, method, params);
    let (status, answer) = raw(agent, &headers, body.to_string().as_bytes()).await;
    assert_eq!(status, 200, "{method}: {answer}");
    assert!(answer["result"].is_object(), "{method}: {answer}");
    answer["result"].clone()
}

pub async fn call(agent: &Agent, name: &str, arguments: Value) -> Value {
    ask(agent, NEW, "tools/call", json!({ "name": name, "arguments": arguments })).await
}

#[track_caller]
fn done(answer: &Value) -> &Value {
    assert_ne!(answer["isError"], true, "{answer}");
    &answer["structuredContent"]
}

#[track_caller]
fn refused(answer: &Value, code: &str) {
    assert_eq!((&answer["isError"], &answer["_meta"]["code"]), (&json!(true), &json!(code)), "{answer}");
    let text = answer["content"][0]["text"].as_str().unwrap();
    assert!(text.starts_with(&format!("Refused: {code}. ")), "{text}");
}

fn names(list: &Value) -> Vec<String> {
    let tools = list["tools"].as_array().unwrap();
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_carried_out_by_tools_alone_and_verifies() {
    let world = World::new().await;
    let run = world.start().await;
    let (ann, ben) = (world.joined("ann", &run).await, world.joined("ben", &run).await);
    let open = call(&ann, "offers", json!({})).await;
    assert_eq!(done(&open)["offers"][0]["grants"][0]["tool"], "work.fake.note");
    assert_eq!(done(&open)["waits_for"][0]["step"], "ship");
    let note = call(&ann, "work.fake.note", json!({ "text": "hello" })).await;
    assert_eq!(done(&note)["bound"], true);
    let index = done(&note)["index"].clone();
    let earlier = call(&ann, "result", json!({ "index": index })).await;
    assert_eq!(done(&earlier)["phase"], "done");
    assert_eq!(done(&earlier)["result"], done(&note)["result"]);
    refused(&call(&ben, "result", json!({ "index": index })).await, "unknown");
    done(&call(&ann, "submit.work.files", json!({ "value": ["src/a.rs"] })).await);
    done(&call(&ann, "judge.work", json!({ "outcome": "done" })).await);
    refused(&call(&ben, "judge.review", json!({ "outcome": "approved" })).await, "not_shown");
    done(&call(&ben, "view", json!({ "step": "review", "datum": "work.files" })).await);
    done(&call(&ben, "judge.review", json!({ "outcome": "approved" })).await);
    done(&call(&ann, "ship.fake.push", json!({})).await);
    assert_eq!(ann.summary().await["status"], "finished");
    assert_eq!((world.fake.count("note"), world.fake.count("push")), (1, 1));
    world.verifies(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_is_the_roles_and_does_not_change_while_steps_settle() {
    let world = World::new().await;
    let run = world.start().await;
    let (ann, ben) = (world.joined("ann", &run).await, world.joined("ben", &run).await);
    let before = ask(&ann, NEW, "tools/list", json!({})).await;
    assert_eq!((&before["cacheScope"], before["ttlMs"].is_u64()), (&json!("private"), true), "{before}");
    let own = names(&before);
    let wanted = [
        "await",
        "judge.work",
        "offers",
        "result",
        "ship.fake.push",
        "submit.work.files",
        "view",
        "work.fake.note",
        "work.fake.push",
        "work.fake.touch",
        "work.fake.wire",
    ];
    assert_eq!(own, wanted);
    assert_eq!(
        names(&ask(&ben, NEW, "tools/list", json!({})).await),
        ["await", "judge.review", "offers", "result", "view"]
    );
    let note = &before["tools"][7];
    assert_eq!(
        note["inputSchema"]["required"],
        json!(["text"]),
        "the place is fixed by the contract: {note}"
    );
    assert!(note["inputSchema"]["properties"].get("place").is_none(), "{note}");
    assert_eq!(note["inputSchema"]["additionalProperties"], false);
    for tool in before["tools"].as_array().unwrap() {
        let name = tool["name"].as_str().unwrap();
        assert!(
            name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)),
            "{name}"
        );
    }
    crate::happy::whole(&world, &run).await;
    let after = ask(&ann, NEW, "tools/list", json!({})).await;
    assert_eq!(before["tools"], after["tools"]);
    let old = ask(&ann, OLD, "tools/list", json!({})).await;
    assert_eq!(names(&old), own);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_revisions_begin_as_their_specification_says() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let hello =
        json!({ "protocolVersion": OLD, "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    let answer = ask(&ann, OLD, "initialize", hello).await;
    assert_eq!(answer["protocolVersion"], OLD);
    assert_eq!(answer["capabilities"]["tools"].get("listChanged"), None);
    let answer = ask(&ann, NEW, "server/discover", json!({})).await;
    let versions: BTreeSet<&str> =
        answer["supportedVersions"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(versions.contains(OLD) && versions.contains(NEW), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_an_answer_that_says_what_is_open() {
    let world = World::new().await;
    let run = world.start().await;
    let (ann, ben) = (world.joined("ann", &run).await, world.joined("ben", &run).await);
    for revision in [OLD, NEW] {
        let params = json!({ "name": "ship.fake.push", "arguments": {} });
        let early = ask(&ann, revision, "tools/call", params).await;
        refused(&early, "out_of_sequence");
        assert_eq!((&early["_meta"]["retryable"], &early["_meta"]["until"]), (&json!(true), &json!("await")));
        assert!(early["_meta"]["index"].is_u64(), "{early}");
        let open = early["_meta"]["open_now"].as_array().unwrap();
        assert!(open.contains(&json!("work.fake.note")), "{early}");
    }
    refused(&call(&ben, "work.fake.note", json!({ "text": "x" })).await, "wrong_role");
    refused(&call(&ann, "nothing", json!({})).await, "unknown");
    refused(&call(&ann, "work.fake.note", json!({ "text": 5 })).await, "bad_value");
    refused(&call(&ann, "work.fake.note", json!({ "text": "x", "more": 1 })).await, "bad_value");
    refused(&call(&ann, "work.fake.push", json!({ "id": 1.5 })).await, "bad_value");
    assert_eq!(world.fake.sent("note") + world.fake.sent("push"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_malformed_is_refused_before_anything_is_done() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let mut tried = 0;
    for revision in [OLD, NEW] {
        let (headers, good) = message(
            revision,
            "tools/call",
            json!({ "name": "work.fake.wire", "arguments": { "text": "x" } }),
        );
        let text = good.to_string();
        let with = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}: {text}");
            text.replacen(from, to, 1)
        };
        let name = r#""name":"work.fake.wire""#;
        let said = r#""text":"x""#;
        let long = "n".repeat(200);
        let bodies = [
            String::new(),
            "null".to_owned(),
            "5".to_owned(),
            "\"text\"".to_owned(),
            "[]".to_owned(),
            format!("[{text}]"),
            format!("[{text},{text}]"),
            format!("{text}{text}"),
            format!("{text} x"),
            format!("\u{feff}{text}"),
            text.trim_end_matches('}').to_owned(),
            with(name, &format!(r#""name":"offers",{name}"#)),
            with(name, &format!(r#"{name},"n\u0061me":"offers""#)),
            with(said, &format!(r#"{said},"text":"y""#)),
            with(said, &format!(r#"{said},"t\u0065xt":"y""#)),
            with(said, r#""text":{"a":1,"a":2}"#),
            with(said, &format!(r#""text":{}"#, deep(60))),
            with(said, &format!(r#""text":{}"#, deep(500))),
            with(r#""id":1"#, r#""id":1,"id":2"#),
            with(r#""id":1"#, r#""id":12345678901234567890123"#),
            with(r#""id":1"#, r#""id":1.0"#),
            with(r#""id":1"#, r#""id":1e3"#),
            with(r#""id":1"#, r#""id":null"#),
            with(r#""id":1"#, r#""id":{}"#),
            with(r#""id":1"#, r#""id":[1]"#),
            with(r#""id":1"#, r#""id":true"#),
            with(r#""id":1"#, &format!(r#""id":"{long}""#)),
            with(r#""id":1"#, r#""id":1,"result":{}"#),
            with(r#""id":1"#, r#""id":1,"error":{}"#),
            with(r#""id":1"#, r#""id":1,"extra":0"#),
            with(r#""jsonrpc":"2.0""#, r#""jsonrpc":"1.0""#),
            with(r#""jsonrpc":"2.0","#, ""),
            with(r#""jsonrpc":"2.0""#, r#""jsonrpc":2.0"#),
            with(r#""jsonrpc":"2.0""#, r#""jsonrpc":"2.0","jsonrpc":"2.0""#),
            with(r#""method":"tools/call""#, r#""method":"tools/call","method":"tools/list""#),
            with(r#""method":"tools/call""#, r#""method":7"#),
            with(r#""method":"tools/call""#, &format!(r#""method":"{long}""#)),
            with(r#""method":"tools/call","#, ""),
            with(r#""params":{"#, r#""params":{},"params":{"#),
            with(name, r#""name":7"#),
            with(name, &format!(r#""name":"{long}""#)),
            with(&format!("{name},"), ""),
            with(r#""arguments":{"text":"x"}"#, r#""arguments":[]"#),
            with(r#""arguments":{"text":"x"}"#, r#""arguments":"x""#),
            with(r#""arguments":{"text":"x"}"#, r#""arguments":null"#),
            with(said, r#""text":"\ud800""#),
            with(said, "\"text\":\"\u{1}\""),
            with(said, r#""text":NaN"#),
            with(said, r#""text":01"#),
            with(said, r#""text":'x'"#),
        ];
        for body in bodies {
            let (status, answer) = raw(&ann, &headers, body.as_bytes()).await;
            assert_eq!(status, 400, "{revision}: {body}\n{answer}");
            assert!(answer["error"]["code"].is_i64() || answer["code"].is_string(), "{answer}");
            tried += 1;
        }
        for (header, value) in
            [("Mcp-Method", "tools/list"), ("Mcp-Name", "offers"), ("Mcp-Name", "=?base64?b2ZmZXJz?=")]
        {
            let mut wrong: Vec<_> = headers.iter().filter(|(name, _)| name != header).cloned().collect();
            wrong.push((header.to_owned(), value.to_owned()));
            let (status, answer) = raw(&ann, &wrong, text.as_bytes()).await;
            assert_eq!((status, &answer["error"]["code"]), (400, &json!(-32020)), "{header}: {answer}");
            wrong.push((header.to_owned(), value.to_owned()));
            assert_eq!(raw(&ann, &wrong, text.as_bytes()).await.0, 400, "twice");
            tried += 2;
        }
    }
    assert!(tried >= 80, "{tried}");
    assert_eq!(world.fake.sent("wire"), 0);
    done(&call(&ann, "work.fake.wire", json!({ "text": "x" })).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_is_good_for_one_message_and_a_token_for_its_run() {
    let world = World::new().await;
    let (first, second) = (world.start().await, world.start().await);
    let (one, mut two) = (world.joined("ann", &first).await, world.joined("ann", &second).await);
    let (headers, body) =
        message(NEW, "tools/call", json!({ "name": "work.fake.wire", "arguments": { "text": "x" } }));
    let bytes = body.to_string().into_bytes();
    let sent = request(&one, &headers, &bytes);
    let again = sent.try_clone().unwrap();
    assert_eq!(sent.send().await.unwrap().status(), 200);
    assert_eq!(again.send().await.unwrap().status(), 401, "one proof, one message");
    assert_eq!(world.fake.sent("wire"), 1);
    // What the message names besides the token selects nothing.
    let (mut headers, mut body) =
        message(NEW, "tools/call", json!({ "name": "work.fake.wire", "arguments": { "text": "y" } }));
    headers.push(("Mcp-Session-Id".to_owned(), first.clone()));
    for (name, value) in [("run", &first), ("progressToken", &first), ("traceparent", &first)] {
        body["params"]["_meta"][name] = json!(value);
    }
    body["params"]["requestState"] = json!(first);
    body["id"] = json!(first);
    let (status, answer) = raw(&two, &headers, body.to_string().as_bytes()).await;
    assert_eq!(status, 200, "{answer}");
    let index = done(&answer["result"])["index"].clone();
    refused(&call(&one, "result", json!({ "index": index })).await, "unknown");
    done(&call(&two, "result", json!({ "index": index })).await);
    // Another agent's token with one's own key, and no token at all.
    let ben = world.joined("ben", &first).await;
    two.session = ben.session.clone();
    let (headers, body) = message(NEW, "tools/list", json!({}));
    assert_eq!(raw(&two, &headers, body.to_string().as_bytes()).await.0, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_in_a_browser_reaches_any_route() {
    let world = World::new().await;
    let port = world.running.url.rsplit(':').next().unwrap().to_owned();
    let client = reqwest::Client::new();
    let routes = [
        ("GET", "/v1/server"),
        ("GET", "/healthz"),
        ("GET", "/openapi.json"),
        ("GET", "/.well-known/jwks.json"),
        ("GET", "/.well-known/oauth-protected-resource/mcp"),
        ("GET", "/.well-known/oauth-authorization-server"),
        ("GET", "/nothing"),
        ("POST", "/mcp"),
        ("GET", "/mcp"),
        ("POST", "/v1/runs"),
        ("POST", "/v1/sessions"),
        ("POST", "/v1/kill"),
        ("POST", "/v1/runs/x/grants"),
        ("OPTIONS", "/mcp"),
    ];
    for (method, path) in routes {
        let ask = |host: String| {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let request = client.request(method, format!("{}{path}", world.running.url));
            request.header("Host", host).header("Content-Type", "application/json").body("")
        };
        let own = [
            format!("127.0.0.1:{port}"),
            format!("localhost:{port}"),
            format!("LOCALHOST:{port}"),
            format!("[::1]:{port}"),
        ];
        for host in own {
            let answer = ask(host.clone()).send().await.unwrap();
            assert_ne!(answer.status(), 403, "{method} {path} {host}");
            assert!(!answer.headers().keys().any(|name| name.as_str().starts_with("access-control")));
        }
        let others = [
            "evil.example".to_owned(),
            format!("evil.example:{port}"),
            "127.0.0.1:1".to_owned(),
            "localhost".to_owned(),
            format!("127.0.0.1.evil.example:{port}"),
        ];
        for host in others {
            assert_eq!(ask(host.clone()).send().await.unwrap().status(), 403, "{method} {path} {host}");
        }
        let local = || ask(format!("127.0.0.1:{port}"));
        for origin in
            ["https://evil.example", "null", "", "http://localhost:3000", &format!("http://localhost:{port}")]
        {
            assert_eq!(
                local().header("Origin", origin).send().await.unwrap().status(),
                403,
                "{method} {path} {origin}"
            );
        }
        let own = local().header("Origin", &world.running.url).send().await.unwrap().status();
        assert_ne!(own, 403, "{method} {path}");
        for site in ["cross-site", "same-site"] {
            assert_eq!(
                local().header("Sec-Fetch-Site", site).send().await.unwrap().status(),
                403,
                "{path} {site}"
            );
        }
        if method == "POST" {
            for kind in [
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data",
                "application/jsonp",
            ] {
                let request = client.post(format!("{}{path}", world.running.url));
                let answer = request.header("Content-Type", kind).body("{}").send().await.unwrap();
                assert_eq!(answer.status(), 400, "{path} {kind}");
            }
            let bare = client.post(format!("{}{path}", world.running.url)).body("{}").send().await.unwrap();
            assert_eq!(bare.status(), 400, "{path} without a content type");
        }
    }
}

/// Sends a call over a connection of its own, which the caller closes.
async fn sent(agent: &Agent, name: &str, arguments: Value) -> tokio::net::TcpStream {
    let (headers, body) = message(NEW, "tools/call", json!({ "name": name, "arguments": arguments }));
    let request = request(agent, &headers, body.to_string().as_bytes()).build().unwrap();
    let host = agent.url.trim_start_matches("http://");
    let mut head =
        format!("POST /mcp HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\n", body.to_string().len());
    for (name, value) in request.headers() {
        head += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_connection_after_the_claim_acts_once_and_its_answer_is_given_out_once() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = Arc::new(world.joined("ann", &run).await);
    let gate = world.fake.close();
    let stream = sent(&ann, "work.fake.push", json!({ "id": 7 })).await;
    until("the action is under way", || async { world.fake.sent("push") == 1 }).await;
    drop(stream);
    // The server notices that the connection is closed while the action waits.
    let other = sent(&ann, "work.fake.touch", json!({ "branch": "x" })).await;
    until("another call is under way", || async { world.fake.sent("touch") == 1 }).await;
    gate.add_permits(2);
    let mut other = other;
    let mut some = [0; 16];
    assert!(other.read(&mut some).await.unwrap() > 0);
    until("it was done", || async { world.fake.count("push") == 1 }).await;
    let repeat = call(&ann, "work.fake.push", json!({ "id": 7 })).await;
    done(&repeat);
    assert_eq!(world.fake.sent("push"), 1, "the answer that was lost");
    gate.add_permits(1);
    done(&call(&ann, "work.fake.push", json!({ "id": 7 })).await);
    assert_eq!(world.fake.sent("push"), 2, "the answer was delivered, so this is another use");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_closed_at_any_point_of_the_request_acts_at_most_once() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let host = ann.url.trim_start_matches("http://").to_owned();
    let (headers, body) =
        message(NEW, "tools/call", json!({ "name": "work.fake.wire", "arguments": { "text": "x" } }));
    for part in 0..12 {
        let request = request(&ann, &headers, body.to_string().as_bytes()).build().unwrap();
        let mut text =
            format!("POST /mcp HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\n", body.to_string().len());
        for (name, value) in request.headers() {
            text += &format!("{name}: {}\r\n", value.to_str().unwrap());
        }
        text += &format!("\r\n{body}");
        let mut stream = tokio::net::TcpStream::connect(&host).await.unwrap();
        stream.write_all(&text.as_bytes()[..text.len() * part / 11]).await.unwrap();
        drop(stream);
    }
    // The contract grants one use; it is there or it was used.
    let answer = call(&ann, "work.fake.wire", json!({ "text": "x" })).await;
    if answer["isError"] == true {
        assert!(
            ["used_up", "in_flight", "too_many"].contains(&answer["_meta"]["code"].as_str().unwrap()),
            "{answer}"
        );
    }
    assert!(world.fake.sent("wire") <= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn await_returns_at_a_change_and_at_once_if_it_came_before() {
    let world = World::new().await;
    let run = world.start().await;
    let (ann, ben) = (world.joined("ann", &run).await, Arc::new(world.joined("ben", &run).await));
    let before = done(&call(&ben, "offers", json!({})).await)["seen"].clone();
    let waiting = tokio::spawn({
        let (ben, seen) = (Arc::clone(&ben), before.clone());
        async move { call(&ben, "await", json!({ "seen": seen })).await }
    });
    ann.act("work", "fake.note", json!({ "text": "x" })).await.ok();
    ann.submit("work", "files", json!(["src/a.rs"])).await.ok();
    ann.judge("work", "done").await.ok();
    let woken = tokio::time::timeout(std::time::Duration::from_secs(20), waiting).await.unwrap().unwrap();
    assert_eq!(done(&woken)["offers"][0]["step"], "review");
    let late = call(&ben, "await", json!({ "seen": before }));
    let late = tokio::time::timeout(std::time::Duration::from_secs(20), late).await.unwrap();
    assert_eq!(done(&late)["offers"][0]["step"], "review");
    // Nothing changes in a run that is over.
    ben.view("review", "work.files").await.ok();
    ben.judge("review", "approved").await.ok();
    ann.act("ship", "fake.push", json!({})).await.ok();
    let over = call(&ben, "await", json!({}));
    let over = tokio::time::timeout(std::time::Duration::from_secs(20), over).await.unwrap();
    assert_eq!(done(&over)["status"], "finished");
}
