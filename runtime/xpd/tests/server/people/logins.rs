//! Logins at providers, and decisions in their sessions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use xp_harness::browser::Browser;
use xpd_store::{Clock, SystemClock};

use super::forged::{back, claims, login, roster, world_at};
use super::house::{ask, outcome, waiting};
use super::person::Person;
use super::stand_in::{Provider, key, signed, tokens};
use super::visitor::{AtProvider, Certified, Visitor, param, path};
use crate::support::World;

/// The origin of a door with a proxy in front of it.
const PUBLIC: &str = "url = \"https://approve.example\"\n";

/// The clock of the machine and some seconds.
#[derive(Default)]
struct Ahead(AtomicU64);

impl Clock for Ahead {
    fn now(&self) -> u64 {
        SystemClock.now() + self.0.load(Ordering::SeqCst)
    }

    fn count(&self) -> u64 {
        SystemClock.count() + self.0.load(Ordering::SeqCst)
    }
}

/// Logs in at a stand-in, whose provider says that the person was authenticated some seconds ago.
async fn logged_in(visitor: &mut Visitor, provider: &Provider, name: &str, ahead: i64, ago: i64) {
    let begun = visitor.begin(name).await;
    let mut claims = claims(provider, &begun);
    for (name, by) in [("iat", 0), ("exp", 300), ("auth_time", -ago)] {
        claims[name] = json!(super::forged::now() + ahead + by);
    }
    let token = signed(&json!({ "alg": "EdDSA", "kid": "k" }), &claims, &key(1));
    provider.plan.lock().unwrap().tokens = tokens(&token);
    let page = back(visitor, name, &[("code", "c"), ("state", &param(&begun, "state").unwrap())]).await;
    assert_eq!(page.status, 200, "{}", page.text);
}

fn person(world: &World, name: &str, visitor: &Visitor) -> Person {
    Person::with(world, name, &visitor.session().unwrap())
}

async fn approval(world: &World, run: &str) -> Value {
    let database = rusqlite::Connection::open(world.site.folder.join("data/xpd.sqlite")).unwrap();
    let sql = "SELECT bytes FROM entries WHERE run = ?1 AND kind = 'judged' ORDER BY idx DESC LIMIT 1";
    let bytes: Vec<u8> = database.query_row(sql, [run], |row| row.get(0)).unwrap();
    let entry: Value = serde_json::from_slice(&bytes).unwrap();
    entry["body"]["decided"]["facts"]["approval"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_logs_in_at_a_certified_provider_and_decides() {
    let Some(mut provider) = Certified::start().await else { return };
    let rita =
        format!("logins = [{{ issuer = \"{}\", subject = \"248\", groups = [\"legal\"] }}]", provider.issuer);
    let people = [("rita", rita)];
    let issuer = provider.issuer.clone();
    let providers = [("corp", issuer.as_str(), "groups = \"groups\"\n")];
    let world = world_at(&providers, &people, PUBLIC, SystemClock::shared()).await;
    let redirect = "https://approve.example/login/corp/answer";
    provider.serve(redirect).await;
    let run = waiting(&world, json!(["src/a.rs"])).await;
    // Somebody whom the roster does not name logs in to nothing, nor does who only has the group; nor `many`, whose groups are too many.
    for login in ["stranger", "many"] {
        let (mut visitor, mut there) = (Visitor::of(&world), AtProvider::default());
        let begun = visitor.begin("corp").await;
        let to = there.through(begun, login, redirect).await;
        let page = visitor.get(&path(&to)).await;
        assert!(page.status == 403 && page.text.contains("names nobody"), "{}", page.text);
        assert!(visitor.session().is_none());
    }
    let (mut visitor, mut there) = (Visitor::of(&world), AtProvider::default());
    let begun = visitor.begin("corp").await;
    let to = there.through(begun, "248", redirect).await;
    let page = visitor.get(&path(&to)).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(page.headers["refresh"], "0; url=/");
    assert!(
        visitor.cookies.contains_key("__Host-xpd") && visitor.cookies.len() == 1,
        "{:?}",
        visitor.cookies
    );
    assert_eq!(there.forms, 2);
    // Who is logged in and logs in again is authenticated again, although the provider still knows the browser.
    let begun = visitor.begin("corp").await;
    let to = there.through(begun, "248", redirect).await;
    assert_eq!(visitor.get(&path(&to)).await.status, 200);
    assert!(there.forms > 2);
    let mut rita = person(&world, "rita", &visitor);
    let shown = rita.shown(&run, "review").await;
    assert!(shown.text.contains("rests on your login"), "{}", shown.text);
    rita.decides(&shown, "approved").await.ok();
    assert_eq!(outcome(&world, &run).await, json!("review.approved"));
    // The evidence says what it rests on.
    let found = approval(&world, &run).await;
    assert_eq!(found["class"], json!("oidc"));
    assert_eq!((&found["issuer"], &found["subject"]), (&json!(issuer), &json!("248")));
    assert!(found.get("signature").is_none());
    world.kill(json!({ "run": run })).await.ok();
    world.verifies(&run).await;
    let report = xpd_audit::verify::verify_package(&world.evidence(&run).await, &Default::default());
    assert_eq!((report.approvals, report.by_login), (0, 1));
    let text = report.to_string();
    assert!(text.contains("no passkey signed") && text.contains("the provider's"), "{text}");
    assert!(world.kinds().contains(&"person.logged_in".to_owned()));
    provider.end().await;
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_by_login_needs_a_fresh_one_and_no_passkey_that_is_passed_by() {
    let provider = Provider::start();
    let ahead = Arc::new(Ahead::default());
    let people = [
        ("rita", login(&provider.issuer, "248")),
        ("sam", format!("{}\npasskey = true", login(&provider.issuer, "sam"))),
    ];
    let providers = [("corp", provider.issuer.as_str(), "")];
    let world = world_at(&providers, &people, PUBLIC, Arc::clone(&ahead) as Arc<dyn Clock>).await;
    let run = waiting(&world, json!(["src/a.rs"])).await;
    let mut visitor = Visitor::of(&world);
    logged_in(&mut visitor, &provider, "corp", 0, 590).await;
    // It was fresh at the login, and is not at the decision.
    ahead.0.store(30_000, Ordering::SeqCst);
    let mut rita = person(&world, "rita", &visitor);
    let shown = rita.shown(&run, "review").await;
    let reply = rita.decides(&shown, "approved").await;
    assert!(
        reply.refused("not_allowed").body["detail"].as_str().unwrap().contains("younger than ten minutes")
    );
    logged_in(&mut visitor, &provider, "corp", 30, 0).await;
    let rita = person(&world, "rita", &visitor);
    let shown = rita.shown(&run, "review").await;
    // Who has a passkey signs with it, whatever the session.
    let mut with_passkey = Person::enrolled(&world, "rita").await;
    let begun = rita.begins(&shown, "approved").await;
    assert!(begun.ok()["options"]["publicKey"]["challenge"].is_string(), "{}", begun.body);
    let finish = json!({ "ceremony": begun.body["ceremony"], "credential": null });
    assert_ne!(rita.finishes(&shown, finish).await.status, 200);
    assert_eq!(outcome(&world, &run).await, Value::Null);
    let shown = with_passkey.shown(&run, "review").await;
    with_passkey.decides(&shown, "changes").await.ok();
    assert_eq!(approval(&world, &run).await["class"], json!("passkey"));
    // Without it, the login reads, as does that of sam, of whom the roster asks for a passkey: a withdrawal does not make less of a decision.
    let second = waiting(&world, json!(["src/a.rs"])).await;
    ask(&world, "revoke", json!({ "person": "rita" })).await.ok();
    assert_eq!(
        visitor.get("/").await.headers["location"],
        "/login",
        "withdrawal ends sessions by login, too"
    );
    logged_in(&mut visitor, &provider, "corp", 30, 0).await;
    let mut rita = person(&world, "rita", &visitor);
    let shown = rita.shown(&second, "review").await;
    assert!(!shown.text.contains("rests on your login"), "{}", shown.text);
    let reply = rita.decides(&shown, "approved").await;
    assert!(reply.refused("not_allowed").body["detail"].as_str().unwrap().contains("had, a passkey"));
    let mut other = Visitor::of(&world);
    let begun = other.begin("corp").await;
    let mut claims = claims(&provider, &begun);
    (claims["sub"], claims["iat"], claims["auth_time"]) =
        (json!("sam"), json!(super::forged::now() + 30), json!(super::forged::now() + 30));
    provider.plan.lock().unwrap().tokens =
        tokens(&signed(&json!({ "alg": "EdDSA", "kid": "k" }), &claims, &key(1)));
    let page = back(&mut other, "corp", &[("code", "c"), ("state", &param(&begun, "state").unwrap())]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let mut sam = person(&world, "sam", &other);
    let shown = sam.shown(&second, "review").await;
    let reply = sam.decides(&shown, "approved").await;
    assert!(
        reply.refused("not_allowed").body["detail"].as_str().unwrap().contains("roster asks for a passkey")
    );
    // A login that the roster no longer names ends its sessions.
    let mut rita = person(&world, "rita", &visitor);
    let shown = rita.shown(&second, "review").await;
    roster(&world.site, &[]);
    assert!(world.running.reloader.try_reload().await.unwrap());
    rita.decides(&shown, "approved").await.refused("unauthenticated");
    assert_eq!(rita.page("/").await.0, 303);
    let facts = world.facts("config.changed");
    assert!(facts.last().unwrap().to_string().contains("logs in as `248`"), "{facts:?}");
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_loopback_name_a_login_reads_and_a_passkey_decides() {
    let provider = Provider::start();
    let people = [("rita", login(&provider.issuer, "248"))];
    let world = world_at(&[("corp", provider.issuer.as_str(), "")], &people, "", SystemClock::shared()).await;
    let run = waiting(&world, json!(["src/a.rs"])).await;
    let mut visitor = Visitor::of(&world);
    logged_in(&mut visitor, &provider, "corp", 0, 0).await;
    let mut rita = person(&world, "rita", &visitor);
    let shown = rita.shown(&run, "review").await;
    assert!(shown.text.contains("Your passkey signs"));
    let reply = rita.decides(&shown, "approved").await;
    assert!(
        reply.refused("not_allowed").body["detail"].as_str().unwrap().contains("loopback"),
        "{}",
        reply.body
    );
    assert_eq!(outcome(&world, &run).await, Value::Null);
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_comes_back_from_a_certified_provider() {
    let Some(mut browser) = Browser::start() else { return };
    let Some(mut provider) = Certified::start().await else { return };
    let people = [("rita", login(&provider.issuer, "248"))];
    let issuer = provider.issuer.clone();
    let world = world_at(&[("corp", &issuer, "")], &people, "", SystemClock::shared()).await;
    provider.serve(&format!("{}/login/corp/answer", world.running.people)).await;
    browser.open("rita", json!({})).await;
    browser.goto("rita", &format!("{}/login", world.running.people)).await;
    browser.picture("rita", "login-providers").await;
    browser.is_clean("rita").await;
    browser.click("rita", "button[data-provider=corp]").await;
    browser.tell("fill", "rita", json!({ "at": "[name=login]", "text": "248" })).await;
    browser.tell("fill", "rita", json!({ "at": "[name=password]", "text": "x" })).await;
    browser.click("rita", ".login-submit").await;
    browser.tell("visible", "rita", json!({ "at": "input[value=consent] + button" })).await;
    browser.click("rita", ".login-submit").await;
    browser.tell("at", "rita", json!({ "path": "/" })).await;
    assert_eq!(browser.visible("rita", ".person").await, "rita");
    // What the provider's own pages report is not ours.
    assert_eq!(browser.tell("axe", "rita", json!({})).await, json!([]));
    // The code is not left in the address, and going back finishes nothing again.
    assert!(!browser.evaluate("rita", "location.href").await.as_str().unwrap().contains("code"));
    browser.end().await;
    provider.end().await;
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_the_roster_gets_later_counts_in_later_runs() {
    let provider = Provider::start();
    let corp = [("corp", provider.issuer.as_str(), "")];
    let world = world_at(&corp, &[], PUBLIC, SystemClock::shared()).await;
    let before = waiting(&world, json!(["src/a.rs"])).await;
    roster(&world.site, &[("rita", login(&provider.issuer, "248"))]);
    assert!(world.running.reloader.try_reload().await.unwrap());
    let mut visitor = Visitor::of(&world);
    logged_in(&mut visitor, &provider, "corp", 0, 0).await;
    assert!(!visitor.get("/").await.text.contains(&before));
    let after = waiting(&world, json!(["src/a.rs"])).await;
    let list = visitor.get("/").await.text;
    assert!(list.contains(&after) && !list.contains(&before), "{list}");
    let mut rita = person(&world, "rita", &visitor);
    let shown = rita.shown(&after, "review").await;
    rita.decides(&shown, "approved").await.ok();
    world.running.stop().await;
}
