//! The conformance suite of MCP. `tests/dev/clients/conformance.toml` has, per revision, the scenarios that do not pass, each with
//! its reason; any other difference fails.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use xp_tests::client::Client;
use xpd_token::KeyPair;

use super::shim::Shim;
use super::{World, installed, node, root};

/// The form of the time at the end of a folder's name.
const TIME: &str = "-2026-01-02T03-04-05-678Z";

/// What became of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Became {
    Passed,
    /// At least one check failed.
    Failed,
    /// There was no check.
    NotRun,
}

/// The scenarios of a run of the suite with what failed, by the folders that it writes: `server-NAME-TIME/checks.json`.
fn outcomes(folder: &Path) -> BTreeMap<String, (Became, Vec<String>)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let rest = name.strip_prefix("server-");
        let Some(name) = rest.and_then(|rest| rest.get(..rest.len().checked_sub(TIME.len())?)) else {
            continue;
        };
        let checks = std::fs::read(entry.path().join("checks.json")).unwrap();
        let checks: Vec<Value> = serde_json::from_slice(&checks).unwrap();
        let of = |status: &str| checks.iter().filter(|check| check["status"] == status).count();
        let became = match (of("SUCCESS"), of("FAILURE") + of("WARNING")) {
            (0, 0) => Became::NotRun,
            (_, 0) => Became::Passed,
            _ => Became::Failed,
        };
        let failed = checks.iter().filter(|check| check["status"] != "SUCCESS");
        let said = failed.map(|check| format!("{}: {}", check["id"], check["errorMessage"])).collect();
        found.insert(name.to_owned(), (became, said));
    }
    found
}

fn expected(revision: &str) -> BTreeMap<String, String> {
    let file = std::fs::read_to_string(root().join("tests/dev/clients/conformance.toml")).unwrap();
    let file: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(&file).unwrap();
    file.get(revision).cloned().unwrap_or_default()
}

/// Runs the suite.
fn suite(
    door: SocketAddr,
    which: &[&str],
    folder: &Path,
) -> (BTreeMap<String, (Became, Vec<String>)>, String) {
    let done = Command::new(node())
        .arg(installed("mcp-clients/node_modules/@modelcontextprotocol/conformance/dist/index.js"))
        .args(["server", "--url", &format!("http://{door}/mcp"), "--timeout", "10000"])
        .args(which)
        .args(["-o", &folder.display().to_string()])
        .output()
        .unwrap();
    (outcomes(folder), String::from_utf8_lossy(&done.stdout).into_owned())
}

#[test]
fn the_door_conforms_but_for_what_is_listed_with_its_reason() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let world = World::new(&format!("listen = \"{port}\"\n"));
    let pem = std::fs::read_to_string(world.folder.path().join("tester.pem")).unwrap();
    let key = || KeyPair::from_pem(&pem).unwrap();
    let run = world.start();
    let client = Client {
        socket: world.folder.path().join("xpd.sock"),
        key: key(),
        patience: Duration::from_secs(30),
    };
    let opened = client.send("POST", "/v1/sessions", None, Some(&json!({ "run": run }))).unwrap();
    let session = opened.ok().unwrap()["access_token"].as_str().unwrap().to_owned();
    let shim = Shim::new(port, key(), session.clone());
    for revision in ["2025-11-25", "2026-07-28"] {
        let folder = world.folder.path().join(revision);
        let (found, said) = suite(shim.at, &["--requirements", revision], &folder);
        let reasons = expected(revision);
        assert!(found.len() > 20, "{revision}: {said}");
        let wrong: Vec<String> = found
            .iter()
            .filter(|(name, (became, _))| (*became == Became::Passed) == reasons.contains_key(*name))
            .map(|(name, became)| format!("{name} {became:?}"))
            .collect();
        assert!(wrong.is_empty(), "{revision}: {wrong:#?}\n{said}");
        let unknown: Vec<&String> = reasons.keys().filter(|name| !found.contains_key(*name)).collect();
        assert!(unknown.is_empty(), "{revision}: {unknown:?}");
    }

    // This scenario calls the first tool that is listed, which is `await`. It returns at once when the run is over.
    let send = |path: &str, token: &str, body: Value| {
        client
            .send("POST", &format!("/v1/runs/{run}/{path}"), Some(token), Some(&body))
            .unwrap()
            .ok()
            .unwrap()
            .clone()
    };
    send("judgements", &session, json!({ "step": "main", "outcome": "done" }));
    let note = json!({ "step": "later", "action": "suite.note", "args": { "id": "n-1" } });
    let grant = send("grants", &session, note)["grant"].as_str().unwrap().to_owned();
    send("actions", &grant, json!({}));
    let alone = ["--scenario", "http-header-validation", "--spec-version", "2026-07-28"];
    let (found, said) = suite(shim.at, &alone, &world.folder.path().join("alone"));
    assert_eq!(found["http-header-validation"].0, Became::Passed, "{found:?} {said}");
}
