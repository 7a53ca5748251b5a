//! Selection of the server and of the key by commands.

use crate::site::{CONFIG, Site, until};

#[test]
fn a_server_is_named_by_a_whole_url() {
    let site = Site::new();
    let server = site.serve();
    let port = server.url.rsplit(':').next().unwrap();
    let (bare, local) = (format!("127.0.0.1:{port}"), format!("http://localhost:{port}"));
    let kill = |args: &[&str]| site.run(&[&["kill", "principal", "ann"], args].concat());
    kill(&["--server", &bare]).exits(2).says(&["--server", &format!("http://{bare}")]);
    kill(&["--server", "unix:xpd.sock"]).exits(2).says(&["--socket xpd.sock"]);
    kill(&["--server", "ftp://127.0.0.1"]).exits(2).says(&["http://"]);
    kill(&["--server", "http://"]).exits(2).says(&["http://"]);
    // For another name of the same server, the message states the name it uses for itself.
    kill(&["--server", &local]).exits(3).says(&["proof", &format!("`{}/v1/kill`", server.url)]);
    kill(&["--server", &server.url, "--socket", "xpd.sock"]).exits(2).says(&["cannot be used with"]);
    site.run(&["doubts", "--server", &server.url, "list", "--socket", "xpd.sock"]).exits(2);
    let mut by_variable = site.command(&["doubts", "list", "--socket", "xpd.sock"]);
    let ran = by_variable.env("XPD_SERVER", "http://127.0.0.1:1").output().unwrap();
    assert!(ran.status.success(), "an argument is above a variable: {ran:?}");
    let mut by_variable = site.command(&["doubts", "list"]);
    assert!(by_variable.env("XPD_SERVER", &server.url).output().unwrap().status.success());
}

#[test]
fn doors_say_whose_they_are() {
    let site = Site::new();
    let _server = site.serve();
    let ran = site.run(&["kill", "everything", "--socket", "xpd.sock", "--key", "ann.pem"]).exits(3);
    ran.says(&["administrator"]).never("door");
}

#[test]
fn a_doubt_ends_by_a_plain_word() {
    let site = Site::new();
    let resolve =
        |args: &[&str]| site.run(&[&["doubts", "resolve", "J", "--socket", "xpd.sock"], args].concat());
    let _server = site.serve();
    resolve(&[]).exits(2).says(&["--done", "--not-done"]);
    resolve(&["--done", "{}", "--not-done"]).exits(2).says(&["cannot be used with"]);
    resolve(&["--done", "null"]).exits(2).says(&["null", "'{}'", "--not-done"]);
    resolve(&["--done", "nonsense"]).exits(2).says(&["--done"]);
    for word in [&["--done", "{}"][..], &["--not-done"]] {
        resolve(word).exits(3).says(&["unknown"]);
    }
}

/// A server killed during a command leaves its folder, a process and its socket behind.
#[test]
fn what_a_killed_server_left_is_gone_when_the_next_one_answers() {
    let site = Site::new();
    let left = site.path("xpd-sandbox-left");
    std::fs::create_dir_all(left.join("run-1/files")).unwrap();
    std::fs::write(left.join("lock"), "").unwrap();
    let working = |folder: &std::path::Path| {
        let mut command = std::process::Command::new("sleep");
        command.arg("600").env("XPD_SANDBOX", folder.join("run-1")).spawn().unwrap()
    };
    let (mut orphan, mut other) = (working(&left), working(&site.path("xpd-sandbox-left-alone")));
    drop(std::os::unix::net::UnixListener::bind(site.path("xpd.sock")).unwrap());
    // Reading does not change anything.
    site.run(&["doctor"]).exits(0);
    assert!(left.is_dir() && orphan.try_wait().unwrap().is_none());
    let _server = site.serve();
    assert!(!left.exists());
    until("its process ends", || orphan.try_wait().unwrap().is_some());
    assert!(other.try_wait().unwrap().is_none(), "it works for another folder");
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn a_private_key_is_not_a_public_one() {
    let site = Site::new();
    site.put("run.zip", "no package");
    site.put("xpd.toml", CONFIG);
    let ran = site.run(&["audit", "verify", "run.zip", "--artifact-key", "ann.pem"]).exits(2);
    ran.says(&["ann.pem", "private key", "openssl pkey"]);
    let ran = site.run(&["audit", "verify", "run.zip", "--log-key", "ann.pem"]).exits(2);
    ran.says(&["log key"]);
}
