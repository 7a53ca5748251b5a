//! Construction of connectors by the `kind` in their configuration.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::zeroize::Zeroizing;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use xpd_proxy::{Connector, Secret};

use crate::deploy::{self, Deploy};
use crate::github::{self, Github};
use crate::sandbox::{self, Sandbox};

/// A connector with the secrets it uses, which the scrubber must know.
pub struct Made {
    /// The connector.
    pub connector: Arc<dyn Connector>,
    /// The secrets, shared with the connector.
    pub secrets: Vec<Secret>,
}

/// An error in the table of an instance, or in the file of a secret that it names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct MakeError {
    /// The file of the secret; `None` if the error is in the table.
    pub file: Option<PathBuf>,
    /// Key and description.
    pub what: String,
}

/// The location of a secret: an environment variable, or a file that only its owner may read.
#[derive(Deserialize)]
#[serde(try_from = "toml::Value")]
struct Kept {
    env: Option<String>,
    file: Option<String>,
}

impl TryFrom<toml::Value> for Kept {
    type Error = &'static str;

    /// A custom conversion, since a derived one would print the value, which is the secret itself if it was
    /// put in the wrong place.
    fn try_from(value: toml::Value) -> Result<Self, Self::Error> {
        let wrong = "a secret is `{ env = \"NAME\" }` or `{ file = \"PATH\" }`, never the secret itself";
        let toml::Value::Table(mut table) = value else { return Err(wrong) };
        let mut text = |name: &str| match table.remove(name) {
            None => Ok(None),
            Some(toml::Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong),
        };
        let kept = Self { env: text("env")?, file: text("file")? };
        if table.is_empty() { Ok(kept) } else { Err(wrong) }
    }
}

/// A credential for git repositories.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialTable {
    #[serde(default = "default_user")]
    user: String,
    token: Kept,
}

/// The user name that GitHub accepts with any kind of token.
fn default_user() -> String {
    "x-access-token".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GithubTable {
    base_url: String,
    token: Kept,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HookTable {
    url: String,
    secret: Kept,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeployTable {
    staging: Option<HookTable>,
    production: Option<HookTable>,
}

/// Creates an instance `name` of a kind from the remaining keys of its table. Paths are relative to `folder`.
///
/// # Errors
/// The kind is unknown, or the table is not valid for it.
pub fn make(name: &str, kind: &str, table: &toml::Table, folder: &Path) -> Result<Made, MakeError> {
    let maker = Maker { name, table, folder };
    match kind {
        "github" => maker.github(),
        "sandbox" => maker.sandbox(),
        "deploy" => maker.deploy(),
        other => Err(maker.wrong(format!(
            "there is no connector of kind `{other}`; this server has `github`, `sandbox` and `deploy`"
        ))),
    }
}

/// The addresses in an instance's table: URLs and folders of upstreams.
#[must_use]
pub fn addresses(kind: &str, table: &toml::Table) -> Vec<String> {
    let all = |value: Option<&toml::Value>| -> Vec<String> {
        let values = value.and_then(toml::Value::as_table).into_iter().flatten();
        values.filter_map(|(_, value)| Some(value.as_str()?.to_owned())).collect()
    };
    let one = |table: Option<&toml::Value>| Some(table?.as_str()?.to_owned());
    match kind {
        "sandbox" => one(table.get("git_base")).into_iter().chain(all(table.get("repositories"))).collect(),
        "deploy" => {
            let hooks = ["staging", "production"].into_iter().filter_map(|name| table.get(name));
            hooks.filter_map(|hook| one(hook.get("url"))).collect()
        }
        _ => one(table.get("base_url")).into_iter().collect(),
    }
}

/// A parser's message without the text it quotes, which may be a misplaced secret.
#[must_use]
pub fn without_value(message: &str) -> String {
    let words = ["invalid type: string", "invalid value: string"];
    match (words.iter().find(|words| message.starts_with(**words)), message.rsplit_once(", expected ")) {
        (Some(words), Some((_, expected))) => format!("{words}, expected {expected}"),
        (Some(words), None) => (*words).to_owned(),
        (None, _) => message.to_owned(),
    }
}

struct Maker<'a> {
    name: &'a str,
    table: &'a toml::Table,
    folder: &'a Path,
}

impl Maker<'_> {
    fn wrong(&self, what: impl ToString) -> MakeError {
        MakeError { file: None, what: format!("`connector.{}`: {}", self.name, what.to_string()) }
    }

    fn table<T: DeserializeOwned>(&self) -> Result<T, MakeError> {
        self.read(toml::Value::Table(self.table.clone()))
    }

    fn read<T: DeserializeOwned>(&self, value: toml::Value) -> Result<T, MakeError> {
        T::deserialize(value).map_err(|error| self.wrong(without_value(error.message())))
    }

    fn github(&self) -> Result<Made, MakeError> {
        let table: GithubTable = self.table()?;
        let token = self.secret("token", "token", &table.token)?;
        let config = github::Config::new(&table.base_url, token.clone());
        let connector = Github::new(config).map_err(|error| self.wrong(error))?;
        Ok(Made { connector: Arc::new(connector), secrets: vec![token] })
    }

    fn sandbox(&self) -> Result<Made, MakeError> {
        let mut table = self.table.clone();
        let credentials = table.remove("credentials");
        let mut config: sandbox::Config = self.read(toml::Value::Table(table))?;
        let mut secrets = Vec::new();
        if let Some(credentials) = credentials {
            let tables: BTreeMap<String, CredentialTable> = self.read(credentials)?;
            for (number, (address, table)) in (1..).zip(tables) {
                // The key is an address, which may contain a secret, so messages name its position instead.
                let key = format!("credentials ({number}.)");
                let token = self.secret(&key, &key, &table.token)?;
                let made = sandbox::Credential::new(&address, &table.user, &token)
                    .map_err(|what| self.wrong(format!("`{key}`: {what}")))?;
                secrets.extend([token, made.secret()]);
                config.credentials.push(made);
            }
        }
        for place in config.repositories.values_mut().filter(|place| !place.contains("://")) {
            *place = self.folder.join(&place).display().to_string();
        }
        let missing =
            config.repositories.iter().find(|(_, at)| !at.contains("://") && !Path::new(at).is_dir());
        if let Some((name, place)) = missing {
            // A malformed address may contain a secret.
            let place = if place.contains('@') { "" } else { place };
            return Err(self.wrong(format!("`repositories`: `{name}`: there is no folder {place}")));
        }
        let connector = Sandbox::new(self.name, config).map_err(|what| self.wrong(what))?;
        Ok(Made { connector: Arc::new(connector), secrets })
    }

    fn deploy(&self) -> Result<Made, MakeError> {
        let table: DeployTable = self.table()?;
        let mut secrets = Vec::new();
        let mut hook = |environment: &str, table: Option<HookTable>| {
            let Some(table) = table else { return Ok(None) };
            let secret = self.secret(&format!("{environment}.secret"), environment, &table.secret)?;
            secrets.push(secret.clone());
            let hook = deploy::Hook::new(&table.url, secret);
            hook.map(Some).map_err(|what| self.wrong(format!("`{environment}.url`: {what}")))
        };
        let (staging, production) = (hook("staging", table.staging)?, hook("production", table.production)?);
        let connector = Deploy::new(self.name, staging, production).map_err(|what| self.wrong(what))?;
        Ok(Made { connector: Arc::new(connector), secrets })
    }

    /// Reads the secret of a key. Messages call it `what`.
    fn secret(&self, key: &str, what: &str, kept: &Kept) -> Result<Secret, MakeError> {
        let text = match (&kept.env, &kept.file) {
            (Some(name), None) => std::env::var(name)
                .map(Zeroizing::new)
                .map_err(|_| self.wrong(format!("`{key}`: the variable `{name}` is not set")))?,
            (None, Some(name)) => {
                let path = self.folder.join(name);
                read_private(&path)
                    .map_err(|why| MakeError { file: Some(path), what: format!("`{key}`: {why}") })?
            }
            _ => return Err(self.wrong(format!("`{key}` needs either `env` or `file`"))),
        };
        Secret::new(&text).map_err(|error| self.wrong(format!("`{what}`: {error}")))
    }
}

/// Upper bound on the size of a secret's file, in bytes.
const MAX_SECRET: u64 = 64 * 1024;

/// Reads a file that only its owner may read.
fn read_private(path: &Path) -> Result<Zeroizing<String>, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let found = file.metadata().map_err(|error| error.to_string())?;
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!("has mode {mode:03o}, must be 600 or stricter"));
    }
    // Reserves the full size: growing the buffer would leave an unwiped copy of the secret in freed memory.
    let room = usize::try_from(found.len().min(MAX_SECRET)).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(room + 1));
    file.take(MAX_SECRET).read_to_string(&mut text).map_err(|error| error.to_string())?;
    Ok(text)
}
