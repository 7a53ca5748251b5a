//! Problem details (RFC 9457), `application/problem+json`.

use serde::{Deserialize, Serialize};

use crate::RefusalCode;

/// Why a request came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `urn:xp:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code, once more for people.
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// Why, in words.
    pub detail: String,
    /// Stable: match on this.
    pub code: RefusalCode,
    /// The clause of the workflow that refused, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// Index of the log entry about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
}

impl Problem {
    /// A refusal that no clause and no log entry is about. Type, title and status follow from the code.
    #[must_use]
    pub fn new(code: RefusalCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:xp:problem:{code}"),
            title: code.as_str().replace('_', " "),
            status: code.status(),
            detail: detail.into(),
            code,
            clause: None,
            index: None,
        }
    }
}
