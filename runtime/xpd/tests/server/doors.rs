//! Listeners: connections that stay open, requests under way at shutdown, and sockets.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Agent, Running, Site, World, agent, open, until};

/// A connection with an incomplete head.
async fn half(world: &World) -> TcpStream {
    let address = world.running.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: ").await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_with_an_incomplete_request_are_closed() {
    let site = Site::new();
    site.write("request_seconds = 1\n");
    let fake = std::sync::Arc::new(crate::support::Fake::default());
    let running = Running::start(&site, &fake).await;
    let world = World { site, fake, running };
    let mut stream = half(&world).await;
    let mut answer = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
    assert!(closed.is_ok(), "the connection is held for ever");
    // A body that does not arrive is waited for no longer.
    let address = world.running.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v1/runs/x/actions HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 9\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let closed = tokio::time::timeout(Duration::from_secs(10), stream.read_to_string(&mut answer)).await;
    assert!(closed.is_ok(), "the request is held for ever");
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("bad_request"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incomplete_request_does_not_delay_shutdown() {
    let world = World::new().await;
    let _held = half(&world).await;
    tokio::time::timeout(Duration::from_secs(10), world.restart()).await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_whose_asker_left_is_finished_before_the_server_stops() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let grant = ann.granted("work", "fake.wire", json!({ "text": "x" })).await;
    let gate = world.fake.close();
    let mut late = Agent::new(agent::key("ann"), &world.running.url);
    (late.session, late.run) = (ann.session.clone(), run.clone());
    let token = grant.clone();
    let asked = tokio::spawn(async move { late.use_grant(&token, json!({ "request_id": "u" })).await });
    until("the act", async || world.fake.sent("wire") == 1).await;
    asked.abort();
    drop(asked.await);
    drop(ann);
    let stopping = tokio::spawn(world.restart());
    gate.add_permits(10);
    let world = stopping.await.expect("the folder is free");
    let ann = world.joined("ann", &run).await;
    assert_eq!(world.doubts().await, Vec::<serde_json::Value>::new());
    let answer = ann.use_grant(&grant, json!({ "request_id": "u" })).await;
    assert_eq!((&answer.ok()["replayed"], world.fake.sent("wire")), (&json!(true), 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_in_the_roster_is_taken_for_the_administrator() {
    let site = Site::new();
    let roster = std::fs::read_to_string(site.folder.join("roster.toml")).unwrap();
    std::fs::write(site.folder.join("roster.toml"), roster.replace("name = \"eve\"", "name = \"admin\""))
        .unwrap();
    let fake = std::sync::Arc::new(crate::support::Fake::default());
    let refused = open(&site, &fake).await.err().unwrap().to_string();
    assert!(refused.contains("`admin`") && refused.contains("roster.toml"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_where_the_socket_should_be_is_not_taken_away() {
    let site = Site::new();
    std::fs::write(site.folder.join("xpd.sock"), "somebody's").unwrap();
    let fake = std::sync::Arc::new(crate::support::Fake::default());
    let refused = open(&site, &fake).await.err().unwrap().to_string();
    assert!(refused.contains("xpd.sock"), "{refused}");
    assert_eq!(std::fs::read_to_string(site.folder.join("xpd.sock")).unwrap(), "somebody's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_administrator_is_never_made_to_wait() {
    let site = Site::new();
    let text = std::fs::read_to_string(site.folder.join("xpd.toml")).unwrap();
    let text = text.replace("refusals_per_minute = 500", "refusals_per_minute = 1");
    std::fs::write(site.folder.join("xpd.toml"), text).unwrap();
    let fake = std::sync::Arc::new(crate::support::Fake::default());
    let running = Running::start(&site, &fake).await;
    let world = World { site, fake, running };
    world.kill(json!({ "principal": "eve" })).await.ok();
    for _ in 0..15 {
        world.kill(json!({ "principal": "eve" })).await.refused("killed");
    }
    world.kill(json!("everything")).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_being_received_are_limited_and_small_ones_pass() {
    let world = World::new().await;
    let address = world.running.url.strip_prefix("http://").unwrap();
    let mut held = Vec::new();
    for _ in 0..64 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /v1/sessions HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n{{"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        held.push(stream);
    }
    // A valid, large request.
    let large = json!({ "scope": "everything", "reason": "x".repeat(900_000) });
    until("a full house", async || {
        world.agent("ann").post_with("/v1/sessions", None, &large).await.code() == "busy"
    })
    .await;
    world.kill(json!("everything")).await.ok();
    drop(held);
    until("room again", async || {
        world.agent("ann").post_with("/v1/sessions", None, &large).await.code() == "bad_request"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unauthenticated_requests_do_not_occupy_the_places_for_evidence() {
    let world = World::new().await;
    let run = world.start().await;
    let address = world.running.url.strip_prefix("http://").unwrap();
    let mut held = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "GET /v1/runs/{run}/evidence HTTP/1.1\r\nhost: {address}\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server has begun to read it: it asks for the rest (100 Continue).
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        held.push(stream);
    }
    world.kill(json!({ "run": run })).await.ok();
    world.verifies(&run).await;
}
