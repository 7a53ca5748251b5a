//! Decisions that bridges to chats sign.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};
use xp_artifact::workflow::{Effect, Workflow};
use xp_harness::stand_in::{StandIn, json as answer};
use xpd_audit::chat::ChatStatement;
use xpd_engine::registry::Registry;
use xpd_store::{Clock as _, SystemClock};

use super::house::waiting;
use super::person::Person;
use super::stand_in::key;
use crate::support::{Reply, Site, World, flow, until};

/// Users of the bridge `slack`; `tom` has no role in the workflow.
const USERS: [(&str, &str); 4] = [("rita", "U1"), ("kit", "U2"), ("tom", "U3"), ("pat", "U4")];

/// The seeds of the bridges' keys.
const SLACK: u8 = 21;
const TEAMS: u8 = 22;

/// Adds users to the roster, and the steps in which they may decide.
fn roster(site: &Site, steps: &str) {
    let path = site.folder.join("roster.toml");
    let mut text = std::fs::read_to_string(&path).unwrap();
    for (person, user) in USERS {
        let name = format!("name = \"{person}\"\n");
        let mut lines = format!("{name}chats = [{{ bridge = \"slack\", user = \"{user}\" }}]\n");
        if person == "pat" {
            lines += "passkey = true\n";
        }
        text = text.replace(&name, &lines);
    }
    text =
        text.replace("name = \"sam\"\n", "name = \"sam\"\nchats = [{ bridge = \"teams\", user = \"U5\" }]\n");
    if !steps.is_empty() {
        text += &format!("\n[[chat]]\nartifact = \"flow\"\nsteps = {steps}\nbridge = \"slack\"\n");
    }
    std::fs::write(path, text).unwrap();
}

/// A server with two bridges to chats.
async fn world(bridge: &StandIn, workflow: Workflow, steps: &str) -> World {
    let site = Site::new();
    let mut text = "\n[people]\nlisten = \"127.0.0.1:0\"\n".to_owned();
    for (name, seed, controller) in [("slack", SLACK, "chat"), ("teams", TEAMS, "team-a")] {
        let pem = xp_artifact::SigningKey::from_seed(&[seed; 32]).public().to_pem().unwrap();
        std::fs::write(site.folder.join(format!("{name}.pem")), pem).unwrap();
        text += &format!(
            "\n[[people.bridge]]\nname = \"{name}\"\nurl = \"{}/{name}\"\nkey_file = \"{name}.pem\"\ncontroller = \"{controller}\"\n",
            bridge.url
        );
    }
    site.write(&text);
    roster(&site, steps);
    let registry = Registry::of(&workflow.actions, &workflow.records, &workflow.kinds);
    std::fs::write(site.folder.join("declarations.json"), registry.to_json().to_string()).unwrap();
    World::on(site, workflow, SystemClock::shared()).await
}

fn bridge() -> StandIn {
    StandIn::new(|_, _| answer(200, "{}"))
}

/// The latest message about a run that names a user, and the digest for that user.
async fn told_by(bridge: &StandIn, name: &str, run: &str, user: &str) -> (Value, String) {
    let find = || {
        let path = format!("POST /api/{name}");
        let all = bridge.requests().into_iter().filter(|one| one.line.starts_with(&path));
        let all = all.map(|one| serde_json::from_str::<Value>(&one.body).unwrap());
        let mut own = all.filter(|message| message["run"] == json!(run)).filter_map(|message| {
            let people = message["people"].as_array().unwrap().clone();
            let own = people.iter().find(|one| one["user"] == json!(user))?;
            let digest = own["digest"].as_str().unwrap().to_owned();
            Some((message, digest))
        });
        own.next_back()
    };
    until("a message", async || find().is_some()).await;
    find().unwrap()
}

async fn told(bridge: &StandIn, run: &str, user: &str) -> (Value, String) {
    told_by(bridge, "slack", run, user).await
}

fn statement(run: &str, user: &str, digest: &str) -> ChatStatement {
    let nonce: [u8; 16] = std::array::from_fn(|_| 0).map(|_: u8| random());
    let text = |text: &str| text.to_owned();
    ChatStatement {
        nonce: nonce.iter().map(|byte| format!("{byte:02x}")).collect(),
        at: SystemClock.now(),
        bridge: text("slack"),
        user: text(user),
        run: text(run),
        step: text("review"),
        outcome: text("approved"),
        digest: text(digest),
    }
}

fn random() -> u8 {
    use std::hash::{BuildHasher as _, Hasher as _};
    let [byte, ..] = std::hash::RandomState::new().build_hasher().finish().to_le_bytes();
    byte
}

async fn sent(world: &World, bridge: &str, statement: &str, seed: u8) -> Reply {
    let signature = URL_SAFE_NO_PAD.encode(key(seed).sign(statement.as_bytes()).to_bytes());
    signed(world, bridge, statement, &signature).await
}

async fn signed(world: &World, bridge: &str, statement: &str, signature: &str) -> Reply {
    let request =
        reqwest::Client::new().post(format!("{}/bridges/{bridge}/decisions", world.running.people_at));
    let request = request.header("Host", world.running.people.split_once("://").unwrap().1);
    let body = json!({ "statement": statement, "signature": signature }).to_string();
    let request = request.header("Content-Type", "application/json").body(body);
    Reply::of(request.send().await.unwrap()).await
}

/// `flow`, which two people approve.
fn by_two() -> Workflow {
    let mut workflow = flow::reviewed_by_people(60);
    workflow.steps[1].outcomes[0].distinct = Some(2);
    workflow
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_bridge_signs_counts_once_and_for_one_controller() {
    let bridge = bridge();
    let world = world(&bridge, by_two(), "[\"review\"]").await;
    let run = waiting(&world, json!(["src/a.rs"])).await;
    let (message, digest) = told(&bridge, &run, "U1").await;
    // A link and names of the workflow; no value, and no word of an agent.
    let text = message.to_string();
    assert_eq!(message["link"], json!(format!("{}/runs/{run}/steps/review", world.running.people)));
    assert!(!text.contains("src/a.rs") && !text.contains("I wrote it") && !text.contains("\"A\""), "{text}");
    assert!(
        !text.contains("U4") && !text.contains("U3"),
        "whose decisions a passkey signs, and strangers: {text}"
    );
    let rita = Person::enrolled(&world, "rita").await;
    let good = statement(&run, "U1", &digest);
    // Nobody decides on what was not opened at the people's door.
    sent(&world, "slack", &statement(&run, "U1", &digest).text(), SLACK).await.refused("not_shown");
    rita.shown(&run, "review").await;

    // Forged, changed, of another key, of another form.
    sent(&world, "slack", &good.text(), TEAMS).await.refused("unauthenticated");
    let signature = URL_SAFE_NO_PAD.encode(key(SLACK).sign(good.text().as_bytes()).to_bytes());
    let changed = good.text().replace("approved", "changes");
    signed(&world, "slack", &changed, &signature).await.refused("unauthenticated");
    signed(&world, "slack", &good.text(), "").await.refused("unauthenticated");
    let version = good.text().replace("xp-chat-decision-v1", "xp-decision-v1");
    sent(&world, "slack", &version, SLACK).await.refused("bad_request");
    sent(&world, "slack", &format!(" {}", good.text()), SLACK).await.refused("bad_request");
    let short = ChatStatement { nonce: "short".to_owned(), ..good.clone() };
    sent(&world, "slack", &short.text(), SLACK).await.refused("bad_request");
    sent(&world, "irc", &good.text(), SLACK).await.refused("not_allowed");
    sent(&world, "teams", &good.text(), TEAMS).await.refused("bad_request");

    type Change = fn(&mut ChatStatement);
    let cases: [(&str, Change, &str); 11] = [
        ("another digest", |said| said.digest = said.digest.replace("sha256:", "sha256:0"), "not_shown"),
        ("old", |said| said.at -= 121_000, "not_allowed"),
        ("future", |said| said.at += 90_000, "not_allowed"),
        ("an unknown user", |said| said.user = "U9".to_owned(), "not_allowed"),
        ("a name in place of a user", |said| said.user = "rita".to_owned(), "not_allowed"),
        ("a user of another bridge", |said| said.user = "U5".to_owned(), "not_allowed"),
        ("another run", |said| said.run = "0".repeat(32), "not_allowed"),
        ("a step that is not listed", |said| said.step = "work".to_owned(), "not_allowed"),
        ("no step", |said| said.step = "nothing".to_owned(), "not_allowed"),
        ("a person without a role", |said| said.user = "U3".to_owned(), "not_shown"),
        ("a person whose decisions a passkey signs", |said| said.user = "U4".to_owned(), "not_allowed"),
    ];
    for (name, change, code) in cases {
        let mut said = statement(&run, "U1", &digest);
        change(&mut said);
        let reply = sent(&world, "slack", &said.text(), SLACK).await;
        assert_eq!(reply.code(), code, "{name}: {}", reply.body);
    }
    let other = ChatStatement { outcome: "refused".to_owned(), ..statement(&run, "U1", &digest) };
    assert_ne!(sent(&world, "slack", &other.text(), SLACK).await.status, 200);
    // A browser's request is none of a bridge.
    let request = reqwest::Client::new().post(format!("{}/bridges/slack/decisions", world.running.people_at));
    let request = request.header("Host", world.running.people.split_once("://").unwrap().1).body("{}");
    let request = request.header("Content-Type", "application/json").header("Cookie", "xpd=1");
    assert_eq!(request.send().await.unwrap().status(), 403);

    // One decision, once; the nonce is burned for others, too.
    sent(&world, "slack", &good.text(), SLACK).await.ok();
    sent(&world, "slack", &good.text(), SLACK).await.refused("proof_replayed");
    // Another person over the same bridge is no second controller.
    let mut kit = Person::enrolled(&world, "kit").await;
    kit.shown(&run, "review").await;
    until("another message", async || told(&bridge, &run, "U2").await.1 != digest).await;
    let second = statement(&run, "U2", &told(&bridge, &run, "U2").await.1);
    let reply = sent(&world, "slack", &second.text(), SLACK).await;
    assert!(reply.refused("not_separate").body["detail"].as_str().unwrap().contains("one controller"));
    // Nor after a restart is anything taken twice.
    let world = world.restart().await;
    sent(&world, "slack", &good.text(), SLACK).await.refused("proof_replayed");
    let burned = ChatStatement { user: "U2".to_owned(), ..good };
    sent(&world, "slack", &burned.text(), SLACK).await.refused("proof_replayed");
    kit.login(&world).await;
    let shown = kit.shown(&run, "review").await;
    assert!(shown.text.contains("so far rita"), "{}", shown.text);
    kit.decides(&shown, "approved").await.ok();
    world.kill(json!({ "run": run })).await.ok();
    world.verifies(&run).await;
    let report = xpd_audit::verify::verify_package(&world.evidence(&run).await, &Default::default());
    assert_eq!((report.approvals, report.by_chat), (1, 1), "{report}");
    assert!(report.to_string().contains("bridges to chats signed"), "{report}");
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_gives_no_last_approval_of_what_is_for_good() {
    let bridge = bridge();
    let mut workflow = flow::reviewed_by_people(60);
    workflow.actions[flow::PUSH].effect = Effect::Pay;
    let world = world(&bridge, workflow, "[\"review\"]").await;
    let run = waiting(&world, json!(["src/a.rs"])).await;
    let (_, digest) = told(&bridge, &run, "U1").await;
    let rita = Person::enrolled(&world, "rita").await;
    rita.shown(&run, "review").await;
    let reply = sent(&world, "slack", &statement(&run, "U1", &digest).text(), SLACK).await;
    assert!(reply.refused("not_allowed").body["detail"].as_str().unwrap().contains("last approval"));
    // An objection is taken.
    let no = ChatStatement { outcome: "changes".to_owned(), ..statement(&run, "U1", &digest) };
    sent(&world, "slack", &no.text(), SLACK).await.ok();
    world.kill(json!({ "run": run })).await.ok();
    world.verifies(&run).await;
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_decides_nothing_unless_bridge_and_step_are_listed() {
    let bridge = bridge();
    let world = world(&bridge, flow::reviewed_by_people(60), "").await;
    let run = waiting(&world, json!(["src/a.rs"])).await;
    let rita = Person::enrolled(&world, "rita").await;
    rita.shown(&run, "review").await;
    let digest = format!("sha256:{}", "0".repeat(64));
    let decision = |run: &str, digest: &str| statement(run, "U1", digest).text();
    let reply = sent(&world, "slack", &decision(&run, &digest), SLACK).await;
    assert!(reply.refused("not_allowed").body["detail"].as_str().unwrap().contains("in this chat"));
    // Listed later, it counts in later runs.
    let path = world.site.folder.join("roster.toml");
    let listed = std::fs::read_to_string(&path).unwrap()
        + "\n[[chat]]\nartifact = \"flow\"\nsteps = [\"review\"]\nbridge = \"slack\"\n";
    std::fs::write(&path, &listed).unwrap();
    assert!(world.running.reloader.try_reload().await.unwrap());
    let facts = world.facts("config.changed");
    assert!(
        facts.last().unwrap()["chats_added"].to_string().contains("review of flow by slack"),
        "{facts:?}"
    );
    sent(&world, "slack", &decision(&run, &digest), SLACK).await.refused("not_allowed");
    let later = waiting(&world, json!(["src/a.rs"])).await;
    let (_, digest) = told(&bridge, &later, "U1").await;
    rita.shown(&later, "review").await;
    // A bridge that the configuration does not name any more decides nothing.
    let path = world.site.folder.join("xpd.toml");
    let with = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, with.replace("name = \"slack\"\n", "name = \"other\"\n")).unwrap();
    assert!(world.running.reloader.try_reload().await.unwrap());
    let reply = sent(&world, "slack", &decision(&later, &digest), SLACK).await;
    assert!(reply.refused("not_allowed").body["detail"].as_str().unwrap().contains("registered"));
    std::fs::write(&path, with).unwrap();
    assert!(world.running.reloader.try_reload().await.unwrap());
    sent(&world, "slack", &decision(&later, &digest), SLACK).await.ok();
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_runs_a_bridge_is_known_as_its_controller() {
    let bridge = bridge();
    let world = world(&bridge, flow::reviewed_by_people(60), "").await;
    // The controller of `teams` started the run.
    let path = world.site.folder.join("roster.toml");
    let listed = std::fs::read_to_string(&path).unwrap()
        + "\n[[chat]]\nartifact = \"flow\"\nsteps = [\"review\"]\nbridge = \"teams\"\n";
    std::fs::write(&path, &listed).unwrap();
    assert!(world.running.reloader.try_reload().await.unwrap());
    let run = waiting(&world, json!(["src/a.rs"])).await;
    let sam = Person::enrolled(&world, "sam").await;
    sam.shown(&run, "review").await;
    let (_, digest) = told_by(&bridge, "teams", &run, "U5").await;
    let said = ChatStatement { bridge: "teams".to_owned(), ..statement(&run, "U5", &digest) };
    sent(&world, "teams", &said.text(), TEAMS).await.refused("not_separate");
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_runs_a_bridge_decides_nothing_beside_it() {
    let bridge = bridge();
    let world = world(&bridge, by_two(), "[\"review\"]").await;
    let run = waiting(&world, json!(["src/a.rs"])).await;
    let (_, digest) = told(&bridge, &run, "U1").await;
    let rita = Person::enrolled(&world, "rita").await;
    rita.shown(&run, "review").await;
    let path = world.site.folder.join("xpd.toml");
    let before = std::fs::read_to_string(&path).unwrap();
    // Kit, who reviews, is of the team that runs the bridge.
    std::fs::write(&path, before.replace("controller = \"chat\"", "controller = \"team-k\"")).unwrap();
    assert!(world.running.reloader.try_reload().await.unwrap());
    sent(&world, "slack", &statement(&run, "U1", &digest).text(), SLACK).await.refused("not_separate");
    // The address is in no entry: it may be a secret.
    let facts = world.facts("config.changed");
    assert!(facts.last().unwrap().to_string().contains("team-k"), "{facts:?}");
    assert!(!facts.last().unwrap().to_string().contains(&bridge.url), "{facts:?}");
    // Two bridges have two controllers.
    std::fs::write(&path, before.replace("controller = \"chat\"", "controller = \"team-a\"")).unwrap();
    assert!(world.running.reloader.try_reload().await.is_err());
    std::fs::write(&path, before).unwrap();
    assert!(world.running.reloader.try_reload().await.unwrap());
    sent(&world, "slack", &statement(&run, "U1", &digest).text(), SLACK).await.ok();
    world.kill(json!({ "run": run })).await.ok();
    world.verifies(&run).await;
    world.running.stop().await;
}
