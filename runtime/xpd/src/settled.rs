//! Settings for the HTTP interface and for decisions, derived from the configuration.

use std::collections::BTreeMap;
use std::path::Path;

use xp_scope::Digest;
use xpd_doors::api;
use xpd_engine::registry::Registry;
use xpd_engine::roster::Roster;
use xpd_engine::{ConfigError, Rules, realms};
use xpd_proxy::Fault;
use xpd_store::StoreError;

use crate::config::{self, Config};

/// Why a server does not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A file of the operator's is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store failed.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// A listener could not be bound.
    #[error("{0}: {1}")]
    Listen(String, std::io::Error),
    /// Recovery of the previous process's actions failed.
    #[error("recovery: {0:?}")]
    Recovery(Fault),
}

/// The limits of the HTTP interface.
pub(crate) fn limits(config: &Config) -> api::Limits {
    let config::Limits { body_bytes, request_seconds, .. } = config.limits;
    api::Limits { body_bytes, request_seconds }
}

/// The URL that proofs over a unix socket must name.
pub const SOCKET_URL: &str = "http://xpd";

/// The rules on which decisions depend, from the files that the configuration names.
pub(crate) fn rules(config: &Config) -> Result<Rules, ConfigError> {
    let roster = Roster::read(&config.roster)?;
    let registry = match &config.declarations {
        Some(file) => Registry::read(file)?,
        None => Registry::parse(xp_stdlib::REGISTRY.as_bytes(), Path::new("standard library"))?,
    };
    let registry = registry.with(config.registered.connectors.values().map(|(file, _)| file.as_ref()));
    let mut settings = vec![Digest::of(registry.to_json().to_string().as_bytes()).to_string()];
    for file in [&config.file, &config.roster] {
        let bytes = std::fs::read(file).map_err(|error| ConfigError::new(file, error))?;
        settings.push(Digest::of(&bytes).to_string());
    }
    settings.extend(config.trusted.iter().map(xp_artifact::VerifyingKey::id));
    // A key file named in the roster may change while the roster does not.
    settings.extend(roster.described());
    settings.extend(roster.administrators());
    let recovery = config.recovery.as_ref().map(|(thumbprint, _)| thumbprint.clone());
    settings.extend(recovery.clone());
    // As may the key file of a bridge.
    settings.extend(
        config.people.iter().flat_map(|people| &people.bridges).map(|bridge| bridge.rules.key.clone()),
    );
    let instances = config.connectors.iter().map(|(name, made)| (name.clone(), bound(made))).collect();
    Ok(Rules {
        name: config.name.clone(),
        roster,
        registry,
        trusted: config.trusted.clone(),
        unproved: config.unproved.clone(),
        required: config.required.clone(),
        places: realms::Places::among(&instances),
        instances,
        refusals_per_minute: config.limits.refusals_per_minute,
        decisions_per_hour: config.people.as_ref().map_or(0, |people| people.decisions_per_hour),
        // Without a door nobody is asked.
        requests_per_hour: config.people.as_ref().map_or(u64::MAX, |people| people.requests_per_hour),
        disk_percent: config.limits.disk_percent,
        witnessed: config.log.policy.is_some(),
        left_open: config.left_open.clone(),
        shadow_sends: config.shadow_sends.clone(),
        providers: config
            .people
            .iter()
            .flat_map(|people| &people.providers)
            .map(xpd_login::Settings::described)
            .collect(),
        bridges: config
            .people
            .iter()
            .flat_map(|people| &people.bridges)
            .map(|bridge| (bridge.name.clone(), bridge.rules.clone()))
            .collect(),
        recovery,
        digest: Digest::of(settings.join("\n").as_bytes()),
        since: BTreeMap::new(),
    })
}

/// The parts of an instance on which decisions depend.
fn bound(made: &config::Instance) -> realms::Instance {
    let config::Instance { kind, realms, upstreams, table: _, declared: _ } = made.clone();
    realms::Instance { kind, upstreams, realms }
}
