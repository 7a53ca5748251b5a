//! Cosignatures, and the checks of a witness (C2SP tlog-cosignature, tlog-witness).

use std::process::Command;

use xpd_audit::merkle::{Frontier, Leaves, consistency_proof, empty_root, leaf_hash};
use xpd_audit::note::{Checkpoint, CosignerKey, Note, NoteError, NoteSignature, cosign, cosigned_at};
use xpd_audit::witness::{AddCheckpoint, Rejection, origin_hash};
use xpd_token::KeyPair;

use crate::sim::{ORIGIN, log_key, log_pair, sign};

pub fn witness(seed: u8) -> (KeyPair, CosignerKey) {
    let pair = KeyPair::from_seed([seed; 32]).unwrap();
    let key = CosignerKey::new(&format!("witness.example/w{seed}"), pair.public().bytes()).unwrap();
    (pair, key)
}

/// A checkpoint with cosignatures of the witnesses with these seeds.
pub fn cosigned(checkpoint: &[u8], seeds: &[u8]) -> Vec<u8> {
    let mut note = Note::parse(checkpoint).unwrap();
    for seed in seeds {
        let (pair, key) = witness(*seed);
        note.add(cosign(note.unverified_text(), &key, 1_679_315_147, |message| pair.sign(message)).unwrap());
    }
    note.to_bytes()
}

/// A log of `size` leaves that differs from the standard one from leaf `turn` on.
fn log(size: u64, turn: u64) -> (Frontier, Leaves) {
    let leaves: Vec<_> =
        (0..size).map(|n| leaf_hash(format!("{n}{}", if n >= turn { "x" } else { "" }).as_bytes())).collect();
    let mut tree = Frontier::default();
    leaves.iter().for_each(|leaf| drop(tree.push(*leaf)));
    (tree, Leaves(leaves))
}

fn request(old: u64, size: u64, turn: u64) -> AddCheckpoint {
    let (tree, leaves) = log(size, turn);
    AddCheckpoint { old, proof: consistency_proof(&leaves, old, size).unwrap(), checkpoint: sign(&tree) }
}

fn known(size: u64) -> Checkpoint {
    Checkpoint::of(ORIGIN, &log(size, u64::MAX).0)
}

#[test]
fn a_cosignature_is_over_the_text_with_its_time() {
    let (pair, key) = witness(4);
    let bytes = cosigned(&sign(&log(5, u64::MAX).0), &[4]);
    let note = Note::parse(&bytes).unwrap();
    assert_eq!(cosigned_at(&note, &key), Ok(1_679_315_147));
    assert!(note.verify(&log_key()).is_ok(), "the log's signature stays");
    assert!(key.to_string().starts_with("witness.example/w4+"));
    assert_eq!(key.to_string().parse::<CosignerKey>().unwrap(), key);
    assert!(key.to_string().parse::<xpd_audit::note::Vkey>().is_err(), "a witness's key is no log's key");
    // The signed message is assembled here as the specification describes it and verified with another
    // implementation.
    let line = note.signatures().last().unwrap();
    assert_eq!((line.bytes.len(), &line.bytes[..8]), (72, &1_679_315_147_u64.to_be_bytes()[..]));
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let text = note.unverified_text();
    put("text", format!("cosignature/v1\ntime 1679315147\n{text}").as_bytes());
    put("sig", &line.bytes[8..]);
    put("key.pem", pair.public().to_pem().unwrap().as_bytes());
    let verified = Command::new("openssl")
        .args([
            "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "text", "-sigfile", "sig",
        ])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(verified.status.success(), "{verified:?}");
}

#[test]
fn a_cosignature_of_something_else_does_not_count() {
    let (pair, key) = witness(4);
    let note = |lines: &[NoteSignature]| {
        let mut note = Note::parse(&sign(&log(5, u64::MAX).0)).unwrap();
        lines.iter().for_each(|line| note.add(line.clone()));
        note
    };
    let text = note(&[]).unverified_text().to_owned();
    let right = cosign(&text, &key, 7, |message| pair.sign(message)).unwrap();
    assert_eq!(cosigned_at(&note(&[]), &key), Err(NoteError::Unsigned));
    assert_eq!(cosigned_at(&note(std::slice::from_ref(&right)), &witness(5).1), Err(NoteError::Unsigned));
    // Another time, another text, a plain signature, a missing time.
    let mut later = right.clone();
    later.bytes[7] += 1;
    let other = cosign("other\n1\nAAAA\n", &key, 7, |message| pair.sign(message)).unwrap();
    let mut plain = right.clone();
    plain.bytes = pair.sign(text.as_bytes()).to_vec();
    let mut never = right.clone();
    never.bytes =
        [vec![0; 8], pair.sign(format!("cosignature/v1\ntime 0\n{text}").as_bytes()).to_vec()].concat();
    for wrong in [later, other, plain, never] {
        assert_eq!(cosigned_at(&note(&[wrong]), &key), Err(NoteError::Signature));
    }
    assert_eq!(cosign(&text, &key, 0, |message| pair.sign(message)), Err(NoteError::Form));
    assert_eq!(cosign(&text, &key, 7, |m| witness(5).0.sign(m)), Err(NoteError::Signature));
    // Two lines by one witness of which one is wrong make the note invalid; `add` replaces the earlier line.
    let bytes = format!("{text}\n{}{}", right.to_line(), right.to_line().replace("AAAA", "AAAB"));
    assert_eq!(cosigned_at(&Note::parse(bytes.as_bytes()).unwrap(), &key), Err(NoteError::Signature));
    assert_eq!(note(&[right.clone(), right]).signatures().len(), 2);
}

#[test]
fn the_request_of_the_specification_reads() {
    let body = "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    let request = AddCheckpoint::parse(body.as_bytes()).unwrap();
    assert_eq!((request.old, request.proof.len()), (20_852_014, 4));
    assert_eq!(request.origin().unwrap(), "example.com/behind-the-sofa");
    assert_eq!(request.to_bytes(), body.as_bytes());
    assert_eq!(
        origin_hash("example.com/behind-the-sofa"),
        // printf %s example.com/behind-the-sofa | sha256sum
        "5fd2dc0beb4ce54da5050cf6d5c75248b023abad441c3cecde3976fbe9da4fe4"
    );
}

#[test]
fn what_is_no_request_is_malformed() {
    let (tree, _) = log(3, u64::MAX);
    let note = String::from_utf8(sign(&tree)).unwrap();
    let hash = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n";
    for body in [
        String::new(),
        note.clone(),
        format!("old 01\n\n{note}"),
        format!("old +1\n\n{note}"),
        format!("old -1\n\n{note}"),
        format!("old  1\n\n{note}"),
        format!("Old 1\n\n{note}"),
        format!("old 18446744073709551616\n\n{note}"),
        format!("old 1\nAAAA\n\n{note}"),
        format!("old 1\n{}\n{note}", hash.repeat(64)),
        format!("old 1\n{hash}{note}"),
    ] {
        let read = AddCheckpoint::parse(body.as_bytes()).and_then(|request| {
            request.origin()?;
            request.admit(&log_key(), None)
        });
        assert_eq!(read, Err(Rejection::Malformed), "{body}");
    }
    assert!(AddCheckpoint::parse(format!("old 1\n{}\n{note}", hash.repeat(63)).as_bytes()).is_ok());
    assert_eq!(Rejection::Malformed.status(), 400);
}

#[test]
fn a_log_that_only_grows_is_cosigned() {
    for (old, new) in [(0, 0), (0, 1), (0, 7), (1, 2), (3, 7), (4, 8), (7, 7), (5, 300)] {
        let known = (old > 0).then(|| known(old));
        let admitted = request(old, new, u64::MAX).admit(&log_key(), known.as_ref()).unwrap();
        assert_eq!((admitted.size, admitted.origin.as_str()), (new, ORIGIN));
    }
}

#[test]
fn a_second_history_is_not_cosigned() {
    // Checkpoints of equal, larger and smaller size that are inconsistent with the cosigned one.
    let seen = known(20);
    for (request, why) in [
        (request(20, 20, 19), Rejection::Inconsistent),
        (request(20, 25, 19), Rejection::Inconsistent),
        (request(20, 25, 3), Rejection::Inconsistent),
        (request(0, 25, 3), Rejection::Conflict(20)),
        (request(12, 18, u64::MAX), Rejection::Conflict(20)),
        (request(12, 25, u64::MAX), Rejection::Conflict(20)),
        (request(21, 20, u64::MAX), Rejection::Malformed),
    ] {
        assert_eq!(request.admit(&log_key(), Some(&seen)), Err(why), "{request:?}");
    }
    // A consistency proof that is missing or too long.
    let mut bare = request(20, 25, u64::MAX);
    bare.proof.clear();
    assert_eq!(bare.admit(&log_key(), Some(&seen)), Err(Rejection::Inconsistent));
    let mut more = request(20, 20, u64::MAX);
    more.proof.push([0; 32]);
    assert_eq!(more.admit(&log_key(), Some(&seen)), Err(Rejection::Inconsistent));
    let mut first = request(0, 3, u64::MAX);
    first.proof.push([0; 32]);
    assert_eq!(first.admit(&log_key(), None), Err(Rejection::Inconsistent));
    assert_eq!((Rejection::Inconsistent.status(), Rejection::Conflict(1).status()), (422, 409));
}

#[test]
fn an_empty_log_has_the_empty_root() {
    let wrong = Checkpoint { origin: ORIGIN.to_owned(), size: 0, root: [7; 32] };
    let note = wrong.sign(&log_key(), |message| log_pair().sign(message)).unwrap();
    let request = AddCheckpoint { old: 0, proof: Vec::new(), checkpoint: note.to_bytes() };
    assert_eq!(request.admit(&log_key(), None), Err(Rejection::Inconsistent));
    assert_eq!(known(0).root, empty_root());
}

#[test]
fn only_the_logs_own_key_counts() {
    let (pair, _) = witness(9);
    let vkey = xpd_audit::note::Vkey::new(ORIGIN, pair.public().bytes()).unwrap();
    assert_eq!(request(0, 3, u64::MAX).admit(&vkey, None), Err(Rejection::Unsigned));
    let mut damaged = request(0, 3, u64::MAX);
    let text = String::from_utf8(damaged.checkpoint.clone()).unwrap();
    damaged.checkpoint = text.replacen("\n3\n", "\n4\n", 1).into_bytes();
    assert_eq!(damaged.admit(&log_key(), None), Err(Rejection::Unsigned));
    assert_eq!((Rejection::Unsigned.status(), Rejection::UnknownLog.status()), (403, 404));
}
