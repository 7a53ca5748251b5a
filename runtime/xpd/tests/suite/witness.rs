//! `xpd witness` over HTTP, according to C2SP tlog-witness.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use xpd_audit::merkle::{Frontier, Leaves, consistency_proof, leaf_hash};
use xpd_audit::note::{Checkpoint, CosignerKey, Note, NoteSignature, Vkey, cosigned_at};
use xpd_audit::witness::{AddCheckpoint, origin_hash};
use xpd_token::KeyPair;

use crate::site::Site;

const ORIGIN: &str = "log.example/one";

fn pair(seed: u8) -> KeyPair {
    KeyPair::from_seed([seed; 32]).unwrap()
}

fn log_key(seed: u8) -> Vkey {
    Vkey::new(ORIGIN, pair(seed).public().bytes()).unwrap()
}

/// A request for a log of `size` leaves, signed by a key; from leaf `turn` on it is a different log.
fn request(old: u64, size: u64, turn: u64, seed: u8) -> AddCheckpoint {
    let leaf = |n: u64| leaf_hash(format!("{n}{}", n >= turn).as_bytes());
    let leaves = Leaves((0..size).map(leaf).collect());
    let mut tree = Frontier::default();
    leaves.0.iter().for_each(|leaf| drop(tree.push(*leaf)));
    let note =
        Checkpoint::of(ORIGIN, &tree).sign(&log_key(seed), |message| pair(seed).sign(message)).unwrap();
    AddCheckpoint { old, proof: consistency_proof(&leaves, old, size).unwrap(), checkpoint: note.to_bytes() }
}

struct Witness {
    child: Child,
    address: String,
    key: CosignerKey,
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer: status, head, body.
type Answer = (u16, String, String);

impl Witness {
    fn start(site: &Site) -> Self {
        let log = log_key(1).to_string();
        let args = [
            "witness",
            "--name",
            "witness.example/w",
            "--listen",
            "127.0.0.1:0",
            "--data",
            "w",
            "--log",
            &log,
        ];
        let mut child =
            site.command(&args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let address = lines.next().unwrap().strip_prefix("listening on http://").unwrap().to_owned();
        let key = lines.next().unwrap().strip_prefix("witness key ").unwrap().parse().unwrap();
        Self { child, address, key }
    }

    fn send(&self, head: &str, body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head =
            format!("{head} HTTP/1.1\r\nhost: w\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_owned(), body.to_owned())
    }

    fn add(&self, request: &AddCheckpoint) -> Answer {
        self.send("POST /add-checkpoint", &request.to_bytes())
    }

    fn shown(&self) -> Answer {
        self.send(&format!("GET /{}/checkpoint", origin_hash(ORIGIN)), b"")
    }

    /// Asserts that the witness cosigns, with a valid cosignature.
    #[track_caller]
    fn cosigns(&self, request: &AddCheckpoint) {
        let (status, head, body) = self.add(request);
        assert_eq!(status, 200, "{head} {body}");
        let mut note = Note::parse(&request.checkpoint).unwrap();
        for line in NoteSignature::parse_lines(&body).unwrap() {
            note.add(line);
        }
        assert!(cosigned_at(&note, &self.key).is_ok_and(|time| time > 1_700_000_000));
    }
}

#[test]
fn a_log_that_grows_is_cosigned_and_shown() {
    let site = Site::new();
    let witness = Witness::start(&site);
    assert_eq!(witness.shown().0, 404);
    witness.cosigns(&request(0, 3, u64::MAX, 1));
    witness.cosigns(&request(3, 3, u64::MAX, 1));
    // Signatures by unknown keys are ignored and not repeated.
    let mut with_more = request(3, 8, u64::MAX, 1);
    let mut note = Note::parse(&with_more.checkpoint).unwrap();
    note.add(NoteSignature { name: "stranger".to_owned(), id: [1; 4], bytes: vec![1; 64] });
    with_more.checkpoint = note.to_bytes();
    witness.cosigns(&with_more);
    let (status, _, shown) = witness.shown();
    let note = Note::parse(shown.as_bytes()).unwrap();
    assert_eq!((status, note.signatures().len()), (200, 2), "{shown}");
    assert_eq!(Checkpoint::open(shown.as_bytes(), &log_key(1)).unwrap().size, 8);
    assert!(cosigned_at(&note, &witness.key).is_ok());
    assert_eq!(witness.send(&format!("GET /{}/checkpoint", origin_hash("other")), b"").0, 404);
}

#[test]
fn each_refusal_has_its_status() {
    let site = Site::new();
    let witness = Witness::start(&site);
    witness.cosigns(&request(0, 20, u64::MAX, 1));
    let (status, head, body) = witness.add(&request(0, 25, u64::MAX, 1));
    assert_eq!((status, body.as_str()), (409, "20\n"));
    assert!(head.to_lowercase().contains("content-type: text/x.tlog.size"), "{head}");
    assert_eq!(witness.add(&request(20, 25, 19, 1)).0, 422);
    assert_eq!(witness.add(&request(20, 20, 19, 1)).0, 422);
    assert_eq!(witness.add(&request(20, 25, u64::MAX, 2)).0, 403, "another key under the same name");
    let mut spoiled = request(20, 25, u64::MAX, 1);
    spoiled.checkpoint =
        String::from_utf8(spoiled.checkpoint).unwrap().replacen("\n25\n", "\n26\n", 1).into_bytes();
    assert_eq!(witness.add(&spoiled).0, 403);
    let mut other = request(20, 25, u64::MAX, 1);
    other.checkpoint =
        String::from_utf8(other.checkpoint).unwrap().replace(ORIGIN, "log.example/two").into_bytes();
    assert_eq!(witness.add(&other).0, 404);
    assert_eq!(witness.add(&AddCheckpoint { old: 26, ..request(20, 25, u64::MAX, 1) }).0, 400);
    assert_eq!(witness.send("POST /add-checkpoint", b"old 20\n").0, 400);
    assert_eq!(witness.send("GET /add-checkpoint", b"").0, 405);
    assert_eq!(witness.send("POST /add-checkpoint", &vec![b'x'; 300 * 1024]).0, 413);
    // The refused requests have not changed the witness's state.
    witness.cosigns(&request(20, 25, u64::MAX, 1));
}

#[test]
fn what_was_cosigned_is_remembered_over_a_restart() {
    let site = Site::new();
    let witness = Witness::start(&site);
    let key = witness.key.clone();
    witness.cosigns(&request(0, 20, u64::MAX, 1));
    // A second process on the same folder would have a separate state.
    let log = log_key(1).to_string();
    let again = ["witness", "--name", "w", "--listen", "127.0.0.1:0", "--data", "w", "--log", &log];
    site.run(&again).exits(2).says(&["another witness works in this folder"]);
    drop(witness);
    let witness = Witness::start(&site);
    assert_eq!(witness.key, key);
    assert_eq!(witness.add(&request(0, 25, 3, 1)).0, 409);
    assert_eq!(witness.add(&request(20, 25, 3, 1)).0, 422);
    witness.cosigns(&request(20, 25, u64::MAX, 1));
    drop(witness);
    std::fs::write(site.path(&format!("w/{}.checkpoint", origin_hash(ORIGIN))), "damaged").unwrap();
    site.run(&again).exits(2).says(&[".checkpoint"]);
    site.run(&["witness", "--name", "a+b", "--data", "v", "--log", &log]).exits(2).says(&["name"]);
    site.run(&["witness", "--name", "w", "--data", "v", "--log", "x"]).exits(2).says(&["--log"]);
}
