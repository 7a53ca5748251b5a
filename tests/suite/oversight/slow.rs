//! A slow upstream: a relay in front of the stand-in that records the arrival of each request and delays it
//! for a given time.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Came {
    /// Its request line.
    pub line: String,
    /// The time at which its head was complete.
    pub at: Instant,
}

#[derive(Clone, Default)]
pub struct Slow {
    pub url: String,
    came: Arc<Mutex<Vec<Came>>>,
    /// Number of delayed requests that were forwarded, or whose client disconnected.
    let_go: Arc<AtomicU64>,
    millis: Arc<AtomicU64>,
}

impl Slow {
    /// A relay to the stand-in at this URL.
    pub fn before(forge: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (slow, forge) = (Self { url, ..Self::default() }, forge.trim_start_matches("http://").to_owned());
        let own = slow.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (own, forge) = (own.clone(), forge.clone());
                std::thread::spawn(move || own.relay(stream, &forge));
            }
        });
        slow
    }

    /// Delays each request from now on by this time.
    pub fn hold(&self, time: Duration) {
        self.millis.store(u64::try_from(time.as_millis()).expect("short"), Ordering::SeqCst);
    }

    pub fn came(&self) -> Vec<Came> {
        self.came.lock().expect("no panic").clone()
    }

    pub fn let_go(&self) -> u64 {
        self.let_go.load(Ordering::SeqCst)
    }

    /// Relays one request per connection.
    fn relay(&self, mut stream: TcpStream, forge: &str) {
        let Some((head, body)) = request(&mut stream) else { return };
        let line = head.lines().next().unwrap_or_default().to_owned();
        self.came.lock().expect("no panic").push(Came { line, at: Instant::now() });
        std::thread::sleep(Duration::from_millis(self.millis.load(Ordering::SeqCst)));
        let (first, rest) = head.split_once("\r\n").expect("a first line");
        let answer = TcpStream::connect(forge).and_then(|mut upstream| {
            upstream.write_all(format!("{first}\r\nconnection: close\r\n{rest}").as_bytes())?;
            upstream.write_all(&body)?;
            let mut answer = Vec::new();
            upstream.read_to_end(&mut answer)?;
            Ok(answer)
        });
        self.let_go.fetch_add(1, Ordering::SeqCst);
        if let Ok(answer) = answer {
            let _ = stream.write_all(&answer);
        }
    }
}

/// Head and body of a request; `None` if the connection ends before.
fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4_096];
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        match stream.read(&mut buffer) {
            Ok(count @ 1..) => bytes.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = bytes[head..].to_vec();
    let missing = length.unwrap_or(0usize).saturating_sub(body.len());
    let mut rest = vec![0; missing];
    stream.read_exact(&mut rest).ok()?;
    body.extend_from_slice(&rest);
    Some((text, body))
}
