//! `xpc deploy`: succeeds only if the server accepted this artifact; each failure names its cause.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;

use super::{Ran, build, run};

/// Runs `xpc deploy` against a server with this answer.
fn answered(folder: &Path, status: &str, body: &str) -> Ran {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
        let whole = |request: &[u8]| {
            let text = String::from_utf8_lossy(request).into_owned();
            let (head, body) = text.split_once("\r\n\r\n")?;
            let length = head.lines().find_map(|line| {
                line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok()
            })?;
            (body.len() >= length).then_some(())
        };
        while whole(&request).is_none() {
            let read = stream.read(&mut buffer).expect("a request");
            request.extend_from_slice(&buffer[..read]);
        }
        stream.write_all(answer.as_bytes()).expect("answered");
    });
    let ran = to(folder, &url);
    server.join().expect("the server");
    ran
}

fn to(folder: &Path, server: &str) -> Ran {
    run(folder, &["deploy", "out.xpa", "--key", "key.pem", "--server", server])
}

#[test]
fn success_names_this_artifact() {
    let folder = build::built();
    let folder = folder.path();
    let digest = run(folder, &["build", "bug_fix.xp", "-o", "out.xpa", "--sign", "key.pem"]).exits(0).out;
    let digest = digest.trim();
    let good = format!(r#"{{"artifact":"{digest}","name":"bug_fix","new":true}}"#);
    assert!(answered(folder, "200 OK", &good).exits(0).out.contains(digest));
    let other = good.replace(digest, &format!("sha256:{}", "0".repeat(64)));
    for wrong in ["{}", "", "<html>", &other, &good.replace("bug_fix", "other")] {
        let ran = answered(folder, "200 OK", wrong).exits(1).says(&["does not name this artifact"]);
        assert!(ran.out.is_empty(), "{ran}");
    }
}

#[test]
fn a_failure_names_its_cause() {
    let folder = build::built();
    let folder = folder.path();
    for status in ["401 Unauthorized", "403 Forbidden"] {
        let ran = answered(folder, status, r#"{"message":"no"}"#).exits(2).says(&["key.pem"]);
        assert!(!ran.talk.contains("refused the artifact"), "{ran}");
    }
    answered(folder, "503 Service Unavailable", "{}").exits(1).says(&["busy", "try again"]);
    answered(folder, "422 Unprocessable Entity", "{}").exits(2).says(&["refused the artifact"]);
    // A port that was just released, on which no program listens.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    to(folder, &format!("http://127.0.0.1:{port}")).exits(1).says(&["refused"]);
    to(folder, "unix:/nowhere/at.sock").exits(1).says(&["no such file", "/nowhere/at.sock"]);
}

#[test]
fn a_server_is_an_address() {
    let folder = build::built();
    for wrong in [
        "",
        "127.0.0.1:17455",
        "localhost:1",
        "ftp://x",
        "http://",
        "http:/x",
        "unix:",
        "http://x y",
        "http://u:p@x",
        "http://x/?a=b",
    ] {
        to(folder.path(), wrong).exits(2).says(&["http://127.0.0.1:7411", "unix:/run/xpd.sock"]);
    }
}
