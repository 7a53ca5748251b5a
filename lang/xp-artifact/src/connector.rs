//! A connector's declaration as a file of its own, which a server registers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use xp_scope::Digest;
use xp_scope::thing::Kinds;

use crate::error::ArtifactError;
use crate::requests;
use crate::transport::Transport;
use crate::workflow::{Action, Record};

/// The version of the format of connector files.
pub const CONNECTOR_FORMAT: u32 = 1;

/// A connector with all its actions, each with its transport.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectorFile {
    /// Version of the format, [`CONNECTOR_FORMAT`].
    pub connector_format: u32,
    /// Its name in the language.
    pub name: String,
    /// Its actions, sorted by name.
    pub actions: Vec<Action>,
    /// The record types that they name, sorted by name.
    pub records: Vec<Record>,
    /// The kinds of things that they name, and those that enclose these.
    pub kinds: Kinds,
}

impl ConnectorFile {
    /// Canonical bytes (RFC 8785).
    ///
    /// # Errors
    /// The value cannot be written as canonical JSON.
    pub fn canonical(&self) -> Result<Vec<u8>, ArtifactError> {
        serde_json_canonicalizer::to_vec(self).map_err(|error| ArtifactError::Encoding(error.to_string()))
    }

    /// SHA-256 of the canonical bytes.
    ///
    /// # Errors
    /// The value cannot be written as canonical JSON.
    pub fn digest(&self) -> Result<Digest, ArtifactError> {
        Ok(Digest::of(&self.canonical()?))
    }

    /// Names become paths of files and lines on terminals.
    fn names_are_words(&self) -> bool {
        let is_word = |name: &str| {
            let mut bytes = name.bytes();
            bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
                && name.len() <= 100
                && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let actions = self.actions.iter().flat_map(|action| action.name.split('.'));
        actions.chain([self.name.as_str()]).all(is_word)
    }

    /// Reads the canonical bytes of a connector.
    ///
    /// # Errors
    /// They are not, or of another version, or an action is of another connector or has no transport.
    pub fn open(bytes: &[u8]) -> Result<Self, ArtifactError> {
        let wrong = |why: &str| ArtifactError::Encoding(why.to_owned());
        if bytes.len() > crate::MAX_BYTES {
            return Err(ArtifactError::TooLarge);
        }
        let file: Self = serde_json::from_slice(bytes)
            .map_err(|error| wrong(&format!("this is no file of a connector: {error}")))?;
        if file.connector_format != CONNECTOR_FORMAT {
            return Err(wrong(&format!(
                "the connector has format {}, this program reads {CONNECTOR_FORMAT}: build it again from its source",
                file.connector_format
            )));
        }
        if file.canonical()? != bytes.trim_ascii_end() {
            return Err(wrong("the file of the connector is not in canonical form"));
        }
        if !file.names_are_words() {
            return Err(wrong("a name in the declaration is no word of at most 100 letters, digits and `_`"));
        }
        for action in &file.actions {
            if action.connector != file.name {
                return Err(wrong(&format!(
                    "an action of `{}` is among those of `{}`",
                    action.connector, file.name
                )));
            }
            let Some(transport) = &action.transport else {
                return Err(wrong(&format!("the action `{}` does not say how it is done", action.name)));
            };
            let fault = match transport {
                Transport::Http(http) => requests::fault(action, http),
                Transport::Mcp(mcp) => requests::fault_of_call(action, mcp),
            };
            let first = file.actions.first().and_then(|first| first.transport.as_ref());
            if first.is_some_and(|first| first.word() != transport.word()) {
                return Err(wrong("some actions are done over HTTP and some by tools of an MCP server"));
            }
            if let Some(why) = fault {
                return Err(wrong(&format!("the action `{}` cannot be done so: {why}", action.name)));
            }
        }
        Ok(file)
    }
}
