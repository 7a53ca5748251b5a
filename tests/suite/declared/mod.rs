//! A connector that a user declared, from its text to one refund: compiled, proved, registered, tested, deployed and run with the
//! programs, against a stand-in that counts effects.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;
use xp_artifact::SigningKey;
use xp_tests::client::{Client, Reply};
use xpd_token::KeyPair;

use xp_harness::stand_in::{StandIn, json, with};

mod canaries;
mod clients;
mod public;
mod servers;
mod shadow;
mod stripe;
mod up;

const SHOP: &str = include_str!("../../../runtime/xpd-connectors/tests/declared/http/shop.xp");
const REFUND: &str = include_str!("refund.xp.part");
const CANARY: &str = "canary-2b7e151628";

const ORDER: &str = r#"{"id":"o-1","total":12.5,"placed":0,"lines":[],"tags":[]}"#;

/// One refund for each key, and a list of them.
fn shop() -> StandIn {
    let refunds: Mutex<Vec<String>> = Mutex::default();
    StandIn::new(move |request, _| {
        let said = |status: u16, body: &str| {
            with(status, &[("Content-Type", "application/json"), ("ETag", "v1")], body)
        };
        if request.header("authorization") != Some(&format!("Bearer {CANARY}")) {
            return json(401, "{}");
        }
        let mut refunds = refunds.lock().unwrap();
        if request.line.starts_with("GET /api/orders?") {
            return said(200, &serde_json::json!({ "ids": *refunds }).to_string());
        }
        if request.line.starts_with("GET ") {
            return said(200, ORDER);
        }
        let key = request.header("idempotency-key").unwrap_or_default().to_owned();
        if !refunds.contains(&key) {
            refunds.push(key.clone());
        }
        // What it was sent comes back, as some upstreams do.
        let auth = request.header("authorization").unwrap_or_default();
        said(201, &serde_json::json!({ "id": format!("{key} {auth}"), "status": "succeeded" }).to_string())
    })
}

struct Folder(tempfile::TempDir);

struct Daemon {
    child: Child,
    log_key: String,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Folder {
    fn path(&self) -> &Path {
        self.0.path()
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
        std::fs::set_permissions(self.path().join(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    #[track_caller]
    fn run(&self, program: &str, args: &[&str], code: i32) -> String {
        let mut command = Command::new(xp_tests::program(program));
        let done = command.current_dir(self.path()).args(args).output().unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_eq!(done.status.code(), Some(code), "{program} {args:?}: {said}");
        said
    }

    fn serve(&self, crash_at: Option<&str>, url: &str) -> Daemon {
        let shop = format!(
            "[connector.shop]\nbase_url = \"{url}\"\ncredential = {{ bearer = {{ file = \"secret\" }} }}\n"
        );
        self.serve_with(crash_at, &shop)
    }

    /// The server with these tables of connectors.
    fn serve_with(&self, crash_at: Option<&str>, connectors: &str) -> Daemon {
        self.serve_at(crash_at, "", connectors)
    }

    /// The server with further keys of its own, and these tables of connectors.
    fn serve_at(&self, crash_at: Option<&str>, keys: &str, connectors: &str) -> Daemon {
        let test = crash_at.map(|at| format!("[test]\ncrash_at = \"{at}\"\n")).unwrap_or_default();
        let config = format!(
            "[server]\nname = \"xpd.test\"\nsocket = \"xpd.sock\"\ndata = \"data\"\nroster = \"roster.toml\"\n{keys}\n\
             [artifacts]\ntrusted = [\"signer.pub.pem\"]\n\n{connectors}\n\
             [limits]\ngrace_seconds = 0\ndisk_percent = 101\n{test}"
        );
        self.put("xpd.toml", &config);
        let mut command = Command::new(xp_tests::program("xpd"));
        command.current_dir(self.path()).args(["serve"]).env("XPD_TEST_HOOKS", "1").stdin(Stdio::null());
        let log = std::fs::File::create(self.path().join("xpd.log")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let log_key = lines.find_map(|line| line.strip_prefix("log key ").map(str::to_owned));
        let log = std::fs::read_to_string(self.path().join("xpd.log")).unwrap_or_default();
        Daemon { child, log_key: log_key.unwrap_or_else(|| panic!("it did not come up: {log}")) }
    }
}

#[track_caller]
fn ok(reply: &Reply) -> &Value {
    assert!(reply.status < 300, "{} {}", reply.status, reply.body);
    &reply.body
}

struct Agent {
    client: Client,
    run: String,
    session: String,
}

impl Agent {
    fn join(folder: &Folder, seed: u8, run: Option<&str>) -> Self {
        let start = serde_json::json!({ "artifact": "refund", "params": {} });
        let key = KeyPair::from_seed([seed; 32]).unwrap();
        let client =
            Client { socket: folder.path().join("xpd.sock"), key, patience: Duration::from_secs(30) };
        let run = match run {
            Some(run) => run.to_owned(),
            None => {
                let reply = client.send("POST", "/v1/runs", None, Some(&start)).unwrap();
                ok(&reply)["run"].as_str().unwrap().to_owned()
            }
        };
        let reply =
            client.send("POST", "/v1/sessions", None, Some(&serde_json::json!({ "run": run }))).unwrap();
        let session = ok(&reply)["access_token"].as_str().unwrap().to_owned();
        Self { client, run, session }
    }

    fn grant(&self, body: &Value) -> Reply {
        self.client
            .send("POST", &format!("/v1/runs/{}/grants", self.run), Some(&self.session), Some(body))
            .unwrap()
    }

    fn act(&self, grant: &Reply) -> std::io::Result<Reply> {
        let token = ok(grant)["grant"].as_str().unwrap().to_owned();
        self.client.send(
            "POST",
            &format!("/v1/runs/{}/actions", self.run),
            Some(&token),
            Some(&serde_json::json!({})),
        )
    }

    fn summary(&self) -> Value {
        let reply =
            self.client.send("GET", &format!("/v1/runs/{}", self.run), Some(&self.session), None).unwrap();
        ok(&reply).clone()
    }
}

/// A folder with everything but the registration.
fn folder() -> Folder {
    let folder = Folder(tempfile::tempdir().unwrap());
    let signer = SigningKey::from_seed(&[5; 32]);
    folder.put("signer.pem", &signer.to_pem().unwrap());
    folder.put("signer.pub.pem", &signer.public().to_pem().unwrap());
    folder.put("secret", CANARY);
    for (name, seed) in [("clerk", 3), ("boss", 4)] {
        let key = KeyPair::from_seed([seed; 32]).unwrap().public().to_pem().unwrap();
        folder.put(&format!("{name}.pub.pem"), &key);
    }
    folder.put(
        "roster.toml",
        "[[principal]]\nname = \"clerk-1\"\ncontroller = \"a\"\nroles = [\"clerk\"]\nkey_file = \"clerk.pub.pem\"\n\n\
         [[principal]]\nname = \"boss-1\"\ncontroller = \"b\"\nroles = [\"boss\"]\nkey_file = \"boss.pub.pem\"\n\n\
         [[start]]\nartifact = \"refund\"\nprincipals = [\"clerk-1\"]\nmax_open = 2\nmax_per_day = 9\n",
    );
    folder.put("refund.xp", &format!("{SHOP}{REFUND}"));
    folder
}

#[test]
fn a_declared_connector_pays_once_from_its_text_to_the_evidence() {
    let (folder, upstream) = (folder(), shop());
    folder.run("xpc", &["check", "refund.xp"], 0);
    folder.run("xpc", &["build", "refund.xp", "-o", "refund.xpa", "--sign", "signer.pem"], 0);
    let digest = folder.run("xpc", &["build", "refund.xp", "--connector", "shop", "-o", "shop.json"], 0);
    let server = format!("unix:{}", folder.path().join("xpd.sock").display());

    // Before it is registered, nothing serves it.
    folder.put("xpd.toml", "[server]\nsocket = \"xpd.sock\"\ndata = \"data\"\nroster = \"roster.toml\"\n[artifacts]\ntrusted = [\"signer.pub.pem\"]\n");
    folder.run("xpd", &["connectors", "add", "shop.json", "--accept", digest.trim(), "--by", "ann"], 0);

    // A test of the instance, without which doubts would be left to people.
    drop(folder.serve(None, &upstream.url));
    let look = serde_json::json!({ "action": "orders.find", "args": { "customer": "c", "tags": [] } });
    let refund = serde_json::json!({ "action": "orders.refund", "args": { "order": "o-9", "amount": "1.00" }, "observe": look });
    folder.put("plan.json", &serde_json::json!({ "calls": [refund] }).to_string());
    let said = folder.run(
        "xpd",
        &["connectors", "test", "shop", "--plan", "plan.json", "--against", &upstream.url],
        0,
    );
    assert!(said.contains("two requests with one key make one effect"), "{said}");
    let tested = upstream.effects();

    let daemon = folder.serve(None, &upstream.url);
    folder.run("xpc", &["deploy", "refund.xpa", "--server", &server], 0);
    drop(daemon);

    let daemon = folder.serve(Some("after_effect"), &upstream.url);
    let log_key = daemon.log_key.clone();
    let clerk = Agent::join(&folder, 3, None);
    // The wrong order, and the wrong role.
    let pay =
        serde_json::json!({ "step": "pay", "action": "shop.orders.refund", "args": { "reason": "broken" } });
    assert_eq!(clerk.grant(&pay).body["code"], "out_of_sequence");
    assert_eq!(
        clerk.grant(&serde_json::json!({ "step": "look", "action": "shop.orders.read", "args": {} })).body["code"],
        "wrong_role"
    );
    drop(daemon);

    let daemon = folder.serve(None, &upstream.url);
    let boss = Agent::join(&folder, 4, Some(&clerk.run));
    let read = boss
        .act(&boss.grant(&serde_json::json!({ "step": "look", "action": "shop.orders.read", "args": {} })))
        .unwrap();
    assert_eq!(ok(&read)["result"]["total"], "12.50", "{}", read.body);
    let says = serde_json::json!({ "step": "look", "outcome": "approved" });
    let path = format!("/v1/runs/{}/judgements", boss.run);
    ok(&boss.client.send("POST", &path, Some(&boss.session), Some(&says)).unwrap());
    drop(daemon);

    // The server ends when the shop has acted and nothing is recorded.
    let mut daemon = folder.serve(Some("after_effect"), &upstream.url);
    let clerk = Agent::join(&folder, 3, Some(&clerk.run));
    let grant = clerk.grant(&pay);
    assert!(clerk.act(&grant).is_err(), "the connection breaks off");
    daemon.child.wait().unwrap();
    assert_eq!(upstream.effects(), tested + 1);

    let daemon = folder.serve(None, &upstream.url);
    let begun = Instant::now();
    while clerk.summary()["status"] == "running" {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", clerk.summary());
        std::thread::sleep(Duration::from_millis(20));
    }
    let refunds: Vec<_> =
        upstream.requests().into_iter().filter(|one| one.line == "POST /api/orders/o-1/refunds").collect();
    let keys: Vec<_> = refunds.iter().filter_map(|one| one.header("idempotency-key")).collect();
    assert_eq!(
        (keys.len(), keys.first()),
        (2, keys.last()),
        "sent twice with one key, which the shop acts on once"
    );
    assert_eq!(refunds[0].body, refunds[1].body);
    assert_eq!(refunds[0].body, r#"{"amount":{"value":12.50,"currency":"EUR"},"reason":"broken"}"#);

    let socket = folder.path().join("xpd.sock").display().to_string();
    folder.run("xpd", &["evidence", &clerk.run, "-o", "run.xpe", "--socket", &socket], 0);
    folder.run(
        "xpd",
        &["audit", "verify", "run.xpe", "--log-key", &log_key, "--artifact-key", "signer.pub.pem"],
        0,
    );
    drop(daemon);
    // No secret in what anybody can read.
    for entry in std::fs::read_dir(folder.path())
        .unwrap()
        .chain(std::fs::read_dir(folder.path().join("connectors")).unwrap())
    {
        let path = entry.unwrap().path();
        if path.is_file() && path.file_name().unwrap() != "secret" {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
            assert!(!found, "{} holds the secret", path.display());
        }
    }
}

#[test]
fn an_artifact_whose_connector_is_not_registered_is_refused_with_the_command_to_run() {
    let folder = folder();
    folder.run("xpc", &["build", "refund.xp", "-o", "refund.xpa", "--sign", "signer.pem"], 0);
    folder.put("xpd.toml", "[server]\nsocket = \"xpd.sock\"\ndata = \"data\"\nroster = \"roster.toml\"\n[artifacts]\ntrusted = [\"signer.pub.pem\"]\n");
    let mut command = Command::new(xp_tests::program("xpd"));
    let mut child = command
        .current_dir(folder.path())
        .args(["serve"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("log key ")));
    let server = format!("unix:{}", folder.path().join("xpd.sock").display());
    let said = folder.run("xpc", &["deploy", "refund.xpa", "--server", &server], 2);
    let _ = child.kill();
    let _ = child.wait();
    assert!(said.contains("xpd connectors add shop.json"), "{said}");
}

#[test]
fn the_compiled_declaration_of_the_tests_is_that_of_its_text() {
    let folder = folder();
    folder.put("shop.xp", SHOP);
    folder.run("xpc", &["build", "shop.xp", "-o", "shop.json"], 0);
    let built = std::fs::read_to_string(folder.path().join("shop.json")).unwrap();
    let known = include_str!("../../../runtime/xpd-connectors/tests/declared/http/shop.json");
    assert!(built == known, "build `shop.xp` again: `xpc build shop.xp -o shop.json`");
    folder.run("xpc", &["build", "shop.xp", "--connector", "store", "-o", "x.json"], 2);
    folder.put(
        "silent.xp",
        "connector c {\n  action a() {\n    effect read\n    changes nothing\n    repeat manual\n  }\n}\n",
    );
    let said = folder.run("xpc", &["build", "silent.xp", "--connector", "c", "-o", "x.json"], 2);
    assert!(
        said.contains("no `http` clause says how `a` is done") && !folder.path().join("x.json").exists(),
        "{said}"
    );
}
