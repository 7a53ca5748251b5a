//! The compiled workflow: types, canonical bytes, digest, signature, JSON Schema.
//!
//! An artifact file (`.xpa`) is a DSSE envelope (<https://github.com/secure-systems-lab/dsse>) whose payload is the RFC 8785
//! form of [`Artifact`], so that public tools can check its signatures. Bytes are canonical in both layers and refused
//! otherwise: one artifact has one digest.

mod asked;
mod connector;
pub mod content;
pub mod declaration;
pub mod depends;
mod digest;
mod envelope;
mod error;
pub mod filled;
mod fold;
mod formula;
pub mod given;
pub mod http;
mod identity;
pub mod judgement;
mod key;
pub mod looks;
pub mod mcp;
pub mod named;
pub mod order;
pub mod overlap;
mod parts;
pub mod passing;
pub mod print;
pub mod question;
mod records;
pub mod requests;
pub mod rests;
pub mod spelling;
pub mod starts;
pub mod things;
pub mod tools;
mod transport;
pub mod workflow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use asked::has_ids;
pub use connector::{CONNECTOR_FORMAT, ConnectorFile};
pub use digest::{action_digest, enclosing, records_of, request_digest};
pub use envelope::{Envelope, PAYLOAD_TYPE, Signature, Trust};
pub use error::{ArtifactError, MAX_BYTES};
pub use fold::Literal;
pub use formula::{Operand, Relation, Test};
pub use key::{SigningKey, VerifyingKey};
pub use records::RecordTable;
pub use transport::Transport;

/// The version of the format this crate reads and writes.
pub const FORMAT: u32 = 4;

/// A compiled workflow with what was asked of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// Version of the format, [`FORMAT`].
    pub format: u32,
    /// Name and version of the compiler.
    pub compiler: String,
    /// The sources it was compiled from, standard library included.
    pub sources: Vec<Source>,
    /// What the machine runs.
    pub workflow: workflow::Workflow,
    /// What was asked and answered, the always asked questions first.
    pub obligations: Vec<question::Obligation>,
}

/// A source file of an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Path as given to the compiler, or `std/github.xp`.
    pub path: String,
    /// Digest of its bytes.
    pub digest: xp_scope::Digest,
}

impl Artifact {
    /// Names of obligations that are said to be enforced and are no guards of the workflow, and of guards without such an
    /// obligation: what the artifact says of itself is not what its machine does.
    #[must_use]
    pub fn misstated(&self) -> Vec<&str> {
        let same = |guard: &workflow::Guard, obligation: &question::Obligation| {
            guard.id == obligation.id
                && guard.question == obligation.question
                && obligation.status == question::Status::Enforced
        };
        let guards = &self.workflow.guards;
        let said = self.obligations.iter().filter(|o| o.status == question::Status::Enforced);
        let empty = said.filter(|said| !guards.iter().any(|guard| same(guard, said))).map(|said| &said.id);
        let unsaid = guards.iter().filter(|guard| !self.obligations.iter().any(|o| same(guard, o)));
        empty.chain(unsaid.map(|guard| &guard.id)).map(String::as_str).collect()
    }

    /// Canonical bytes (RFC 8785).
    ///
    /// # Errors
    /// The value cannot be written as canonical JSON.
    pub fn canonical(&self) -> Result<Vec<u8>, ArtifactError> {
        serde_json_canonicalizer::to_vec(self).map_err(|error| ArtifactError::Encoding(error.to_string()))
    }

    /// SHA-256 of the canonical bytes: the artifact's identity in every token and log entry.
    ///
    /// # Errors
    /// The value cannot be written as canonical JSON.
    pub fn digest(&self) -> Result<xp_scope::Digest, ArtifactError> {
        Ok(xp_scope::Digest::of(&self.canonical()?))
    }

    /// The JSON Schema (2020-12) of an artifact.
    #[must_use]
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }
}
