//! The receiver of deployments: an HTTP server on loopback that checks signature, commit and tree, and
//! deploys nothing.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::Done;
use crate::shared::shell;

/// A delivery with a valid signature.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub environment: String,
    pub commit: String,
    pub tree: Option<String>,
    /// Whether the commit exists and has the stated tree.
    pub fits: bool,
}

/// The deliveries received.
#[derive(Default)]
pub struct Seen {
    /// By delivery id, since each counts once.
    pub accepted: BTreeMap<String, Delivery>,
    /// Number of deliveries with an invalid signature.
    pub unsigned: u32,
}

/// The receiver.
pub struct Receiver {
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

impl Receiver {
    /// Starts listening. `bare` is the repository from which is deployed.
    pub fn start(secret: &str, bare: PathBuf) -> Done<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (shared, secret) = (Arc::clone(&seen), secret.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A connection that is closed without a request is not a delivery.
                let _ = answer(stream, &secret, &bare, &shared);
            }
        });
        Ok(Self { address, seen })
    }

    /// Sends a delivery with the given signature, as an outsider could. Returns the first line of the answer.
    pub fn post(&self, signature: &str, body: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        write!(
            stream,
            "POST / HTTP/1.1\r\nhost: hook\r\nx-xp-signature: {signature}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.lines().next().unwrap_or_default().to_owned())
    }

    /// Reads the deliveries received so far.
    pub fn with<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn answer(
    mut stream: TcpStream,
    secret: &str,
    bare: &std::path::Path,
    seen: &Mutex<Seen>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let Some((head, body)) = request(&mut stream)? else { return Ok(()) };
    let signature = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("x-xp-signature").then(|| value.trim().to_owned())
    });
    let (status, answer) = judge(signature.as_deref(), &body, secret, bare, seen);
    let text = answer.to_string();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    )
}

fn request(stream: &mut TcpStream) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            let body = &bytes[end + 4..];
            if body.len() >= length.unwrap_or(0) {
                return Ok(Some((head, body.to_vec())));
            }
        }
        match stream.read(&mut buffer)? {
            0 => return Ok(None),
            count => bytes.extend_from_slice(&buffer[..count]),
        }
        if bytes.len() > 64 * 1024 {
            return Ok(None);
        }
    }
}

fn judge(
    signature: Option<&str>,
    body: &[u8],
    secret: &str,
    bare: &std::path::Path,
    seen: &Mutex<Seen>,
) -> (&'static str, Value) {
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let tag: Option<Vec<u8>> = signature.and_then(|text| text.strip_prefix("sha256=")).and_then(unhex);
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map(|mac| mac.chain_update(body));
    let signed = mac.ok().zip(tag).is_some_and(|(mac, tag)| mac.verify_slice(&tag).is_ok());
    if !signed {
        seen.unsigned += 1;
        return ("401 Unauthorized", json!({ "error": "the signature does not hold" }));
    }
    let delivery: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| delivery[name].as_str().map(str::to_owned);
    let (Some(environment), Some(commit), Some(id)) = (text("environment"), text("commit"), text("id"))
    else {
        return ("422 Unprocessable Entity", json!({ "error": "environment, commit or id is missing" }));
    };
    let object = format!("{commit}^{{tree}}");
    let found = shell::git(bare, &["rev-parse", "--verify", "--quiet", "--end-of-options", &object]).ok();
    let tree = text("tree");
    let fits = found.is_some() && (tree.is_none() || tree == found);
    let number = seen.accepted.len() + 1;
    seen.accepted.entry(id).or_insert(Delivery {
        environment: environment.clone(),
        commit: commit.clone(),
        tree,
        fits,
    });
    match (fits, environment.as_str()) {
        (_, "staging") => ("200 OK", json!({ "passed": fits, "commit": commit })),
        (true, _) => ("200 OK", json!({ "id": format!("{environment}-{number}") })),
        (false, _) => ("409 Conflict", json!({ "error": "the commit does not have that tree" })),
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
