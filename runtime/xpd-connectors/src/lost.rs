//! Requests without a connection, or without a usable answer.

use reqwest::{RequestBuilder, Response};
use xpd_egress::out_of_reach;
use xpd_proxy::{ActError, Impact};

/// The failure for a request without a connection. It does not name the addresses, which are the operator's.
pub(crate) fn not_connected(whom: &str, error: &reqwest::Error) -> ActError {
    ActError::NotSent(match out_of_reach(error) {
        Some(out_of_reach) => {
            tracing::error!(%out_of_reach, "an upstream is not connected to");
            format!("{whom} is at an address that the operator has not named in `reach`")
        }
        None => format!("no connection to {whom}"),
    })
}

/// The failure for a request without a usable answer.
pub(crate) fn lost(impact: Impact, what: &str) -> ActError {
    match impact {
        Impact::NoEffect => ActError::NotSent(what.to_owned()),
        Impact::Effect => ActError::Unknown(what.to_owned()),
    }
}

/// Sends a request to an upstream, once.
pub(crate) async fn send(request: RequestBuilder, impact: Impact) -> Result<Response, ActError> {
    request.send().await.map_err(|error| {
        if error.is_connect() || error.is_builder() {
            return not_connected("the upstream", &error);
        }
        lost(impact, "the upstream did not answer")
    })
}

/// The body of an upstream's answer, of at most this many bytes.
pub(crate) async fn body(
    response: &mut Response,
    impact: Impact,
    longest: usize,
) -> Result<Vec<u8>, ActError> {
    let mut bytes = Vec::new();
    let broken = |_| lost(impact, "the upstream's answer broke off");
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if bytes.len() + chunk.len() > longest {
            return Err(lost(impact, "the upstream's answer is too large"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
