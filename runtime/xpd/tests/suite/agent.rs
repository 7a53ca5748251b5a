//! Keys of agents: made for one door, and used at no other.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use xp_harness::stand_in::{StandIn, json as answer, with};

fn xpd(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xpd"));
    command.current_dir(folder).env_remove("XPD_SERVER").args(args).output().unwrap()
}

#[track_caller]
fn ended(output: &Output, code: i32, says: &str) {
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(says), "{said}");
}

/// A door that says who it is, and answers a request for a session as told.
struct Door {
    stand_in: StandIn,
    says: Arc<Mutex<Value>>,
    session: Arc<Mutex<Vec<u8>>>,
}

impl Door {
    fn open() -> Self {
        let says =
            json!({ "name": "xpd.test", "version": "1", "log_key": "k+1+x", "deployment": "one_process" });
        let (says, session) = (Arc::new(Mutex::new(says)), Arc::new(Mutex::new(answer(500, "{}"))));
        let (who, how) = (Arc::clone(&says), Arc::clone(&session));
        let stand_in = StandIn::new(move |request, _| match request.line.as_str() {
            "GET /api/v1/server" => answer(200, &who.lock().unwrap().to_string()),
            "POST /api/v1/sessions" => how.lock().unwrap().clone(),
            _ => answer(404, "{}"),
        });
        Self { stand_in, says, session }
    }

    fn url(&self) -> &str {
        &self.stand_in.url
    }

    /// The requests for a session.
    fn asked(&self) -> usize {
        self.stand_in.effects()
    }
}

fn enrol<'a>(key: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["agent", "enrol", "eve", "--controller", "e", "--role", "tester", "-o", key];
    args.extend(more);
    args
}

#[test]
fn a_key_is_used_at_the_door_where_it_was_enrolled() {
    let folder = tempfile::tempdir().unwrap();
    let (door, other) = (Door::open(), Door::open());
    let made = xpd(folder.path(), &enrol("eve.pem", &["--server", door.url()]));
    ended(&made, 0, "held = \"file\"");
    ended(&made, 0, "`xpd.test`");
    ended(&made, 0, "k+1+x");
    for name in ["eve.pem", "eve.pem.door"] {
        let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let offers = ["agent", "offers", "--run", "r", "--key", "eve.pem"];
    // The address need not be given; another one is refused before anything is sent.
    ended(&xpd(folder.path(), &offers), 5, "unreached");
    assert_eq!((door.asked(), other.asked()), (1, 0));
    for commands in [
        &offers[..],
        &["mcp", "--run", "r", "--key", "eve.pem"],
        &["agent", "start", "w", "--key", "eve.pem"],
    ] {
        let elsewhere = [commands, &["--server", other.url()]].concat();
        ended(&xpd(folder.path(), &elsewhere), 2, "enrolled at another door");
        let elsewhere = [commands, &["--socket", "xpd.sock"]].concat();
        ended(&xpd(folder.path(), &elsewhere), 2, "enrolled at another door");
    }
    assert!(other.stand_in.requests().is_empty());
    // A door that redirects: nothing is sent to where it points.
    let to = format!("{}/v1/sessions", other.url());
    for status in [301, 302, 307, 308] {
        *door.session.lock().unwrap() = with(status, &[("Location", &to)], "");
        let output = xpd(folder.path(), &offers);
        assert_ne!(output.status.code(), Some(0));
    }
    assert!(other.stand_in.requests().is_empty(), "the redirect was followed");
    // Another server at the same address is asked for nothing.
    let (asked, before) = (door.asked(), door.says.lock().unwrap().clone());
    for (member, value) in [("name", "evil.test"), ("log_key", "k+1+y")] {
        door.says.lock().unwrap()[member] = json!(value);
        let output = xpd(folder.path(), &offers);
        assert_ne!(output.status.code(), Some(0));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("is not the server at which this key was enrolled"), "{said}");
        *door.says.lock().unwrap() = before.clone();
    }
    assert_eq!(door.asked(), asked);
}

#[test]
fn a_door_that_does_not_answer_enrols_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let made = xpd(folder.path(), &enrol("eve.pem", &["--server", &format!("http://{closed}")]));
    assert_ne!(made.status.code(), Some(0));
    assert!(!folder.path().join("eve.pem").exists() && !folder.path().join("eve.pem.door").exists());
    // Without an address the key is for no door in particular.
    ended(&xpd(folder.path(), &enrol("eve.pem", &[])), 0, "held = \"file\"");
    assert!(!folder.path().join("eve.pem.door").exists());
}
