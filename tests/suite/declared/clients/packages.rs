//! The Python and the TypeScript package: each drives a run, over a connection that loses an answer, and their types and routes are
//! those of the server's description.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use xp_tests::client::Client;
use xpd_token::KeyPair;

use super::calls::{Gate, world};
use super::{World, installed, node, notes, python, root};

/// The requests that agents make.
const ROUTES: [&str; 9] =
    ["act", "grant", "judge", "offers", "session", "start", "submit", "summary", "view"];

/// A socket in front of the server's. The first answer to the use of a note's grant is lost.
fn forgetful(world: &World) -> String {
    let (server, own) = (world.folder.path().join("xpd.sock"), world.folder.path().join("lossy.sock"));
    let listener = UnixListener::bind(&own).unwrap();
    let lost = Arc::new(AtomicBool::new(false));
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (server, lost) = (server.clone(), Arc::clone(&lost));
            std::thread::spawn(move || forward(client, &server, &lost));
        }
    });
    format!("unix:{}", own.display())
}

/// One request and its answer.
fn forward(mut client: UnixStream, server: &Path, lost: &AtomicBool) -> Option<()> {
    client.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let (mut request, mut buffer) = (Vec::new(), [0; 4_096]);
    let whole = |request: &[u8]| {
        let text = String::from_utf8_lossy(request).to_ascii_lowercase();
        let end = text.find("\r\n\r\n")?;
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        (request.len() >= end + 4 + length.map_or(0, |length| length.parse().unwrap_or(0))).then_some(())
    };
    while whole(&request).is_none() {
        let count = client.read(&mut buffer).ok().filter(|count| *count > 0)?;
        request.extend_from_slice(&buffer[..count]);
    }
    let mut upstream = UnixStream::connect(server).ok()?;
    // The server keeps connections; this is the only request on its one.
    let text = String::from_utf8_lossy(&request).replacen("\r\n", "\r\nconnection: close\r\n", 1);
    upstream.write_all(text.as_bytes()).ok()?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).ok()?;
    let said = String::from_utf8_lossy(&answer);
    if said.contains("\"said\":\"written\"") && !lost.swap(true, Ordering::SeqCst) {
        return Some(());
    }
    client.write_all(&answer).ok()
}

#[track_caller]
fn carried_out(said: &Value) {
    let wanted = json!({
        "not_allowed": "unknown", "open": ["main"], "early": "out_of_sequence", "read": "hello", "unseen": "not_shown",
        "shown": "fine ✓", "notes": ["again"], "wrote": "written", "replayed": true, "status": "ended",
        "nobody": "unreached",
    });
    assert_eq!(*said, wanted);
}

#[test]
fn each_package_carries_out_a_run_and_repeats_what_was_lost() {
    let python = {
        let mut command = python("python_package.py");
        let path = [root().join("clients/python"), installed("mcp-clients-python")];
        command.env("PYTHONPATH", std::env::join_paths(path).unwrap());
        command
    };
    let mut typescript = Command::new(node());
    typescript.arg(root().join("tests/dev/clients/typescript_package.ts"));
    for mut command in [python, typescript] {
        let world = world(Gate::default());
        command.args([forgetful(&world).as_str(), "tester.pem", "boss.pem"]);
        carried_out(&world.client(command, true));
        assert_eq!(notes(&world.upstream), 1, "the note was written once");
    }
}

#[test]
fn the_packages_know_the_types_and_routes_that_the_server_describes() {
    let world = world(Gate::default());
    let key = KeyPair::from_seed([3; 32]).unwrap();
    let client =
        Client { socket: world.folder.path().join("xpd.sock"), key, patience: Duration::from_secs(30) };
    let described = client.send("GET", "/openapi.json", None, None).unwrap().ok().unwrap().clone();
    let api = Api::of(&described);
    for (path, text) in [
        ("clients/python/xp_agent/api.py", api.python()),
        ("clients/typescript/src/api.ts", api.typescript()),
    ] {
        let path = root().join(path);
        if std::env::var_os("XP_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let known = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            known == text,
            "{} is not what the server describes; XP_BLESS=1 writes it again",
            path.display()
        );
    }
}

/// What the description says of the requests of agents.
struct Api<'a> {
    routes: Vec<(&'static str, String, &'a str)>,
    types: Vec<(&'a str, &'a Value)>,
}

impl<'a> Api<'a> {
    fn of(described: &'a Value) -> Self {
        let (mut routes, mut wanted) = (Vec::new(), Vec::new());
        for name in ROUTES {
            let paths = described["paths"].as_object().unwrap().iter();
            let mut found = paths.flat_map(|(path, methods)| {
                methods.as_object().unwrap().iter().map(move |(method, operation)| (path, method, operation))
            });
            let (path, method, operation) =
                found.find(|(.., operation)| operation["operationId"] == name).unwrap();
            routes.push((name, method.to_uppercase(), path.as_str()));
            references(operation, &mut wanted);
        }
        let mut known = BTreeSet::new();
        while let Some(name) = wanted.pop() {
            if known.insert(name) {
                references(&described["components"]["schemas"][name], &mut wanted);
            }
        }
        let types = known.into_iter().map(|name| (name, &described["components"]["schemas"][name]));
        Self { routes, types: types.collect() }
    }

    fn python(&self) -> String {
        let mut text = "\"\"\"Types and routes of the HTTP API. Made of the server's description by the tests; do not edit.\"\"\"\n\nfrom __future__ import annotations\n\nfrom typing import Any, Literal, NotRequired, TypedDict\n\nROUTES: dict[str, tuple[str, str]] = {\n".to_owned();
        for (name, method, path) in &self.routes {
            writeln!(text, "    \"{name}\": (\"{method}\", \"{path}\"),").unwrap();
        }
        text += "}\n";
        for (name, schema) in &self.types {
            if let Some(words) = words(schema) {
                write!(text, "\n{name} = Literal[{}]\n", words.join(", ")).unwrap();
                continue;
            }
            write!(text, "\n\nclass {name}(TypedDict):\n    \"\"\"{}\"\"\"\n\n", says(schema)).unwrap();
            for (field, schema, required) in fields(schema) {
                let ty = ty(schema, &PYTHON);
                let ty = if required { ty } else { format!("NotRequired[{ty}]") };
                write!(text, "    {field}: {ty}\n    \"\"\"{}\"\"\"\n", says(schema)).unwrap();
            }
        }
        text
    }

    fn typescript(&self) -> String {
        let mut text =
            "// Types and routes of the HTTP API. Made of the server's description by the tests; do not edit.\n\nexport const ROUTES = {\n".to_owned();
        for (name, method, path) in &self.routes {
            writeln!(text, "  {name}: [\"{method}\", \"{path}\"],").unwrap();
        }
        text += "} as const;\n";
        for (name, schema) in &self.types {
            write!(text, "\n/** {} */\n", says(schema)).unwrap();
            if let Some(words) = words(schema) {
                writeln!(text, "export type {name} = {};", words.join(" | ")).unwrap();
                continue;
            }
            writeln!(text, "export interface {name} {{").unwrap();
            for (field, schema, required) in fields(schema) {
                let (mark, ty) = (if required { "" } else { "?" }, ty(schema, &TYPESCRIPT));
                write!(text, "  /** {} */\n  {field}{mark}: {ty};\n", says(schema)).unwrap();
            }
            text += "}\n";
        }
        text
    }
}

/// The types that a part of the description refers to.
fn references<'a>(part: &'a Value, found: &mut Vec<&'a str>) {
    match part {
        Value::Object(members) => {
            found
                .extend(members.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(members) => members.iter().for_each(|member| references(member, found)),
        _ => {}
    }
}

fn says(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().replace('\n', " ")
}

/// The words of an enumeration, quoted.
fn words(schema: &Value) -> Option<Vec<String>> {
    Some(schema["enum"].as_array()?.iter().map(Value::to_string).collect())
}

/// The members of an object, and whether each is always there.
fn fields(schema: &Value) -> Vec<(&String, &Value, bool)> {
    let required = |name: &str| schema["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
    let members = schema["properties"].as_object().unwrap().iter();
    members.map(|(name, member)| (name, member, required(name))).collect()
}

/// How a language writes types: text, integer, Boolean, object, anything, list, null.
struct Language {
    names: [(&'static str, &'static str); 4],
    any: &'static str,
    list: fn(&str) -> String,
    null: &'static str,
}

const PYTHON: Language = Language {
    names: [("string", "str"), ("integer", "int"), ("boolean", "bool"), ("object", "dict[str, Any]")],
    any: "Any",
    list: |element| format!("list[{element}]"),
    null: "None",
};

const TYPESCRIPT: Language = Language {
    names: [
        ("string", "string"),
        ("integer", "number"),
        ("boolean", "boolean"),
        ("object", "Record<string, unknown>"),
    ],
    any: "unknown",
    list: |element| format!("Array<{element}>"),
    null: "null",
};

fn ty(schema: &Value, language: &Language) -> String {
    if let Some(path) = schema["$ref"].as_str() {
        return path.rsplit('/').next().unwrap().to_owned();
    }
    let named = |name: &str| match name {
        "array" => {
            let element = schema["items"].as_object().map(|_| ty(&schema["items"], language));
            (language.list)(&element.unwrap_or_else(|| language.any.to_owned()))
        }
        "null" => language.null.to_owned(),
        name => language.names.iter().find(|(known, _)| *known == name).unwrap().1.to_owned(),
    };
    match &schema["type"] {
        Value::String(name) => named(name),
        Value::Array(names) => {
            names.iter().map(|name| named(name.as_str().unwrap())).collect::<Vec<_>>().join(" | ")
        }
        _ => language.any.to_owned(),
    }
}
