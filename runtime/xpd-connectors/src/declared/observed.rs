//! What a test of an instance observed at its upstream: what a declaration and an operator say of repetitions and failures is
//! believed only if it was seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use xp_scope::Digest;
use xpd_proxy::Secret;

/// The record of a test, as the file holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// Digest of the connector that was tested.
    pub connector: String,
    /// The address, or the command of a server on this host.
    pub base_url: String,
    /// Salted digest of the credential, so that a test with another one does not count.
    pub credential: String,
    /// The salt, in hexadecimal digits.
    pub salt: String,
    /// When, RFC 3339.
    pub at: String,
    /// What was seen, by action.
    pub actions: BTreeMap<String, Seen>,
}

/// What was seen of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Two requests with one key made one effect.
    #[serde(default)]
    pub key_is_kept: bool,
    /// Answers after which nothing had changed.
    #[serde(default)]
    pub unchanged_after: BTreeSet<Failing>,
    /// The same request again, without a key, changed nothing.
    #[serde(default)]
    pub repeat_is_idle: bool,
    /// The probe found what the action had made, and nothing for an identifier that was never used.
    #[serde(default)]
    pub probe_finds: bool,
}

/// An answer that an operator may take for a failure, as it is written in the configuration and in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Failing {
    /// A status of HTTP, or the code of a JSON-RPC error.
    Number(i64),
    /// The answer of a tool.
    Tool(FailingTool),
}

/// What a tool answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailingTool {
    /// A result that says that it is an error.
    Failed,
}

impl From<u16> for Failing {
    fn from(status: u16) -> Self {
        Self::Number(status.into())
    }
}

impl std::fmt::Display for Failing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(status @ 0..) => write!(f, "status {status}"),
            Self::Number(code) => write!(f, "error {code}"),
            Self::Tool(FailingTool::Failed) => f.write_str("`failed`"),
        }
    }
}

impl Observed {
    /// The record in a file; `None` if there is no such file.
    ///
    /// # Errors
    /// It cannot be read, or is no record.
    pub fn read(path: &Path) -> Result<Option<Self>, String> {
        match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| error.to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Whether it is of this connector, address and credential.
    #[must_use]
    pub fn is_of(&self, connector: &Digest, base_url: &str, who: &str, secrets: &[Secret]) -> bool {
        self.connector == connector.to_string()
            && self.base_url == base_url
            && self.credential == fingerprint(&self.salt, who, secrets)
    }

    /// When, in milliseconds since 1970.
    #[must_use]
    pub fn since(&self) -> Option<u64> {
        let at =
            time::OffsetDateTime::parse(&self.at, &time::format_description::well_known::Rfc3339).ok()?;
        u64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
    }
}

/// The salted digest of a credential: `who` is its table, which holds everything but the secrets.
#[must_use]
pub fn fingerprint(salt: &str, who: &str, secrets: &[Secret]) -> String {
    let mut hash = Sha256::new();
    hash.update(b"xp-credential-v1\0");
    for text in [salt, who].into_iter().chain(secrets.iter().map(Secret::expose)) {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
