//! The registry of actions that this server knows, by digest of their declarations. An artifact with another
//! declaration is refused.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use xp_artifact::ConnectorFile;
use xp_artifact::workflow::{Action, Record};
use xp_scope::Digest;
use xp_scope::thing::Kinds;

use crate::config_error::ConfigError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    actions: BTreeMap<String, Digest>,
}

/// Digests of declarations by qualified name of the action.
#[derive(Clone, Debug, Default)]
pub struct Registry(BTreeMap<String, Digest>);

impl Registry {
    /// Reads `{"version": 1, "actions": {"tickets.issues.read": "sha256:…"}}`.
    ///
    /// # Errors
    /// The file cannot be read or does not have this form.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let bytes = std::fs::read(path).map_err(|error| ConfigError::new(path, error))?;
        Self::parse(&bytes, path)
    }

    /// Parses the text of such a file.
    ///
    /// # Errors
    /// It does not have this form.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, ConfigError> {
        let file: File = serde_json::from_slice(bytes).map_err(|error| ConfigError::new(path, error))?;
        if file.version != 1 {
            return Err(ConfigError::new(
                path,
                format!("`version` is {}, this program reads 1", file.version),
            ));
        }
        Ok(Self(file.actions))
    }

    /// The registry of these declarations, with the record types and kinds of things they use.
    #[must_use]
    pub fn of<'a>(actions: impl IntoIterator<Item = &'a Action>, records: &[Record], kinds: &Kinds) -> Self {
        Self(
            actions
                .into_iter()
                .map(|action| (qualified(action), xp_artifact::action_digest(action, records, kinds)))
                .collect(),
        )
    }

    /// This registry with the actions of connectors that users declared. The names of connectors differ.
    #[must_use]
    pub fn with<'a>(mut self, files: impl IntoIterator<Item = &'a ConnectorFile>) -> Self {
        for ConnectorFile { actions, records, kinds, .. } in files {
            self.0.extend(Self::of(actions, records, kinds).0);
        }
        self
    }

    /// The form in the file.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "version": 1, "actions": self.0 })
    }

    /// Whether the action is registered with the same declaration, including its record types and kinds of
    /// things.
    #[must_use]
    pub fn knows(&self, action: &Action, records: &[Record], kinds: &Kinds) -> bool {
        self.0.get(&qualified(action)) == Some(&xp_artifact::action_digest(action, records, kinds))
    }
}

/// The qualified name, such as `tickets.issues.read`.
#[must_use]
pub fn qualified(action: &Action) -> String {
    format!("{}.{}", action.connector, action.name)
}
