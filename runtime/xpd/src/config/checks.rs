//! Checks of configuration values beyond their types.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use xp_artifact::VerifyingKey;
use xp_artifact::question::Kind;
use xpd_doors::socket;
use xpd_engine::{ConfigError, PRIVATE_KEY, is_private_key};

use super::Limits;

/// An unknown kind is refused, since it would require a property that no artifact has, or permit nothing.
pub(super) fn kinds(key: &str, words: &BTreeSet<String>) -> Result<(), String> {
    match words.iter().find(|word| Kind::of(word).is_none()) {
        None => Ok(()),
        Some(word) => {
            let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
            Err(format!("`artifacts.{key}`: `{word}` is no kind of question; there are {}", known.join(", ")))
        }
    }
}

/// What shadow runs may send. Each instance is one of the configuration, and no name is empty; whether an action is declared as one that
/// changes nothing is decided with the artifact at hand.
pub(super) fn sends(
    sends: BTreeMap<String, BTreeSet<String>>,
    instances: &BTreeMap<String, toml::Table>,
) -> Result<BTreeMap<String, BTreeSet<String>>, String> {
    for (instance, names) in &sends {
        if !instances.contains_key(instance) {
            return Err(format!(
                "`shadow.sends.{}`: names no connector of this file",
                instance.escape_debug()
            ));
        }
        if let Some(name) = names.iter().find(|name| name.is_empty() || name.contains(['*', ' '])) {
            let name = name.escape_debug();
            return Err(format!(
                "`shadow.sends.{instance}`: `{name}` is no name of an action such as `issues.read`"
            ));
        }
    }
    Ok(sends)
}

/// Refuses limits of zero.
pub(super) fn limits(limits: &Limits) -> Result<(), String> {
    let zero = |name: &str| Err(format!("`limits.{name}`: must be 1 or more; nothing could be asked"));
    match limits {
        Limits { request_seconds: 0, .. } => zero("request_seconds"),
        Limits { body_bytes: 0, .. } => zero("body_bytes"),
        Limits { disk_percent: 0 | 102.., .. } => {
            Err("`limits.disk_percent`: must be 1 to 101; 101 starts runs however full the disk is"
                .to_owned())
        }
        _ => Ok(()),
    }
}

/// Checks that a socket can be bound to a path of this length.
pub(super) fn socket_path(key: &str, path: &Path) -> Result<(), String> {
    let length = path.as_os_str().len();
    if length <= socket::MAX_PATH {
        return Ok(());
    }
    Err(format!(
        "`server.{key}`: {} has {length} bytes, a socket's path at most {} bytes",
        path.display(),
        socket::MAX_PATH
    ))
}

/// Parses permission bits in octal, `0660`.
pub(super) fn socket_mode(text: &str) -> Result<u32, String> {
    let octal = text.bytes().all(|byte| byte.is_ascii_digit());
    match u32::from_str_radix(text, 8) {
        Ok(mode) if octal && mode <= 0o777 => Ok(mode),
        _ => Err(format!("`server.socket_mode`: `{text}` is no octal mode such as \"0660\"")),
    }
}

/// Checks that a URL is one that proofs can name.
pub(super) fn url(key: &str) -> impl Fn(&str) -> Result<String, String> {
    move |text| plain_url(key, text)
}

fn plain_url(key: &str, text: &str) -> Result<String, String> {
    if text.contains('@') {
        return Err(format!("`server.{key}`: holds a user or a password"));
    }
    let plain = reqwest::Url::parse(text).is_ok_and(|url| {
        ["http", "https"].contains(&url.scheme()) && url.query().is_none() && url.fragment().is_none()
    });
    if plain && text.contains("://") {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    Err(format!("`server.{key}`: `{text}` is no URL such as `http://127.0.0.1:7411`"))
}

/// Reads a public key of an artifact signer.
pub(super) fn public_key(path: &Path) -> Result<VerifyingKey, ConfigError> {
    let pem = std::fs::read_to_string(path).map_err(|error| ConfigError::new(path, error))?;
    VerifyingKey::from_pem(&pem).map_err(|error| {
        if is_private_key(&pem) { ConfigError::new(path, PRIVATE_KEY) } else { ConfigError::new(path, error) }
    })
}
