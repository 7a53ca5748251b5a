//! Deployments whose bindings of realms differ from what the artifact's proofs assume.

use std::sync::Arc;

use serde_json::json;
use xp_artifact::declaration::{KeyExpr, LevelExpr, ThingExpr};
use xp_artifact::workflow::{Datum, Expr, ParamId, Per, Pin, Root, Workflow};
use xp_scope::Value;
use xp_scope::thing::{Kind, Kinds};
use xpd_engine::registry::Registry;

use crate::support::{Agent, Fake, Reply, Running, Site, agent, artifact, flow, sealed};

/// The workflow, in which `work` may also do `other.touch`, an action of another connector on things of
/// `kind`.
fn two_connectors(kind: &str) -> Workflow {
    let mut workflow = flow::workflow(60);
    let mut kinds: Vec<Kind> = workflow.kinds.iter().cloned().collect();
    let mut tag = kinds[0].clone();
    (tag.name, tag.realm) = ("other.Tag".to_owned(), "other".to_owned());
    kinds.push(tag);
    workflow.kinds = Kinds::new(kinds).unwrap();
    let mut touch = workflow.actions[flow::TOUCH].clone();
    touch.connector = "other".to_owned();
    touch.clauses.changes = vec![ThingExpr::Path(vec![LevelExpr {
        kind: kind.to_owned(),
        keys: vec![KeyExpr::Argument { index: 0, fields: Vec::new() }],
        deep: false,
    }])];
    workflow.actions.push(touch);
    let pin = Pin::Is(Expr::Literal(Value::Text("x".to_owned())));
    let number = workflow.actions.len() - 1;
    workflow.steps[0].grants.push(flow::grant(number, vec![pin], 1, Per::Opening, None, 60));
    workflow
}

/// A server with these connector tables, and with `more` in the roster's start rule.
async fn server(workflow: &Workflow, connectors: &str, more: &str) -> (Site, Running) {
    let site = Site::new();
    let registry = Registry::of(&workflow.actions, &workflow.records, &workflow.kinds);
    std::fs::write(site.folder.join("declarations.json"), registry.to_json().to_string()).unwrap();
    configure(&site, "[connector.fake]\n", connectors);
    let file = site.folder.join("roster.toml");
    let roster = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, roster + more).unwrap();
    let running = Running::start(&site, &Arc::new(Fake::default())).await;
    (site, running)
}

fn configure(site: &Site, from: &str, to: &str) {
    let file = site.folder.join("xpd.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(from));
    std::fs::write(&file, text.replace(from, to)).unwrap();
}

fn admin(site: &Site, running: &Running) -> Agent {
    let key = xpd_token::KeyPair::read_file(&site.folder.join("data/keys/admin.pem")).unwrap();
    Agent::new(key, &running.url)
}

async fn deployed(workflow: &Workflow, connectors: &str) -> Reply {
    let (site, running) = server(workflow, connectors, "").await;
    let reply = admin(&site, &running).deploy(sealed(&artifact(workflow.clone()))).await;
    running.stop().await;
    reply
}

const FAKE: &str = "[connector.fake]\nbase_url = \"https://api.example.org/v1\"\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn realms_assumed_different_must_have_different_upstreams() {
    let workflow = two_connectors("other.Tag");
    let bound = |url: &str| format!("{FAKE}[connector.other]\nbase_url = \"{url}\"\n");
    for one in [
        "https://api.example.org/v1",
        "https://API.example.org:443/v1/",
        "http://api.example.org./v1/tags",
        "https://somebody@api.example.org",
    ] {
        let reply = deployed(&workflow, &bound(one)).await;
        let detail = reply.refused("wrong_realm").body["detail"].as_str().unwrap();
        assert!(detail.contains("`fake` and `other`") && detail.contains("api.example.org/v1"), "{detail}");
        assert!(!detail.contains("somebody"), "{detail}");
    }
    for two in ["https://api.example.com/v1", "https://api.example.org/v2", "https://api.example.org:8443/v1"]
    {
        deployed(&workflow, &bound(two)).await.ok();
    }
    // An unknown upstream is not assumed to be different.
    let unknown = deployed(&workflow, &format!("{FAKE}[connector.other]\n")).await;
    let detail = unknown.refused("wrong_realm").body["detail"].as_str().unwrap();
    assert!(detail.contains("instance `other`"), "{detail}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kind_of_another_connector_lies_at_its_upstream() {
    // `other` changes places of `fake`. With one instance of `fake`, these are that instance's.
    let workflow = two_connectors("fake.Place");
    deployed(&workflow, &format!("{FAKE}[connector.other]\n")).await.ok();
    let two = format!(
        "{FAKE}[connector.second]\nkind = \"fake\"\nbase_url = \"https://second.example.org\"\n\
         [connector.other]\n"
    );
    // With two instances, `other` must name one, and the workflow must be bound to the same.
    let rule = |instance| {
        format!(
            "\n[[start]]\nartifact = \"flow\"\nprincipals = [\"ben\"]\nmax_open = 2\nmax_per_day = 2\n\
             instances = {{ fake = \"{instance}\" }}\n"
        )
    };
    for (said, named, refused) in [
        ("", "fake", Some("say which")),
        ("realms = { fake = \"second\" }\n", "fake", Some("lie at the upstream of `fake`")),
        ("realms = { fake = \"second\" }\n", "second", None),
        ("realms = { fake = \"fake\" }\n", "second", Some("lie at the upstream of `second`")),
    ] {
        let (site, running) = server(&workflow, &format!("{two}{said}"), &rule(named)).await;
        let reply = admin(&site, &running).deploy(sealed(&artifact(workflow.clone()))).await;
        match refused {
            None => drop(reply.ok().clone()),
            Some(why) => {
                let detail = reply.refused("wrong_realm").body["detail"].as_str().unwrap();
                assert!(detail.contains(why), "{detail}");
            }
        }
        running.stop().await;
    }
    // Two instances at one upstream are one realm.
    let same = format!(
        "{FAKE}[connector.second]\nkind = \"fake\"\nbase_url = \"https://api.example.org/V1/\"\n[connector.other]\n"
    );
    let (site, running) = server(&workflow, &same, &rule("second")).await;
    admin(&site, &running).deploy(sealed(&artifact(workflow.clone()))).await.ok();
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_binding_is_on_the_record_and_looked_at_again_when_a_run_starts() {
    let workflow = two_connectors("other.Tag");
    let other = "[connector.other]\nbase_url = \"https://other.example.org\"\n";
    let (site, running) = server(&workflow, &format!("{FAKE}{other}"), "").await;
    admin(&site, &running).deploy(sealed(&artifact(workflow.clone()))).await.ok();
    let ann = Agent::new(agent::key("ann"), &running.url);
    ann.start("A").await.ok();
    let files = ["data/xpd.sqlite", "data/xpd.sqlite-wal"].map(|file| std::fs::read(site.folder.join(file)));
    let recorded = String::from_utf8_lossy(&files.map(Result::unwrap).concat()).into_owned();
    let realms = r#""realms":[{"fake":{"at":["api.example.org/v1"],"instance":"fake"},"other":{"at":["other.example.org/"],"instance":"other"}}]"#;
    assert!(recorded.contains(realms), "the entry lacks {realms}");
    running.stop().await;
    configure(&site, other, "[connector.other]\nbase_url = \"https://api.example.org\"\n");
    let running = Running::start(&site, &Arc::new(Fake::default())).await;
    let refused = Agent::new(agent::key("ann"), &running.url).start("A").await;
    let detail = refused.refused("wrong_realm").body["detail"].as_str().unwrap();
    assert!(detail.contains("at one upstream"), "{detail}");
    assert_eq!(refused.body["index"].is_u64(), json!(true), "{}", refused.body);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_whose_rule_leaves_open_what_is_made_final_is_refused() {
    let mut workflow = flow::workflow(60);
    workflow.actions[flow::NOTE].clauses.finals = vec![0];
    let rule = |params: &str| {
        format!(
            "\n[[start]]\nartifact = \"flow\"\nprincipals = [\"ben\"]\nmax_open = 2\nmax_per_day = 2\n{params}"
        )
    };
    let cases = [
        ("", Some("the roster must say which `place` may be")),
        ("params = { plaec = \"A\" }\n", Some("`plaec`, which is no parameter of `flow`")),
        ("params = { place = \"A\" }\n", None),
    ];
    for (params, refused) in cases {
        let (site, running) = server(&workflow, FAKE, &rule(params)).await;
        admin(&site, &running).deploy(sealed(&artifact(workflow.clone()))).await.ok();
        let reply = Agent::new(agent::key("ben"), &running.url).start("A").await;
        match refused {
            None => {
                reply.ok();
            }
            Some(why) => {
                let detail = reply.refused("not_allowed").body["detail"].as_str().unwrap();
                assert!(detail.contains(why), "{detail}");
            }
        }
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_starter_who_could_judge_what_they_chose_is_refused() {
    let mut workflow = flow::workflow(60);
    workflow.actions[flow::NOTE].clauses.finals = vec![0];
    workflow.actions[flow::NOTE].attests = false;
    let place = Datum { root: Root::Param(ParamId::of(0)), fields: Vec::new() };
    workflow.steps[1].outcomes[0].of = Some(place);
    // It is made final behind the judgement only.
    let note = workflow.steps[0].grants[0].clone();
    workflow.steps[0].grants[0].pins[0] = Pin::Is(Expr::Literal(Value::Text("A".to_owned())));
    workflow.steps[2].grants.push(note);
    let rule = |name: &str| {
        format!(
            "\n[[start]]\nartifact = \"flow\"\nprincipals = [\"{name}\"]\nmax_open = 2\nmax_per_day = 2\n"
        )
    };
    let judge = "`fake.note` makes it final on the judgement of `reviewer`, which your controller may play";
    for (name, refused) in [("ben", true), ("amy", true), ("eve", false)] {
        let (site, running) = server(&workflow, FAKE, &rule(name)).await;
        admin(&site, &running).deploy(sealed(&artifact(workflow.clone()))).await.ok();
        let reply = Agent::new(agent::key(name), &running.url).start("A").await;
        if refused {
            let detail = reply.refused("not_allowed").body["detail"].as_str().unwrap();
            assert!(detail.contains(judge), "{detail}");
        } else {
            reply.ok();
        }
        running.stop().await;
    }
}
