//! A stand-in for an HTTP upstream, by the byte: it records each request, counts those with an effect, and answers as told.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub struct Arrived {
    /// The first line without the version, `GET /orders?x=1`.
    pub line: String,
    /// Headers in order, names in small letters.
    pub headers: Vec<(String, String)>,
    /// What follows the head, as text.
    pub body: String,
}

impl Arrived {
    /// The value of the first header with this name, in small letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

type Script = dyn Fn(&Arrived, usize) -> Vec<u8> + Send + Sync;

/// The stand-in, until the process ends.
pub struct StandIn {
    /// Its base address.
    pub url: String,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl StandIn {
    /// Answers each request with the bytes that the script gives for it and its number, and closes the connection. No bytes: it
    /// closes without an answer.
    pub fn new(script: impl Fn(&Arrived, usize) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/api", listener.local_addr().unwrap());
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let (seen, script): (_, Arc<Script>) = (Arc::clone(&arrived), Arc::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, script) = (Arc::clone(&seen), Arc::clone(&script));
                std::thread::spawn(move || serve(stream, &seen, &*script));
            }
        });
        Self { url, arrived }
    }

    /// The requests that arrived, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }

    /// How many requests arrived that are no GET.
    #[must_use]
    pub fn effects(&self) -> usize {
        self.requests().iter().filter(|request| !request.line.starts_with("GET ")).count()
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Arrived>>, script: &Script) {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut bytes = Vec::new();
    let mut buffer = [0; 4_096];
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(buffer.get(..count).unwrap_or_default()),
        }
    };
    let text = String::from_utf8_lossy(bytes.get(..head).unwrap_or_default()).into_owned();
    let mut lines = text.trim_end().split("\r\n");
    let line = lines.next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .map_or(0, |(_, value)| value.parse().unwrap());
    while bytes.len() < head + length {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(buffer.get(..count).unwrap_or_default()),
        }
    }
    let body = String::from_utf8_lossy(bytes.get(head..).unwrap_or_default()).into_owned();
    let arrived = Arrived { line, headers, body };
    let number = {
        let mut seen = seen.lock().unwrap();
        seen.push(arrived.clone());
        seen.len()
    };
    let _ = stream.write_all(&script(&arrived, number));
}

/// An answer with a JSON body.
#[must_use]
pub fn json(status: u16, body: &str) -> Vec<u8> {
    with(status, &[("Content-Type", "application/json")], body)
}

/// An answer with these headers.
#[must_use]
pub fn with(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text =
        format!("HTTP/1.1 {status} said\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}
