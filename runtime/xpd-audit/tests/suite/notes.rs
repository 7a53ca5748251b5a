//! Signed notes and checkpoints.

use xpd_audit::merkle::{Frontier, leaf_hash};
use xpd_audit::note::{Checkpoint, CheckpointError, Note, NoteError, Vkey, VkeyError};
use xpd_token::KeyPair;

const ORIGIN: &str = "xpd.example/log";

fn pair(seed: u8) -> (KeyPair, Vkey) {
    let pair = KeyPair::from_seed([seed; 32]).unwrap();
    let vkey = Vkey::new(ORIGIN, pair.public().bytes()).unwrap();
    (pair, vkey)
}

fn tree(size: u8) -> Frontier {
    let mut tree = Frontier::default();
    (0..size).for_each(|n| drop(tree.push(leaf_hash(&[n]))));
    tree
}

fn signed() -> Vec<u8> {
    let (pair, vkey) = pair(1);
    Checkpoint::of(ORIGIN, &tree(5)).sign(&vkey, |message| pair.sign(message)).unwrap().to_bytes()
}

#[test]
fn the_example_of_the_go_implementation_verifies() {
    // Test vector of golang.org/x/mod/sumdb/note, whose format C2SP signed-note specifies.
    let vkey: Vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse().unwrap();
    let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    let note = format!(
        "{text}\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    );
    let note = Note::parse(note.as_bytes()).unwrap();
    assert_eq!(note.verify(&vkey), Ok(text));
    assert_eq!(note.signatures().len(), 1);
    assert_eq!(note.verify(&pair(1).1), Err(NoteError::Unsigned));
}

#[test]
fn keys_read_back_and_only_their_own_form() {
    let (pair, vkey) = pair(1);
    let text = vkey.to_string();
    assert_eq!(text, pair.public().vkey(ORIGIN));
    assert_eq!(text.parse::<Vkey>().unwrap(), vkey);
    let (name_and_id, key) = text.rsplit_once('+').unwrap();
    for (bad, error) in [
        (String::new(), VkeyError::Form),
        (format!("{name_and_id}+!"), VkeyError::Form),
        (format!("{name_and_id}+"), VkeyError::Form),
        (format!("{name_and_id}+AQAA"), VkeyError::Key),
        (format!("{name_and_id}+{}", key.replacen("AY", "Ao", 1)), VkeyError::Form),
        (text.replacen("xpd", "xpe", 1), VkeyError::Id),
        (text.replacen("xpd", "x d", 1), VkeyError::Name),
        (format!("+{}", text.split_once('+').unwrap().1), VkeyError::Name),
    ] {
        let found = bad.parse::<Vkey>().unwrap_err();
        assert!(found == error || (error == VkeyError::Form && found == VkeyError::Type), "{bad}: {found:?}");
    }
    let mut small_order = [0; 32];
    small_order[0] = 1;
    assert_eq!(Vkey::new("a", &small_order), Err(VkeyError::Key));
}

#[test]
fn a_checkpoint_comes_back() {
    let bytes = signed();
    let (_, vkey) = pair(1);
    let checkpoint = Checkpoint::open(&bytes, &vkey).unwrap();
    assert_eq!(checkpoint, Checkpoint::of(ORIGIN, &tree(5)));
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with("xpd.example/log\n5\n"), "{text}");
    assert_eq!(text.lines().count(), 5);
}

#[test]
fn every_flipped_bit_is_seen() {
    let (_, vkey) = pair(1);
    let bytes = signed();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            assert!(Checkpoint::open(&damaged, &vkey).is_err(), "byte {at} bit {bit}");
        }
    }
}

#[test]
fn keys_of_others_do_not_count() {
    let bytes = signed();
    assert_eq!(Checkpoint::open(&bytes, &pair(2).1), Err(CheckpointError::Note(NoteError::Unsigned)));
    // The same key under another name has another key id.
    let renamed = Vkey::new("other.example/log", pair(1).1.bytes()).unwrap();
    assert_eq!(Checkpoint::open(&bytes, &renamed), Err(CheckpointError::Note(NoteError::Unsigned)));
    // A log's key does not sign checkpoints of another origin.
    let (pair, vkey) = pair(1);
    let foreign = Checkpoint::of("other.example/log", &tree(5));
    assert_eq!(foreign.sign(&vkey, |m| pair.sign(m)), Err(CheckpointError::Origin));
    let note = Note::sign(&foreign.text(), &vkey, |m| pair.sign(m)).unwrap();
    assert_eq!(Checkpoint::open(&note.to_bytes(), &vkey), Err(CheckpointError::Origin));
}

#[test]
fn a_wrong_signature_is_not_handed_out() {
    let (other, _) = pair(2);
    let checkpoint = Checkpoint::of(ORIGIN, &tree(1));
    let refused = checkpoint.sign(&pair(1).1, |message| other.sign(message));
    assert_eq!(refused, Err(CheckpointError::Note(NoteError::Signature)));
}

#[test]
fn cosignatures_of_strangers_are_kept_and_do_not_disturb() {
    let text = String::from_utf8(signed()).unwrap();
    let more = format!("{text}\u{2014} witness.example AAAAAAAA\n");
    let note = Note::parse(more.as_bytes()).unwrap();
    assert_eq!(note.signatures().len(), 2);
    assert!(note.verify(&pair(1).1).is_ok());
    assert_eq!(note.to_bytes(), more.as_bytes());
    // A second, invalid signature by the same key makes the note invalid.
    let own = text.lines().last().unwrap();
    let wrong = own.replace(&own[own.len() - 8..own.len() - 4], "AAAA");
    let note = Note::parse(format!("{text}{wrong}\n").as_bytes()).unwrap();
    assert_eq!(note.verify(&pair(1).1), Err(NoteError::Signature));
}

#[test]
fn malformed_notes_and_checkpoints() {
    for bad in [
        "",
        "\n",
        "\n\n",
        "text\n\n",
        "text\n\n\u{2014} a",
        "text\n\n- a AAAAAAAA\n",
        "a\tb\n\n\u{2014} a AAAAAAAA\n",
    ] {
        assert_eq!(Note::parse(bad.as_bytes()), Err(NoteError::Form), "{bad:?}");
    }
    assert_eq!(Note::parse(b"\xff\n\n"), Err(NoteError::Form));
    let root = Checkpoint::of("o", &tree(1)).text().lines().last().unwrap().to_owned();
    for bad in [
        String::new(),
        "o\n".into(),
        format!("o\n1\n{root}"),
        format!("o\n01\n{root}\n"),
        format!("o\n+1\n{root}\n"),
        format!("o\n-1\n{root}\n"),
        format!("o\n18446744073709551616\n{root}\n"),
        format!("\n1\n{root}\n"),
        format!("o\n1\n{}\n", &root[1..]),
        "o\n1\nAAAA\n".into(),
        format!("o\n1\n{root}\n\n"),
    ] {
        assert_eq!(Checkpoint::parse(&bad), Err(CheckpointError::Form), "{bad:?}");
    }
    assert!(Checkpoint::parse(&format!("o\n1\n{root}\nextension\n")).is_ok());
}
