//! Reloading of roster, rules and keys while the server works.

use serde_json::json;

use crate::support::{World, agent, artifact, flow, sealed};

/// Edits a file of the server and reloads. Returns whether anything differs.
async fn edit(world: &World, name: &str, change: impl Fn(String) -> String) -> Result<bool, String> {
    let path = world.site.folder.join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, change(text)).unwrap();
    world.running.reloader.try_reload().await.map_err(|error| error.to_string())
}

fn without(name: &str) -> impl Fn(String) -> String {
    let head = format!("[[principal]]\nname = \"{name}\"\n");
    move |roster| {
        let (before, rest) = roster.split_once(&head).unwrap();
        let end = rest.find("[[").unwrap();
        format!("{before}{}", &rest[end..])
    }
}

fn playing(name: &str, role: &str) -> impl Fn(String) -> String {
    let entry = format!("name = \"{name}\"");
    let role = format!("roles = [\"{role}\", ");
    move |roster| {
        let at = roster.find(&entry).unwrap();
        let (before, rest) = roster.split_at(at);
        format!("{before}{}", rest.replacen("roles = [", &role, 1))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_acts_at_the_next_claim() {
    let world = World::new().await;
    let run = world.start().await;
    let amy = world.joined("amy", &run).await;
    let grant = amy.granted("work", "fake.push", json!({ "id": 1 })).await;
    assert_eq!(edit(&world, "roster.toml", without("amy")).await, Ok(true));
    amy.use_grant(&grant, json!({})).await.refused("unauthenticated");
    amy.ask("work", "fake.push", json!({ "id": 2 })).await.refused("unauthenticated");
    assert_eq!(edit(&world, "roster.toml", |roster| roster).await, Ok(false), "nothing differs");
    assert_eq!(world.fake.count("push"), 0);
    let facts = world.facts("config.changed");
    let removed = &facts.last().unwrap()["principals_removed"];
    assert_eq!(removed["count"], 1, "{facts:?}");
    assert!(removed["names"][0].as_str().unwrap().starts_with("amy of team-b as author"), "{facts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_addition_acts_in_later_runs() {
    let world = World::new().await;
    let before = world.start().await;
    let mut eve = world.agent("eve");
    let join = json!({ "run": before });
    eve.post_with("/v1/sessions", None, &join).await.refused("unknown");
    assert_eq!(edit(&world, "roster.toml", playing("eve", "author")).await, Ok(true));
    eve.post_with("/v1/sessions", None, &join).await.refused("unknown");
    let after = world.start().await;
    eve.join(&after).await;
    eve.act("work", "fake.push", json!({ "id": 1 })).await.ok();
    // A principal keeps the role it had when the run began; another key for a name is an addition.
    world.joined("ann", &before).await.act("work", "fake.push", json!({ "id": 2 })).await.ok();
    let key = agent::key("new").public().to_pem().unwrap();
    assert_eq!(edit(&world, "ann.pem", |_| key.clone()).await, Ok(true));
    let mut ann = world.agent("new");
    ann.post_with("/v1/sessions", None, &join).await.refused("unknown");
    let latest = ann.start("A").await.ok()["run"].as_str().unwrap().to_owned();
    ann.join(&latest).await;
    ann.act("work", "fake.push", json!({ "id": 3 })).await.ok();
    // All of this is the same after a restart.
    let world = world.restart().await;
    let mut eve = world.agent("eve");
    eve.post_with("/v1/sessions", None, &join).await.refused("unknown");
    eve.join(&after).await;
    eve.act("work", "fake.push", json!({ "id": 4 })).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_file_changes_nothing() {
    let world = World::new().await;
    let run = world.start().await;
    let entries = world.facts("config.changed").len();
    for (name, bad) in [
        ("roster.toml", "[[principal]]\nname = 7\n"),
        ("xpd.toml", "[server]\nname = \"other.name\"\n"),
        ("ann.pem", "no key"),
        ("signer.pem", ""),
        ("declarations.json", "{}"),
    ] {
        let good = std::fs::read_to_string(world.site.folder.join(name)).unwrap();
        let said = edit(&world, name, |_| bad.to_owned()).await.unwrap_err();
        assert!(said.contains(name) || said.contains("roster.toml"), "{name}: {said}");
        world.joined("ann", &run).await.act("work", "fake.push", json!({ "id": 1 })).await.ok();
        world.deploy(sealed(&artifact(flow::workflow(60)))).await.ok();
        assert_eq!(edit(&world, name, |_| good.clone()).await, Ok(false), "{name}");
    }
    let renamed = edit(&world, "xpd.toml", |text| text.replace("xpd.test", "xpd.other")).await;
    assert!(renamed.unwrap_err().contains("server.name"));
    assert_eq!(world.facts("config.changed").len(), entries);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_and_administrators_are_exchanged() {
    let world = World::new().await;
    let other = xp_artifact::SigningKey::from_seed(&[9; 32]).public().to_pem().unwrap();
    assert_eq!(edit(&world, "signer.pem", |_| other.clone()).await, Ok(true));
    let mut workflow = flow::workflow(60);
    workflow.name = "later".to_owned();
    world.deploy(sealed(&artifact(workflow))).await.refused("bad_artifact");
    let kill = json!({ "scope": { "principal": "eve" }, "reason": "" });
    let gone = |roster: String| {
        roster.replace("name = \"ada\"\nkey_file = \"ada.pem\"", "name = \"kim\"\nkey_file = \"eve2.pem\"")
    };
    let kim = agent::key("kim").public().to_pem().unwrap();
    std::fs::write(world.site.folder.join("eve2.pem"), kim).unwrap();
    assert_eq!(edit(&world, "roster.toml", gone).await, Ok(true));
    world.agent("ada").post_with("/v1/kill", None, &kill).await.refused("unauthenticated");
    world.agent("kim").post_with("/v1/kill", None, &kill).await.ok();
    let facts = world.facts("config.changed");
    let last = facts.last().unwrap();
    assert!(last["administrators_removed"]["names"][0].as_str().unwrap().starts_with("ada ("), "{last}");
    assert!(last["administrators_added"]["names"][0].as_str().unwrap().starts_with("kim ("), "{last}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changed_of_shadow_runs_start_rules_and_providers_is_named() {
    let world = World::new().await;
    let last = |world: &World| world.facts("config.changed").last().unwrap().clone();
    let rule = |roster: String| roster.replace("max_per_day = 1000", "max_per_day = 999");
    assert_eq!(edit(&world, "roster.toml", rule).await, Ok(true));
    let facts = last(&world);
    for (what, day) in [("starts_removed", 1000), ("starts_added", 999)] {
        let named = format!("flow by ann, 200 at once and {day} a day, `place` of \"A\" or \"B\"");
        assert_eq!(facts[what], json!({ "count": 1, "names": [named] }), "{facts}");
    }
    let sends = |text: String| text + "\n[shadow]\nsends = { fake = [\"note\"] }\n";
    assert_eq!(edit(&world, "xpd.toml", sends).await, Ok(true));
    assert_eq!(last(&world)["shadow_sends_added"], json!({ "count": 1, "names": ["fake: note"] }));
    let secret = world.site.folder.join("provider.secret");
    std::fs::write(&secret, "canary-of-a-provider\n").unwrap();
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let people = |text: String| {
        text + "\n[people]\nlisten = \"127.0.0.1:0\"\ndecisions_per_hour = 7\n\n[[people.provider]]\nname = \"corp\"\n\
                issuer = \"https://login.example\"\nclient_id = \"xpd\"\nclient_secret = { file = \"provider.secret\" }\n\
                groups = \"teams\"\nreach = [\"10.0.0.0/8\"]\n"
    };
    assert_eq!(edit(&world, "xpd.toml", people).await, Ok(true));
    let facts = last(&world);
    let named = "corp at https://login.example as xpd, groups in `teams`, reaching 10.0.0.0/8";
    assert_eq!(facts["providers_added"], json!({ "count": 1, "names": [named] }));
    assert!(facts["limits_added"]["names"].to_string().contains("decisions_per_hour = 7"), "{facts}");
    assert!(!facts.to_string().contains("canary"), "{facts}");
}
