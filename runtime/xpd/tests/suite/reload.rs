//! Changes of a running server's files.

use std::os::unix::fs::PermissionsExt as _;

use xpd_token::KeyPair;

use crate::site::{ROSTER, Site, until};

fn administrator(site: &Site, name: &str, seed: u8) -> String {
    let key = KeyPair::from_seed([seed; 32]).unwrap();
    site.put(&format!("{name}.pub.pem"), &key.public().to_pem().unwrap());
    key.write_file(&site.path(&format!("{name}.pem"))).unwrap();
    format!("\n[[administrator]]\nname = \"{name}\"\nkey_file = \"{name}.pub.pem\"\n")
}

/// Whether the server accepts a key as an administrator's.
fn is_heard(site: &Site, name: &str) -> bool {
    let key = format!("{name}.pem");
    site.command(&["doubts", "list", "--key", &key]).output().unwrap().status.success()
}

fn log(site: &Site) -> String {
    std::fs::read_to_string(site.path("xpd.log")).unwrap()
}

#[test]
fn a_change_acts_by_itself_and_a_bad_file_changes_nothing() {
    let site = Site::new();
    let (ada, max) = (administrator(&site, "ada", 8), administrator(&site, "max", 9));
    let server = site.serve();
    assert!(!is_heard(&site, "ada"));
    site.put("roster.toml", &format!("{ROSTER}{ada}"));
    until("the change", || is_heard(&site, "ada"));
    assert!(!is_heard(&site, "max"));

    let bad = "read again and not taken";
    site.put("roster.toml", &format!("{ROSTER}{max}nonsense"));
    until("a word about it", || log(&site).contains(bad));
    assert_eq!(log(&site).matches(bad).count(), 1, "{}", log(&site));
    assert!(log(&site).contains("roster.toml"), "{}", log(&site));
    assert!(is_heard(&site, "ada") && !is_heard(&site, "max"));
    site.run(&["doctor"]).exits(3).says(&["wrong  roster", "roster.toml"]);

    site.put("roster.toml", &format!("{ROSTER}{max}"));
    until("the change", || is_heard(&site, "max"));
    assert!(!is_heard(&site, "ada"), "removed");
    site.run(&["doctor"]).exits(0);
    server.stop();
}

#[test]
fn a_hangup_has_everything_read_again() {
    let site = Site::new();
    let server = site.serve();
    let read = "the configuration was read again";
    assert!(!log(&site).contains(read));
    server.signal("HUP");
    until("the word", || log(&site).contains(read));
    assert!(is_heard(&site, "data/keys/admin"), "it goes on");
    server.stop();
}

#[test]
fn the_administrators_have_a_door_of_their_own() {
    let site = Site::new();
    let server = site.serve();
    let socket = site.path("data/admin.sock");
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    // The administrators' socket is the default for commands and does not serve agents.
    site.run(&["kill", "principal", "ann"]).exits(0).says(&["stopped: principal ann"]);
    site.run(&["unkill"]).exits(0).says(&["principal ann, by admin"]);
    site.run(&["unkill", "principal", "ann"]).exits(3).says(&["not_allowed", "recovery key"]);
    server.stop();
    assert!(!socket.exists(), "it takes its socket away");
}
