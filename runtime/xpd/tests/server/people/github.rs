//! Login at GitHub, against a stand-in of ours that answers as GitHub's documentation says; github.com was never asked.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use serde_json::json;
use sha2::Digest as _;
use xp_harness::stand_in::{StandIn, json as answer};
use xpd_store::SystemClock;

use super::forged::{back, login, world_at};
use super::house::waiting;
use super::person::Person;
use super::visitor::{Visitor, param};

const TOKEN: &str = r#"{"access_token":"canary-github-token","scope":"","token_type":"bearer"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_a_number_at_github_and_decides_by_a_passkey() {
    let plan = Arc::new(Mutex::new((TOKEN.to_owned(), r#"{"id":583231,"login":"octocat"}"#.to_owned(), 200)));
    let own = Arc::clone(&plan);
    let github = StandIn::new(move |request, _| {
        let (token, user, status) = own.lock().unwrap().clone();
        match request.line.as_str() {
            "POST /api/login/oauth/access_token" => answer(200, &token),
            "GET /api/user" if request.header("authorization") == Some("Bearer canary-github-token") => {
                answer(status, &user)
            }
            _ => answer(404, "{}"),
        }
    });
    let lines = format!("kind = \"github\"\napi = \"{}\"\n", github.url);
    let people = [("rita", login(&github.url, "583231")), ("sam", login(&github.url, "sam"))];
    let public = "url = \"https://approve.example\"\n";
    let world = world_at(&[("github", &github.url, &lines)], &people, public, SystemClock::shared()).await;
    let mut visitor = Visitor::of(&world);
    let set = |token: &str, user: &str, status: u16| {
        *plan.lock().unwrap() = (token.to_owned(), user.to_owned(), status)
    };
    let rita = r#"{"id":583231,"login":"octocat"}"#;
    for (token, user, status, said) in [
        // The name of a person, whose account was renamed or given up, taken by somebody else.
        (TOKEN, r#"{"id":7,"login":"octocat","email":"rita@example.com"}"#, 200, "names nobody"),
        (TOKEN, r#"{"id":"583231"}"#, 200, "by a number"),
        (TOKEN, r#"{"id":"sam"}"#, 200, "by a number"),
        (TOKEN, r#"{"id":583231.5}"#, 200, "by a number"),
        (TOKEN, r#"{"id":0}"#, 200, "names no user"),
        (TOKEN, r#"{"login":"sam"}"#, 200, "by a number"),
        (TOKEN, rita, 401, "answers 401"),
        (r#"{"error":"bad_verification_code"}"#, rita, 200, "bad_verification_code"),
        (r#"{"access_token":"canary-github-token"}"#, rita, 200, "no token response"),
        (r#"{"access_token":"","token_type":"bearer"}"#, rita, 200, "no token response"),
        (r#"{"access_token":"a\nb","token_type":"bearer"}"#, rita, 200, "can be sent"),
        ("access_token=canary-github-token&token_type=bearer", rita, 200, "no token response"),
    ] {
        set(token, user, status);
        let state = param(&visitor.begin("github").await, "state").unwrap();
        let page = back(&mut visitor, "github", &[("code", "c"), ("state", &state)]).await;
        assert_eq!(page.status, 403, "{said}: {}", page.text);
        assert!(page.text.contains(said) && !page.text.contains("canary"), "{said}: {}", page.text);
    }
    set(TOKEN, rita, 200);
    let state = param(&visitor.begin("github").await, "state").unwrap();
    let page =
        back(&mut visitor, "github", &[("code", "c"), ("state", &state), ("iss", "https://login.example")])
            .await;
    assert!(page.status == 403 && page.text.contains("another issuer"), "{}", page.text);
    assert!(visitor.session().is_none());

    let begun = visitor.begin("github").await;
    let state = param(&begun, "state").unwrap();
    let page = back(&mut visitor, "github", &[("code", "c7"), ("state", &state)]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let sent = github.requests().into_iter().rfind(|request| request.line.starts_with("POST")).unwrap();
    let body = reqwest::Url::parse(&format!("http://x?{}", sent.body)).unwrap();
    assert_eq!(param(&body, "code").as_deref(), Some("c7"));
    let digest = sha2::Sha256::digest(param(&body, "code_verifier").unwrap().as_bytes());
    let challenge = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest);
    assert_eq!(param(&begun, "code_challenge"), Some(challenge));
    assert!(!begun.as_str().contains("canary"));
    // GitHub does not say when rita was authenticated, so that a passkey signs, on every host.
    let run = waiting(&world, json!(["src/a.rs"])).await;
    let mut rita = Person::with(&world, "rita", &visitor.session().unwrap());
    let shown = rita.shown(&run, "review").await;
    let reply = rita.decides(&shown, "approved").await;
    let detail = reply.refused("not_allowed").body["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("does not say when"), "{detail}");
    world.running.stop().await;
}
