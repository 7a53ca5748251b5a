//! `[log]`: the destinations of checkpoints.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use xpd_audit::note::Policy;
use xpd_egress::Reach;
use xpd_engine::ConfigError;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogTable {
    export: Option<PathBuf>,
    push: Option<String>,
    witness_policy: Option<PathBuf>,
    #[serde(default)]
    reach: Vec<String>,
}

/// Destinations of checkpoints besides the checkpoint file.
#[derive(Clone, Debug, Default)]
pub struct LogConfig {
    /// A file that is kept at the latest checkpoint.
    pub export: Option<PathBuf>,
    /// A URL to which each checkpoint is posted.
    pub push: Option<String>,
    /// The witnesses that cosign checkpoints; each has a URL.
    pub policy: Option<Policy>,
    /// Addresses to which the names in these URLs may resolve besides global unicast ones.
    pub reach: Reach,
}

pub(super) fn read(table: LogTable, file: &Path, folder: &Path) -> Result<LogConfig, ConfigError> {
    let LogTable { export, push, witness_policy, reach } = table;
    let reach = Reach::parse(&reach).map_err(|why| ConfigError::new(file, format!("`log.reach`: {why}")))?;
    if push.as_deref().is_some_and(|url| !is_plain(url)) {
        let why = "`log.push`: an http or https URL without user, password, query and fragment is needed";
        return Err(ConfigError::new(file, why));
    }
    let policy = witness_policy.map(|path| policy(&folder.join(path))).transpose()?;
    Ok(LogConfig { export: export.map(|path| folder.join(path)), push, policy, reach })
}

fn policy(path: &Path) -> Result<Policy, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::new(path, error))?;
    let policy = Policy::parse(&text).map_err(|error| ConfigError::new(path, error))?;
    if !policy.asks() {
        return Err(ConfigError::new(
            path,
            "`quorum none` asks nobody: leave `log.witness_policy` out instead",
        ));
    }
    for witness in policy.witnesses() {
        if !witness.url.as_deref().is_some_and(is_plain) {
            let why = format!(
                "witness `{}` needs an http or https URL without user, password, query and fragment, which this server asks",
                witness.name
            );
            return Err(ConfigError::new(path, why));
        }
    }
    Ok(policy)
}

/// Checkpoints are signed, so http is permitted; a password is not, since error messages print the URL.
fn is_plain(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| {
        ["http", "https"].contains(&url.scheme())
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}
