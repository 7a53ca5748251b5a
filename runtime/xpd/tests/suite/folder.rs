//! Ownership and permissions of the socket, and the lock of the data folder.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};

use crate::site::{CONFIG, Site};

#[test]
fn the_socket_of_a_living_server_is_neither_taken_nor_removed() {
    let first = Site::new();
    let alive = first.serve();
    let second = Site::new();
    let socket = first.path("xpd.sock");
    second.put("xpd.toml", &CONFIG.replace("xpd.sock", socket.to_str().unwrap()));
    second.run(&["serve"]).exits(1).says(&["xpd.sock", "answers"]);
    second.run(&["doctor"]).exits(3).says(&["xpd.sock", "answers"]);
    UnixStream::connect(&socket).expect("it still listens");

    // A killed server leaves its socket behind; the next one replaces it, and removes it at its end.
    drop(alive);
    assert!(socket.exists());
    let next = second.serve();
    UnixStream::connect(&socket).expect("it listens");
    next.stop();
    assert!(!socket.exists());
}

#[test]
fn a_server_removes_its_own_socket_only() {
    let site = Site::new();
    let server = site.serve();
    let socket = site.path("xpd.sock");
    std::fs::remove_file(&socket).unwrap();
    let _other = UnixListener::bind(&socket).unwrap();
    server.stop();
    UnixStream::connect(&socket).expect("the other one still listens");
}

#[test]
fn who_may_open_the_socket_is_settled() {
    let site = Site::new();
    let mode = |site: &Site| {
        let _server = site.serve();
        std::fs::metadata(site.path("xpd.sock")).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(mode(&site), 0o666);
    site.put("xpd.toml", &CONFIG.replace("data =", "socket_mode = \"0660\"\ndata ="));
    assert_eq!(mode(&site), 0o660);
}

#[test]
fn a_folder_in_use_is_not_called_damaged() {
    let site = Site::new();
    let _server = site.serve();
    let config = CONFIG.replace("xpd.sock", "other.sock");
    site.put("xpd.toml", &config);
    site.run(&["serve"]).exits(1).says(&["another xpd works in this folder"]).never("damaged");
}
