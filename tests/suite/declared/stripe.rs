//! An HTTP API that others wrote, unmodified: localstripe, which keeps payments as Stripe does and ignores idempotency keys. Every action
//! of the example `refund` is done once as a workflow allows and once refused; lost answers are resolved by a probe, and effects are counted
//! at the API. It listens on a socket of the test's folder, in a container without network, since by itself it listens on all interfaces.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use xp_artifact::SigningKey;
use xp_harness::browser::Browser;
use xp_harness::stand_in::{Arrived, StandIn};

use super::servers::{Bridge, head};
use super::{Daemon, Folder};

const REFUND: &str = include_str!("../../../examples/refund/refund.xp");
const ACCOUNT: &str = include_str!("public/account.xp.part");
const KEY: &str = "sk_test_canary_9f3b2c";

const SERVE: &str = "import sys
from aiohttp import web
from localstripe.server import app
web.run_app(app, path=sys.argv[1], print=None, access_log=None)";

/// The API, until it is dropped.
struct Api {
    child: Child,
    socket: PathBuf,
}

impl Drop for Api {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Api {
    fn start(folder: &Folder) -> Self {
        let here = folder.path().join("api");
        std::fs::create_dir(&here).unwrap();
        let socket = here.join("api.sock");
        let packages = xp_tests::root().join(".xp/servers-python");
        assert!(packages.is_dir(), "`cargo dev setup` installs {}", packages.display());
        let mut bwrap = Command::new("bwrap");
        bwrap.args([
            "--unshare-all",
            "--die-with-parent",
            "--ro-bind",
            "/",
            "/",
            "--dev",
            "/dev",
            "--tmpfs",
            "/tmp",
        ]);
        bwrap.arg("--bind").arg(&here).arg(&here).arg("--setenv").arg("PYTHONPATH").arg(packages);
        bwrap.args(["/usr/bin/python3", "-c", SERVE]).arg(&socket).stdin(Stdio::null()).stdout(Stdio::null());
        let child = bwrap.spawn().unwrap();
        let mut api = Self { child, socket };
        let begun = Instant::now();
        while UnixStream::connect(&api.socket).is_err() {
            assert!(api.child.try_wait().unwrap().is_none(), "localstripe does not start");
            assert!(begun.elapsed() < Duration::from_secs(60), "localstripe does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        api
    }

    /// Asks it as its owner, and returns what it says.
    #[track_caller]
    fn says(&self, line: &str, form: &str) -> Value {
        let headers = [
            ("authorization", format!("Bearer {KEY}")),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("content-length", form.len().to_string()),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let answer =
            forward(&self.socket, &Arrived { line: line.to_owned(), headers, body: form.to_owned() });
        let text = String::from_utf8(answer).unwrap();
        let (_, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{line}: {text}"));
        serde_json::from_str(body).unwrap_or_else(|_| panic!("{line}: {text}"))
    }

    /// A payment of 200 EUR.
    fn payment(&self) -> String {
        let form = "amount=20000&currency=eur&payment_method=pm_card_visa&confirm=true";
        let said = self.says("POST /v1/payment_intents", form);
        assert_eq!(said["status"], "succeeded", "{said}");
        said["id"].as_str().unwrap().to_owned()
    }

    /// The amounts of the refunds of a payment, in cents.
    fn refunds(&self, payment: &str) -> Vec<Value> {
        let said = self.says(&format!("GET /v1/refunds?payment_intent={payment}&limit=100"), "");
        said["data"].as_array().unwrap().iter().map(|refund| refund["amount"].clone()).collect()
    }
}

/// A request as it arrived, below the base path, and the answer by the byte.
fn forward(socket: &Path, request: &Arrived) -> Vec<u8> {
    let mut stream = UnixStream::connect(socket).unwrap();
    let line = request.line.replacen(" /api/", " /", 1);
    let mut text = format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    for (name, value) in &request.headers {
        if !["host", "connection"].contains(&name.as_str()) {
            text += &format!("{name}: {value}\r\n");
        }
    }
    stream.write_all(format!("{text}\r\n{}", request.body).as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

/// What becomes of the next refund that is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Sound,
    /// It is done, and the answer is lost.
    AnswerLost,
    /// It never arrives.
    RequestLost,
}

/// A proxy before the API.
fn proxy(socket: &Path, line: &Arc<Mutex<Line>>) -> StandIn {
    let (socket, line) = (socket.to_owned(), Arc::clone(line));
    StandIn::new(move |request, _| {
        if !request.line.starts_with("POST /api/v1/refunds") {
            return forward(&socket, request);
        }
        match std::mem::replace(&mut *line.lock().unwrap(), Line::Sound) {
            Line::Sound => forward(&socket, request),
            Line::AnswerLost => {
                forward(&socket, request);
                Vec::new()
            }
            Line::RequestLost => Vec::new(),
        }
    })
}

struct World {
    folder: Folder,
    daemon: Daemon,
    api: Api,
    upstream: StandIn,
    line: Arc<Mutex<Line>>,
    people: String,
    goodwill: String,
    more: String,
}

const AGENTS: [&str; 5] = ["clerk", "lead", "cashier", "seller", "owner"];

/// Both workflows, deployed at a server that has tested the instance.
fn world() -> World {
    let folder = Folder(tempfile::tempdir().unwrap());
    let signer = SigningKey::from_seed(&[5; 32]);
    folder.put("signer.pem", &signer.to_pem().unwrap());
    folder.put("signer.pub.pem", &signer.public().to_pem().unwrap());
    folder.put("secret", KEY);
    folder.put("refund.xp", REFUND);
    let connector = REFUND.split_once("/// Refunds one payment").unwrap().0;
    folder.put("account.xp", &format!("{connector}{ACCOUNT}"));
    for name in ["refund", "account"] {
        let (source, artifact) = (format!("{name}.xp"), format!("{name}.xpa"));
        assert!(folder.run("xpc", &["check", &source], 0).contains(" proved in "));
        folder.run("xpc", &["build", &source, "-o", &artifact, "--sign", "signer.pem"], 0);
    }
    let digest = folder.run("xpc", &["build", "refund.xp", "--connector", "stripe", "-o", "stripe.json"], 0);

    let api = Api::start(&folder);
    let line = Arc::new(Mutex::new(Line::Sound));
    let upstream = proxy(&api.socket, &line);
    let (tested, goodwill, more) = (api.payment(), api.payment(), api.payment());
    let mut roster =
        "[[principal]]\nname = \"mia\"\nkind = \"person\"\ncontroller = \"mia\"\nroles = [\"manager\"]\n"
            .to_owned();
    for agent in AGENTS {
        let (name, key) = (format!("{agent}-1"), format!("{agent}.pem"));
        let enrol = ["agent", "enrol", &name, "--controller", agent, "--role", agent, "-o", &key];
        roster += folder.run("xpd", &enrol, 0).split_once("xpd: wrote ").unwrap().0;
    }
    let rule = |artifact: &str, by: &str, params: &str| {
        format!(
            "\n[[start]]\nartifact = \"{artifact}\"\nprincipals = [\"{by}\"]\nparams = {{ {params} }}\nmax_open = 2\nmax_per_day = 9\n"
        )
    };
    roster += &rule("refund", "clerk-1", &format!("payment = [{goodwill:?}, {more:?}]"));
    roster += &rule("account", "seller-1", "name = \"Ada\", email = \"ada@example.com\", price = \"30.00\"");
    folder.put("roster.toml", &roster);

    let table = format!(
        "[connector.stripe]\nbase_url = {:?}\ncredential = {{ bearer = {{ file = \"secret\" }} }}\n",
        upstream.url
    );
    folder.put("xpd.toml", &format!("{}{table}", head()));
    folder.run("xpd", &["connectors", "add", "stripe.json", "--accept", digest.trim(), "--by", "ann"], 0);
    // The probe is believed once it was seen to find what was done, and nothing else.
    let look = json!({ "action": "refunds.list", "args": { "payment": tested } });
    let refund = json!({ "action": "refunds.create", "args": { "payment": tested, "amount": "1.00" }, "observe": look });
    folder.put("plan.json", &json!({ "calls": [refund] }).to_string());
    let said = folder.run(
        "xpd",
        &["connectors", "test", "stripe", "--plan", "plan.json", "--against", &upstream.url],
        0,
    );
    assert!(said.contains("probe"), "{said}");
    assert_eq!(api.refunds(&tested), [100]);

    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let daemon = folder.serve_at(None, &format!("[people]\nlisten = \"127.0.0.1:{port}\"\n"), &table);
    let at = format!("unix:{}", folder.path().join("xpd.sock").display());
    for name in ["refund.xpa", "account.xpa"] {
        folder.run("xpc", &["deploy", name, "--server", &at], 0);
    }
    World { folder, daemon, api, upstream, line, people: format!("http://localhost:{port}"), goodwill, more }
}

impl World {
    fn start(&self, artifact: &str, by: &str, params: &[String]) -> String {
        let key = format!("{by}.pem");
        let mut start = vec!["agent", "start", artifact, "--socket", "xpd.sock", "--key", &key];
        for param in params {
            start.extend(["--param", param]);
        }
        self.folder.run("xpd", &start, 0).trim().to_owned()
    }

    fn agent(&self, run: &str, name: &str) -> Bridge {
        Bridge::new(&self.folder, run, &format!("{name}.pem"))
    }

    /// A tool is refused with this code, and the API is not asked.
    #[track_caller]
    fn refused(&self, agent: &mut Bridge, tool: &str, arguments: Value, code: &str) {
        let before = self.upstream.requests().len();
        assert_eq!(agent.refused(tool, arguments), code, "{tool}");
        assert_eq!(self.upstream.requests().len(), before, "{tool}: nothing is asked");
    }

    /// Uses a tool by one request, and returns the result.
    #[track_caller]
    fn allowed(&self, agent: &mut Bridge, tool: &str, arguments: Value) -> Value {
        let before = self.upstream.requests().len();
        let answer = agent.call(tool, arguments);
        assert_ne!(answer["isError"], json!(true), "{tool}: {answer}");
        assert_eq!(self.upstream.requests().len(), before + 1, "{tool} is one request");
        answer["structuredContent"]["result"].clone()
    }

    /// The evidence of a run holds.
    fn holds(&self, run: &str) {
        let socket = self.folder.path().join("xpd.sock").display().to_string();
        let file = format!("{run}.xpe");
        self.folder.run("xpd", &["evidence", run, "-o", &file, "--socket", &socket], 0);
        let key = &self.daemon.log_key;
        self.folder.run(
            "xpd",
            &["audit", "verify", &file, "--log-key", key, "--artifact-key", "signer.pub.pem"],
            0,
        );
    }
}

#[track_caller]
fn own(agent: &mut Bridge, tool: &str, arguments: Value) {
    let answer = agent.call(tool, arguments);
    assert_ne!(answer["isError"], json!(true), "{tool}: {answer}");
}

/// Waits until the run is over.
#[track_caller]
fn ended(agent: &mut Bridge) {
    let begun = Instant::now();
    loop {
        let offers = agent.call("offers", json!({}));
        if offers["structuredContent"]["status"] == "ended" {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{offers}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn accounts_are_opened_charged_and_closed_as_the_workflow_says() {
    let world = world();
    let run = world.start(
        "account",
        "seller",
        &["name=Ada".to_owned(), "email=ada@example.com".to_owned(), "price=30.00".to_owned()],
    );
    let (mut seller, mut owner) = (world.agent(&run, "seller"), world.agent(&run, "owner"));
    let customers = || world.api.says("GET /v1/customers?email=ada@example.com", "")["data"].clone();

    world.refused(
        &mut seller,
        "open.stripe.customers.create",
        json!({ "email": "eve@example.com" }),
        "out_of_scope",
    );
    assert_eq!(customers(), json!([]));
    let made = world.allowed(&mut seller, "open.stripe.customers.create", json!({}));
    assert_eq!(customers()[0]["id"], made["customer"]);

    let at = format!("GET /v1/customers/{}", made["customer"].as_str().unwrap());
    world.refused(&mut owner, "rename.stripe.customers.rename", json!({ "name": "Eve" }), "wrong_role");
    assert_eq!(world.api.says(&at, "")["name"], "Ada");
    world.allowed(&mut seller, "rename.stripe.customers.rename", json!({ "name": "Ada & co; 100%" }));
    assert_eq!(world.api.says(&at, "")["name"], "Ada & co; 100%");

    let payments =
        || world.api.says("GET /v1/payment_intents?limit=100", "")["data"].as_array().unwrap().clone();
    let before = payments().len();
    world.refused(&mut seller, "sell.stripe.payments.create", json!({ "amount": "3000.00" }), "out_of_scope");
    assert_eq!(payments().len(), before);
    let sold = world.allowed(&mut seller, "sell.stripe.payments.create", json!({}));
    assert_eq!(payments().len(), before + 1);
    let payment =
        world.api.says(&format!("GET /v1/payment_intents/{}", sold["payment"].as_str().unwrap()), "");
    assert_eq!(
        (&payment["amount"], &payment["currency"], &payment["customer"]),
        (&json!(3000), &json!("eur"), &made["customer"])
    );

    world.refused(
        &mut owner,
        "inspect.stripe.customers.read",
        json!({ "customer": "cus_other" }),
        "out_of_scope",
    );
    let read = world.allowed(&mut owner, "inspect.stripe.customers.read", json!({}));
    assert_eq!(read["name"], "Ada & co; 100%");
    world.refused(&mut seller, "close.stripe.customers.delete", json!({}), "out_of_sequence");
    assert_eq!(customers().as_array().unwrap().len(), 1);
    own(&mut owner, "judge.inspect", json!({ "outcome": "closing" }));
    world.allowed(&mut seller, "close.stripe.customers.delete", json!({}));
    assert_eq!(customers(), json!([]));
    world.holds(&run);
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_are_paid_once_whatever_is_lost_and_beyond_goodwill_as_a_person_approved() {
    let world = world();
    let run = world.start("refund", "clerk", &[format!("payment={}", world.goodwill)]);
    let (mut clerk, mut lead, mut cashier) =
        (world.agent(&run, "clerk"), world.agent(&run, "lead"), world.agent(&run, "cashier"));
    let request = |amount: &str| json!({ "value": { "payment": world.more, "amount": amount } });

    // Every action once refused and once allowed.
    let other = json!({ "payment": world.more });
    world.refused(&mut clerk, "look.stripe.payments.read", other.clone(), "out_of_scope");
    let read = world.allowed(&mut clerk, "look.stripe.payments.read", json!({}));
    assert_eq!((&read["amount"], &read["status"]), (&json!("200.00"), &json!("succeeded")));
    world.refused(&mut clerk, "look.stripe.refunds.list", other, "out_of_scope");
    assert_eq!(
        world.allowed(&mut clerk, "look.stripe.refunds.list", json!({})),
        json!({ "count": 0, "refunds": [] })
    );
    own(
        &mut clerk,
        "submit.look.request",
        json!({ "value": { "payment": world.goodwill, "amount": "10.00" } }),
    );
    own(&mut clerk, "judge.look", json!({ "outcome": "goodwill" }));
    world.refused(&mut cashier, "pay_goodwill.stripe.refunds.create", json!({}), "out_of_sequence");
    world.allowed(&mut lead, "check.stripe.payments.read", json!({}));
    own(&mut lead, "judge.check", json!({ "outcome": "fine" }));
    world.refused(
        &mut cashier,
        "pay_goodwill.stripe.refunds.create",
        json!({ "amount": "200.00" }),
        "out_of_scope",
    );
    assert_eq!(world.api.refunds(&world.goodwill), Vec::<Value>::new());

    // It is done, and nobody hears of it: the probe finds it.
    *world.line.lock().unwrap() = Line::AnswerLost;
    let said = cashier.call("pay_goodwill.stripe.refunds.create", json!({}));
    assert_eq!(said["_meta"]["code"], "in_doubt", "{said}");
    ended(&mut cashier);
    assert_eq!(world.api.refunds(&world.goodwill), [1_000]);
    world.refused(&mut cashier, "pay_goodwill.stripe.refunds.create", json!({}), "run_over");
    world.holds(&run);

    let run = world.start("refund", "clerk", &[format!("payment={}", world.more)]);
    let (mut clerk, mut cashier) = (world.agent(&run, "clerk"), world.agent(&run, "cashier"));
    own(&mut clerk, "submit.look.request", request("120.00"));
    own(&mut clerk, "judge.look", json!({ "outcome": "more" }));
    world.refused(&mut cashier, "pay.stripe.refunds.create", json!({}), "out_of_sequence");

    let Some(mut browser) = Browser::start() else { return };
    browser.open("mia", json!({})).await;
    let link = world.folder.run("xpd", &["people", "invite", "mia"], 0);
    browser.goto("mia", link.lines().next().unwrap()).await;
    browser.click("mia", "#make").await;
    let number = browser.visible("mia", "#number").await;
    world.folder.run("xpd", &["people", "confirm", "mia", &number], 0);
    browser.goto("mia", &format!("{}/login", world.people)).await;
    browser.tell("fill", "mia", json!({ "at": "#name", "text": "mia" })).await;
    browser.click("mia", "#login button").await;
    browser.tell("at", "mia", json!({ "path": "/" })).await;
    browser.goto("mia", &format!("{}/runs/{run}/steps/approve", world.people)).await;
    let shown = browser.text("mia").await;
    assert!(shown.contains("120.00") && shown.contains(&world.more), "{shown}");
    browser.click("mia", "button[value=approved]:enabled").await;
    browser.visible("mia", ".notice").await;
    browser.end().await;

    world.refused(&mut cashier, "pay.stripe.refunds.create", json!({ "amount": "200.00" }), "out_of_scope");
    // It never arrives: the probe finds nothing, and the use is given back.
    *world.line.lock().unwrap() = Line::RequestLost;
    let said = cashier.call("pay.stripe.refunds.create", json!({}));
    assert_eq!(said["_meta"]["code"], "in_doubt", "{said}");
    assert_eq!(world.api.refunds(&world.more), Vec::<Value>::new());
    let begun = Instant::now();
    let mut said = json!({ "isError": true });
    while said["isError"] == json!(true) {
        assert!(begun.elapsed() < Duration::from_secs(30), "{said}");
        said = cashier.call("pay.stripe.refunds.create", json!({}));
    }
    assert_eq!(world.api.refunds(&world.more), [12_000]);
    world.refused(&mut cashier, "pay.stripe.refunds.create", json!({}), "run_over");
    world.holds(&run);
}
