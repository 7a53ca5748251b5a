//! Principal names: a name is accepted in a roster if and only if it is accepted in a session.

use proptest::prelude::*;
use xpd_engine::roster::Roster;
use xpd_token::{
    Confirmation, Expected, KeyPair, KeyRing, SessionClaims, is_principal_name, issue_session, verify_session,
};

fn agent() -> KeyPair {
    KeyPair::from_seed([3; 32]).unwrap()
}

/// Reads a roster of one principal.
fn roster(name: &str, controller: &str) -> Result<Roster, String> {
    let folder = tempfile::tempdir().unwrap();
    let quoted = |text: &str| serde_json::to_string(text).unwrap().replace('\u{7f}', "\\u007f");
    let text = format!(
        "[[principal]]\nname = {}\ncontroller = {}\nroles = [\"author\"]\nkey_file = \"key.pem\"\n",
        quoted(name),
        quoted(controller)
    );
    std::fs::write(folder.path().join("key.pem"), agent().public().to_pem().unwrap()).unwrap();
    std::fs::write(folder.path().join("roster.toml"), text).unwrap();
    Roster::read(&folder.path().join("roster.toml")).map_err(|error| error.to_string())
}

/// A session of a principal, issued and verified.
fn session(name: &str) -> Result<(), String> {
    let (server, run) = (KeyPair::from_seed([7; 32]).unwrap(), "0123456789abcdef0123456789abcdef");
    let claims = SessionClaims {
        iss: "xpd.test".to_owned(),
        aud: "xpd.test".to_owned(),
        sub: name.to_owned(),
        client_id: name.to_owned(),
        iat: 1_000,
        nbf: 1_000,
        xp_opened: 0,
        exp: 1_900,
        jti: xpd_token::jti([1; 16]),
        cnf: Confirmation { jkt: agent().kid().to_owned() },
        scope: SessionClaims::scope_of(run),
        txn: run.to_owned(),
        xp_workload: None,
    };
    let token = issue_session(&claims, &server).map_err(|error| error.to_string())?;
    let keys = KeyRing::new([server.public().clone()]);
    let agent = agent();
    let expected =
        Expected { issuer: "xpd.test", audience: "xpd.test", keys: &keys, now: 1_001, jkt: agent.kid() };
    let verified = verify_session(&token, &expected).map_err(|error| error.to_string())?;
    assert_eq!(verified.sub, name);
    Ok(())
}

#[test]
fn the_rosters_that_are_written() {
    let long = "x".repeat(512);
    for name in
        ["Jane Doe", "jane@acme.example", "Ann-Marie d\u{2019}Arc", "\u{5f20}\u{4f1f}", "\"q\\", "a", &long]
    {
        assert!(roster(name, "team a").is_ok(), "{name}");
        assert_eq!(session(name), Ok(()), "{name}");
    }
    let longer = "x".repeat(513);
    for name in [
        "",
        " ",
        " a",
        "a ",
        "a  b",
        "a\tb",
        "a\nb",
        "a\u{a0}b",
        "a\u{2028}b",
        "a\u{85}b",
        "admin",
        "recovery",
        &longer,
    ] {
        assert!(roster(name, "team").is_err(), "{name:?}");
    }
    for controller in ["", " team", "a\u{0}b"] {
        assert!(roster("jane", controller).is_err(), "{controller:?}");
    }
}

/// Valid names: words of visible characters, separated by single spaces.
fn name() -> impl Strategy<Value = String> {
    let word = "[^\\p{C}\\p{Z}]{1,24}";
    proptest::collection::vec(word, 1..5).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn a_session_opens_for_every_name_the_roster_takes(name in name(), any in any::<String>()) {
        prop_assume!(name != "admin" && name != "recovery" && name.len() <= 512);
        prop_assert!(roster(&name, &name).is_ok());
        prop_assert_eq!(session(&name), Ok(()));
        // For arbitrary text, roster and token claims agree on its validity.
        prop_assert_eq!(roster(&any, "team").is_ok(), is_principal_name(&any) && any != "admin" && any != "recovery");
        prop_assert_eq!(session(&any).is_ok(), is_principal_name(&any));
    }
}
