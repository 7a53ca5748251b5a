//! How a judgement of a person is approved: what the people's door records and, where a passkey signs, has it sign, and the verifier reads.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

/// The fact of a judgement's entry that holds its approval.
pub const FACT: &str = "approval";
/// First member of a statement.
const VERSION: &str = "xp-decision-v1";

/// An approval, as logged. Its class says what binds it to the person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "class", rename_all = "snake_case")]
pub enum Approval {
    /// A passkey of the person's signed the statement.
    Passkey {
        /// Digest of what was shown.
        digest: String,
        /// The text whose SHA-256 is the challenge that was signed.
        statement: String,
        /// Origin of the door.
        origin: String,
        /// Id of the credential, base64url.
        passkey: String,
        /// The public key, in the form of `webauthn-rs`.
        key: Value,
        /// Data of the authenticator, base64url.
        authenticator_data: String,
        /// What the browser says of the assertion, base64url.
        client_data: String,
        /// Signature over both, base64url.
        signature: String,
    },
    /// The person was logged in by a provider of OpenID Connect. Nothing of the person's signed the statement: that it was the
    /// person is the word of the server and of the provider.
    Oidc {
        /// Digest of what was shown.
        digest: String,
        /// What was decided.
        statement: String,
        /// Origin of the door.
        origin: String,
        /// The provider.
        issuer: String,
        /// The person's identifier there.
        subject: String,
        /// When the provider authenticated the person, milliseconds since 1970.
        authenticated: u64,
    },
    /// A bridge to a chat signed the statement. That it was the person is the word of the bridge.
    Webhook {
        /// Digest of what the decision rests on.
        digest: String,
        /// What the bridge signed: a [`crate::chat::ChatStatement`].
        statement: String,
        /// Name of the bridge.
        bridge: String,
        /// Its key, as SPKI PEM.
        key: String,
        /// The id of the user in the chat.
        user: String,
        /// Signature of the statement, base64url.
        signature: String,
    },
}

impl Approval {
    /// Digest of what was shown.
    #[must_use]
    pub fn digest(&self) -> &str {
        match self {
            Self::Passkey { digest, .. } | Self::Oidc { digest, .. } | Self::Webhook { digest, .. } => digest,
        }
    }

    /// What was decided.
    #[must_use]
    pub fn statement(&self) -> &str {
        match self {
            Self::Passkey { statement, .. }
            | Self::Oidc { statement, .. }
            | Self::Webhook { statement, .. } => statement,
        }
    }
}

/// Whether an origin is of this host, or has no TLS: its cookies reach every port of the host, so a session alone decides nothing
/// there. So are addresses, for which browsers make no passkeys, and what is not written as browsers write an origin.
#[must_use]
pub fn is_local(origin: &str) -> bool {
    let Ok(url) = Url::parse(origin) else { return true };
    let is_public = url.scheme() == "https"
        && url.origin().ascii_serialization() == origin
        && url.domain().is_some_and(|name| !xp_scope::is_loopback(name));
    !is_public
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
