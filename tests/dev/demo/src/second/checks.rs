//! The checks at the end of the act.

use std::net::TcpStream;

use serde_json::{Value, json};

use super::play::Play;
use super::story::files;
use super::world::World;
use crate::shared::checks::{Checks, flipped, holds, leaks, verify};
use crate::shared::shell;

type Found = Result<String, String>;

/// Makes all checks.
pub fn check(world: &World, play: &Play<'_>) -> Checks {
    let mut checks = Checks::default();
    checks.note("the run is ended and closed", finished(world, &play.run));
    checks.note("the file is what the person was shown and approved", written(world, play));
    checks.note("no other file changed", others(world));
    checks.note("before: the program's tests", tests(world, false));
    checks.note("after: the program's tests", tests(world, true));
    checks.note("the issue is closed, the other one is open", closed(world));
    checks.note("the client is alone with its key and xpd's socket", alone(world, &play.client.found));
    checks.note("no credential in the client's environment", environment(world, &play.client.found));
    checks.note("the tracker saw what GitHub's description allows", described(world));
    let evidence = world.xpd(&["evidence", &play.run, "-o", "run.zip"]);
    let secrets = [world.secret.clone()];
    let leaked = evidence.and_then(|_| leaks(world.folder.path(), "secrets/tracker", &secrets));
    checks.note("no credential in a log, a transcript or the evidence", leaked);
    let (folder, key) = (world.folder.path(), world.log_key());
    checks.note("the evidence, offline, with the log key from outside", verify(folder, key, true));
    checks.note("the same evidence with a byte flipped", flipped(folder, key));
    checks
}

fn finished(world: &World, run: &str) -> Found {
    let summary = world.summary(run)?;
    if summary["status"] == json!("ended") && summary["closed"] == json!(true) {
        Ok(format!("by {}, {} entries", summary["ended_by"].as_str().unwrap_or_default(), summary["entries"]))
    } else {
        Err(summary.to_string())
    }
}

/// The file, what the page showed and what the model wrote are the same, letter by letter.
fn written(world: &World, play: &Play<'_>) -> Found {
    let text = std::fs::read_to_string(world.file()).map_err(|error| error.to_string())?;
    if text != world.story.fixed {
        return Err(format!("it is {text:?}"));
    }
    if play.shown != text {
        return Err(format!("the page showed {:?}", play.shown));
    }
    Ok(format!("{} bytes of {}", text.len(), world.story.file))
}

fn others(world: &World) -> Found {
    let mut wanted = world.story.files.clone();
    wanted.insert(world.story.file.clone(), world.story.fixed.clone().into_bytes());
    if files(&world.at("shop"))? == wanted {
        Ok(format!("{} files", wanted.len()))
    } else {
        Err("a file is not as it must be".to_owned())
    }
}

/// Runs the tests in a container, with the shop's files as they were or as they are.
fn tests(world: &World, pass: bool) -> Found {
    let folder = world.at(if pass { "after" } else { "before" });
    std::fs::create_dir(&folder).map_err(|error| error.to_string())?;
    let files = if pass { files(&world.at("shop"))? } else { world.story.files.clone() };
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).map_err(|error| error.to_string())?;
    }
    let mut bwrap = shell::container();
    bwrap.arg("--ro-bind").arg(&folder).arg("/work").args(["--setenv", "PYTHONDONTWRITEBYTECODE", "1"]);
    bwrap.args([
        "--setenv",
        "PATH",
        "/usr/bin:/bin",
        "--chdir",
        "/work",
        "--",
        "/bin/sh",
        "-c",
        &world.story.test,
    ]);
    let output = shell::output(&mut bwrap)?;
    match (output.status.success(), pass) {
        (true, true) => Ok("pass".to_owned()),
        (false, false) => Ok("fail".to_owned()),
        (true, false) => Err("they passed before anything was fixed".to_owned()),
        (false, true) => Err(format!("they fail: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

fn closed(world: &World) -> Found {
    let state = world.forge.state().map_err(|error| error.to_string())?;
    let state: Value = serde_json::from_str(&state).map_err(|error| error.to_string())?;
    let issues = state["repos"][world.story.full_name()]["issues"].as_array().cloned().unwrap_or_default();
    let end = |number: u64| {
        let issue = issues.iter().find(|issue| issue["number"] == json!(number));
        issue.map(|issue| issue["closed"]["reason"].clone())
    };
    match (end(world.issue), end(world.other)) {
        (Some(reason), Some(Value::Null)) if reason == json!("completed") => {
            Ok(format!("issue {}: completed; issue {}: open", world.issue, world.other))
        }
        found => Err(format!("{found:?}")),
    }
}

fn alone(world: &World, found: &Value) -> Found {
    for address in world.addresses() {
        // Without this, that nothing answers inside would show nothing.
        TcpStream::connect(&address)
            .map_err(|error| format!("{address} does not answer even outside: {error}"))?;
    }
    let tried = found["tried"].as_object().cloned().unwrap_or_default();
    let reached = tried.len() != world.addresses().len() || tried.values().any(|answer| answer == "answers");
    let files = json!(["client.py", "inspector", "key.pem", "python", "xpd", "xpd.sock"]);
    if reached || found["interfaces"] != json!(["lo"]) || found["files"] != files {
        return Err(found.to_string());
    }
    Ok(format!("{} addresses, none answers", tried.len()))
}

/// The names are those of Python's settings, and no value is the tracker's credential.
fn environment(world: &World, found: &Value) -> Found {
    let known = ["LC_CTYPE", "PWD", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH"];
    let environment = found["environment"].as_object().cloned().unwrap_or_default();
    let strange = environment.keys().find(|name| !known.contains(&name.as_str()));
    let leaked = holds(found.to_string().as_bytes(), world.secret.as_bytes());
    match (strange, leaked) {
        (None, false) => Ok(environment.keys().cloned().collect::<Vec<_>>().join(", ")),
        (Some(name), _) => Err(format!("there is {name}")),
        (None, true) => Err("the credential is there".to_owned()),
    }
}

fn described(world: &World) -> Found {
    let violations = world.forge.violations();
    if violations.is_empty() { Ok("no violation".to_owned()) } else { Err(violations.join("; ")) }
}
