//! `[people]`: the door for people.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use xpd_connectors::{Kept, without_value};
use xpd_doors::console::Settings;
use xpd_egress::Reach;
use xpd_engine::ConfigError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeopleTable {
    listen: SocketAddr,
    url: Option<String>,
    #[serde(default = "eight_hours")]
    session_seconds: u64,
    #[serde(default = "half_an_hour")]
    idle_seconds: u64,
    #[serde(default = "one_a_minute")]
    decisions_per_hour: u64,
    #[serde(default = "one_a_minute")]
    requests_per_hour: u64,
    /// Read by [`provider`], whose messages hold no value: one of them is a secret.
    #[serde(default)]
    provider: Vec<toml::Table>,
    #[serde(default)]
    bridge: Vec<BridgeTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BridgeTable {
    name: String,
    url: String,
    key_file: String,
    controller: String,
    #[serde(default)]
    reach: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderTable {
    name: String,
    kind: Option<String>,
    issuer: Option<String>,
    api: Option<String>,
    client_id: String,
    client_secret: Kept,
    #[serde(default)]
    scopes: Vec<String>,
    groups: Option<String>,
    #[serde(default)]
    reach: Vec<String>,
}

fn one_a_minute() -> u64 {
    60
}

fn eight_hours() -> u64 {
    8 * 60 * 60
}

fn half_an_hour() -> u64 {
    30 * 60
}

/// The door for people.
#[derive(Clone, Debug)]
pub struct People {
    /// Loopback address to listen on.
    pub listen: SocketAddr,
    /// URL under which people reach it, if it is not `http://localhost:PORT`.
    pub url: Option<String>,
    /// How long sessions last.
    pub settings: Settings,
    /// Decisions that one person may take in an hour.
    pub decisions_per_hour: u64,
    /// How often people may be asked for one agent in an hour.
    pub requests_per_hour: u64,
    /// Where people can log in besides.
    pub providers: Vec<xpd_login::Settings>,
    /// Bridges to chats.
    pub bridges: Vec<Bridge>,
}

/// A bridge to a chat.
#[derive(Clone, Debug)]
pub struct Bridge {
    /// Its name.
    pub name: String,
    /// What decisions by it rest on.
    pub rules: xpd_engine::Bridge,
    /// Addresses that it may have besides public ones.
    pub reach: Reach,
}

pub(super) fn read(table: PeopleTable, file: &Path) -> Result<People, ConfigError> {
    let PeopleTable {
        listen,
        url,
        session_seconds,
        idle_seconds,
        decisions_per_hour,
        requests_per_hour,
        provider: tables,
        bridge: bridge_tables,
    } = table;
    let wrong = |what: String| ConfigError::new(file, what);
    if !listen.ip().is_loopback() {
        let what = "`people.listen`: must be a loopback address; there is no TLS here, a proxy in front of it has it";
        return Err(wrong(what.to_owned()));
    }
    if session_seconds == 0 || idle_seconds == 0 {
        return Err(wrong(
            "`people`: a session of no seconds ends before it is used; write 1 or more".to_owned(),
        ));
    }
    if decisions_per_hour == 0 {
        return Err(wrong(
            "`people.decisions_per_hour`: nobody decides anything with 0; write 1 or more".to_owned(),
        ));
    }
    if requests_per_hour == 0 {
        return Err(wrong(
            "`people.requests_per_hour`: nobody is asked anything with 0; write 1 or more".to_owned(),
        ));
    }
    let url = url.map(|url| own(&url)).transpose().map_err(|what| wrong(format!("`people.url`: {what}")))?;
    let settings =
        Settings { session: Duration::from_secs(session_seconds), idle: Duration::from_secs(idle_seconds) };
    let mut providers: Vec<xpd_login::Settings> = Vec::new();
    for table in tables {
        let made = provider(table, file)?;
        if providers.iter().any(|other| other.name == made.name || other.issuer == made.issuer) {
            return Err(wrong(format!("`people.provider`: `{}` or its issuer is listed twice", made.name)));
        }
        providers.push(made);
    }
    let mut bridges: Vec<Bridge> = Vec::new();
    for table in bridge_tables {
        let made = bridge(table, file)?;
        let is_one = |other: &Bridge| {
            let (other_rules, rules) = (&other.rules, &made.rules);
            other.name == made.name
                || other_rules.key == rules.key
                || other_rules.controller == rules.controller
        };
        if bridges.iter().any(is_one) {
            let why = "its key or its controller is listed twice: who runs two bridges is one controller";
            return Err(wrong(format!("`people.bridge`: `{}`, {why}", made.name)));
        }
        bridges.push(made);
    }
    Ok(People { listen, url, settings, decisions_per_hour, requests_per_hour, providers, bridges })
}

/// Reads a provider and its secret.
fn provider(table: toml::Table, file: &Path) -> Result<xpd_login::Settings, ConfigError> {
    let wrong = |what: &str| ConfigError::new(file, format!("`people.provider`: {what}"));
    let read = ProviderTable::deserialize(toml::Value::Table(table));
    let ProviderTable { name, kind, issuer, api, client_id, client_secret, scopes, groups, reach } =
        read.map_err(|error| wrong(&without_value(error.message())))?;
    let read = xpd_login::Kind::read(kind.as_deref(), issuer, api);
    let (kind, issuer) = read.map_err(|why| wrong(&format!("`{name}`: {why}")))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let secret = client_secret.read("client_secret", "client_secret", folder);
    let secret = secret.map_err(|error| match error.file {
        Some(kept) => ConfigError::new(&kept, error.what),
        None => wrong(&error.what),
    })?;
    let reach = Reach::parse(&reach).map_err(|why| wrong(&format!("`reach`: {why}")))?;
    let client_secret = SecretString::from(secret.expose());
    let made = xpd_login::Settings { name, kind, issuer, client_id, client_secret, scopes, groups, reach };
    made.check().map_err(|why| wrong(&format!("`{}`: {why}", made.name)))?;
    Ok(made)
}

/// Reads a bridge and its key.
fn bridge(table: BridgeTable, file: &Path) -> Result<Bridge, ConfigError> {
    let BridgeTable { name, url, key_file, controller, reach } = table;
    let wrong =
        |what: &str| ConfigError::new(file, format!("`people.bridge`: `{}`: {what}", name.escape_debug()));
    let named = |one: u8| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-';
    if name.is_empty() || name.len() > 32 || !name.bytes().all(named) {
        return Err(wrong("`name`: 1 to 32 small letters, digits and `-`, since it is part of an address"));
    }
    if !xpd_token::is_principal_name(&controller) {
        return Err(wrong("`controller`: name who runs the bridge, as the roster names controllers"));
    }
    let parsed = reqwest::Url::parse(&url).map_err(|error| wrong(&format!("`url`: {error}")))?;
    if !xpd_egress::may_carry_secrets(&parsed) || !parsed.username().is_empty() || parsed.password().is_some()
    {
        let what =
            "`url`: write an https URL without user and password; plain http is for a loopback address";
        return Err(wrong(what));
    }
    let reach = Reach::parse(&reach).map_err(|why| wrong(&format!("`reach`: {why}")))?;
    let key = file.parent().unwrap_or(Path::new(".")).join(key_file);
    let pem = super::checks::public_key(&key)?.to_pem().map_err(|error| ConfigError::new(&key, error))?;
    Ok(Bridge { name, rules: xpd_engine::Bridge { key: pem, controller, url }, reach })
}

/// Checks that browsers make passkeys for a URL, and that it is an origin.
fn own(text: &str) -> Result<String, String> {
    let trimmed = text.trim_end_matches('/');
    let parsed = reqwest::Url::parse(text).map_err(|error| format!("`{text}`: {error}"))?;
    let Some(name) = parsed.domain() else {
        return Err(format!(
            "`{text}`: browsers make no passkeys for an address; write `http://localhost:PORT`, or `https://` with a name"
        ));
    };
    if parsed.scheme() != "https" && !(parsed.scheme() == "http" && xp_scope::is_loopback(name)) {
        return Err(format!(
            "`{text}`: browsers make passkeys only for `https://` and for `http://localhost`"
        ));
    }
    if parsed.origin().ascii_serialization() != trimmed {
        return Err(format!(
            "`{text}`: write the origin alone, in lower case and without its usual port: `{}`",
            parsed.origin().ascii_serialization()
        ));
    }
    Ok(trimmed.to_owned())
}
