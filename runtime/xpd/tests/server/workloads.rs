//! Workloads: a token of an issuer is exchanged once, for a session that is good for little.

use serde_json::{Value, json};
use xp_artifact::workflow::Workflow;
use xpd_engine::registry::Registry;
use xpd_store::{Clock as _, SystemClock};

use crate::mcp::call;
use crate::oauth::{self, Answer, EXCHANGE, exchange};
use crate::people::stand_in::{Provider, key, maced, part, public, signed};
use crate::support::{Agent, Site, World, agent, flow};

const AUDIENCE: &str = "https://xp.test";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";

/// A principal of the roster that tokens of a provider mean.
fn workload(name: &str, provider: &Provider, claims: &str, actions: &[&str]) -> String {
    format!(
        "\n[[principal]]\nname = \"{name}\"\nkind = \"workload\"\ncontroller = \"team-c\"\nroles = [\"author\"]\n\
         [principal.workload]\nissuer = \"{}\"\nclaims = {claims}\nactions = {actions:?}\n",
        provider.issuer
    )
}

const CLAIMS: &str = "{ repository_id = \"42\", event_name = \"push\" }";

fn append(site: &Site, lines: &str) {
    let path = site.folder.join("roster.toml");
    std::fs::write(&path, std::fs::read_to_string(&path).unwrap() + lines).unwrap();
}

/// A server that takes tokens of a provider for the principal `ci`.
async fn world_of(provider: &Provider, workflow: Workflow) -> World {
    let site = Site::new();
    site.write(&format!("\n[[workload]]\nissuer = \"{}\"\naudience = \"{AUDIENCE}\"\n", provider.issuer));
    let registry = Registry::of(&workflow.actions, &workflow.records, &workflow.kinds);
    std::fs::write(site.folder.join("declarations.json"), registry.to_json().to_string()).unwrap();
    append(&site, &workload("ci", provider, CLAIMS, &["fake.note", "fake.wire"]));
    World::on(site, workflow, SystemClock::shared()).await
}

fn now() -> i64 {
    i64::try_from(SystemClock.now() / 1_000).unwrap()
}

/// The claims of a good token.
fn claims(provider: &Provider, jti: &str) -> Value {
    json!({
        "iss": provider.issuer, "sub": "repo:octo-org/octo-repo:ref:refs/heads/main", "aud": AUDIENCE, "jti": jti,
        "exp": now() + 300, "nbf": now(), "iat": now(), "repository_id": "42", "event_name": "push",
        "repository": "octo-org/octo-repo",
    })
}

fn head() -> Value {
    json!({ "typ": "JWT", "alg": "EdDSA", "kid": "k" })
}

fn token(provider: &Provider, jti: &str) -> String {
    signed(&head(), &claims(provider, jti), &key(1))
}

/// A job with a key of its own, which is registered nowhere.
fn job(world: &World, name: &str) -> Agent {
    Agent::new(agent::key(name), &world.running.url)
}

async fn exchanged(job: &Agent, run: &str, token: &str, kind: &str) -> Answer {
    let run = format!("xp:run:{run}");
    let form = [
        ("grant_type", EXCHANGE),
        ("subject_token", token),
        ("subject_token_type", kind),
        ("scope", &run),
        ("client_id", "ci"),
    ];
    exchange(job, &form.map(|(name, value)| (name.to_owned(), value.to_owned()))).await
}

/// A job with a session of a run.
async fn joined(world: &World, name: &str, run: &str, token: &str) -> Agent {
    let mut job = job(world, name);
    let got = exchanged(&job, run, token, JWT).await;
    assert_eq!((got.status, &got.body["expires_in"]), (200, &json!(600)), "{}", got.body);
    job.session = got.body["access_token"].as_str().unwrap().to_owned();
    job.run = run.to_owned();
    job
}

#[track_caller]
fn not_taken(got: &Answer, code: &str) {
    got.refused(400, "invalid_request");
    assert_eq!(got.body["code"], code, "{}", got.body);
}

/// Whether any file below a folder holds a text.
fn holds(folder: &std::path::Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            return holds(&entry.path(), text);
        }
        let bytes = std::fs::read(entry.path()).unwrap_or_default();
        bytes.windows(text.len()).any(|part| part == text.as_bytes())
    })
}

/// By what the callers of a run showed who they are, as its entries say.
fn bindings(world: &World, run: &str) -> Vec<String> {
    let path = world.site.folder.join("data/xpd.sqlite");
    let database = rusqlite::Connection::open(path).unwrap();
    let mut query = database.prepare("SELECT bytes FROM entries WHERE run = ?1 ORDER BY idx").unwrap();
    let bytes = query.query_map([run], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let said = bytes.filter_map(|bytes| {
        let entry: Value = serde_json::from_slice(&bytes.unwrap()).unwrap();
        entry["body"]["decided"]["facts"]["binding"].as_str().map(str::to_owned)
    });
    said.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_say_that_a_key_can_be_copied() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    ann.act("work", "fake.note", json!({ "text": "x" })).await.ok();
    assert_eq!(bindings(&world, &run), Vec::<String>::new());
    let path = world.site.folder.join("roster.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace("key_file = \"ann.pem\"", "key_file = \"ann.pem\"\nheld = \"file\"");
    std::fs::write(&path, text).unwrap();
    assert!(world.running.reloader.try_reload().await.unwrap());
    // Whoever holds the copy says so as well.
    let copy = world.joined("ann", &run).await;
    copy.act("work", "fake.note", json!({ "text": "x" })).await.ok();
    copy.submit("work", "files", json!(["src/a.rs"])).await.ok();
    copy.judge("work", "done").await.ok();
    assert_eq!(bindings(&world, &run), ["dpop-file"; 4], "request, claim, submission, judgement");
    world.kill(json!({ "run": run })).await.ok();
    world.verifies(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_exchanged_once_for_a_session_that_is_named_in_the_evidence() {
    let provider = Provider::start();
    let world = world_of(&provider, flow::workflow(60)).await;
    let (run, other) = (world.start().await, world.start().await);
    let foreign = token(&provider, "job-1");
    let mut ci = joined(&world, "job-1", &run, &foreign).await;
    let done = call(&ci, "work.fake.note", json!({ "text": "hello" })).await;
    assert_ne!(done["isError"], true, "{done}");
    assert_eq!(world.fake.count("note"), 1);
    // The same token: here, in another run, by another key, as another type.
    for (name, run) in [("job-1", &run), ("job-1", &other), ("job-2", &run)] {
        not_taken(&exchanged(&job(&world, name), run, &foreign, JWT).await, "replayed");
    }
    not_taken(&exchanged(&ci, &run, &foreign, ID_TOKEN).await, "replayed");
    // The session is for its run and its key.
    ci.run = other.clone();
    ci.get(&format!("/v1/runs/{other}/offers")).await.refused("unknown");
    ci.run = run.clone();
    let mut thief = job(&world, "job-2");
    (thief.session, thief.run) = (ci.session.clone(), run.clone());
    thief.get(&format!("/v1/runs/{run}/offers")).await.refused("unauthenticated");
    // The foreign token opens nothing by itself.
    for (scheme, proved) in [("Bearer", false), ("DPoP", false), ("DPoP", true)] {
        let fresh = token(&provider, "job-9");
        let request = reqwest::Client::new().post(format!("{}/mcp", ci.url));
        let request = request.header("Authorization", format!("{scheme} {fresh}"));
        let request = match proved {
            true => request.header("DPoP", ci.proof("POST", "/mcp", Some(&fresh), b"{}")),
            false => request,
        };
        let got = oauth::answer(request.header("Content-Type", "application/json").body("{}")).await;
        assert_eq!(got.status, 401, "{scheme} {}", got.body);
    }
    // Restarted, the server still knows that it was exchanged, and takes another one.
    let world = world.restart().await;
    not_taken(&exchanged(&job(&world, "job-1"), &run, &foreign, JWT).await, "replayed");
    not_taken(&exchanged(&job(&world, "job-3"), &other, &foreign, JWT).await, "replayed");
    joined(&world, "job-3", &run, &token(&provider, "job-3")).await;
    // The token went nowhere, and nothing of it was kept.
    let signature = foreign.rsplit('.').next().unwrap();
    assert!(!holds(&world.site.folder, signature), "the token was kept");
    // Entries say by what the caller showed who it is.
    assert_eq!(bindings(&world, &run), ["oidc-bearer", "oidc-bearer"], "request and claim");
    world.kill(json!({ "run": run })).await.ok();
    world.verifies(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_a_workload_is_good_for_listed_actions_that_are_not_final() {
    let provider = Provider::start();
    let mut workflow = flow::workflow(60);
    workflow.actions[flow::WIRE].irreversible = true;
    let world = world_of(&provider, workflow).await;
    let run = world.start().await;
    let ci = joined(&world, "job-1", &run, &token(&provider, "job-1")).await;
    // Listed and final, and not listed.
    for (tool, arguments) in [
        ("work.fake.wire", json!({ "text": "x" })),
        ("work.fake.push", json!({ "id": 1 })),
        ("submit.work.files", json!({ "value": ["src/a.rs"] })),
        ("judge.work", json!({ "outcome": "done" })),
    ] {
        let answer = call(&ci, tool, arguments).await;
        assert_eq!(answer["_meta"]["code"], "not_allowed", "{tool}: {answer}");
        assert!(answer["_meta"]["index"].is_u64(), "on the record: {answer}");
    }
    ci.ask("work", "fake.note", json!({ "text": "x" })).await.refused("not_allowed");
    ci.submit("work", "files", json!(["src/a.rs"])).await.refused("not_allowed");
    ci.judge("work", "done").await.refused("not_allowed");
    ci.start("A").await.refused("unauthenticated");
    assert_eq!(world.fake.sent("wire") + world.fake.sent("push") + world.fake.sent("note"), 0);
    assert_ne!(call(&ci, "offers", json!({})).await["isError"], true);
    let done = call(&ci, "work.fake.note", json!({ "text": "x" })).await;
    assert_ne!(done["isError"], true, "{done}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_with_the_lines_of_the_roster_that_opened_it() {
    let provider = Provider::start();
    let world = world_of(&provider, flow::workflow(60)).await;
    let run = world.start().await;
    let ci = joined(&world, "job-1", &run, &token(&provider, "job-1")).await;
    let path = world.site.folder.join("roster.toml");
    let before = std::fs::read_to_string(&path).unwrap();
    let reload = async |text: &str| {
        std::fs::write(&path, text).unwrap();
        assert!(world.running.reloader.try_reload().await.unwrap());
    };
    let offers = format!("/v1/runs/{run}/offers");
    ci.get(&offers).await.ok();
    // Another issuer's number, other actions, or nothing at all.
    let changed = [
        before.replace("repository_id = \"42\"", "repository_id = \"43\""),
        before.replace("\"fake.note\", ", ""),
        before.split("\n[[principal]]\nname = \"ci\"").next().unwrap().to_owned(),
    ];
    for text in changed {
        assert_ne!(text, before);
        reload(&text).await;
        ci.get(&offers).await.refused("unauthenticated");
        reload(&before).await;
    }
    reload(&before.replace("repository_id = \"42\"", "repository_id = \"43\"")).await;
    not_taken(
        &exchanged(&job(&world, "job-2"), &run, &token(&provider, "job-2"), JWT).await,
        "unauthenticated",
    );
    // Two principals that one token means: neither is taken.
    reload(&(before.clone() + &workload("ci2", &provider, "{ repository_id = \"42\" }", &["fake.note"])))
        .await;
    not_taken(
        &exchanged(&job(&world, "job-2"), &run, &token(&provider, "job-2"), JWT).await,
        "unauthenticated",
    );
    // Lines that are added count in later runs.
    reload(&before).await;
    let got = exchanged(&job(&world, "job-2"), &run, &token(&provider, "job-2"), JWT).await;
    got.refused(400, "invalid_scope");
    let later = world.start().await;
    joined(&world, "job-2", &later, &token(&provider, "job-2")).await;
}

/// A case: its name, how it changes the claims, how it makes the token of them (none: as the provider does).
type Case = (&'static str, fn(&mut Value), Option<fn(&Value) -> String>);

fn without(claims: &mut Value, name: &str) {
    claims.as_object_mut().unwrap().remove(name);
}

const TOKENS: &[Case] = &[
    ("alg none", |_| {}, Some(|claims| format!("{}.{}.", part(&json!({ "alg": "none" })), part(claims)))),
    (
        "HS256 with the public key",
        |_| {},
        Some(|claims| {
            maced(&json!({ "alg": "HS256", "kid": "k" }), claims, key(1).verifying_key().as_bytes())
        }),
    ),
    (
        "HS256 with the published key",
        |_| {},
        Some(|claims| {
            maced(&json!({ "alg": "HS256", "kid": "k" }), claims, public(&key(1), "k").to_string().as_bytes())
        }),
    ),
    ("another key", |_| {}, Some(|claims| signed(&head(), claims, &key(2)))),
    (
        "a key that is not published",
        |_| {},
        Some(|claims| signed(&json!({ "alg": "EdDSA", "kid": "other" }), claims, &key(2))),
    ),
    (
        "a key in the header",
        |_| {},
        Some(|claims| {
            let head = json!({ "alg": "EdDSA", "jwk": public(&key(2), "k") });
            signed(&head, claims, &key(2))
        }),
    ),
    (
        "critical members",
        |_| {},
        Some(|claims| {
            signed(&json!({ "alg": "EdDSA", "kid": "k", "crit": ["b64"], "b64": true }), claims, &key(1))
        }),
    ),
    ("another issuer", |claims| claims["iss"] = json!("https://token.example"), None),
    ("no issuer", |claims| without(claims, "iss"), None),
    ("another audience", |claims| claims["aud"] = json!("https://other.test"), None),
    ("others, too", |claims| claims["aud"] = json!([AUDIENCE, "https://other.test"]), None),
    ("others", |claims| claims["aud"] = json!(["https://other.test", "https://more.test"]), None),
    ("the audience twice", |claims| claims["aud"] = json!([AUDIENCE, AUDIENCE]), None),
    ("no audience", |claims| without(claims, "aud"), None),
    ("an empty list of audiences", |claims| claims["aud"] = json!([]), None),
    ("expired", |claims| claims["exp"] = json!(now() - 120), None),
    ("no expiry", |claims| without(claims, "exp"), None),
    ("good for a week", |claims| claims["exp"] = json!(now() + 7 * 86_400), None),
    ("not issued yet", |claims| claims["iat"] = json!(now() + 600), None),
    ("not valid yet", |claims| claims["nbf"] = json!(now() + 600), None),
    ("issued long ago", |claims| claims["iat"] = json!(now() - 2 * 86_400), None),
    ("no jti", |claims| without(claims, "jti"), None),
    ("an empty jti", |claims| claims["jti"] = json!(""), None),
    ("a jti that is a number", |claims| claims["jti"] = json!(5), None),
    ("a long jti", |claims| claims["jti"] = json!("x".repeat(300)), None),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_do_not_hold_are_not_taken() {
    let provider = Provider::start();
    let world = world_of(&provider, flow::workflow(60)).await;
    let run = world.start().await;
    let job = job(&world, "job-1");
    for (name, change, make) in TOKENS {
        let mut claims = claims(&provider, "job-1");
        change(&mut claims);
        let token = match make {
            None => signed(&head(), &claims, &key(1)),
            Some(make) => make(&claims),
        };
        let got = exchanged(&job, &run, &token, JWT).await;
        assert_eq!(
            (got.status, &got.body["error"]),
            (400, &json!("invalid_request")),
            "{name}: {}",
            got.body
        );
        let signature = token.rsplit('.').next().filter(|part| !part.is_empty());
        assert!(signature.is_none_or(|part| !got.body.to_string().contains(part)), "{name}");
    }
    // A number or a name that is not the workload's.
    for (claim, value) in
        [("repository_id", json!("43")), ("repository_id", json!(null)), ("event_name", json!("pr"))]
    {
        let mut claims = claims(&provider, "job-1");
        claims[claim] = value;
        not_taken(&exchanged(&job, &run, &signed(&head(), &claims, &key(1)), JWT).await, "unauthenticated");
    }
    // What was not taken was not burned; a number is its digits.
    let mut claims = claims(&provider, "job-1");
    claims["repository_id"] = json!(42);
    claims["aud"] = json!([AUDIENCE]);
    joined(&world, "job-1", &run, &signed(&head(), &claims, &key(1))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_keys_no_token_is_taken() {
    let provider = Provider::start();
    let world = world_of(&provider, flow::workflow(60)).await;
    let run = world.start().await;
    provider.plan.lock().unwrap().metadata = json!({ "issuer": "https://token.example" });
    let got = exchanged(&job(&world, "job-1"), &run, &token(&provider, "job-1"), JWT).await;
    got.refused(503, "temporarily_unavailable");
    let elsewhere = provider.requests();
    // An issuer that is not registered is asked for nothing.
    let other = Provider::start();
    not_taken(&exchanged(&job(&world, "job-1"), &run, &token(&other, "job-1"), JWT).await, "bad_request");
    assert_eq!((other.requests(), provider.requests()), (0, elsewhere));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bridge_exchanges_the_token_of_a_job() {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::process::{Command, Stdio};

    let provider = Provider::start();
    let world = world_of(&provider, flow::workflow(60)).await;
    let run = world.start().await;
    let file = world.site.folder.join("job.token");
    std::fs::write(&file, token(&provider, "job-1") + "\n").unwrap();
    let command = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xpd"));
        command.args(["mcp", "--run", &run, "--server", &world.running.url, "--job-token"]).arg(&file);
        command
            .current_dir(&world.site.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let mut bridge = command();
    let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    let ask = json!({ "name": "work.fake.note", "arguments": { "text": "x" } });
    let answers = tokio::task::spawn_blocking(move || {
        let (mut input, mut output) =
            (bridge.stdin.take().unwrap(), BufReader::new(bridge.stdout.take().unwrap()));
        let mut answers = Vec::new();
        for (method, params) in [("initialize", hello), ("tools/call", ask)] {
            let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
            writeln!(input, "{message}").unwrap();
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            answers.push(serde_json::from_str::<Value>(&line).unwrap());
        }
        drop(input);
        assert!(bridge.wait().unwrap().success());
        answers
    });
    let answers = answers.await.unwrap();
    assert_ne!(answers[1]["result"]["isError"], true, "{}", answers[1]);
    assert_eq!((world.fake.count("note"), bindings(&world, &run).len()), (1, 2));
    // Started again, it has nothing to exchange.
    let again = tokio::task::spawn_blocking({
        let bridge = command();
        move || bridge.wait_with_output().unwrap()
    });
    let again = again.await.unwrap();
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(!again.status.success() && said.contains("exchanged before"), "{said}");
}
