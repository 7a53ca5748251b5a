//! Errors of the token endpoint (RFC 6749 section 5.2, RFC 8693 section 2.2.2, RFC 9449 section 5).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use xp_wire::RefusalCode;
use xpd_login::LoginError;

use crate::api::problem::Problem;

/// The code of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Error {
    InvalidRequest,
    InvalidClient,
    InvalidScope,
    InvalidTarget,
    InvalidProof,
    UnsupportedGrantType,
    Unavailable,
    Server,
}

impl Error {
    fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidProof => "invalid_dpop_proof",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::Unavailable => "temporarily_unavailable",
            Self::Server => "server_error",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Server => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// Why no token is issued.
#[derive(Debug)]
pub(super) struct Failure {
    error: Error,
    code: RefusalCode,
    detail: String,
}

impl Failure {
    /// A failure that is seen in the request alone.
    pub fn new(error: Error, detail: impl Into<String>) -> Self {
        let code = match error {
            Error::InvalidClient | Error::InvalidProof => RefusalCode::Unauthenticated,
            _ => RefusalCode::BadRequest,
        };
        Self { error, code, detail: detail.into() }
    }

    /// A refusal of a token of another issuer. The text has no part of it.
    pub fn of_issuer(error: &LoginError) -> Self {
        let (error, code, detail) = match error {
            LoginError::Provider(why) => (
                Error::Unavailable,
                RefusalCode::Busy,
                format!("the issuer of the token cannot be asked: {why}"),
            ),
            LoginError::Refused(why) | LoginError::Proof(why) => {
                let detail = format!("the token of the issuer is not taken: {why}");
                (Error::InvalidRequest, RefusalCode::Unauthenticated, detail)
            }
            _ => (Error::InvalidRequest, RefusalCode::Unauthenticated, "the token is not taken".to_owned()),
        };
        Self { error, code, detail }
    }

    /// A refusal of whom a token of another issuer means. By RFC 8693 that is a fault of the request.
    pub fn of_subject(problem: &Problem) -> Self {
        let failure = Self::from(problem);
        if failure.error == Error::InvalidClient {
            return Self { error: Error::InvalidRequest, ..failure };
        }
        failure
    }

    /// A refusal of the proof of possession.
    pub fn of_proof(problem: &Problem) -> Self {
        let failure = Self::from(problem);
        if failure.error == Error::InvalidClient {
            return Self { error: Error::InvalidProof, ..failure };
        }
        failure
    }
}

impl From<&Problem> for Failure {
    fn from(problem: &Problem) -> Self {
        let body = problem.body();
        let error = match body.code {
            RefusalCode::Unauthenticated => Error::InvalidClient,
            RefusalCode::ProofReplayed => Error::InvalidProof,
            // Of a run that is not there, or in which the caller has no role.
            RefusalCode::Unknown => Error::InvalidScope,
            code => match code.status() {
                429 | 503 | 507 => Error::Unavailable,
                500 => Error::Server,
                // By RFC 8693 also where a policy does not accept the subject.
                _ => Error::InvalidRequest,
            },
        };
        Self { error, code: body.code, detail: body.detail.clone() }
    }
}

/// Keeps what RFC 6749 allows in a description.
fn plain(text: &str) -> String {
    let allowed = |one: char| match one {
        '"' | '\\' => '\'',
        ' '..='~' => one,
        _ => '?',
    };
    text.chars().map(allowed).take(512).collect()
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self { error, code, detail } = self;
        let body = json!({ "error": error.as_str(), "error_description": plain(&detail), "code": code });
        let mut response = (error.status(), body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if error == Error::Unavailable {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
