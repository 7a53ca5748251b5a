//! HTTP clients, and the rule for the addresses to which secrets may be sent.

use std::net::IpAddr;
use std::sync::Arc;

use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Url};

use crate::reach::Reach;
use crate::resolve::{Lookup, Resolver, by_system};

/// Text for an address to which no secret may be sent.
pub const CLEAR: &str = "is neither https nor http to a loopback address";

/// Why there is no client for a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EgressError {
    /// The URL is not of a host, or has another scheme.
    #[error("is no http or https URL of a host")]
    Address,
    /// The URL has a user or a password.
    #[error("holds a user or a password")]
    User,
}

/// A client for the origin (scheme, host, port) of one URL, which the operator configured. It follows no
/// redirect, uses no proxy and no alternative service, keeps no cookies and sends each request once. The
/// caller sets timeouts.
///
/// The name of the host is resolved for each connection, which is made to one of the resulting addresses that
/// `reach` permits; there is no connection if there are none. If the host is an address, in any spelling, the
/// operator has named it, so it is permitted. For a URL that was not configured but found (in metadata, say)
/// the caller first checks such an address by [`Reach::permits`].
///
/// # Errors
/// The URL is not an http or https URL of a host, or has a user or a password.
pub fn client(url: &Url, reach: &Reach) -> Result<ClientBuilder, EgressError> {
    client_by(url, reach, Arc::new(by_system))
}

fn client_by(url: &Url, reach: &Reach, lookup: Lookup) -> Result<ClientBuilder, EgressError> {
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(EgressError::Address);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(EgressError::User);
    }
    // The HTTP client asks no resolver for an address.
    let host = url.domain().map(str::to_owned);
    let resolver = Resolver { host, reach: Arc::new(reach.clone()), lookup };
    Ok(reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .https_only(url.scheme() == "https")
        .retry(reqwest::retry::never())
        // Some upstreams refuse requests that do not say what sent them.
        .user_agent("xpd")
        .dns_resolver(Arc::new(resolver)))
}

/// Whether a secret may be sent to an address: https, or plain http to a literal loopback address
/// (127.0.0.0/8, `::1`). Host names, including `localhost`, may resolve to any host.
#[must_use]
pub fn may_carry_secrets(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
