//! Answers of providers that prove no login: none of them opens a session.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use base64::Engine as _;
use serde_json::{Value, json};
use sha2::Digest as _;
use xp_harness::stand_in::{json as answer, with};
use xpd_store::{Clock, SystemClock};

use super::stand_in::{Provider, key, maced, part, public, signed, tokens};
use super::visitor::{Page, Visitor, param};
use crate::support::{Site, World, flow, until};

/// A server with providers (name, issuer, further lines) and people who log in there (person, lines of the roster).
pub async fn world_at(
    providers: &[(&str, &str, &str)],
    people: &[(&str, String)],
    more: &str,
    clock: Arc<dyn Clock>,
) -> World {
    let site = Site::new();
    let mut text = format!("\n[people]\nlisten = \"127.0.0.1:0\"\n{more}");
    let secret = site.folder.join("provider.secret");
    std::fs::write(&secret, "canary-oidc-secret\n").unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    for (name, issuer, lines) in providers {
        text += &format!(
            "\n[[people.provider]]\nname = \"{name}\"\nissuer = \"{issuer}\"\nclient_id = \"xpd\"\n\
             client_secret = {{ file = \"provider.secret\" }}\n{lines}"
        );
    }
    site.write(&text);
    roster(&site, people);
    World::on(site, flow::reviewed_by_people(60), clock).await
}

/// Writes the roster again, with logins.
pub fn roster(site: &Site, people: &[(&str, String)]) {
    let path = site.folder.join("roster.toml");
    let mut text = std::fs::read_to_string(&path).unwrap();
    text = text
        .lines()
        .filter(|line| !line.starts_with("logins =") && !line.starts_with("passkey ="))
        .fold(String::new(), |text, line| text + line + "\n");
    for (person, lines) in people {
        let name = format!("name = \"{person}\"\n");
        assert!(text.contains(&name));
        text = text.replace(&name, &format!("{name}{lines}\n"));
    }
    std::fs::write(path, text).unwrap();
}

/// The lines by which the roster says that a person logs in so.
pub fn login(issuer: &str, subject: &str) -> String {
    format!("logins = [{{ issuer = \"{issuer}\", subject = \"{subject}\" }}]")
}

pub fn now() -> i64 {
    i64::try_from(SystemClock.now() / 1_000).unwrap()
}

/// The claims of a good token.
pub fn claims(provider: &Provider, begun: &reqwest::Url) -> Value {
    json!({
        "iss": provider.issuer, "sub": "248", "aud": "xpd", "exp": now() + 300, "iat": now(), "auth_time": now(),
        "nonce": param(begun, "nonce").unwrap(), "groups": ["legal"],
    })
}

fn head() -> Value {
    json!({ "alg": "EdDSA", "kid": "k" })
}

/// Ends a login at a provider by an address with these parameters.
pub async fn back(visitor: &mut Visitor, provider: &str, params: &[(&str, &str)]) -> Page {
    let mut url = reqwest::Url::parse("http://x").unwrap();
    url.query_pairs_mut().extend_pairs(params);
    visitor.get(&format!("/login/{provider}/answer?{}", url.query().unwrap())).await
}

/// A case: its name, how it changes the claims, how it makes the token of them (none: as a provider does), what is said.
type Make = fn(&Value) -> String;
type Case = (&'static str, fn(&mut Value), Option<Make>, &'static str);

fn set(claims: &mut Value, name: &str, value: Value) {
    claims[name] = value;
}

fn without(claims: &mut Value, name: &str) {
    claims.as_object_mut().unwrap().remove(name);
}

const TOKENS: &[Case] = &[
    (
        "alg none",
        |_| {},
        Some(|claims| format!("{}.{}.", part(&json!({ "alg": "none" })), part(claims))),
        "No signature",
    ),
    (
        "HS256 with the public key",
        |_| {},
        Some(|claims| {
            maced(&json!({ "alg": "HS256", "kid": "k" }), claims, key(1).verifying_key().as_bytes())
        }),
        "Disallowed",
    ),
    (
        "HS256 with the published key",
        |_| {},
        Some(|claims| {
            maced(&json!({ "alg": "HS256", "kid": "k" }), claims, public(&key(1), "k").to_string().as_bytes())
        }),
        "Disallowed",
    ),
    (
        "HS256 with the secret of the client",
        |_| {},
        Some(|claims| maced(&json!({ "alg": "HS256" }), claims, b"canary-oidc-secret")),
        "Disallowed",
    ),
    ("another key under the same id", |_| {}, Some(|claims| signed(&head(), claims, &key(2))), "rypto"),
    (
        "a key that is not published",
        |_| {},
        Some(|claims| signed(&json!({ "alg": "EdDSA", "kid": "other" }), claims, &key(2))),
        "no key of the provider",
    ),
    (
        "a key in the header of the token",
        |_| {},
        Some(|claims| {
            signed(
                &json!({ "alg": "EdDSA", "kid": "other", "jwk": public(&key(2), "other") }),
                claims,
                &key(2),
            )
        }),
        "no key of the provider",
    ),
    (
        "a critical header that is not known",
        |_| {},
        Some(|claims| signed(&json!({ "alg": "EdDSA", "kid": "k", "crit": ["exp"] }), claims, &key(1))),
        "critical",
    ),
    (
        "claims changed after the signature",
        |_| {},
        Some(|claims| {
            let good = signed(&head(), claims, &key(1));
            let (mut other, rest) = (claims.clone(), good.rsplit_once('.').unwrap().1.to_owned());
            set(&mut other, "sub", json!("249"));
            format!("{}.{}.{rest}", part(&head()), part(&other))
        }),
        "rypto",
    ),
    ("another audience", |claims| set(claims, "aud", json!("other")), None, "audience"),
    ("a further audience", |claims| set(claims, "aud", json!(["xpd", "other"])), None, "audience"),
    ("for another client", |claims| set(claims, "azp", json!("other")), None, "another client"),
    ("another issuer", |claims| set(claims, "iss", json!("https://login.example")), None, "issuer"),
    (
        "the issuer in another spelling",
        |claims| {
            let iss = format!("{}/", claims["iss"].as_str().unwrap());
            set(claims, "iss", json!(iss));
        },
        None,
        "issuer",
    ),
    ("another nonce", |claims| set(claims, "nonce", json!("other")), None, "nonce"),
    ("no nonce", |claims| without(claims, "nonce"), None, "nonce"),
    ("expired", |claims| set(claims, "exp", json!(now() - 61)), None, "expired"),
    ("issued in the future", |claims| set(claims, "iat", json!(now() + 90)), None, "has not come"),
    ("issued long ago", |claims| set(claims, "iat", json!(now() - 700)), None, "older than ten minutes"),
    ("not valid yet", |claims| set(claims, "nbf", json!(now() + 90)), None, "not valid yet"),
    (
        "authenticated long ago",
        |claims| set(claims, "auth_time", json!(now() - 700)),
        None,
        "older than ten minutes",
    ),
    (
        "authenticated in the future",
        |claims| set(claims, "auth_time", json!(now() + 90)),
        None,
        "has not come",
    ),
    ("no time of authentication", |claims| without(claims, "auth_time"), None, "does not say when"),
    ("no subject", |claims| without(claims, "sub"), None, "no token response"),
    ("an empty subject", |claims| set(claims, "sub", json!("")), None, "subject"),
    ("a subject with a line feed", |claims| set(claims, "sub", json!("248\n")), None, "subject"),
    (
        "the e-mail of a person",
        |claims| {
            set(claims, "sub", json!("999"));
            set(claims, "email", json!("rita@example.com"));
            set(claims, "email_verified", json!(true));
            set(claims, "preferred_username", json!("rita"));
        },
        None,
        "names nobody",
    ),
    ("not in the group", |claims| set(claims, "groups", json!(["other"])), None, "in the groups"),
    (
        "groups elsewhere (`_claim_names`)",
        |claims| {
            without(claims, "groups");
            set(claims, "_claim_names", json!({ "groups": "src1" }));
            set(claims, "_claim_sources", json!({ "src1": { "endpoint": "https://graph.example" } }));
        },
        None,
        "in the groups",
    ),
    (
        "more groups than are read",
        |claims| {
            let many: Vec<String> =
                (0..1_001).map(|at| format!("g{at}")).chain(["legal".to_owned()]).collect();
            set(claims, "groups", json!(many));
        },
        None,
        "in the groups",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_prove_no_login() {
    let evil = Provider::start();
    let rita =
        format!("logins = [{{ issuer = \"{}\", subject = \"248\", groups = [\"legal\"] }}]", evil.issuer);
    let providers = [("evil", evil.issuer.as_str(), "groups = \"groups\"\n")];
    let world = world_at(&providers, &[("rita", rita)], "", SystemClock::shared()).await;
    let mut visitor = Visitor::of(&world);
    for (name, change, make, said) in TOKENS {
        let begun = visitor.begin("evil").await;
        let mut claims = claims(&evil, &begun);
        change(&mut claims);
        let token = make.map_or_else(|| signed(&head(), &claims, &key(1)), |make| make(&claims));
        evil.plan.lock().unwrap().tokens = tokens(&token);
        let page =
            back(&mut visitor, "evil", &[("code", "c"), ("state", &param(&begun, "state").unwrap())]).await;
        assert_eq!(page.status, 403, "{name}: {}", page.text);
        assert!(page.text.contains(said), "{name}: {}", page.text);
        assert!(visitor.session().is_none(), "{name}");
        assert!(!page.text.contains("canary"), "{name}: {}", page.text);
    }
    // What differs from them is taken, with clocks that differ by less than a minute.
    let begun = visitor.begin("evil").await;
    let mut claims = claims(&evil, &begun);
    for (name, by) in [("iat", 45), ("auth_time", 45), ("nbf", 45), ("exp", -45)] {
        claims[name] = json!(now() + by);
    }
    evil.plan.lock().unwrap().tokens = tokens(&signed(&head(), &claims, &key(1)));
    let page =
        back(&mut visitor, "evil", &[("code", "c"), ("state", &param(&begun, "state").unwrap())]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(visitor.get("/").await.text.contains("rita"));
    // A key that the provider made since is found, once keys may be asked for again.
    evil.plan.lock().unwrap().keys = json!({ "keys": [public(&key(3), "new")] });
    until("the key is found", async || {
        let mut visitor = Visitor::of(&world);
        let begun = visitor.begin("evil").await;
        let claims = self::claims(&evil, &begun);
        let text = signed(&json!({ "alg": "EdDSA", "kid": "new" }), &claims, &key(3));
        evil.plan.lock().unwrap().tokens = tokens(&text);
        let state = param(&begun, "state").unwrap();
        let page = back(&mut visitor, "evil", &[("code", "c"), ("state", &state)]).await;
        page.status == 200
    })
    .await;
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_of_one_browser_one_provider_and_one_use() {
    let (corp, evil) = (Provider::start(), Provider::start());
    corp.plan.lock().unwrap().metadata = json!({ "authorization_response_iss_parameter_supported": true });
    let providers = [("corp", corp.issuer.as_str(), ""), ("evil", evil.issuer.as_str(), "")];
    let world =
        world_at(&providers, &[("rita", login(&corp.issuer, "248"))], "", SystemClock::shared()).await;
    let (mut rita, mut other) = (Visitor::of(&world), Visitor::of(&world));
    let good = |begun: &reqwest::Url| {
        corp.plan.lock().unwrap().tokens = tokens(&signed(&head(), &claims(&corp, begun), &key(1)));
        param(begun, "state").unwrap()
    };
    let iss = corp.issuer.clone();
    let refused = |page: Page, said: &str| {
        assert_eq!(page.status, 403, "{said}: {}", page.text);
        assert!(page.text.contains(said), "{said}: {}", page.text);
    };
    // A state that was never given.
    let page = back(&mut rita, "corp", &[("code", "c"), ("state", &"0".repeat(22)), ("iss", &iss)]).await;
    refused(page, "never begun");
    refused(back(&mut rita, "corp", &[("code", "c"), ("iss", &iss)]).await, "never begun");
    // The state of another browser, with a login of its own under way and without one: forged logins.
    for begins in [true, false] {
        let state = good(&rita.begin("corp").await);
        if begins {
            other.begin("corp").await;
        } else {
            other.cookies.clear();
        }
        let page = back(&mut other, "corp", &[("code", "c"), ("state", &state), ("iss", &iss)]).await;
        refused(page, "another browser");
        assert!(other.session().is_none());
        // It is spent by that.
        refused(
            back(&mut rita, "corp", &[("code", "c"), ("state", &state), ("iss", &iss)]).await,
            "never begun",
        );
    }
    // Two cookies of the name: whose is not known.
    let state = good(&rita.begin("corp").await);
    let own = rita.cookies["xpd-login"].clone();
    rita.cookies.insert("xpd-login".to_owned(), format!("{own}; xpd-login={}", "0".repeat(64)));
    refused(
        back(&mut rita, "corp", &[("code", "c"), ("state", &state), ("iss", &iss)]).await,
        "another browser",
    );
    // Mix-up: the answer of one provider for a login at another; by the address, and by the issuer.
    let state = good(&rita.begin("evil").await);
    refused(
        back(&mut rita, "corp", &[("code", "c"), ("state", &state), ("iss", &iss)]).await,
        "another provider",
    );
    let state = good(&rita.begin("corp").await);
    let page = back(&mut rita, "corp", &[("code", "c"), ("state", &state), ("iss", &evil.issuer)]).await;
    refused(page, "of another issuer");
    let state = good(&rita.begin("corp").await);
    refused(back(&mut rita, "corp", &[("code", "c"), ("state", &state)]).await, "does not name its issuer");
    let state = good(&rita.begin("evil").await);
    let page = back(&mut rita, "evil", &[("code", "c"), ("state", &state), ("iss", &iss)]).await;
    refused(page, "of another issuer");
    assert_eq!((corp.asked().len(), evil.asked().len()), (0, 0), "no code was sent anywhere");
    // An answer with something twice is none.
    let state = good(&rita.begin("corp").await);
    let page = rita.get(&format!("/login/corp/answer?code=c&state={state}&state=x&iss={iss}")).await;
    assert_eq!(page.status, 400, "{}", page.text);
    // The provider says no, with a text that is drawn as a text.
    let state = good(&rita.begin("corp").await);
    let page = back(&mut rita, "corp", &[("error", "<b>no</b>"), ("state", &state), ("iss", &iss)]).await;
    refused(page, "&#60;b&#62;no");
    let state = good(&rita.begin("corp").await);
    refused(back(&mut rita, "corp", &[("state", &state), ("iss", &iss)]).await, "has no code");
    // Rita's identifier, given by another provider, is not hers.
    let begun = rita.begin("evil").await;
    evil.plan.lock().unwrap().tokens = tokens(&signed(&head(), &claims(&evil, &begun), &key(1)));
    let state = param(&begun, "state").unwrap();
    refused(back(&mut rita, "evil", &[("code", "c"), ("state", &state)]).await, "names nobody");
    assert!(rita.session().is_none());

    // A good one, and the same again. A session id that was there before is not taken up.
    rita.cookies.insert("xpd".to_owned(), "f".repeat(64));
    let begun = rita.begin("corp").await;
    let state = good(&begun);
    let page = back(&mut rita, "corp", &[("code", "c1"), ("state", &state), ("iss", &iss)]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let first = rita.cookies["xpd"].clone();
    assert_ne!(first, "f".repeat(64));
    let cookies: Vec<&str> =
        page.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    assert!(cookies[0].contains("HttpOnly; SameSite=Strict"), "{cookies:?}");
    refused(
        back(&mut rita, "corp", &[("code", "c1"), ("state", &state), ("iss", &iss)]).await,
        "never begun",
    );
    // The code went to the token endpoint with the verifier of its challenge, and the secret nowhere else.
    let sent = corp.asked().pop().unwrap();
    let body = reqwest::Url::parse(&format!("http://x?{}", sent.body)).unwrap();
    let verifier = param(&body, "code_verifier").unwrap();
    let digest = sha2::Sha256::digest(verifier.as_bytes());
    let challenge = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest);
    assert_eq!(param(&begun, "code_challenge"), Some(challenge));
    assert_eq!(param(&begun, "code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(param(&begun, "max_age").as_deref(), Some("600"));
    assert_eq!(param(&begun, "redirect_uri"), Some(format!("{}/login/corp/answer", world.running.people)));
    assert_eq!(param(&body, "redirect_uri"), param(&begun, "redirect_uri"));
    assert!(sent.header("authorization").unwrap().starts_with("Basic "));
    assert!(!begun.as_str().contains("canary") && !sent.body.contains("canary"));
    // Another login gets another id, and ends the session before it; the provider is asked to authenticate again, and is checked.
    let begun = rita.begin("corp").await;
    assert_eq!(param(&begun, "prompt").as_deref(), Some("login"));
    let state = good(&begun);
    let mut late = claims(&corp, &begun);
    late["auth_time"] = json!(now() - 120);
    corp.plan.lock().unwrap().tokens = tokens(&signed(&head(), &late, &key(1)));
    let page = back(&mut rita, "corp", &[("code", "c2"), ("state", &state), ("iss", &iss)]).await;
    refused(page, "not authenticated again");
    let state = good(&rita.begin("corp").await);
    let page = back(&mut rita, "corp", &[("code", "c3"), ("state", &state), ("iss", &iss)]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_ne!(rita.cookies["xpd"], first);
    other.cookies.insert("xpd".to_owned(), first);
    assert_eq!(other.get("/").await.headers["location"], "/login");
    // A page of another site reaches nothing but that address, and that only as a page.
    for (site, mode, dest, path) in [
        ("cross-site", "navigate", "document", "/login"),
        ("cross-site", "no-cors", "image", "/login/corp/answer"),
        ("cross-site", "navigate", "iframe", "/login/corp/answer"),
    ] {
        let request = reqwest::Client::new().get(format!("{}{path}", world.running.people));
        let request = request.header("Sec-Fetch-Site", site).header("Sec-Fetch-Mode", mode);
        assert_eq!(
            request.header("Sec-Fetch-Dest", dest).send().await.unwrap().status(),
            403,
            "{dest} {path}"
        );
    }
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn providers_that_do_not_answer_as_they_must() {
    let all: Vec<Provider> = (0..6).map(|_| Provider::start()).collect();
    let [lies, lan, clear, moved, long, gone] = all.as_slice() else { panic!() };
    let metadata = |provider: &Provider, value: Value| provider.plan.lock().unwrap().metadata = value;
    metadata(lies, json!({ "issuer": lan.issuer }));
    metadata(lan, json!({ "token_endpoint": "https://10.0.0.1/token" }));
    metadata(clear, json!({ "token_endpoint": "http://login.example/token" }));
    metadata(long, json!({ "more": "x".repeat(300_000) }));
    metadata(gone, json!({ "authorization_endpoint": "javascript:alert(1)" }));
    moved.plan.lock().unwrap().tokens = with(307, &[("Location", &format!("{}/keys", lies.issuer))], "");
    let names = ["lies", "lan", "clear", "moved", "long", "gone"];
    let providers: Vec<(&str, &str, &str)> =
        names.iter().zip(&all).map(|(name, one)| (*name, one.issuer.as_str(), "")).collect();
    let people: Vec<(&str, String)> = vec![("rita", login(&moved.issuer, "248"))];
    let world = world_at(&providers, &people, "", SystemClock::shared()).await;
    let mut visitor = Visitor::of(&world);
    for (name, said) in [("lies", "issuer"), ("long", "longer than 256 KiB"), ("gone", "may not be reached")]
    {
        let reply = visitor.try_begin(name).await;
        assert!(
            reply.refused("not_allowed").body["detail"].as_str().unwrap().contains(said),
            "{}",
            reply.body
        );
    }
    let before = lies.requests();
    for (name, said) in
        [("lan", "may not be reached"), ("clear", "may not be reached"), ("moved", "token response")]
    {
        let state = param(&visitor.begin(name).await, "state").unwrap();
        let page = back(&mut visitor, name, &[("code", "c"), ("state", &state)]).await;
        assert_eq!(page.status, 403);
        assert!(page.text.contains(said), "{name}: {}", page.text);
    }
    assert_eq!(lies.requests(), before, "no redirect is followed");
    // Tokens that are too long, no JSON, cut off, and none.
    let huge = answer(200, &json!({ "access_token": "x".repeat(300_000) }).to_string());
    for (tokens, said) in [
        (huge, "longer than 256 KiB"),
        (answer(200, "<html>"), "no token response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{".to_vec(), "breaks off"),
        (Vec::new(), "breaks off"),
        (answer(200, &json!({ "access_token": "a", "token_type": "Bearer" }).to_string()), "no ID token"),
        (answer(400, &json!({ "error": "invalid_grant" }).to_string()), "invalid_grant"),
    ] {
        let state = param(&visitor.begin("moved").await, "state").unwrap();
        moved.plan.lock().unwrap().tokens = tokens;
        let page = back(&mut visitor, "moved", &[("code", "c"), ("state", &state)]).await;
        assert_eq!(page.status, 403);
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    assert!(visitor.session().is_none());
    // Opening the login page a hundred times asks the provider once.
    let before = moved.requests();
    for _ in 0..100 {
        visitor.begin("moved").await;
    }
    assert_eq!(moved.requests(), before);
    visitor.try_begin("nobody").await.refused("unknown");
    world.running.stop().await;
}
