//! The artifact file: what is refused, and that nothing is accepted twice.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use xp_artifact::question::{Kind, Obligation, Question, Status, Uses};
use xp_artifact::workflow::{
    Effect, Formula, Guard, How, Outcome, Role, RoleId, RoleKind, Step, Then, Workflow,
};
use xp_artifact::{Artifact, ArtifactError, Envelope, FORMAT, SigningKey, Trust, VerifyingKey};

fn artifact() -> Artifact {
    let outcome = Outcome {
        name: "done".to_owned(),
        how: How::Judged,
        of: None,
        counts: None,
        distinct: None,
        then: Then::Settle,
    };
    let step = Step {
        name: "a".to_owned(),
        role: RoleId(0),
        after: Formula::All(vec![]),
        grants: vec![],
        submissions: vec![],
        within: None,
        outcomes: vec![outcome],
    };
    let workflow = Workflow {
        assumptions: Vec::new(),
        leases: Vec::new(),
        kinds: xp_scope::thing::Kinds::default(),
        name: "w".to_owned(),
        doc: Some("größer als ASCII\n".to_owned()),
        params: vec![],
        roles: vec![Role { name: "r".to_owned(), kind: RoleKind::Agent }],
        separations: vec![],
        records: vec![],
        actions: vec![],
        steps: vec![step],
        loops: vec![],
        finish: Formula::All(vec![]),
        guards: vec![],
    };
    Artifact { format: FORMAT, compiler: "test".to_owned(), sources: vec![], workflow, obligations: vec![] }
}

/// A test fixture, not a key anybody uses.
fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn sealed(keys: &[&SigningKey]) -> Vec<u8> {
    Envelope::seal(&artifact(), keys).unwrap().to_bytes().unwrap()
}

fn open(bytes: &[u8], keys: &[VerifyingKey]) -> Result<Artifact, ArtifactError> {
    Envelope::open(bytes, Trust::AnyOf(keys)).map(|(_, artifact)| artifact)
}

#[test]
fn what_was_sealed_is_what_opens() {
    let bytes = sealed(&[&key(1)]);
    assert_eq!(open(&bytes, &[key(1).public()]).unwrap(), artifact());
    assert_eq!(bytes, sealed(&[&key(1)]), "sealing is not deterministic");
}

#[test]
fn signatures_are_demanded_and_must_be_by_a_trusted_key() {
    assert_eq!(open(&sealed(&[]), &[key(1).public()]), Err(ArtifactError::Unsigned));
    assert_eq!(open(&sealed(&[&key(2)]), &[key(1).public()]), Err(ArtifactError::Untrusted));
    assert!(open(&sealed(&[&key(2), &key(1)]), &[key(1).public()]).is_ok());
    assert!(Envelope::open(&sealed(&[]), Trust::FormOnly).is_ok());
}

#[test]
fn every_flipped_bit_and_every_cut_is_refused() {
    let bytes = sealed(&[&key(1)]);
    let trusted = [key(1).public()];
    for position in 0..bytes.len() {
        for bit in [0x01, 0x20, 0x80] {
            let mut bent = bytes.clone();
            bent[position] ^= bit;
            assert!(open(&bent, &trusted).is_err(), "byte {position} xor {bit:#x} was accepted");
        }
        assert!(open(&bytes[..position], &trusted).is_err(), "cut at {position} was accepted");
    }
}

#[test]
fn there_is_no_second_spelling() {
    let bytes = sealed(&[&key(1)]);
    let trusted = [key(1).public()];
    let mut spaced = bytes.clone();
    spaced.push(b'\n');
    assert!(matches!(open(&spaced, &trusted), Err(ArtifactError::Encoding(_))));
    let pretty =
        serde_json::to_vec_pretty(&serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()).unwrap();
    assert!(matches!(open(&pretty, &trusted), Err(ArtifactError::Encoding(_))));
}

#[test]
fn a_newer_format_is_named() {
    let mut newer = artifact();
    newer.format = 7;
    let bytes = Envelope::seal(&newer, &[&key(1)]).unwrap().to_bytes().unwrap();
    assert_eq!(open(&bytes, &[key(1).public()]), Err(ArtifactError::Newer { found: 7, expected: FORMAT }));
}

#[test]
fn an_older_format_is_named_with_its_own_cure() {
    let mut older = artifact();
    older.format = 0;
    let bytes = Envelope::seal(&older, &[&key(1)]).unwrap().to_bytes().unwrap();
    let error = open(&bytes, &[key(1).public()]).unwrap_err();
    assert_eq!(error, ArtifactError::Older { found: 0, expected: FORMAT });
    assert!(error.to_string().contains("older") && error.to_string().contains("build it again"), "{error}");
    assert_eq!(error.code(), xp_diagnostics::codes::ARTIFACT_FORMAT);
}

/// The words of the schema, in its order: none is left out, none is spelled otherwise.
#[test]
fn a_kind_is_spelled_as_the_format_spells_it() {
    let schema = Artifact::json_schema();
    let kinds = schema["$defs"]["Question"]["oneOf"].as_array().unwrap().iter().flat_map(|kind| {
        let words = kind["enum"].as_array().or(kind["required"].as_array()).cloned();
        words.unwrap_or_else(|| vec![kind["const"].clone()])
    });
    let kinds: std::collections::BTreeSet<String> =
        kinds.map(|kind| kind.as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, Kind::ALL.iter().map(|kind| kind.as_str().to_owned()).collect());
    for question in [Question::StepsOpen, Question::Never(Uses::Effect(Effect::Pay))] {
        let json = serde_json::to_value(&question).unwrap();
        let tag =
            json.as_str().map(str::to_owned).or(json.as_object().and_then(|map| map.keys().next().cloned()));
        assert_eq!(tag.as_deref(), Some(question.kind().as_str()));
    }
    assert_eq!(Kind::of("no_role").map(Kind::hyphenated).as_deref(), Some("no-role"));
    assert_eq!(Kind::of("no-role"), None);
}

#[test]
fn only_proved_and_accepted_vacuous_obligations_hold() {
    for (status, plain, accepted) in [
        (Status::Proved, true, true),
        (Status::Enforced, true, true),
        (Status::Vacuous, false, true),
        (Status::Refuted, false, false),
        (Status::Conditional, false, false),
        (Status::Unknown, false, false),
    ] {
        assert_eq!((status.holds(false), status.holds(true)), (plain, accepted), "{status:?}");
    }
}

#[test]
fn keys_survive_pem_and_never_print() {
    let pem = key(1).to_pem().unwrap();
    let again = SigningKey::from_pem(&pem).unwrap();
    assert_eq!(again.public(), key(1).public());
    assert_eq!(VerifyingKey::from_pem(&key(1).public().to_pem().unwrap()).unwrap(), key(1).public());
    let shown = format!("{again:?}");
    assert!(!shown.contains("01010101") && shown.contains("sha256:"));
    let error = SigningKey::from_pem(&pem.replace("PRIVATE", "SECRET")).unwrap_err();
    assert!(matches!(error, ArtifactError::BadKey(_)));
}

#[test]
fn the_schema_accepts_artifacts_and_refuses_others() {
    let schema = Artifact::json_schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut value = serde_json::to_value(artifact()).unwrap();
    assert!(validator.is_valid(&value));
    value["surprise"] = serde_json::Value::Bool(true);
    assert!(!validator.is_valid(&value));
}

#[test]
fn an_effect_has_the_same_word_in_source_and_artifact() {
    let words: std::collections::BTreeSet<&str> = Effect::ALL.iter().map(|effect| effect.as_str()).collect();
    assert_eq!(words.len(), Effect::ALL.len());
    for effect in Effect::ALL {
        assert_eq!(serde_json::to_value(effect).unwrap(), effect.as_str());
    }
}

/// An artifact with one guard, and the obligation that says so.
fn guarded() -> Artifact {
    let question = Question::AtMost(Uses::Effect(Effect::Merge), 1);
    let (id, source) = ("w/at-most".to_owned(), "guard effect merge at most 1 per run".to_owned());
    let mut artifact = artifact();
    artifact.workflow.guards.push(Guard {
        id: id.clone(),
        question: question.clone(),
        source: source.clone(),
    });
    artifact.obligations.push(Obligation {
        id,
        question,
        source,
        status: Status::Enforced,
        vacuous_ok: false,
        certificate: "unchecked".to_owned(),
        witness: None,
        assuming: Vec::new(),
    });
    artifact
}

#[test]
fn what_is_said_to_be_enforced_is_guarded_and_the_other_way_round() {
    let opened = |artifact: &Artifact| {
        let bytes = Envelope::seal(artifact, &[&key(1)]).unwrap().to_bytes().unwrap();
        open(&bytes, &[key(1).public()])
    };
    assert_eq!(opened(&guarded()).unwrap(), guarded());
    let refused = Err(ArtifactError::Guards("w/at-most".to_owned()));
    let mut removed = guarded();
    removed.workflow.guards.clear();
    assert_eq!(opened(&removed), refused);
    let mut weaker = guarded();
    weaker.workflow.guards[0].question = Question::AtMost(Uses::Effect(Effect::Merge), 2);
    assert_eq!(opened(&weaker), Err(ArtifactError::Guards("w/at-most`, `w/at-most".to_owned())));
    let mut unsaid = guarded();
    unsaid.obligations[0].status = Status::Proved;
    assert_eq!(opened(&unsaid), refused);
    unsaid.obligations.clear();
    assert_eq!(opened(&unsaid), refused);
}

#[test]
fn a_removed_guard_breaks_the_signature() {
    let mut envelope: serde_json::Value =
        serde_json::from_slice(&Envelope::seal(&guarded(), &[&key(1)]).unwrap().to_bytes().unwrap()).unwrap();
    let without = Envelope::seal(&artifact(), &[]).unwrap().to_bytes().unwrap();
    let without: serde_json::Value = serde_json::from_slice(&without).unwrap();
    envelope["payload"] = without["payload"].clone();
    let bytes = serde_json_canonicalizer::to_vec(&envelope).unwrap();
    assert_eq!(open(&bytes, &[key(1).public()]), Err(ArtifactError::BadSignature));
}
