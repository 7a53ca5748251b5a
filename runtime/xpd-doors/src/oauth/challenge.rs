//! The challenge of an answer 401: how a token is sent, and where a client reads who issues one (RFC 9449, RFC 9728 section 5.1).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::metadata::ALGORITHMS;
use super::places::Places;

/// The challenges of a listener.
#[derive(Clone)]
pub(crate) struct Challenges(Arc<Places>);

impl Challenges {
    /// Those of the listener with this base.
    pub fn new(base: &str) -> Self {
        Self(Arc::new(Places::new(base)))
    }
}

/// Completes the challenge of an answer 401.
pub(crate) async fn challenge(
    State(Challenges(places)): State<Challenges>,
    request: Request,
    next: Next,
) -> Response {
    let metadata = places.metadata_for(request.uri().path());
    let mut response = next.run(request).await;
    if response.status() == StatusCode::UNAUTHORIZED {
        let text = format!("DPoP algs=\"{}\", resource_metadata=\"{metadata}\"", ALGORITHMS.join(" "));
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
    }
    response
}
