//! A loopback listener that gives messages the agent's token and proof, for a client that can do neither. It changes nothing else,
//! but for the names of tools: the suite calls `test_…`, and a contract's tools are named after its steps.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use xp_wire::proof::{ProofRequest, make_proof};
use xpd_token::KeyPair;

/// Before the name of a tool.
const STEP: &str = "main.suite.";

pub struct Shim {
    /// Its address.
    pub at: SocketAddr,
}

struct Door {
    at: SocketAddr,
    own: SocketAddr,
    key: KeyPair,
    session: String,
}

impl Shim {
    /// Forwards to the door at an address, until the process ends.
    pub fn new(at: SocketAddr, key: KeyPair, session: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap();
        let door = Arc::new(Door { at, own, key, session });
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let door = Arc::clone(&door);
                std::thread::spawn(move || door.forward(stream));
            }
        });
        Self { at: own }
    }
}

impl Door {
    /// One request and its answer.
    fn forward(&self, mut client: TcpStream) -> Option<()> {
        client.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
        let (mut bytes, mut buffer) = (Vec::new(), [0; 4_096]);
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            let count = client.read(&mut buffer).ok().filter(|count| *count > 0)?;
            bytes.extend_from_slice(&buffer[..count]);
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let first = lines.next()?.to_owned();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap_or_default());
        let mut body = bytes.split_off(end + 4);
        while body.len() < length {
            let count = client.read(&mut buffer).ok().filter(|count| *count > 0)?;
            body.extend_from_slice(&buffer[..count]);
        }
        let body =
            String::from_utf8_lossy(&body).replace(r#""name":"test_"#, &format!(r#""name":"{STEP}test_"#));
        let method = first.split(' ').next()?;
        let mut request = format!("{first}\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in &headers {
            let value = match name.as_str() {
                "connection" | "content-length" => continue,
                // Addressed to this listener as it is to the door; any other name stays as it is.
                "host" | "origin" => value.replace(&self.own.to_string(), &self.at.to_string()),
                "mcp-name" if value.starts_with("test_") => format!("{STEP}{value}"),
                _ => value.clone(),
            };
            request += &format!("{name}: {value}\r\n");
        }
        if method == "POST" {
            let proof = self.proof(body.as_bytes());
            request += &format!("authorization: DPoP {}\r\ndpop: {proof}\r\n", self.session);
        }
        let mut door = TcpStream::connect(self.at).ok()?;
        door.write_all(format!("{request}\r\n{body}").as_bytes()).ok()?;
        std::io::copy(&mut door, &mut client).ok()?;
        client.shutdown(std::net::Shutdown::Write).ok()
    }

    fn proof(&self, body: &[u8]) -> String {
        let mut random = [0; 16];
        getrandom::fill(&mut random).unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let url = format!("http://{}/mcp", self.at);
        let request = ProofRequest {
            method: "POST",
            url: &url,
            token: Some(&self.session),
            body,
            now: i64::try_from(now).unwrap(),
            random,
        };
        make_proof(self.key.public().bytes(), |message| self.key.sign(message), &request).unwrap()
    }
}
