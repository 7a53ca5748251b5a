//! Proofs of possession.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use proptest::prelude::*;
use serde_json::{Value, json};
use xp_wire::proof::compact::CompactError;
use xp_wire::proof::{
    Proof, ProofError, ProofRequest, PublicJwk, Received, body_digest, jti, token_digest, verify_proof,
};

use crate::support::{NOW, agent, compact, key, resigned, texts};

const URL: &str = "http://localhost:7000/v1/runs/run-1/act";
const BODY: &[u8] = br#"{"action":"github.issues.comment"}"#;
const TOKEN: &str = "a.session.token";

fn request() -> ProofRequest<'static> {
    ProofRequest { method: "POST", url: URL, token: Some(TOKEN), body: BODY, now: NOW, random: [3; 16] }
}

fn received() -> Received<'static> {
    Received { method: "POST", url: URL, token: Some(TOKEN), body: BODY, now: NOW }
}

fn made() -> String {
    agent().prove(&request())
}

fn changed(change: impl FnOnce(&mut Value, &mut Value)) -> Result<Proof, ProofError> {
    verify_proof(&resigned(&made(), &agent(), change), &received())
}

#[test]
fn a_proof_holds_for_its_request() {
    let proof = verify_proof(&made(), &received()).unwrap();
    assert_eq!(proof.jkt, agent().jwk().thumbprint());
    assert_eq!(proof.jti, jti([3; 16]));
    assert_eq!(proof.iat, NOW);
    assert_eq!(proof.key, agent().jwk());
    assert!(changed(|_, _| {}).is_ok());
}

#[test]
fn the_wire_form_is_rfc_9449s() {
    let (header, payload) = texts(&made());
    let header: Value = serde_json::from_str(&header).unwrap();
    let jwk = agent().jwk().to_json();
    assert_eq!(header, json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": jwk}));
    let payload: Value = serde_json::from_str(&payload).unwrap();
    let expected = json!({
        "jti": jti([3; 16]), "htm": "POST", "htu": URL, "iat": NOW,
        "ath": token_digest(TOKEN), "xp_body": body_digest(BODY),
    });
    assert_eq!(payload, expected);
    // RFC 9449 section 7.1: the example's token and its `ath`.
    let example = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
    assert_eq!(token_digest(example), "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
}

#[test]
fn the_example_of_rfc_9449_verifies() {
    // Section 4.1, an ES256 proof by another implementation.
    let proof = concat!(
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZl",
        "dWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VT",
        "YzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8",
        "lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg",
    );
    let received = Received {
        method: "POST",
        url: "https://server.example.com/token",
        token: None,
        body: b"",
        now: 1_562_262_616,
    };
    let verified = verify_proof(proof, &received).unwrap();
    assert_eq!(verified.jti, "-BwC3ESc6acc2lTc");
    // The thumbprint RFC 9449 section 6.1 binds tokens to for this key.
    assert_eq!(verified.jkt, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    let late = Received { now: 1_562_262_616 + 61, ..received };
    assert_eq!(verify_proof(proof, &late), Err(ProofError::Time));
}

#[test]
fn another_url_method_body_or_token_is_refused() {
    let proof = made();
    let cases = [
        (Received { url: "http://localhost:7000/v1/runs/run-2/act", ..received() }, ProofError::Url),
        (Received { url: "https://localhost:7000/v1/runs/run-1/act", ..received() }, ProofError::Url),
        (Received { url: "http://localhost:7001/v1/runs/run-1/act", ..received() }, ProofError::Url),
        (Received { url: "http://localhost:7000/v1/runs/run-1/act/", ..received() }, ProofError::Url),
        (Received { url: "", ..received() }, ProofError::Url),
        (Received { method: "PUT", ..received() }, ProofError::Method),
        (Received { method: "post", ..received() }, ProofError::Method),
        (Received { body: b"{}", ..received() }, ProofError::Body),
        (Received { body: b"", ..received() }, ProofError::Body),
        (Received { token: Some("another"), ..received() }, ProofError::Token),
        (Received { token: None, ..received() }, ProofError::Token),
    ];
    for (received, error) in cases {
        assert_eq!(verify_proof(&proof, &received), Err(error), "{received:?}");
    }
}

#[test]
fn the_query_is_not_part_of_the_proof() {
    let asked = Received { url: "HTTP://LOCALHOST:7000/v1/runs/run%2D1/act?verbose=1", ..received() };
    assert!(verify_proof(&made(), &asked).is_ok());
}

#[test]
fn a_body_needs_its_digest_and_a_token_its_hash() {
    let without = |name: &'static str| {
        changed(move |_, payload| {
            payload.as_object_mut().unwrap().remove(name);
        })
    };
    assert_eq!(without("xp_body"), Err(ProofError::Body));
    assert_eq!(without("ath"), Err(ProofError::Token));
    for name in ["jti", "htm", "htu", "iat"] {
        assert_eq!(without(name), Err(ProofError::Claim("shape")), "{name}");
    }
    let bare = ProofRequest { body: b"", token: None, method: "GET", ..request() };
    let proof = agent().prove(&bare);
    assert!(!texts(&proof).1.contains("xp_body"));
    let received = Received { body: b"", token: None, method: "GET", ..received() };
    assert!(verify_proof(&proof, &received).is_ok());
}

#[test]
fn sixty_seconds_either_way() {
    let proof = made();
    for (offset, fits) in [(-61, false), (-60, true), (60, true), (61, false)] {
        let result = verify_proof(&proof, &Received { now: NOW + offset, ..received() });
        assert_eq!(result.is_ok(), fits, "{offset}");
    }
    for iat in [json!(i64::MIN), json!(i64::MAX)] {
        assert_eq!(changed(|_, payload| payload["iat"] = iat), Err(ProofError::Time));
    }
}

#[test]
fn another_keys_proof_is_another_binding() {
    // Signed by a thief under the agent's public key: not a signature of that key.
    let forged = resigned(&made(), &key(5), |_, _| {});
    assert_eq!(verify_proof(&forged, &received()), Err(ProofError::Signature));
    // Under his own key it is a fine proof of the wrong key.
    let own = key(5).prove(&request());
    assert_ne!(verify_proof(&own, &received()).unwrap().jkt, agent().jwk().thumbprint());
}

#[test]
fn a_private_key_in_the_header_is_refused() {
    for (name, value) in [("d", json!("x")), ("k", json!("x")), ("d", json!(null)), ("p", json!("x"))] {
        let change = |header: &mut Value, _: &mut Value| header["jwk"][name] = value;
        assert_eq!(changed(change), Err(ProofError::PrivateKey), "{name}");
    }
}

#[test]
fn unusable_keys() {
    let small_order = format!("AQ{}", "A".repeat(41));
    for jwk in [
        json!({"kty": "oct", "x": "AA"}),
        json!({"kty": "RSA", "n": "AA", "e": "AQAB"}),
        json!({"kty": "OKP", "crv": "X25519", "x": agent().jwk().to_json()["x"]}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": "AA"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": small_order}),
        json!({"kty": "OKP", "crv": "Ed25519"}),
        json!({"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}),
        json!("key"),
        json!(null),
    ] {
        let result = changed(|header, _| header["jwk"] = jwk.clone());
        assert_eq!(result, Err(ProofError::Key), "{jwk}");
    }
    // A point that is not on the curve.
    let off = json!({"kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43)});
    let result = changed(|header, _| {
        header["alg"] = "ES256".into();
        header["jwk"] = off;
    });
    assert!(matches!(result, Err(ProofError::Signature | ProofError::Key)), "{result:?}");
}

#[test]
fn algorithm_and_key_must_agree() {
    for alg in ["none", "HS256", "ES256", "RS256", ""] {
        assert_eq!(changed(|header, _| header["alg"] = alg.into()), Err(ProofError::Algorithm), "{alg}");
    }
}

#[test]
fn a_proof_is_not_a_token_nor_the_other_way_round() {
    for typ in ["JWT", "at+jwt", "xp-grant+jwt"] {
        assert_eq!(changed(|header, _| header["typ"] = typ.into()), Err(ProofError::WrongType), "{typ}");
    }
    let grant = compact(r#"{"typ":"xp-grant+jwt","alg":"EdDSA","kid":"k"}"#, r#"{"jti":"x"}"#, &agent());
    assert!(verify_proof(&grant, &received()).is_err());
    assert!(
        verify_proof(&format!("{}{}", made(), "x".repeat(8192)), &received())
            == Err(ProofError::Compact(CompactError::TooLarge))
    );
}

#[test]
fn header_members_that_choose_keys_are_refused() {
    for name in ["jku", "x5u", "x5c", "crit", "kid"] {
        let result = changed(|header, _| header[name] = "x".into());
        assert_eq!(result, Err(ProofError::Compact(CompactError::ForbiddenHeader(name))), "{name}");
    }
    assert_eq!(changed(|header, _| header["x"] = 1.into()), Err(ProofError::UnknownHeader));
}

#[test]
fn ids_are_bounded() {
    for jti in [String::new(), "x".repeat(65), "a b".into(), "a\u{0}b".into(), "é".into()] {
        let result = changed(|_, payload| payload["jti"] = jti.clone().into());
        assert_eq!(result, Err(ProofError::Claim("jti")), "{jti}");
    }
    assert!(changed(|_, payload| payload["jti"] = "x".repeat(64).into()).is_ok());
}

#[test]
fn members_named_twice() {
    let (header, payload) = texts(&made());
    let proof = compact(&header, &payload.replacen('{', "{\"htu\":\"http://h/\",", 1), &agent());
    assert_eq!(verify_proof(&proof, &received()), Err(ProofError::Compact(CompactError::DuplicateMember)));
    let proof = compact(&header.replacen("\"x\":", "\"x\":\"AA\",\"x\":", 1), &payload, &agent());
    assert_eq!(verify_proof(&proof, &received()), Err(ProofError::Compact(CompactError::DuplicateMember)));
}

#[test]
fn a_secret_signature_is_no_proof() {
    // HS256 with the agent's public key as the secret.
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some("dpop+jwt".into());
    header.jwk = serde_json::from_value(agent().jwk().to_json()).unwrap();
    let (_, payload) = texts(&made());
    let payload: Value = serde_json::from_str(&payload).unwrap();
    let secret = EncodingKey::from_secret(&agent().public());
    let proof = jsonwebtoken::encode(&header, &payload, &secret).unwrap();
    assert_eq!(verify_proof(&proof, &received()), Err(ProofError::Algorithm));
}

#[test]
fn thumbprint_of_rfc_8037() {
    // RFC 8037 appendix A.2 and A.3.
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    let jwk = PublicJwk::from_json(jwk.as_object().unwrap()).unwrap();
    assert_eq!(jwk.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_character_can_be_changed(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.=-]") {
        let proof = made();
        let at = at.index(proof.len());
        let mut bytes = proof.clone().into_bytes();
        bytes[at] = to.as_bytes()[0];
        let changed = String::from_utf8(bytes).unwrap();
        prop_assume!(changed != proof);
        prop_assert!(verify_proof(&changed, &received()).is_err());
    }

    #[test]
    fn never_panics(header in ".{0,80}", payload in ".{0,80}", url in ".{0,40}") {
        let signer = agent();
        prop_assert!(verify_proof(&compact(&header, &payload, &signer), &received()).is_err());
        let asked = Received { url: &url, ..received() };
        prop_assert!(verify_proof(&made(), &asked).is_err());
    }
}
