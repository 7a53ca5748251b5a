//! A server that records each request.

use std::time::Duration;

use reqwest::Url;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use xpd_egress::{Reach, client};

/// A recorder, and a client for it.
pub struct Recorder {
    pub base: Url,
    pub http: reqwest::Client,
    requests: mpsc::UnboundedReceiver<String>,
}

/// A recorded request: its head, as bytes that are all ASCII.
pub struct Recorded(String);

impl Recorder {
    /// A recorder that gives this answer to every request; each connection carries one.
    pub async fn answering(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/base/v1", listener.local_addr().unwrap()).parse().unwrap();
        let (recorded, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => break,
                    }
                }
                // Recorded before it is answered, and even if it is no request.
                recorded.send(String::from_utf8(head).expect("ASCII")).unwrap();
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let http = client(&base, &Reach::default()).unwrap().timeout(Duration::from_secs(10));
        Self { base, http: http.build().unwrap(), requests }
    }

    pub async fn new() -> Self {
        Self::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await
    }

    /// The only request since the last call.
    pub fn one(&mut self) -> Recorded {
        let request = self.requests.try_recv().expect("a request was sent");
        self.none();
        Recorded(request)
    }

    /// Nothing has arrived since the last call, not even a connection.
    pub fn none(&mut self) {
        assert!(self.requests.try_recv().is_err(), "something was sent");
    }
}

impl Recorded {
    /// Method and target.
    pub fn line(&self) -> (&str, &str) {
        let mut words = self.0.lines().next().unwrap().split(' ');
        (words.next().unwrap(), words.next().unwrap())
    }

    /// The value of a header, as it stands after the name and `: `.
    pub fn header(&self, name: &str) -> &str {
        let line = self.0.split("\r\n").find(|line| line.starts_with(&format!("{name}: ")));
        &line.expect("the header was sent")[name.len() + 2..]
    }
}
