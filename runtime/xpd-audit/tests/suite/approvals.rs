//! Judgements of people: what a passkey signed is what was decided.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use webauthn_authenticator_rs::WebauthnAuthenticator as _;
use webauthn_authenticator_rs::softpasskey::SoftPasskey;
use webauthn_rs::WebauthnBuilder;
use webauthn_rs::prelude::{Url, Uuid};
use xp_machine::{Event, Input};
use xpd_audit::entry::{Body, Facts};
use xpd_audit::verify::Fault;

use crate::sim::{Log, Run, reviewer};

const ORIGIN: &str = "http://localhost:7413";

/// The approval that the people's door records for a statement.
fn approval(statement: &Value) -> Value {
    let origin = Url::parse(ORIGIN).unwrap();
    let door = WebauthnBuilder::new("localhost", &origin).unwrap().build().unwrap();
    let (options, state) = door.start_passkey_registration(Uuid::from_u128(1), "rita", "rita", None).unwrap();
    let mut passkey = SoftPasskey::new(true);
    let credential = passkey.do_registration(origin.clone(), options).unwrap();
    let known = door.finish_passkey_registration(&credential, &state).unwrap();
    let (options, _) = door.start_passkey_authentication(std::slice::from_ref(&known)).unwrap();
    let statement = statement.to_string();
    let mut options = serde_json::to_value(options).unwrap();
    options["publicKey"]["challenge"] = json!(URL_SAFE_NO_PAD.encode(Sha256::digest(statement.as_bytes())));
    let signed = passkey.do_authentication(origin, serde_json::from_value(options).unwrap()).unwrap();
    let signed = serde_json::to_value(signed).unwrap();
    let part = |name: &str| signed["response"][name].clone();
    let key = serde_json::to_value(&known).unwrap()["cred"]["cred"].clone();
    json!({
        "class": "passkey", "digest": "sha256:shown", "statement": statement, "origin": ORIGIN, "passkey": "id", "key": key,
        "authenticator_data": part("authenticatorData"), "client_data": part("clientDataJSON"), "signature": part("signature"),
    })
}

fn statement() -> Value {
    json!([
        "xp-decision-v1",
        "nonce",
        reviewer().principal.name,
        "run-7",
        "review",
        "approved",
        "well",
        "sha256:shown"
    ])
}

/// How long after the beginning of the run the person judges, milliseconds: longer than a login is fresh.
const LATER: u64 = 1_000_000;

/// What the verifier finds of a person's judgement with this approval.
fn found(approval: Option<Value>) -> Vec<String> {
    let mut run = Run::open("run-7", Log::new());
    let mut actor = reviewer();
    actor.principal.person = true;
    let (step, outcome, notes) = ("review".to_owned(), "approved".to_owned(), Some("well".to_owned()));
    run.now += LATER;
    let event = Event::Judge { actor, step, outcome, notes };
    let input = Input { at: run.now, kill: None, leased_by: None, event };
    let accepted = serde_json::from_value(json!({ "done": { "changes": [] } })).unwrap();
    let facts: Facts = approval.map(|approval| ("approval".to_owned(), approval)).into_iter().collect();
    run.put(Body::decided(&input, &Ok(accepted), facts).unwrap());
    run.ask(Event::Kill { reason: "test".into() }).unwrap();
    run.close();
    let report = run.verify();
    let own = report.findings.iter().filter(|finding| finding.fault == Fault::Approval);
    own.map(|finding| finding.message.clone()).collect()
}

#[test]
fn a_judgement_that_its_passkey_signed_is_approved() {
    assert_eq!(found(Some(approval(&statement()))), Vec::<String>::new());
}

#[test]
fn nothing_else_is() {
    let alone = |messages: Vec<String>, words: &str| {
        assert!(matches!(messages.as_slice(), [one] if one.contains(words)), "{words}: {messages:?}");
    };
    alone(found(None), "no passkey signed it");
    // Signed, and about something else: person, run, step, outcome, reason, what was shown, another kind of statement.
    for (place, other) in
        [(0, "xp-login-v1"), (2, "sam"), (3, "run-8"), (4, "work"), (5, "changes"), (6, "bad"), (7, "x")]
    {
        let mut said = statement();
        said[place] = json!(other);
        alone(found(Some(approval(&said))), "about another judgement");
    }
    let good = approval(&statement());
    let altered = |name: &str, value: Value| {
        let mut one = good.clone();
        one[name] = value;
        found(Some(one))
    };
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(good[name].as_str().unwrap()).unwrap();
    let flipped = |name: &str, at: usize, bit: u8| {
        let mut bytes = bytes(name);
        bytes[at] ^= bit;
        altered(name, json!(URL_SAFE_NO_PAD.encode(bytes)))
    };
    // Another spelling of the statement is another statement.
    alone(
        altered("statement", json!(format!(" {}", good["statement"].as_str().unwrap()))),
        "signed something else",
    );
    alone(altered("origin", json!("http://localhost:7414")), "signed something else");
    alone(altered("class", json!("word")), "unknown variant");
    alone(altered("key", json!("none")), "its approval");
    alone(altered("key", approval(&statement())["key"].clone()), "signature of its passkey is wrong");
    alone(flipped("authenticator_data", 0, 1), "another host");
    // Nobody was there, or nobody was verified.
    alone(flipped("authenticator_data", 32, 0b001), "did not verify its owner");
    alone(flipped("authenticator_data", 32, 0b100), "did not verify its owner");
    alone(flipped("authenticator_data", 36, 1), "signature of its passkey is wrong");
    let last = bytes("signature").len() - 1;
    alone(flipped("signature", last, 1), "signature of its passkey is wrong");
    let created = String::from_utf8(bytes("client_data")).unwrap().replace("webauthn.get", "webauthn.create");
    alone(altered("client_data", json!(URL_SAFE_NO_PAD.encode(created))), "signed something else");
}

/// The approval that the people's door records for a login.
fn by_login(origin: &str, authenticated: u64) -> Value {
    json!({
        "class": "oidc", "digest": "sha256:shown", "statement": statement().to_string(), "origin": origin,
        "issuer": "https://login.example", "subject": "248289761001", "authenticated": authenticated,
    })
}

#[test]
fn a_login_stands_for_a_judgement_while_it_is_fresh_and_not_on_a_loopback_name() {
    let at = Run::open("run-7", Log::new()).now + LATER;
    let good = "https://approve.example";
    assert_eq!(found(Some(by_login(good, at))), Vec::<String>::new());
    assert_eq!(found(Some(by_login(good, at - 600_000))), Vec::<String>::new());
    let alone = |approval: Value, words: &str| {
        let messages = found(Some(approval));
        assert!(messages.len() == 1 && messages[0].contains(words), "{words}: {messages:?}");
    };
    alone(by_login(good, at - 600_001), "older than ten minutes");
    alone(by_login(good, at + 60_001), "later than the decision");
    for local in [
        "http://localhost:7413",
        "https://localhost:7413",
        "https://a.localhost",
        "https://127.0.0.1",
        "http://approve.example",
    ] {
        alone(by_login(local, at), "a passkey must sign");
    }
    let mut other = by_login(good, at);
    other["statement"] = json!(statement().to_string().replace("approved", "changes"));
    alone(other, "about another judgement");
    // A passkey's approval cannot be called a login's, nor the other way round.
    let mut called = approval(&statement());
    called["class"] = json!("oidc");
    alone(called, "missing field");
    let mut called = by_login(good, at);
    called["class"] = json!("passkey");
    alone(called, "missing field");
}

#[test]
fn a_login_alone_decides_nothing_at_an_origin_of_this_host() {
    for origin in [
        "http://approve.example",
        "https://localhost",
        "https://localhost.:8443",
        "https://door.localhost",
        "https://LOCALHOST",
        "https://127.0.0.1",
        "https://0x7f.1",
        "https://2130706433",
        "https://[::1]:8443",
        "https://[::ffff:7f00:1]",
        "https://192.0.2.1",
        "https://user@approve.example",
        "https://approve.example/",
        "https://approve.example:443",
        "https://",
        "",
    ] {
        assert!(xpd_audit::approval::is_local(origin), "{origin}");
    }
    for origin in ["https://approve.example", "https://approve.example:8443", "https://localhost.example"] {
        assert!(!xpd_audit::approval::is_local(origin), "{origin}");
    }
}
