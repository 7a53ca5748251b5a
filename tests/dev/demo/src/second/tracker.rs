//! The way to the issue tracker. GitHub refuses requests without a `User-Agent`, and connectors over HTTP send none, so a proxy adds one.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use xp_harness::stand_in::{Arrived, StandIn};

/// A proxy in front of the tracker at this address.
pub fn proxy(tracker: &str) -> StandIn {
    let address = tracker.trim_start_matches("http://").to_owned();
    StandIn::new(move |request, _| forward(&address, request).unwrap_or_default())
}

fn forward(address: &str, request: &Arrived) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    let line = request.line.replacen(" /api/", " /", 1);
    let mut text =
        format!("{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nuser-agent: xp-demo\r\n");
    for (name, value) in &request.headers {
        if !["host", "connection", "user-agent"].contains(&name.as_str()) {
            text += &format!("{name}: {value}\r\n");
        }
    }
    stream.write_all(format!("{text}\r\n{}", request.body).as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}
