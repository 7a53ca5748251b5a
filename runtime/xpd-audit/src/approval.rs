//! How a judgement of a person is approved: what the people's door has a passkey sign and records, and the verifier reads.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The fact of a judgement's entry that holds its approval.
pub const FACT: &str = "approval";
/// The class of an approval that a passkey signed.
pub const PASSKEY: &str = "passkey";
/// First member of a statement.
const VERSION: &str = "xp-decision-v1";

/// An approval, as logged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// How it came about: [`PASSKEY`].
    pub class: String,
    /// Digest of what was shown.
    pub digest: String,
    /// The text whose SHA-256 is the challenge that was signed.
    pub statement: String,
    /// Origin of the door.
    pub origin: String,
    /// Id of the credential, base64url.
    pub passkey: String,
    /// The public key, in the form of `webauthn-rs`.
    pub key: Value,
    /// Data of the authenticator, base64url.
    pub authenticator_data: String,
    /// What the browser says of the assertion, base64url.
    pub client_data: String,
    /// Signature over both, base64url.
    pub signature: String,
}

/// What a statement says. In its text the version comes first, and the nonce second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Name of the person.
    pub person: String,
    /// The run.
    pub run: String,
    /// The step.
    pub step: String,
    /// The outcome.
    pub outcome: String,
    /// The reason, as it was entered.
    pub reason: Option<String>,
    /// Digest of what was shown.
    pub digest: String,
}

impl Statement {
    /// The text of the statement, made unique by a nonce.
    #[must_use]
    pub fn text(&self, nonce: &str) -> String {
        let Self { person, run, step, outcome, reason, digest } = self;
        json!([VERSION, nonce, person, run, step, outcome, reason, digest]).to_string()
    }

    /// Reads a text; none if it is not of this version.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (version, _nonce, person, run, step, outcome, reason, digest): (
            String,
            String,
            String,
            String,
            String,
            String,
            Option<String>,
            String,
        ) = serde_json::from_str(text).ok()?;
        (version == VERSION).then_some(Self { person, run, step, outcome, reason, digest })
    }
}
