//! What anybody may begin displaces nothing that others have begun, and what comes of it is bounded.

use serde_json::json;
use xpd_store::SystemClock;

use super::forged::{back, claims, login, world_at};
use super::house::waiting;
use super::person::Person;
use super::stand_in::{Provider, key, signed, tokens};
use super::visitor::{Page, Visitor, param};

/// More than were kept at once when they were kept together.
const MANY: usize = 1_100;

/// Ends a login at a stand-in with these groups.
async fn ended(visitor: &mut Visitor, provider: &Provider, begun: &reqwest::Url, groups: &[&str]) -> Page {
    let mut claims = claims(provider, begun);
    claims["groups"] = json!(groups);
    let token = signed(&json!({ "alg": "EdDSA", "kid": "k" }), &claims, &key(1));
    provider.plan.lock().unwrap().tokens = tokens(&token);
    back(visitor, "corp", &[("code", "c"), ("state", &param(begun, "state").unwrap())]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_begun_logins_displaces_nobody() {
    let provider = Provider::start();
    let people = [("rita", login(&provider.issuer, "248"))];
    let corp = [("corp", provider.issuer.as_str(), "")];
    let world = world_at(&corp, &people, "", SystemClock::shared()).await;
    let run = waiting(&world, json!(["src/a.rs"])).await;
    let mut kit = Person::enrolled(&world, "kit").await;
    let mut sam = Person::enrolled(&world, "sam").await;
    // A login at a provider, one by passkey, and a decision are under way.
    let mut rita = Visitor::of(&world);
    let at_provider = rita.begin("corp").await;
    let by_passkey = sam.begins_login().await;
    let shown = kit.shown(&run, "review").await;
    let deciding = kit.begins(&shown, "approved").await.ok().clone();
    for _ in 0..MANY {
        Visitor::of(&world).begin("corp").await;
        sam.begins_login().await;
    }
    let page = ended(&mut rita, &provider, &at_provider, &[]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(sam.ends_login(&by_passkey).await, 200);
    // Each once, and none under a name that was made up.
    assert_eq!(sam.ends_login(&by_passkey).await, 401);
    let mut other = by_passkey.clone();
    let (text, seal) = other["ceremony"].as_str().unwrap().split_once('.').unwrap();
    other["ceremony"] = json!(format!("{text}.{}", seal.chars().rev().collect::<String>()));
    assert_eq!(sam.ends_login(&other).await, 401);
    let finish = kit.signed(&deciding);
    kit.finishes(&shown, finish.clone()).await.ok();
    assert_ne!(kit.finishes(&shown, finish).await.status, 200);
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answers_of_a_provider_are_bounded() {
    let provider = Provider::start();
    let corp = [("corp", provider.issuer.as_str(), "")];
    let world = world_at(&corp, &[], "", SystemClock::shared()).await;
    let mut visitor = Visitor::of(&world);
    let mut said = String::new();
    for _ in 0..2_000 {
        let begun = visitor.begin("corp").await;
        let state = param(&begun, "state").unwrap();
        said = back(&mut visitor, "corp", &[("error", "no"), ("state", &state)]).await.text;
        if said.contains("too many logins at this provider") {
            break;
        }
    }
    assert!(said.contains("too many logins at this provider"), "{said}");
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_left_a_group_has_left_it_in_all_sessions() {
    let provider = Provider::start();
    let rita =
        format!("logins = [{{ issuer = \"{}\", subject = \"248\", groups = [\"legal\"] }}]", provider.issuer);
    let corp = [("corp", provider.issuer.as_str(), "groups = \"groups\"\n")];
    let world = world_at(&corp, &[("rita", rita)], "", SystemClock::shared()).await;
    let (mut first, mut second) = (Visitor::of(&world), Visitor::of(&world));
    let begun = first.begin("corp").await;
    assert_eq!(ended(&mut first, &provider, &begun, &["legal", "all"]).await.status, 200);
    // The groups of another login that count are named in it: nothing changes.
    let begun = second.begin("corp").await;
    assert_eq!(ended(&mut second, &provider, &begun, &["legal"]).await.status, 200);
    assert!(first.get("/").await.text.contains("rita"));
    // A login that the group is missing in opens nothing, and ends both.
    let mut third = Visitor::of(&world);
    let begun = third.begin("corp").await;
    let page = ended(&mut third, &provider, &begun, &["all"]).await;
    assert!(page.status == 403 && page.text.contains("in the groups"), "{}", page.text);
    for visitor in [&mut first, &mut second] {
        let page = visitor.get("/").await;
        assert!(!page.text.contains("Waiting for you"), "{}", page.text);
    }
    // With the group again, a new login opens a session.
    let begun = third.begin("corp").await;
    assert_eq!(ended(&mut third, &provider, &begun, &["legal"]).await.status, 200);
    assert!(third.get("/").await.text.contains("Waiting for you"));
    world.running.stop().await;
}
