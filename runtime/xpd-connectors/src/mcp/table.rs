//! The table of an instance in the configuration: a server at an address, or a program on this host.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Semaphore;
use xp_artifact::CONNECTOR_FORMAT;
use xp_artifact::ConnectorFile;
use xp_json::Tree;
use xp_scope::Digest;
use xp_scope::thing::Kinds;

use super::local::{Local, Program};
use super::remote::Remote;
use super::{Mcp, Server, program, request};
use crate::declared::observed::{Failing, Observed};
use crate::declared::{Catalogue, Declared, Known, Secrets, address, who};
use crate::http::{Outgoing, Table};
use crate::sandbox::{self, folder::Places};
use crate::settings::{Kept, MakeError, Settings};

/// Seconds after which the tools of a server are looked at again.
const LOOK: u64 = 60;

/// The keys for a program on this host.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProgramTable {
    command: Vec<String>,
    program: Option<PinnedTable>,
    #[serde(default)]
    read: Vec<String>,
    #[serde(default)]
    write: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, Kept>,
    #[serde(default = "seconds")]
    timeout_seconds: u64,
    #[serde(default = "memory")]
    memory_mib: u64,
    #[serde(default = "processes")]
    processes: u64,
    #[serde(default = "disk")]
    disk_mib: u64,
    #[serde(default = "parallel")]
    parallel: usize,
    #[serde(default = "answer")]
    answer_bytes: usize,
    #[serde(default)]
    failures: BTreeMap<String, BTreeSet<Failing>>,
}

fn seconds() -> u64 {
    30
}

fn memory() -> u64 {
    1_024
}

fn processes() -> u64 {
    64
}

fn disk() -> u64 {
    256
}

fn parallel() -> usize {
    4
}

fn answer() -> usize {
    1 << 20
}

/// A folder that must not have changed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PinnedTable {
    folder: String,
    digest: String,
}

/// Creates an instance of a declared connector. Returns it with its secrets.
pub(crate) fn make(settings: &Settings<'_>, declared: &Declared) -> Result<(Mcp, Secrets), MakeError> {
    let (server, known, secrets) = if settings.table.contains_key("command") {
        local(settings, declared)?
    } else {
        remote(settings, declared)?
    };
    let may_fail = |failing: &Failing| match failing {
        Failing::Tool(_) => true,
        Failing::Number(code) => *code < 0,
    };
    if let Some(failing) = known.failures.values().flatten().find(|failing| !may_fail(failing)) {
        let why = "only `failed` and codes of JSON-RPC errors say that nothing was done";
        return Err(settings.wrong(format!("`failures` holds {failing}; {why}")));
    }
    let catalogue = Catalogue::new(&declared.file, &known, request);
    Ok((Mcp { name: settings.name.to_owned(), catalogue, server }, secrets))
}

/// The tools that a program on this host lists, before anything of it is declared. It runs as an instance of this table would.
///
/// # Errors
/// The table is not valid, or the program lists no tools.
pub async fn listed(name: &str, table: &toml::Table, folder: &Path) -> Result<Vec<Tree>, String> {
    let file = ConnectorFile {
        connector_format: CONNECTOR_FORMAT,
        name: name.to_owned(),
        actions: Vec::new(),
        records: Vec::new(),
        kinds: Kinds::default(),
    };
    let declared = Declared { file: Arc::new(file), observed: None };
    let settings = Settings::new(name, table, folder);
    match local(&settings, &declared).map_err(|error| error.to_string())? {
        (Server::Local(local), ..) => local.list().await.map_err(|error| error.to_string()),
        (Server::Remote(_), ..) => Err("this is no program on this host".to_owned()),
    }
}

fn remote(settings: &Settings<'_>, declared: &Declared) -> Result<(Server, Known, Secrets), MakeError> {
    let mut rest = settings.table.clone();
    let look = match rest.remove("look_seconds") {
        None => LOOK,
        Some(value) => value
            .as_integer()
            .and_then(|seconds| u64::try_from(seconds).ok())
            .filter(|seconds| *seconds <= 3_600)
            .ok_or_else(|| settings.wrong("`look_seconds` is 0 to 3600"))?,
    };
    let table: Table = settings.read(toml::Value::Table(rest))?;
    let Outgoing { wire, known, secrets } = table.outgoing(settings, declared)?;
    let state = tokio::sync::Mutex::default();
    Ok((Server::Remote(Box::new(Remote { wire, look: Duration::from_secs(look), state })), known, secrets))
}

fn local(settings: &Settings<'_>, declared: &Declared) -> Result<(Server, Known, Secrets), MakeError> {
    let table: ProgramTable = settings.table()?;
    let wrong = |key: &str, what: &dyn std::fmt::Display| settings.wrong(format!("`{key}` {what}"));
    sandbox::unprivileged().map_err(|why| settings.wrong(why))?;
    // Inside the container a path is the same, and it has another working folder.
    let path = |name: &String| {
        let path = settings.folder.join(name);
        std::path::absolute(&path).unwrap_or(path)
    };
    let mut read: Vec<PathBuf> = table.read.iter().map(path).collect();
    let write: Vec<PathBuf> = table.write.iter().map(path).collect();
    match table.command.first() {
        Some(command) if Path::new(command).is_absolute() => {}
        _ => return Err(wrong("command", &"begins with the absolute path of a program")),
    }
    match &table.program {
        Some(PinnedTable { folder, digest }) => {
            let folder = path(folder);
            let found = program::digest(&folder).map_err(|why| wrong("program.folder", &why))?;
            if Digest::parse(digest).ok().as_ref() != Some(&found) {
                let what = format!(
                    "is not that of the folder, which is {found}: something in {} changed. Look at what did, and if it is as \
                     it should be, write this digest",
                    folder.display()
                );
                return Err(wrong("program.digest", &what));
            }
            read.push(folder);
        }
        None if table.command.first().is_some_and(|command| command.starts_with("/usr/")) => {}
        None => return Err(wrong("program", &"says by `folder` and `digest` what is run")),
    }
    for path in read.iter().chain(&write) {
        if !path.exists() {
            return Err(wrong("read` or `write", &format!("names {}, which does not exist", path.display())));
        }
    }
    let limits = [
        ("timeout_seconds", (1..=600).contains(&table.timeout_seconds), "is 1 to 600"),
        ("memory_mib", (16..=65_536).contains(&table.memory_mib), "is 16 to 65536"),
        ("processes", (1..=4_096).contains(&table.processes), "is 1 to 4096"),
        ("disk_mib", (1..=65_536).contains(&table.disk_mib), "is 1 to 65536"),
        ("parallel", (1..=64).contains(&table.parallel), "is 1 to 64"),
        ("answer_bytes", (1..=64 << 20).contains(&table.answer_bytes), "is 1 to 67108864"),
    ];
    if let Some((key, _, what)) = limits.iter().find(|(_, holds, _)| !holds) {
        return Err(wrong(key, what));
    }
    let mut secrets = Secrets::new();
    let mut environment = Vec::new();
    for (name, kept) in &table.environment {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.is_empty() || !name.bytes().all(is_name) {
            return Err(wrong("environment", &format!("has `{name}`, which is no name of a variable")));
        }
        let key = format!("environment.{name}");
        let secret = settings.secret(&key, &key, kept)?;
        secrets.push(secret.clone());
        environment.push((name.clone(), secret));
    }
    for action in table.failures.keys() {
        if !declared.file.actions.iter().any(|known| known.name == *action) {
            return Err(wrong(&format!("failures.{action}"), &"names no action of the connector"));
        }
    }
    let digest = declared.file.digest().map_err(|error| wrong("kind", &error))?;
    let (who, at) = (who(settings.table), address(settings.table));
    let observed = declared.observed.as_ref();
    let observed = observed.filter(|observed| observed.is_of(&digest, &at, &who, &secrets));
    let known = Known {
        failures: table.failures,
        seen: observed.map(|observed| observed.actions.clone()).unwrap_or_default(),
        seen_at: observed.and_then(Observed::since),
    };
    let limits = sandbox::Config {
        seconds: table.timeout_seconds,
        memory_mib: table.memory_mib,
        processes: table.processes,
        disk_mib: table.disk_mib,
        output_bytes: table.answer_bytes,
        ..sandbox::Config::default()
    };
    let program = Program { command: table.command, read, write, environment, limits };
    let local = Local { program, room: Semaphore::new(table.parallel), places: Places::default() };
    Ok((Server::Local(Box::new(local)), known, secrets))
}
