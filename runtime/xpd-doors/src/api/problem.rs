//! Problem details (RFC 9457).

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use xp_wire::RefusalCode;
use xpd_proxy::{Fault, Refused};
use xpd_store::StoreError;

/// Why a request came to nothing.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct Problem(Box<Details>);

/// A problem as it stands on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Details {
    /// `urn:xp:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// The code, once more for people.
    title: String,
    /// HTTP status.
    status: u16,
    /// Why, in words.
    detail: String,
    /// Stable code: match on this.
    code: String,
    /// The clause of the workflow that refused, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    clause: Option<String>,
    /// Index of the log entry about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
}

impl Problem {
    /// A problem of the edge's own.
    pub fn new(code: &str, detail: impl Into<String>) -> Self {
        Refused::new(code, detail).into()
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let status = status(&refused.code);
        Self(Box::new(Details {
            kind: format!("urn:xp:problem:{}", refused.code),
            title: refused.code.replace('_', " "),
            status: status.as_u16(),
            detail: refused.reason,
            code: refused.code,
            clause: refused.clause,
            index: refused.index,
        }))
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(refused) => refused.into(),
            Fault::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        // What it says is for the log, never for whoever asked.
        let (code, detail) = match &error {
            StoreError::Busy => ("busy", "too much is waiting; ask again"),
            StoreError::RolledBack(_) | StoreError::Aborted => {
                ("busy", "it was rolled back with what was written beside it; ask again")
            }
            StoreError::Full(_) => ("storage_full", "nothing can be recorded, so nothing is done"),
            StoreError::Closed => ("closing", "the server is stopping"),
            StoreError::Io(_) => ("internal", "the server cannot write its records"),
            StoreError::Broken(_) | StoreError::Folder(_) | StoreError::InUse => {
                ("internal", "the server cannot trust its own records")
            }
        };
        if code == "internal" {
            tracing::error!(%error, "the store failed");
        } else {
            // The writer says so once; whoever asks again and again must not fill another log.
            tracing::debug!(%error, "the store cannot");
        }
        Refused::new(code, detail).into()
    }
}

/// A code that is none of ours is a fault of ours.
fn status(code: &str) -> StatusCode {
    let status = RefusalCode::parse(code).and_then(|code| StatusCode::from_u16(code.status()).ok());
    status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::INSUFFICIENT_STORAGE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("DPoP algs=\"EdDSA ES256\""));
        }
        response
    }
}

/// No such path.
pub(crate) async fn nothing() -> Problem {
    Problem::new("unknown", "there is nothing at this path")
}

/// A bug of ours ends one request, not the server.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send>) -> Response<Body> {
    tracing::error!("a handler panicked");
    Problem::new("internal", "the server failed inside").into_response()
}
