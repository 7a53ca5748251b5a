//! What is wrong with an artifact file.

use xp_diagnostics::{Code, codes};

/// Larger files are refused before they are parsed.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Why an artifact is refused. Each has a page: `xpc explain XP07xx`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactError {
    /// Not an envelope, not JSON, not canonical, unknown members.
    #[error("not an artifact: {0}")]
    Encoding(String),
    /// Larger than [`MAX_BYTES`].
    #[error("the artifact is larger than {} bytes", MAX_BYTES)]
    TooLarge,
    /// A newer format than this program reads.
    #[error(
        "the artifact has format {found}, newer than {expected}, which this program reads; use a newer program"
    )]
    Newer {
        /// The format found.
        found: u64,
        /// The format this program reads.
        expected: u32,
    },
    /// An older format than this program reads.
    #[error(
        "the artifact has format {found}, older than {expected}, which this program reads; build it again from its source"
    )]
    Older {
        /// The format found.
        found: u64,
        /// The format this program reads.
        expected: u32,
    },
    /// What is said to be enforced is not what the workflow guards.
    #[error("said to be enforced and not guarded by the workflow, or the other way round: `{0}`")]
    Guards(String),
    /// Two tools that clients could confuse.
    #[error("the tools `{first}` and `{second}` differ in upper case, `.`, `_` and `-` at most; {cure}")]
    AlikeTools {
        /// The name of one.
        first: String,
        /// The name of the other.
        second: String,
        /// What makes them different.
        cure: String,
    },
    /// No signature at all.
    #[error("the artifact is not signed")]
    Unsigned,
    /// No signature by a key that is trusted here.
    #[error("no signature of the artifact is by a trusted key")]
    Untrusted,
    /// A signature that names a trusted key and does not fit the bytes.
    #[error("a signature does not fit the artifact")]
    BadSignature,
    /// A key file that cannot be used.
    #[error("not an Ed25519 key: {0}")]
    BadKey(String),
}

impl ArtifactError {
    /// The code of its page.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Encoding(_) => codes::NOT_AN_ARTIFACT,
            Self::TooLarge => codes::ARTIFACT_TOO_LARGE,
            Self::Newer { .. } | Self::Older { .. } => codes::ARTIFACT_FORMAT,
            Self::Guards(_) => codes::ARTIFACT_MALFORMED,
            Self::AlikeTools { .. } => codes::ALIKE_TOOLS,
            Self::Unsigned => codes::ARTIFACT_UNSIGNED,
            Self::Untrusted => codes::ARTIFACT_UNTRUSTED,
            Self::BadSignature => codes::ARTIFACT_BAD_SIGNATURE,
            Self::BadKey(_) => codes::BAD_KEY,
        }
    }
}
