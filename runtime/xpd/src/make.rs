//! Connectors by the kind their configuration names.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::config::Instance;
use xpd_connectors::deploy::{self, Deploy};
use xpd_connectors::github::{self, Github};
use xpd_connectors::sandbox::{self, Sandbox};
use xpd_engine::roster::ConfigError;
use xpd_proxy::{Connector, Secret};

/// A connector with the secrets it holds, for the scrubber.
pub(crate) struct Made {
    pub connector: Arc<dyn Connector>,
    pub secrets: Vec<String>,
}

/// Where a secret is kept: in a variable or in a file that only its owner may read.
#[derive(Deserialize)]
struct Kept {
    env: Option<String>,
    file: Option<String>,
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

/// Makes an instance.
pub(crate) fn make(name: &str, instance: &Instance, file: &Path) -> Result<Made, ConfigError> {
    let maker = Maker { name, file };
    match instance.kind.as_str() {
        "github" => maker.github(instance),
        "sandbox" => maker.sandbox(instance),
        "deploy" => maker.deploy(instance),
        other => Err(maker.wrong(format!("there is no connector of kind `{other}`"))),
    }
}

struct Maker<'a> {
    name: &'a str,
    file: &'a Path,
}

impl Maker<'_> {
    fn wrong(&self, what: impl ToString) -> ConfigError {
        ConfigError::new(self.file, format!("`connector.{}`: {}", self.name, what.to_string()))
    }

    fn table<T: DeserializeOwned>(&self, instance: &Instance) -> Result<T, ConfigError> {
        T::deserialize(toml::Value::Table(instance.table.clone()))
            .map_err(|error| self.wrong(error.message()))
    }

    fn github(&self, instance: &Instance) -> Result<Made, ConfigError> {
        let table: GithubTable = self.table(instance)?;
        let text = self.secret("token", &table.token)?;
        let token = Secret::new(&text).map_err(|error| self.wrong(format!("`token`: {error}")))?;
        let connector =
            Github::new(github::Config::new(&table.base_url, token)).map_err(|error| self.wrong(error))?;
        Ok(Made { connector: Arc::new(connector), secrets: vec![text] })
    }

    fn sandbox(&self, instance: &Instance) -> Result<Made, ConfigError> {
        let mut config: sandbox::Config = self.table(instance)?;
        let folder = self.file.parent().unwrap_or(Path::new("."));
        for place in config.repositories.values_mut().filter(|place| !place.contains("://")) {
            *place = folder.join(&place).display().to_string();
        }
        let missing =
            config.repositories.iter().find(|(_, at)| !at.contains("://") && !Path::new(at).is_dir());
        if let Some((name, place)) = missing {
            return Err(self.wrong(format!("`repositories`: `{name}`: there is no folder {place}")));
        }
        let connector = Sandbox::new(self.name, config).map_err(|what| self.wrong(what))?;
        Ok(Made { connector: Arc::new(connector), secrets: Vec::new() })
    }

    fn deploy(&self, instance: &Instance) -> Result<Made, ConfigError> {
        let table: DeployTable = self.table(instance)?;
        let mut secrets = Vec::new();
        let mut hook = |environment: &str, table: Option<HookTable>| {
            let Some(table) = table else { return Ok(None) };
            let text = self.secret(&format!("{environment}.secret"), &table.secret)?;
            let secret =
                Secret::new(&text).map_err(|error| self.wrong(format!("`{environment}`: {error}")))?;
            secrets.push(text);
            let hook = deploy::Hook::new(&table.url, secret);
            hook.map(Some).map_err(|what| self.wrong(format!("`{environment}.url`: {what}")))
        };
        let (staging, production) = (hook("staging", table.staging)?, hook("production", table.production)?);
        let connector = Deploy::new(self.name, staging, production).map_err(|what| self.wrong(what))?;
        Ok(Made { connector: Arc::new(connector), secrets })
    }

    fn secret(&self, key: &str, kept: &Kept) -> Result<String, ConfigError> {
        let text = match (&kept.env, &kept.file) {
            (Some(name), None) => std::env::var(name)
                .map_err(|_| self.wrong(format!("`{key}`: the variable `{name}` is not set")))?,
            (None, Some(name)) => {
                let path = self.file.parent().unwrap_or(Path::new(".")).join(name);
                read_private(&path).map_err(|what| ConfigError::new(&path, format!("`{key}`: {what}")))?
            }
            _ => return Err(self.wrong(format!("`{key}` needs either `env` or `file`"))),
        };
        Ok(text.trim().to_owned())
    }
}

fn read_private(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mode = file.metadata().map_err(|error| error.to_string())?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!("has mode {mode:03o}, must be 600 or stricter"));
    }
    let mut text = String::new();
    file.take(64 * 1024).read_to_string(&mut text).map_err(|error| error.to_string())?;
    Ok(text)
}
