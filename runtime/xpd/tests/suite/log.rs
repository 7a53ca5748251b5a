//! Export of checkpoints, and the server's own log.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use crate::site::{CONFIG, Site, until};

/// An HTTP server that records posted bodies and answers with a status.
fn collector(status: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/log", listener.local_addr().unwrap());
    let posted = Arc::new(Mutex::new(Vec::new()));
    let to = Arc::clone(&posted);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(&stream);
            let (mut head, mut length) = (String::new(), 0);
            while reader.read_line(&mut head).is_ok_and(|read| read > 2) {
                let last = head.lines().last().unwrap_or_default().to_lowercase();
                if let Some(text) = last.strip_prefix("content-length: ") {
                    length = text.parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            to.lock().unwrap().push(format!("{head}{}", String::from_utf8(body).unwrap()));
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = (&stream).write_all(answer.as_bytes());
        }
    });
    (url, posted)
}

#[test]
fn each_checkpoint_is_written_to_a_file_and_posted() {
    let site = Site::new();
    let (url, posted) = collector("204 No Content");
    site.put("xpd.toml", &format!("{CONFIG}[log]\nexport = \"exported\"\npush = \"{url}\"\n"));
    let server = site.serve();
    site.run(&["kill", "principal", "ann", "--socket", "xpd.sock"]).exits(0);
    let beside = || std::fs::read_to_string(site.path("data/checkpoint")).unwrap_or_default();
    let exported = || std::fs::read_to_string(site.path("exported")).unwrap_or_default();
    until("the export", || beside().starts_with("xpd.test\n2\n") && exported() == beside());
    let last = || posted.lock().unwrap().last().cloned().unwrap_or_default();
    until("the push", || last().ends_with(&beside()));
    assert!(last().starts_with("POST /log "), "{}", last());
    server.stop();
}

#[test]
fn where_a_checkpoint_cannot_go_is_said_and_the_server_goes_on() {
    let site = Site::new();
    let (url, posted) = collector("500 Internal Server Error");
    site.put("xpd.toml", &format!("{CONFIG}[log]\nexport = \"nowhere/exported\"\npush = \"{url}\"\n"));
    let server = site.serve();
    until("the push", || !posted.lock().unwrap().is_empty());
    let health = || site.get("/healthz");
    until("the condition", || health().contains(r#""name":"export","status":"degraded""#));
    assert!(!health().contains("nowhere"), "no paths: {}", health());
    site.run(&["kill", "principal", "ann", "--socket", "xpd.sock"]).exits(0);
    std::fs::create_dir(site.path("nowhere")).unwrap();
    until("the file", || site.path("nowhere/exported").exists());
    server.stop();
}

#[test]
fn urls_with_passwords_and_policies_that_ask_nobody_are_refused() {
    let site = Site::new();
    let refused = |text: &str, says: &str| {
        site.put("xpd.toml", &format!("{CONFIG}[log]\n{text}"));
        site.run(&["doctor"]).exits(2).says(&[says]).never("hunter2");
        site.run(&["serve"]).exits(2).says(&[says]).never("hunter2");
    };
    refused("push = \"https://user:hunter2@collector.example/\"\n", "log.push");
    refused("push = \"https://collector.example/?token=hunter2\"\n", "log.push");
    refused("push = \"ftp://collector.example/\"\n", "log.push");
    refused("witness_policy = \"nowhere\"\n", "nowhere");
    let key = xpd_token::KeyPair::from_seed([9; 32]).unwrap();
    let key = xpd_audit::note::CosignerKey::new("witness.example/w", key.public().bytes()).unwrap();
    for (policy, says) in [
        ("quorum none\n".to_owned(), "quorum none"),
        ("quorum w\n".to_owned(), "line 1"),
        (format!("witness w {key}\nquorum w\n"), "witness `w` needs"),
        (format!("witness w {key} https://user:hunter2@w.example\nquorum w\n"), "witness `w` needs"),
    ] {
        site.put("policy", &policy);
        refused("witness_policy = \"policy\"\n", says);
    }
    refused("more = 1\n", "more");
}

#[test]
fn a_decision_is_a_line_and_has_no_reason_in_it() {
    let site = Site::new();
    let server = site.serve();
    let kill = ["kill", "principal", "ann", "--reason", "hunter2", "--socket", "xpd.sock"];
    site.run(&kill).exits(0);
    site.run(&kill).exits(3);
    server.stop();
    let said = std::fs::read_to_string(site.path("xpd.log")).unwrap();
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("xpd::decision")).collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].contains("INFO") && lines[0].contains(r#"killed principal="admin" index=1"#), "{said}");
    assert!(lines[1].contains(r#"decision.refused principal="admin" refused="killed" index=2"#), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}
