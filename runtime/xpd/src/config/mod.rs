//! `xpd.toml`: read completely or refused, with the file and the key at fault.

mod checks;
mod log;
mod people;
mod workloads;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use xp_artifact::VerifyingKey;
use xpd_audit::left_open::LeftOpen;
use xpd_connectors::{Declared, Made, addresses, make, without_value};
use xpd_engine::roster::key_file;
use xpd_engine::{ConfigError, Upstream};
use xpd_proxy::hooks::{CrashAt, Hooks};
use xpd_token::is_name;

use crate::registered::Registered;

pub use log::LogConfig;
pub use people::{Bridge, People};

/// The environment variable that must be set for `[test]` to be accepted.
pub const TEST_VARIABLE: &str = "XPD_TEST_HOOKS";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    server: ServerTable,
    #[serde(default)]
    artifacts: ArtifactsTable,
    #[serde(default)]
    connector: BTreeMap<String, toml::Table>,
    #[serde(default)]
    log: log::LogTable,
    people: Option<people::PeopleTable>,
    #[serde(default)]
    workload: Vec<workloads::WorkloadTable>,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    shadow: ShadowTable,
    test: Option<TestTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerTable {
    #[serde(default = "default_name")]
    name: String,
    listen: Option<SocketAddr>,
    socket: Option<PathBuf>,
    #[serde(default = "default_mode")]
    socket_mode: String,
    url: Option<String>,
    admin_listen: Option<SocketAddr>,
    admin_url: Option<String>,
    recovery: Option<PathBuf>,
    data: PathBuf,
    keys: Option<PathBuf>,
    roster: PathBuf,
    declarations: Option<PathBuf>,
    connectors: Option<PathBuf>,
    #[serde(default)]
    left_open: BTreeSet<LeftOpen>,
}

fn default_name() -> String {
    "xpd.localhost".to_owned()
}

/// Every user who can enter the folder may connect, since agents run as other users and each request needs a
/// proof of possession.
fn default_mode() -> String {
    "0666".to_owned()
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ArtifactsTable {
    #[serde(default)]
    trusted: Vec<PathBuf>,
    #[serde(default)]
    unproved: BTreeSet<String>,
    #[serde(default)]
    required: BTreeSet<String>,
}

/// `[limits]`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a request body, except for artifacts.
    pub body_bytes: usize,
    /// Seconds a request may take, except for actions.
    pub request_seconds: u64,
    /// Refusals of one principal that are logged individually per minute.
    pub refusals_per_minute: u32,
    /// Bytes of disk space reserved for kills on a full disk.
    pub reserve_bytes: u64,
    /// Seconds after which a negative probe means that the action was not performed.
    pub grace_seconds: u64,
    /// Disk usage in percent above which no new run is started.
    pub disk_percent: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            request_seconds: 30,
            refusals_per_minute: 60,
            reserve_bytes: 4 << 20,
            grace_seconds: 30,
            disk_percent: 80,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShadowTable {
    /// Names of actions by connector instance.
    #[serde(default)]
    sends: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TestTable {
    crash_at: Option<CrashAt>,
}

/// A connector instance as configured.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The connector that it implements.
    pub kind: String,
    /// For other connectors whose kinds it uses: the instance whose upstream it refers to.
    pub realms: BTreeMap<String, String>,
    /// The addresses of its upstream.
    pub upstreams: Vec<Upstream>,
    /// The remaining keys of its table.
    pub table: toml::Table,
    /// What it is made of, if a user declared its kind.
    pub declared: Option<Declared>,
}

impl Instance {
    /// Creates the connector. `name` is the instance's, `file` the path of the configuration.
    ///
    /// # Errors
    /// The table is not valid for its kind.
    pub fn make(&self, name: &str, file: &Path) -> Result<Made, ConfigError> {
        let folder = file.parent().unwrap_or(Path::new("."));
        make(name, &self.kind, &self.table, folder, self.declared.as_ref()).map_err(|error| {
            let file = error.file.as_deref().unwrap_or(file);
            ConfigError::new(file, &error.what)
        })
    }
}

/// A configuration with resolved paths.
#[derive(Clone, Debug)]
pub struct Config {
    /// The configuration's own path.
    pub file: PathBuf,
    /// Name of the server.
    pub name: String,
    /// Loopback address to listen on.
    pub listen: Option<SocketAddr>,
    /// Unix socket to listen on.
    pub socket: Option<PathBuf>,
    /// Its permission bits.
    pub socket_mode: u32,
    /// URL under which agents reach the TCP listener, if it differs from its address.
    pub url: Option<String>,
    /// Loopback address for administrators, besides the socket in the data folder.
    pub admin_listen: Option<SocketAddr>,
    /// URL under which administrators reach that listener, if it differs from its address.
    pub admin_url: Option<String>,
    /// Thumbprint and file of the recovery key.
    pub recovery: Option<(String, PathBuf)>,
    /// Folder of database and checkpoint.
    pub data: PathBuf,
    /// Folder of the keys.
    pub keys: PathBuf,
    /// Path of the roster.
    pub roster: PathBuf,
    /// Path of the declarations of actions, if not those of the standard library.
    pub declarations: Option<PathBuf>,
    /// Connectors that users declared and an administrator accepted.
    pub registered: Registered,
    /// Keys whose signatures on artifacts are trusted.
    pub trusted: Vec<VerifyingKey>,
    /// Paths of these keys.
    pub trusted_files: Vec<PathBuf>,
    /// Kinds of properties that may be unproved.
    pub unproved: BTreeSet<String>,
    /// Kinds of properties that an artifact must have an answer for.
    pub required: BTreeSet<String>,
    /// Connector instances by name.
    pub connectors: BTreeMap<String, Instance>,
    /// Destinations of checkpoints.
    pub log: LogConfig,
    /// The door for people, if there is one.
    pub people: Option<People>,
    /// Issuers whose tokens are exchanged for sessions of workloads.
    pub workloads: Vec<xpd_login::WorkloadSettings>,
    /// What the operator says is left open.
    pub left_open: BTreeSet<LeftOpen>,
    /// What shadow runs may send: names of actions by connector instance.
    pub shadow_sends: BTreeMap<String, BTreeSet<String>>,
    /// Limits.
    pub limits: Limits,
    /// Crash points for tests.
    pub hooks: Hooks,
}

impl Config {
    /// The other files of the configuration, which are watched for changes: roster, keys, declarations,
    /// secrets.
    pub fn watched(&self) -> impl Iterator<Item = PathBuf> {
        let folder = self.file.parent().unwrap_or(Path::new(".")).to_owned();
        let mut files: Vec<PathBuf> = self.trusted_files.clone();
        files.push(self.roster.clone());
        files.extend(self.declarations.clone());
        files.extend(self.registered.files());
        files.extend(
            self.connectors
                .iter()
                .filter(|(_, made)| made.declared.is_some())
                .map(|(name, _)| self.registered.observed(name)),
        );
        files.extend(self.recovery.iter().map(|(_, file)| file.clone()));
        for instance in self.connectors.values() {
            secret_files(&instance.table, &mut |file| files.push(folder.join(file)));
        }
        files.into_iter()
    }

    /// Path of the administrators' socket.
    #[must_use]
    pub fn admin_socket(&self) -> PathBuf {
        self.data.join("admin.sock")
    }

    /// Reads a configuration. Paths in it are relative to its folder.
    ///
    /// # Errors
    /// The first fault, with file and key.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::new(path, error))?;
        let file: File = toml::from_str(&text).map_err(|error| unread(path, &text, &error))?;
        let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        let at = |relative: &Path| folder.join(relative);
        let wrong = |what: &str| ConfigError::new(path, what);
        let said = |what: String| ConfigError::new(path, what);
        let server = file.server;
        if server.listen.is_none() && server.socket.is_none() {
            return Err(wrong("`server`: needs `listen` or `socket`"));
        }
        for (key, address) in [("listen", server.listen), ("admin_listen", server.admin_listen)] {
            if address.is_some_and(|address| !address.ip().is_loopback()) {
                return Err(said(format!(
                    "`server.{key}`: must be a loopback address; there is no TLS here"
                )));
            }
        }
        let usable = |c: char| c.is_ascii_alphanumeric() || ".-_/".contains(c);
        if server.name.is_empty() || !server.name.chars().all(usable) {
            return Err(wrong("`server.name`: letters, digits and `.-_/` only"));
        }
        if file.artifacts.trusted.is_empty() {
            return Err(wrong(
                "`artifacts.trusted`: name at least one public key; without one nothing can run",
            ));
        }
        let hooks = match file.test {
            None => Hooks::default(),
            Some(_) if std::env::var(TEST_VARIABLE).as_deref() != Ok("1") => {
                return Err(wrong("`test`: only with XPD_TEST_HOOKS=1; never outside tests"));
            }
            Some(test) => Hooks { crash_at: test.crash_at },
        };
        let socket = server.socket.as_deref().map(at);
        socket.as_deref().map_or(Ok(()), |path| checks::socket_path("socket", path)).map_err(said)?;
        checks::kinds("required", &file.artifacts.required).map_err(said)?;
        checks::kinds("unproved", &file.artifacts.unproved).map_err(said)?;
        checks::limits(&file.limits).map_err(said)?;
        let data = at(&server.data);
        let registered =
            Registered::read(&server.connectors.as_deref().map_or_else(|| at(Path::new("connectors")), at))?;
        checks::socket_path("data", &data.join("admin.sock")).map_err(said)?;
        Ok(Self {
            name: server.name,
            listen: server.listen,
            socket,
            socket_mode: checks::socket_mode(&server.socket_mode).map_err(said)?,
            url: server.url.as_deref().map(checks::url("url")).transpose().map_err(said)?,
            admin_listen: server.admin_listen,
            admin_url: server.admin_url.as_deref().map(checks::url("admin_url")).transpose().map_err(said)?,
            recovery: server.recovery.as_deref().map(|file| recovery(at(file))).transpose()?,
            keys: server.keys.as_deref().map_or_else(|| data.join("keys"), at),
            data,
            roster: at(&server.roster),
            declarations: server.declarations.as_deref().map(at),
            trusted_files: file.artifacts.trusted.iter().map(|key| at(key)).collect(),
            trusted: file
                .artifacts
                .trusted
                .iter()
                .map(|key| checks::public_key(&at(key)))
                .collect::<Result<_, _>>()?,
            unproved: file.artifacts.unproved,
            required: file.artifacts.required,
            shadow_sends: checks::sends(file.shadow.sends, &file.connector).map_err(said)?,
            connectors: instances(path, file.connector, &registered)?,
            registered,
            log: log::read(file.log, path, &folder)?,
            people: file.people.map(|table| people::read(table, path)).transpose()?,
            workloads: workloads::read(file.workload, path)?,
            left_open: server.left_open,
            limits: file.limits,
            hooks,
            file: path.to_owned(),
        })
    }
}

/// Reports each file of a secret in a table: `{ file = … }` at any depth.
fn secret_files(table: &toml::Table, found: &mut dyn FnMut(&str)) {
    for value in table.values() {
        if let toml::Value::Table(inner) = value {
            if let Some(toml::Value::String(file)) = inner.get("file") {
                found(file);
            }
            secret_files(inner, found);
        }
    }
}

/// Reads the recovery key's public half and returns its thumbprint.
fn recovery(file: PathBuf) -> Result<(String, PathBuf), ConfigError> {
    match key_file(&file) {
        Ok(thumbprint) => Ok((thumbprint, file)),
        Err(why) => Err(ConfigError::new(&file, why)),
    }
}

/// A syntax error with its line number. The line is not shown, since it may contain a secret.
fn unread(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let message = without_value(error.message());
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            ConfigError::new(path, format!("line {line}: {message}"))
        }
        None => ConfigError::new(path, message),
    }
}

fn instances(
    path: &Path,
    tables: BTreeMap<String, toml::Table>,
    registered: &Registered,
) -> Result<BTreeMap<String, Instance>, ConfigError> {
    let names: BTreeSet<String> = tables.keys().cloned().collect();
    let read = |(name, mut table): (String, toml::Table)| {
        if !is_name(&name) {
            let why = format!(
                "`connector.{}`: a name has no blanks and no control characters",
                name.escape_debug()
            );
            return Err(ConfigError::new(path, why));
        }
        let wrong = |what: &str| ConfigError::new(path, format!("`connector.{name}.{what}"));
        let kind = match table.remove("kind") {
            Some(toml::Value::String(kind)) => kind,
            Some(_) => return Err(wrong("kind`: must be a text")),
            None => name.clone(),
        };
        let mut realms = BTreeMap::new();
        match table.remove("realms") {
            Some(toml::Value::Table(said)) => {
                for (realm, instance) in said {
                    match instance {
                        toml::Value::String(instance) if names.contains(&instance) => {
                            realms.insert(realm, instance);
                        }
                        _ => return Err(wrong(&format!("realms.{realm}`: names no connector of this file"))),
                    }
                }
            }
            Some(_) => return Err(wrong("realms`: must be a table")),
            None => {}
        }
        // A malformed address is reported when the connector is created.
        let upstreams = addresses(&kind, &table).iter().filter_map(|at| Upstream::parse(at).ok()).collect();
        let declared = registered.declared(&kind, &name)?;
        Ok((name, Instance { kind, realms, upstreams, table, declared }))
    };
    tables.into_iter().map(read).collect()
}
