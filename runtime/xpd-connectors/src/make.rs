//! Construction of connectors by the `kind` in their configuration.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use xpd_egress::Reach;
use xpd_proxy::{Connector, Secret};

use crate::declared::Declared;
use crate::deploy::{self, Deploy};
use crate::github::{self, Github};
use crate::http;
use crate::mcp;
use crate::sandbox::{self, Sandbox};
use crate::settings::{Kept, MakeError, Named, Settings, without_value};

/// A connector with the secrets it uses, which the scrubber must know.
pub struct Made {
    /// The connector.
    pub connector: Arc<dyn Connector>,
    /// The secrets, shared with the connector.
    pub secrets: Vec<Secret>,
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
    #[serde(default)]
    reach: Named,
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
    #[serde(default)]
    reach: Named,
}

/// Connectors whose code is in the server.
pub const BUILT_IN: [&str; 3] = ["github", "sandbox", "deploy"];

/// Creates an instance `name` of a kind from the remaining keys of its table. Paths are relative to `folder`.
///
/// # Errors
/// The kind is unknown, or the table is not valid for it.
pub fn make(
    name: &str,
    kind: &str,
    table: &toml::Table,
    folder: &Path,
    declared: Option<&Declared>,
) -> Result<Made, MakeError> {
    let maker = Making(Settings::new(name, table, folder));
    match kind {
        "github" => maker.github(),
        "sandbox" => maker.sandbox(),
        "deploy" => maker.deploy(),
        other => match declared {
            Some(declared) => maker.declared(declared),
            None => Err(maker.0.wrong(format!(
                "there is no connector of kind `{other}`: this server has `github`, `sandbox` and `deploy`, and those that \
                 are registered with `xpd connectors add`"
            ))),
        },
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
        _ => {
            let folders = table.get("write").and_then(toml::Value::as_array).into_iter().flatten();
            let folders = folders.filter_map(|folder| Some(folder.as_str()?.to_owned()));
            one(table.get("base_url")).into_iter().chain(folders).collect()
        }
    }
}

/// The addresses that an instance may reach besides global unicast ones.
///
/// # Errors
/// `reach` in its table is no list of addresses and networks.
pub fn reach(table: &toml::Table) -> Result<Reach, MakeError> {
    let Some(value) = table.get("reach") else { return Ok(Reach::default()) };
    let what = |error: toml::de::Error| without_value(error.message());
    let named =
        Named::deserialize(value.clone()).map_err(|error| MakeError { file: None, what: what(error) });
    named.map(|Named(reach)| reach)
}

struct Making<'a>(Settings<'a>);

impl Making<'_> {
    fn github(&self) -> Result<Made, MakeError> {
        let table: GithubTable = self.0.table()?;
        let token = self.0.secret("token", "token", &table.token)?;
        let config =
            github::Config { reach: table.reach.0, ..github::Config::new(&table.base_url, token.clone()) };
        let connector = Github::new(config).map_err(|error| self.0.wrong(error))?;
        Ok(Made { connector: Arc::new(connector), secrets: vec![token] })
    }

    fn sandbox(&self) -> Result<Made, MakeError> {
        let mut table = self.0.table.clone();
        let credentials = table.remove("credentials");
        let mut config: sandbox::Config = self.0.read(toml::Value::Table(table))?;
        let mut secrets = Vec::new();
        if let Some(credentials) = credentials {
            let tables: BTreeMap<String, CredentialTable> = self.0.read(credentials)?;
            for (number, (address, table)) in (1..).zip(tables) {
                // The key is an address, which may contain a secret, so messages name its position instead.
                let key = format!("credentials ({number}.)");
                let token = self.0.secret(&key, &key, &table.token)?;
                let made = sandbox::Credential::new(&address, &table.user, &token)
                    .map_err(|what| self.0.wrong(format!("`{key}`: {what}")))?;
                secrets.extend([token, made.secret()]);
                config.credentials.push(made);
            }
        }
        for place in config.repositories.values_mut().filter(|place| !place.contains("://")) {
            *place = self.0.folder.join(&place).display().to_string();
        }
        let missing =
            config.repositories.iter().find(|(_, at)| !at.contains("://") && !Path::new(at).is_dir());
        if let Some((name, place)) = missing {
            // A malformed address may contain a secret.
            let place = if place.contains('@') { "" } else { place };
            return Err(self.0.wrong(format!("`repositories`: `{name}`: there is no folder {place}")));
        }
        let connector = Sandbox::new(self.0.name, config).map_err(|what| self.0.wrong(what))?;
        Ok(Made { connector: Arc::new(connector), secrets })
    }

    fn deploy(&self) -> Result<Made, MakeError> {
        let table: DeployTable = self.0.table()?;
        let Named(reach) = table.reach;
        let mut secrets = Vec::new();
        let mut hook = |environment: &str, table: Option<HookTable>| {
            let Some(table) = table else { return Ok(None) };
            let secret = self.0.secret(&format!("{environment}.secret"), environment, &table.secret)?;
            secrets.push(secret.clone());
            let hook = deploy::Hook::new(&table.url, secret, &reach);
            hook.map(Some).map_err(|what| self.0.wrong(format!("`{environment}.url`: {what}")))
        };
        let (staging, production) = (hook("staging", table.staging)?, hook("production", table.production)?);
        let connector = Deploy::new(self.0.name, staging, production).map_err(|what| self.0.wrong(what))?;
        Ok(Made { connector: Arc::new(connector), secrets })
    }

    fn declared(&self, declared: &Declared) -> Result<Made, MakeError> {
        if declared.is_by_tools() {
            let (connector, secrets) = mcp::make(&self.0, declared)?;
            return Ok(Made { connector: Arc::new(connector), secrets });
        }
        let (connector, secrets) = http::make(&self.0, declared)?;
        Ok(Made { connector: Arc::new(connector), secrets })
    }
}
