//! Grants and sessions.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};
use xp_wire::proof::compact::CompactError;
use xpd_token::{
    GrantClaims, KeyPair, Origin, TokenError, authentic_grant, issue_grant, issue_session, verify_grant,
    verify_session,
};

use crate::support::{
    DIGEST, ISSUER, NOW, PROXY, agent, at, compact, grant, key, resigned, ring, session, texts,
};

fn verify_at(token: &str, now: i64) -> Result<GrantClaims, TokenError> {
    verify_grant(token, &at(&ring(&[&key(1)]), PROXY, now, agent().kid()))
}

fn verify(token: &str) -> Result<GrantClaims, TokenError> {
    verify_at(token, NOW)
}

fn issued() -> String {
    issue_grant(&grant(), &key(1)).unwrap()
}

/// A grant with `change` applied, signed by the issuer's own key, as a faulty issuer could produce it.
fn changed(change: impl FnOnce(&mut Value, &mut Value)) -> Result<GrantClaims, TokenError> {
    verify(&resigned(&issued(), &key(1), change))
}

#[test]
fn a_grant_comes_back_as_issued() {
    assert_eq!(verify(&issued()).unwrap(), grant());
    assert!(issued().len() < 1200, "{}", issued().len());
}

#[test]
fn a_resigned_token_without_a_change_is_accepted() {
    // Control: without a change, the token assembled by hand is accepted.
    assert_eq!(changed(|_, _| {}).unwrap(), grant());
}

#[test]
fn the_header_says_type_algorithm_and_thumbprint() {
    let (header, payload) = texts(&issued());
    let header: Value = serde_json::from_str(&header).unwrap();
    assert_eq!(header, json!({"typ": "xp-grant+jwt", "alg": "EdDSA", "kid": key(1).kid()}));
    let payload: Value = serde_json::from_str(&payload).unwrap();
    assert_eq!(
        payload["authorization_details"],
        json!([{"type": "xp_step", "locations": ["github-main"], "actions": ["github.issues.comment"]}])
    );
}

#[test]
fn a_session_comes_back_as_issued() {
    let token = issue_session(&session(), &key(2)).unwrap();
    let keys = ring(&[&key(2)]);
    assert_eq!(verify_session(&token, &at(&keys, "orchestrator", NOW, agent().kid())).unwrap(), session());
    assert_eq!(
        verify_session(&token, &at(&keys, "orchestrator", NOW, key(4).kid())),
        Err(TokenError::Binding)
    );
    assert_eq!(
        verify_session(&token, &at(&keys, "orchestrator", NOW + 900, agent().kid())),
        Err(TokenError::Expired)
    );
}

#[test]
fn classes_do_not_stand_in_for_each_other() {
    // Even when one key signs both classes and both audiences are equal.
    let keys = ring(&[&key(1)]);
    let mut session = session();
    session.aud = PROXY.into();
    let token = issue_session(&session, &key(1)).unwrap();
    assert_eq!(verify(&token), Err(TokenError::WrongType));
    let agent = agent();
    let expected = at(&keys, PROXY, NOW, agent.kid());
    assert_eq!(verify_session(&issued(), &expected), Err(TokenError::WrongType));
    // With the other class's `typ`, the claims still do not match.
    let dressed = resigned(&token, &key(1), |header, _| header["typ"] = "xp-grant+jwt".into());
    assert_eq!(verify(&dressed), Err(TokenError::Claim("shape")));
}

#[test]
fn only_eddsa() {
    let (_, payload) = texts(&issued());
    let kid = key(1).kid().to_owned();
    for alg in ["none", "None", "HS256", "ES256", "RS256", "eddsa", ""] {
        let header = json!({"typ": "xp-grant+jwt", "alg": alg, "kid": kid}).to_string();
        assert_eq!(verify(&compact(&header, &payload, &key(1))), Err(TokenError::Algorithm), "{alg}");
    }
    let unsigned = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(json!({"typ": "xp-grant+jwt", "alg": "none", "kid": kid}).to_string()),
        URL_SAFE_NO_PAD.encode(payload)
    );
    assert_eq!(verify(&unsigned), Err(TokenError::Algorithm));
    let (message, _) = issued().rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert_eq!(verify(&format!("{message}.")), Err(TokenError::Signature));
}

#[test]
fn the_public_key_is_not_a_shared_secret() {
    for secret in [key(1).public().bytes().to_vec(), key(1).public().to_pem().unwrap().into_bytes()] {
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        header.typ = Some("xp-grant+jwt".into());
        header.kid = Some(key(1).kid().into());
        let forged =
            jsonwebtoken::encode(&header, &grant(), &jsonwebtoken::EncodingKey::from_secret(&secret))
                .unwrap();
        assert_eq!(verify(&forged), Err(TokenError::Algorithm));
        // The same signature with the header naming the right algorithm.
        let (_, signature) = forged.rsplit_once('.').unwrap();
        let (message, _) = issued().rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        assert_eq!(verify(&format!("{message}.{signature}")), Err(TokenError::Signature));
    }
}

#[test]
fn wrong_type() {
    for typ in ["JWT", "at+jwt", "dpop+jwt", "application/xp-grant+jwt", "XP-GRANT+JWT"] {
        assert_eq!(changed(|header, _| header["typ"] = typ.into()), Err(TokenError::WrongType), "{typ}");
    }
    let untyped = |header: &mut Value, _: &mut Value| {
        header.as_object_mut().unwrap().remove("typ");
    };
    assert_eq!(changed(untyped), Err(TokenError::WrongType));
}

#[test]
fn a_key_id_chooses_only_among_trusted_keys_and_must_be_the_signers() {
    // A `kid` that is unknown, missing or not a string.
    for kid in [json!(key(3).kid()), json!(""), json!(null), json!(["x"]), json!("../../etc/passwd")] {
        assert_eq!(changed(|header, _| header["kid"] = kid.clone()), Err(TokenError::UnknownKey), "{kid}");
    }
    // `kid` names the trusted key and another key signed, and the reverse.
    let keys = ring(&[&key(1), &key(3)]);
    let agent = agent();
    let expected = at(&keys, PROXY, NOW, agent.kid());
    let forged = resigned(&issued(), &key(4), |_, _| {});
    assert_eq!(verify_grant(&forged, &expected), Err(TokenError::Signature));
    let confused = resigned(&issued(), &key(1), |header, _| header["kid"] = key(3).kid().into());
    assert_eq!(verify_grant(&confused, &expected), Err(TokenError::Signature));
}

#[test]
fn keys_and_extensions_in_the_header_are_refused() {
    let own = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(key(4).public().bytes())});
    for (name, value) in [
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/cert")),
        ("jwk", own),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("x5t", json!("AA")),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
    ] {
        let change = |header: &mut Value, _: &mut Value| header[name] = value.clone();
        assert_eq!(changed(change), Err(TokenError::Compact(CompactError::ForbiddenHeader(name))), "{name}");
        // Key material in the header does not help when another key signed.
        let token = resigned(&issued(), &key(4), |header, _| header[name] = value.clone());
        assert_eq!(verify(&token), Err(TokenError::Compact(CompactError::ForbiddenHeader(name))), "{name}");
    }
    assert_eq!(changed(|header, _| header["nonce"] = "x".into()), Err(TokenError::UnknownHeader));
}

#[test]
fn expires_at_the_exact_second() {
    let token = issued();
    assert!(verify_at(&token, NOW + 59).is_ok());
    assert_eq!(verify_at(&token, NOW + 60), Err(TokenError::Expired));
    assert_eq!(verify_at(&token, NOW + 61), Err(TokenError::Expired));
    assert_eq!(verify_at(&token, i64::MAX), Err(TokenError::Expired));
}

#[test]
fn not_before_its_time() {
    let mut claims = grant();
    claims.nbf = NOW + 10;
    let token = issue_grant(&claims, &key(1)).unwrap();
    assert_eq!(verify_at(&token, NOW + 9), Err(TokenError::NotYet));
    assert!(verify_at(&token, NOW + 10).is_ok());
    assert_eq!(verify_at(&issued(), NOW - 1), Err(TokenError::NotYet));
    assert_eq!(verify_at(&issued(), i64::MIN), Err(TokenError::NotYet));
}

#[test]
fn exactly_one_audience() {
    for aud in
        [json!([PROXY, "proxy-2"]), json!([PROXY]), json!([]), json!(null), json!("proxy-2"), json!("")]
    {
        assert_eq!(changed(|_, payload| payload["aud"] = aud.clone()), Err(TokenError::Audience), "{aud}");
    }
}

#[test]
fn exactly_one_issuer() {
    for iss in [json!([ISSUER]), json!(null), json!("https://xpd.example"), json!("https://evil.example/")] {
        assert_eq!(changed(|_, payload| payload["iss"] = iss.clone()), Err(TokenError::Issuer), "{iss}");
    }
}

#[test]
fn every_claim_is_required_and_none_may_be_added() {
    let (_, payload) = texts(&issued());
    let payload: Value = serde_json::from_str(&payload).unwrap();
    let names: Vec<String> = payload.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names.len(), 11);
    for name in names {
        let without = changed(|_, payload| {
            payload.as_object_mut().unwrap().remove(&name);
        });
        assert!(without.is_err(), "{name}");
    }
    for inner in ["art", "run", "step", "opening", "attempt", "req"] {
        let without = changed(|_, payload| {
            payload["xp"].as_object_mut().unwrap().remove(inner);
        });
        assert_eq!(without, Err(TokenError::Claim("shape")), "{inner}");
    }
    assert_eq!(changed(|_, payload| payload["extra"] = 1.into()), Err(TokenError::Claim("shape")));
    assert_eq!(changed(|_, payload| payload["xp"]["extra"] = 1.into()), Err(TokenError::Claim("shape")));
    assert_eq!(
        changed(|_, payload| payload["cnf"]["x5t#S256"] = "x".into()),
        Err(TokenError::Claim("shape"))
    );
}

#[test]
fn claims_have_their_shape() {
    let wrong: [(&str, Value); 15] = [
        ("/exp", json!(NOW as f64 + 30.5)),
        ("/exp", json!("1795000060")),
        ("/exp", json!(NOW + 121)),
        ("/exp", json!(i64::MAX)),
        ("/exp", json!(NOW)),
        ("/iat", json!(-1)),
        ("/nbf", json!(NOW - 1)),
        ("/jti", json!("short")),
        ("/jti", json!("ABCDEF00000000000000000000000000")),
        ("/cnf/jkt", json!("x")),
        ("/txn", json!("run-2")),
        ("/xp/art", json!("sha256:00")),
        ("/xp/req", json!(DIGEST.to_uppercase())),
        ("/xp/opening", json!(-1)),
        ("/sub", json!("a\nb")),
    ];
    for (pointer, value) in wrong {
        let result = changed(|_, payload| *payload.pointer_mut(pointer).unwrap() = value.clone());
        assert!(matches!(result, Err(TokenError::Claim(_))), "{pointer} {value}: {result:?}");
    }
}

#[test]
fn exactly_one_authorization_detail_with_one_action() {
    let two = |payload: &mut Value| {
        let detail = payload["authorization_details"][0].clone();
        payload["authorization_details"] = json!([detail.clone(), detail]);
    };
    assert_eq!(changed(|_, payload| two(payload)), Err(TokenError::Claim("shape")));
    for (pointer, value) in [
        ("", json!([])),
        ("/0/type", json!("payment")),
        ("/0/actions", json!(["a", "b"])),
        ("/0/actions", json!([])),
        ("/0/locations", json!(["a", "b"])),
        ("/0/actions", json!([""])),
    ] {
        let pointer = format!("/authorization_details{pointer}");
        let result = changed(|_, payload| *payload.pointer_mut(&pointer).unwrap() = value.clone());
        assert!(matches!(result, Err(TokenError::Claim(_))), "{pointer} {value}: {result:?}");
    }
}

#[test]
fn a_member_named_twice_is_refused_wherever_it_stands() {
    let (header, payload) = texts(&issued());
    let twice = [
        (header.clone(), payload.replacen('{', "{\"exp\":1,", 1)),
        (header.clone(), payload.replacen('{', "{\"e\\u0078p\":1,", 1)),
        (header.clone(), payload.replacen("\"jkt\":", "\"jkt\":\"x\",\"jkt\":", 1)),
        (header.clone(), payload.replacen("\"type\":", "\"type\":\"x\",\"type\":", 1)),
        (header.replacen('{', "{\"alg\":\"none\",", 1), payload.clone()),
        (header.replacen('{', "{\"kid\":\"x\",", 1), payload),
    ];
    for (header, payload) in twice {
        let token = compact(&header, &payload, &key(1));
        assert_eq!(
            verify(&token),
            Err(TokenError::Compact(CompactError::DuplicateMember)),
            "{header} {payload}"
        );
    }
}

#[test]
fn oversized() {
    assert_eq!(verify(&"a".repeat(8 * 1024 + 1)), Err(TokenError::Compact(CompactError::TooLarge)));
    let padded = changed(|_, payload| payload["sub"] = "x".repeat(8 * 1024).into());
    assert_eq!(padded, Err(TokenError::Compact(CompactError::TooLarge)));
    let mut claims = grant();
    claims.sub = "x".repeat(600);
    assert_eq!(issue_grant(&claims, &key(1)), Err(TokenError::Claim("sub")));
}

#[test]
fn malformed() {
    let token = issued();
    for bad in [
        String::new(),
        "..".into(),
        "a.b".into(),
        format!("{token}."),
        format!("{token}.x"),
        format!("{token}="),
        format!(" {token}"),
        token.replacen('.', "..", 1),
        compact("[]", "{}", &key(1)),
        compact("{}", "1", &key(1)),
        compact("{} {}", "{}", &key(1)),
        compact(&"[".repeat(300), "{}", &key(1)),
    ] {
        let result = verify(&bad);
        assert!(result.is_err(), "{bad}");
        assert_ne!(result, Err(TokenError::Compact(CompactError::TooLarge)));
    }
}

#[test]
fn deep_nesting_is_refused_without_a_crash() {
    let payload = format!("{{\"a\":{}{}}}", "[".repeat(2500), "]".repeat(2500));
    assert_eq!(verify(&compact("{}", &payload, &key(1))), Err(TokenError::Compact(CompactError::Malformed)));
}

#[test]
fn bound_to_the_agents_key() {
    let keys = ring(&[&key(1)]);
    let thief = key(5);
    assert_eq!(verify_grant(&issued(), &at(&keys, PROXY, NOW, thief.kid())), Err(TokenError::Binding));
    assert_eq!(verify_grant(&issued(), &at(&keys, PROXY, NOW, "")), Err(TokenError::Binding));
}

#[test]
fn nothing_is_issued_that_would_not_verify() {
    let change: [fn(&mut GrantClaims); 6] = [
        |c| c.exp = c.iat + 121,
        |c| c.exp = c.iat,
        |c| c.jti = "1".into(),
        |c| c.xp.run = "run-2".into(),
        |c| c.xp.step = "a\nb".into(),
        |c| c.aud = String::new(),
    ];
    for change in change {
        let mut claims = grant();
        change(&mut claims);
        assert!(matches!(issue_grant(&claims, &key(1)), Err(TokenError::Claim(_))));
    }
    let mut other = session();
    other.scope = "xp:run:run-2".into();
    assert_eq!(issue_session(&other, &key(1)), Err(TokenError::Claim("scope")));
}

#[test]
fn errors_hold_nothing_of_the_token() {
    let secret = "hunter2hunter2";
    let token = resigned(&issued(), &key(1), |header, payload| {
        header["kid"] = secret.into();
        payload["sub"] = secret.into();
    });
    let error = verify(&token).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(secret));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A token with any one character changed is refused.
    #[test]
    fn no_character_can_be_changed(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.=-]") {
        let token = issued();
        let at = at.index(token.len());
        let mut bytes = token.clone().into_bytes();
        bytes[at] = to.as_bytes()[0];
        let changed = String::from_utf8(bytes).unwrap();
        prop_assume!(changed != token);
        prop_assert!(verify(&changed).is_err());
    }

    /// No input makes the verifier panic.
    #[test]
    fn never_panics(header in ".{0,80}", payload in ".{0,80}") {
        let signer: KeyPair = key(1);
        prop_assert!(verify(&compact(&header, &payload, &signer)).is_err());
        let text = [header, payload].join(".");
        prop_assert!(verify(&text).is_err());
    }
}

#[test]
fn authenticity_outlives_time_and_bearer_and_needs_everything_else() {
    let (keys, others) = (ring(&[&key(1)]), ring(&[&key(2)]));
    let origin = |keys| Origin { issuer: ISSUER, audience: PROXY, keys };
    assert_eq!(verify_at(&issued(), NOW + 100_000), Err(TokenError::Expired));
    assert_eq!(authentic_grant(&issued(), &origin(&keys)), Ok(grant()));
    assert_eq!(authentic_grant(&issued(), &origin(&others)), Err(TokenError::UnknownKey));
    let elsewhere = Origin { audience: "another", ..origin(&keys) };
    assert_eq!(authentic_grant(&issued(), &elsewhere), Err(TokenError::Audience));
    let forged = resigned(&issued(), &key(5), |_, _| {});
    assert_eq!(authentic_grant(&forged, &origin(&keys)), Err(TokenError::Signature));
    let long = resigned(&issued(), &key(1), |_, payload| payload["exp"] = json!(NOW + 100_000));
    assert!(authentic_grant(&long, &origin(&keys)).is_err(), "a shape that is never issued");
}
