//! Closed and full output streams: a closed pipe is ignored, a full disk is reported, and neither causes a
//! panic.

use std::os::unix::net::UnixStream;
use std::process::Stdio;

use crate::site::{Site, finish, until};

/// Commands and their exit codes with a working stdout.
const COMMANDS: [(&[&str], i32); 5] = [
    (&["doctor"], 0),
    (&["doubts", "list", "--socket", "xpd.sock"], 0),
    (&["audit", "verify", "run.zip"], 3),
    (&["audit", "verify", "run.zip", "--format", "json"], 3),
    (&["kill", "principal", "ann", "--socket", "xpd.sock"], 0),
];

#[test]
fn a_reader_that_goes_away_is_no_reason_to_fail() {
    let site = Site::new();
    site.put("run.zip", "no package");
    let _server = site.serve();
    for (args, code) in COMMANDS.into_iter().chain([(&["--help"][..], 0)]) {
        let mut child = site.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        finish(child).exits(code).never("panicked");
    }
}

#[test]
fn a_stdout_that_cannot_be_written_is_said() {
    let site = Site::new();
    site.put("run.zip", "no package");
    let _server = site.serve();
    // An empty list writes nothing.
    let wrote = COMMANDS.into_iter().filter(|(args, _)| !args.contains(&"list"));
    for (args, _) in wrote.chain([(&["--help"][..], 0)]) {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let child = site.command(args).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        finish(child).exits(1).says(&["cannot write to stdout"]).never("panicked");
    }
}

#[test]
fn a_server_goes_on_without_a_reader_and_stops_where_nobody_can_be_told() {
    let site = Site::new();
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut unread = site.command(&["serve"]);
    unread.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut mute = site.command(&["serve"]);
    mute.stdout(Stdio::null()).stderr(full());
    for mut command in [unread, mute] {
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        until("a server that listens", || {
            assert_eq!(child.try_wait().unwrap(), None, "it ended");
            UnixStream::connect(site.path("xpd.sock")).is_ok()
        });
        site.run(&["doubts", "list", "--socket", "xpd.sock"]).exits(0);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let child = site.command(&["serve"]).stdout(full()).stderr(Stdio::piped()).spawn().unwrap();
    finish(child).exits(1).says(&["cannot write to stdout"]).never("panicked");
    assert!(!site.path("xpd.sock").exists(), "it took its socket with it");
}
