//! `xpc verify`: checks an artifact without source and without solver.

use std::path::Path;

use xp_artifact::question::Status;
use xp_artifact::workflow::StepId;
use xp_artifact::{Artifact, Envelope, SigningKey, Trust};

use super::build::{built, keys};
use super::{Ran, run};

fn verify(folder: &Path, bytes: &[u8], key: Option<&str>) -> Ran {
    std::fs::write(folder.join("it.xpa"), bytes).expect("written");
    match key {
        Some(key) => run(folder, &["verify", "it.xpa", "--key", key]),
        None => run(folder, &["verify", "it.xpa"]),
    }
}

/// The artifact with a change, signed with the same key.
fn forged(folder: &Path, change: impl FnOnce(&mut Artifact)) -> Vec<u8> {
    let bytes = std::fs::read(folder.join("out.xpa")).expect("built");
    let (_, mut artifact) = Envelope::open(&bytes, Trust::FormOnly).expect("good");
    change(&mut artifact);
    let pem = std::fs::read_to_string(folder.join("key.pem")).expect("the key");
    let key = SigningKey::from_pem(&pem).expect("a key");
    Envelope::seal(&artifact, &[&key]).and_then(|envelope| envelope.to_bytes()).expect("sealed")
}

#[test]
fn a_good_one() {
    let folder = built();
    let ran = run(folder.path(), &["verify", "out.xpa", "--key", "key.pub"]).exits(0);
    for part in ["bug_fix", "sha256:", "valid, by the key given", "18 of 18"] {
        assert!(ran.out.contains(part), "no {part:?}: {ran}");
    }
    assert!(ran.talk.is_empty(), "{ran}");
}

#[test]
fn without_a_key_it_says_that_nobody_was_asked_who_signed() {
    let folder = built();
    let ran = run(folder.path(), &["verify", "out.xpa"]).exits(0);
    assert!(ran.out.contains("NOT checked") && ran.out.contains("--key"), "{ran}");
    run(folder.path(), &["build", "bug_fix.xp", "-o", "bare.xpa"]).exits(0);
    let ran = run(folder.path(), &["verify", "bare.xpa"]).exits(0);
    assert!(ran.out.contains("signature  none"), "{ran}");
    run(folder.path(), &["verify", "bare.xpa", "--key", "key.pub"]).exits(2).says(&["XP0704"]);
}

#[test]
fn a_flipped_bit_anywhere() {
    let folder = built();
    let good = std::fs::read(folder.path().join("out.xpa")).expect("built");
    let many = 150;
    for number in 0..many {
        let at = number * (good.len() - 1) / (many - 1);
        let mut bad = good.clone();
        bad[at] ^= 1 << (number % 7);
        let ran = verify(folder.path(), &bad, Some("key.pub")).exits(2);
        let known =
            ["XP0701", "XP0703", "XP0704", "XP0705", "XP0706"].iter().any(|code| ran.talk.contains(code));
        assert!(known, "byte {at}: {ran}");
        assert!(ran.out.is_empty(), "byte {at}: {ran}");
    }
}

#[test]
fn cut_short_or_with_more_behind() {
    let folder = built();
    let good = std::fs::read(folder.path().join("out.xpa")).expect("built");
    for length in [0, 1, 2, good.len() / 3, good.len() / 2, good.len() - 2, good.len() - 1] {
        for key in [Some("key.pub"), None] {
            verify(folder.path(), &good[..length], key).exits(2).says(&["XP0701"]);
        }
    }
    for tail in ["\n", " ", "{}", "\0"] {
        let long = [&good[..], tail.as_bytes()].concat();
        verify(folder.path(), &long, Some("key.pub")).exits(2).says(&["XP0701"]);
    }
    run(folder.path(), &["verify", "bug_fix.xp"]).exits(2).says(&["XP0701"]);
}

#[test]
fn by_another_key_or_by_none() {
    let folder = built();
    keys(folder.path(), "other");
    let good = std::fs::read(folder.path().join("out.xpa")).expect("built");
    verify(folder.path(), &good, Some("other.pub")).exits(2).says(&["XP0705"]);
    // A private key, or another file, is not a public key.
    verify(folder.path(), &good, Some("key.pem")).exits(2).says(&["XP0707"]);
    verify(folder.path(), &good, Some("gone.pub")).exits(2).says(&["XP0123", "gone.pub"]);
    // A signature by the right key over another artifact.
    let other = forged(folder.path(), |artifact| artifact.compiler = "xpc 9".to_owned());
    let mut mixed: serde_json::Value = serde_json::from_slice(&good).expect("JSON");
    let signed: serde_json::Value = serde_json::from_slice(&other).expect("JSON");
    mixed["signatures"] = signed["signatures"].clone();
    verify(folder.path(), mixed.to_string().as_bytes(), Some("key.pub")).exits(2).says(&["XP0706"]);
}

#[test]
fn of_a_newer_format() {
    let folder = built();
    let newer = forged(folder.path(), |artifact| artifact.format += 1);
    for key in [Some("key.pub"), None] {
        let format = format!("format {}", xp_artifact::FORMAT + 1);
        verify(folder.path(), &newer, key).exits(2).says(&["XP0703", &format]);
    }
}

#[test]
fn too_large_to_be_read() {
    let folder = built();
    let file = std::fs::File::create(folder.path().join("huge.xpa")).expect("made");
    file.set_len(xp_artifact::MAX_BYTES as u64 + 1).expect("sparse");
    run(folder.path(), &["verify", "huge.xpa"]).exits(2).says(&["XP0702"]);
}

#[test]
fn signed_and_yet_no_workflow() {
    let folder = built();
    let odd = forged(folder.path(), |artifact| artifact.workflow.loops[0].target = StepId(999));
    verify(folder.path(), &odd, Some("key.pub")).exits(2).says(&["XP0708"]);
}

/// A signature on an artifact with an unproved property does not make it valid.
#[test]
fn with_something_unproved_in_it() {
    let folder = built();
    let weak = forged(folder.path(), |artifact| artifact.obligations[3].status = Status::Unknown);
    let ran = verify(folder.path(), &weak, Some("key.pub")).exits(3);
    assert!(ran.out.contains("not proved") && ran.out.contains("17 of 18"), "{ran}");
}

/// An artifact has one encoding: each signature once, sorted by key.
#[test]
fn a_signature_listed_twice() {
    let folder = built();
    let good = std::fs::read(folder.path().join("out.xpa")).expect("built");
    let mut twice: serde_json::Value = serde_json::from_slice(&good).expect("JSON");
    let signatures = twice["signatures"].as_array_mut().expect("signatures");
    signatures.push(signatures[0].clone());
    for key in [Some("key.pub"), None] {
        verify(folder.path(), twice.to_string().as_bytes(), key).exits(2).says(&["XP0701"]);
    }
}
