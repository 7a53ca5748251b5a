//! Problem details (RFC 9457).

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use xp_wire::{RefusalCode, body};
use xpd_proxy::{Fault, Refused};
use xpd_store::StoreError;

/// An error answer.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<body::Problem>);

impl Problem {
    /// A problem detected at the HTTP layer.
    pub fn new(code: RefusalCode, detail: impl Into<String>) -> Self {
        Refused::new(code, detail).into()
    }

    /// The body of the answer.
    pub fn body(&self) -> &body::Problem {
        &self.0
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let Refused { code, reason, clause, index } = refused;
        Self(Box::new(body::Problem { clause, index, ..body::Problem::new(code, reason) }))
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
        // The error text is for the server's log only, not for the client.
        let (code, detail) = match &error {
            StoreError::Busy => (RefusalCode::Busy, "too much is waiting; ask again"),
            StoreError::RolledBack(_) | StoreError::Aborted => {
                (RefusalCode::Busy, "it was rolled back with what was written beside it; ask again")
            }
            StoreError::Full(_) => (RefusalCode::StorageFull, RefusalCode::StorageFull.text()),
            StoreError::Closed => (RefusalCode::Closing, RefusalCode::Closing.text()),
            StoreError::Io(_) => (RefusalCode::Internal, "the server cannot write its records"),
            StoreError::Broken(_) | StoreError::Folder(_) | StoreError::InUse | StoreError::Replaced(_) => {
                (RefusalCode::Internal, "the server cannot trust its own records")
            }
        };
        if code == RefusalCode::Internal {
            tracing::error!(%error, "the store failed");
        } else {
            // The writer logs the cause once; repeated requests must not fill the log.
            tracing::debug!(%error, "the store cannot");
        }
        Refused::new(code, detail).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
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

/// The answer for an unknown path.
pub(crate) async fn nothing() -> Problem {
    Problem::new(RefusalCode::Unknown, "there is nothing at this path")
}

/// A panic ends one request, not the server.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send>) -> Response<Body> {
    tracing::error!("a handler panicked");
    Problem::new(RefusalCode::Internal, "the server failed inside").into_response()
}
