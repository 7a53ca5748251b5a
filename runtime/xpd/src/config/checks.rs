//! What a configuration may say beyond its form.

use std::collections::BTreeSet;
use std::path::Path;

use xp_artifact::VerifyingKey;
use xpd_doors::socket;
use xpd_engine::{ConfigError, PRIVATE_KEY, is_private_key};

use super::Limits;

/// Kinds of questions, as artifacts write them.
pub(super) const KINDS: [&str; 18] = [
    "steps_open",
    "outcomes_happen",
    "never_stuck",
    "progress",
    "automatic_outcomes",
    "names_bound",
    "scopes",
    "fresh_evidence",
    "irreversible_once",
    "reviewed_before_deploy",
    "bounds",
    "no_role",
    "no_principal",
    "requires",
    "never",
    "only_within",
    "at_most",
    "through",
];

/// A word that is no kind would require what nothing can answer, or let through nothing.
pub(super) fn kinds(key: &str, words: &BTreeSet<String>) -> Result<(), String> {
    match words.iter().find(|word| !KINDS.contains(&word.as_str())) {
        None => Ok(()),
        Some(word) => {
            Err(format!("`artifacts.{key}`: `{word}` is no kind of question; there are {}", KINDS.join(", ")))
        }
    }
}

/// Limits under which nothing would be answered.
pub(super) fn limits(limits: &Limits) -> Result<(), String> {
    let zero = |name: &str| Err(format!("`limits.{name}`: must be 1 or more; nothing could be asked"));
    match limits {
        Limits { request_seconds: 0, .. } => zero("request_seconds"),
        Limits { body_bytes: 0, .. } => zero("body_bytes"),
        _ => Ok(()),
    }
}

/// A path that a socket can be bound to.
pub(super) fn socket_path(path: &Path) -> Result<(), String> {
    let length = path.as_os_str().len();
    if length <= socket::MAX_PATH {
        return Ok(());
    }
    Err(format!(
        "`server.socket`: {} has {length} bytes, a socket's path at most {} bytes",
        path.display(),
        socket::MAX_PATH
    ))
}

/// Permission bits as text, `0660`.
pub(super) fn socket_mode(text: &str) -> Result<u32, String> {
    let octal = text.bytes().all(|byte| byte.is_ascii_digit());
    match u32::from_str_radix(text, 8) {
        Ok(mode) if octal && mode <= 0o777 => Ok(mode),
        _ => Err(format!("`server.socket_mode`: `{text}` is no octal mode such as \"0660\"")),
    }
}

/// A URL that proofs can name.
pub(super) fn url(text: &str) -> Result<String, String> {
    let plain = reqwest::Url::parse(text).is_ok_and(|url| {
        ["http", "https"].contains(&url.scheme()) && url.query().is_none() && url.fragment().is_none()
    });
    if plain && text.contains("://") {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    Err(format!("`server.url`: `{text}` is no URL such as `http://127.0.0.1:7411`"))
}

/// A key that may sign artifacts.
pub(super) fn public_key(path: &Path) -> Result<VerifyingKey, ConfigError> {
    let pem = std::fs::read_to_string(path).map_err(|error| ConfigError::new(path, error))?;
    VerifyingKey::from_pem(&pem).map_err(|error| {
        if is_private_key(&pem) { ConfigError::new(path, PRIVATE_KEY) } else { ConfigError::new(path, error) }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::KINDS;

    /// Each word is one that an artifact can carry, and none is left out.
    #[test]
    fn the_kinds_are_those_of_the_format() {
        let schema = xp_artifact::Artifact::json_schema();
        let kinds = schema["$defs"]["Question"]["oneOf"].as_array().unwrap().iter().flat_map(|kind| {
            let words = kind["enum"].as_array().or(kind["required"].as_array()).cloned();
            words.unwrap_or_else(|| vec![kind["const"].clone()])
        });
        let kinds: BTreeSet<String> = kinds.map(|kind| kind.as_str().unwrap().to_owned()).collect();
        assert_eq!(kinds, KINDS.map(str::to_owned).into());
    }
}
