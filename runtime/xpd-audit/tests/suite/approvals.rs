//! Judgements of people: what a passkey signed is what was decided.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use webauthn_authenticator_rs::WebauthnAuthenticator as _;
use webauthn_authenticator_rs::softpasskey::SoftPasskey;
use webauthn_rs::WebauthnBuilder;
use webauthn_rs::prelude::{Url, Uuid};
use xp_machine::{Event, Input};
use xpd_audit::chat::ChatStatement;
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
    found_of("review", "approved", Some("well"), &[approval])
}

/// As `found`, of a judgement for each approval.
fn found_of(step: &str, outcome: &str, notes: Option<&str>, approvals: &[Option<Value>]) -> Vec<String> {
    let mut run = Run::open("run-7", Log::new());
    let mut actor = reviewer();
    actor.principal.person = true;
    run.now += LATER;
    for approval in approvals {
        let (actor, notes) = (actor.clone(), notes.map(str::to_owned));
        let event = Event::Judge { actor, step: step.to_owned(), outcome: outcome.to_owned(), notes };
        let input = Input { at: run.now, kill: None, leased_by: None, event };
        let accepted = serde_json::from_value(json!({ "done": { "changes": [] } })).unwrap();
        let facts: Facts =
            approval.clone().map(|approval| ("approval".to_owned(), approval)).into_iter().collect();
        run.put(Body::decided(&input, &Ok(accepted), facts).unwrap());
    }
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

/// The approval that is recorded for a statement that a bridge signed, with a change of it.
fn by_chat(change: impl Fn(&mut ChatStatement), seed: u8) -> Value {
    let at = Run::open("run-7", Log::new()).now + LATER;
    let text = |text: &str| text.to_owned();
    let mut said = ChatStatement {
        nonce: text("nonce-0123456789"),
        at,
        bridge: text("slack"),
        user: text("U1"),
        run: text("run-7"),
        step: text("review"),
        outcome: text("approved"),
        digest: text("sha256:shown"),
    };
    change(&mut said);
    let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
    let pem = xp_artifact::SigningKey::from_seed(&[9; 32]).public().to_pem().unwrap();
    let signature = URL_SAFE_NO_PAD.encode(key.sign(said.text().as_bytes()).to_bytes());
    json!({
        "class": "webhook", "digest": "sha256:shown", "statement": said.text(), "bridge": "slack", "key": pem, "user": "U1",
        "signature": signature,
    })
}

#[test]
fn a_bridge_stands_for_a_judgement_as_one_controller_and_for_nothing_that_is_for_good() {
    let of = |approvals: &[Value]| {
        let approvals: Vec<Option<Value>> = approvals.iter().cloned().map(Some).collect();
        found_of("review", "approved", None, &approvals)
    };
    let good = by_chat(|_| {}, 9);
    assert_eq!(of(std::slice::from_ref(&good)), Vec::<String>::new());
    assert_eq!(of(&[by_chat(|said| said.at -= 120_000, 9)]), Vec::<String>::new());
    let alone = |messages: Vec<String>, words: &str| {
        assert!(messages.len() == 1 && messages[0].contains(words), "{words}: {messages:?}");
    };
    alone(of(&[by_chat(|_| {}, 8)]), "signature of its bridge is wrong");
    let mut other = good.clone();
    other["statement"] = json!(other["statement"].as_str().unwrap().replace("approved", "changes"));
    alone(of(&[other]), "signature of its bridge is wrong");
    alone(of(&[by_chat(|said| said.at -= 120_001, 9)]), "more than two minutes");
    alone(of(&[by_chat(|said| said.at += 30_001, 9)]), "has not come");
    alone(of(&[by_chat(|said| said.nonce = "short".to_owned(), 9)]), "cannot be read");
    for change in [
        |said: &mut ChatStatement| said.run = "run-8".to_owned(),
        |said: &mut ChatStatement| said.step = "work".to_owned(),
        |said: &mut ChatStatement| said.outcome = "changes".to_owned(),
        |said: &mut ChatStatement| said.digest = "sha256:other".to_owned(),
        |said: &mut ChatStatement| said.user = "U2".to_owned(),
        |said: &mut ChatStatement| said.bridge = "teams".to_owned(),
    ] {
        alone(of(&[by_chat(change, 9)]), "about another judgement");
    }
    // A reason is no part of what a bridge signs.
    alone(found(Some(good.clone())), "about another judgement");
    // Again, and two people over one bridge.
    alone(of(&[good.clone(), good.clone()]), "nonce that it had used");
    let second = by_chat(|said| said.nonce = "nonce-9876543210".to_owned(), 9);
    alone(of(&[good, second]), "one controller");
    // What the step `work` lets begin runs code.
    let done = by_chat(|said| (said.step, said.outcome) = ("work".to_owned(), "done".to_owned()), 9);
    alone(found_of("work", "done", None, &[Some(done)]), "last approval");
}
