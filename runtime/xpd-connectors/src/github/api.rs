//! HTTP to one host: no redirects, bounded answers, and for each failure whether the request may have had an
//! effect.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Url};
use secrecy::zeroize::Zeroizing;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use xpd_egress::{CLEAR, Reach, Unsendable};
use xpd_proxy::{ActError, Impact, Line, Permit, Secret};

use crate::lost::{self, lost};

/// Host, credential and timeouts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Base URL of the REST API, such as `https://api.github.com` or `https://ghe.example/api/v3`.
    pub base_url: String,
    /// The credential.
    pub token: Secret,
    /// Time limit for establishing a connection.
    pub connect_timeout: Duration,
    /// Time limit for a request, including its answer.
    pub timeout: Duration,
    /// Addresses to which the host's name may resolve besides global unicast ones.
    pub reach: Reach,
}

impl Config {
    /// A configuration with five seconds to connect and thirty for a request.
    #[must_use]
    pub fn new(base_url: &str, token: Secret) -> Self {
        let (connect_timeout, timeout) = (Duration::from_secs(5), Duration::from_secs(30));
        Self { base_url: base_url.to_owned(), token, connect_timeout, timeout, reach: Reach::default() }
    }
}

/// Why a configuration is invalid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Not a URL, or one with a query or a fragment.
    #[error("`{0}` is no base address of a REST interface")]
    Address(String),
    /// The URL has a user or a password. It is not printed.
    #[error("`base_url` holds a user or a password; the credential is `token`, in a variable or a file")]
    Secret,
    /// The credential would be sent unencrypted.
    #[error("`{0}` {CLEAR}")]
    Clear(String),
    /// The HTTP client cannot be constructed.
    #[error("the http client cannot be made: {0}")]
    Client(String),
}

/// Upper bound on an answer, in bytes.
const LARGEST: usize = 16 << 20;

/// The REST API of one host.
#[derive(Debug)]
pub(super) struct Host {
    client: Client,
    base: Url,
    token: Secret,
}

/// The REST API of one host for one action: each request goes through the action's line.
#[derive(Debug)]
pub(super) struct Api {
    host: Arc<Host>,
    line: Line,
}

impl Host {
    pub(super) fn new(config: Config) -> Result<Self, ConfigError> {
        let text = || config.base_url.clone();
        // The URL of an API has no `@` elsewhere, and a text that does not parse as a URL may contain a
        // secret as well.
        if config.base_url.contains('@') {
            return Err(ConfigError::Secret);
        }
        let base = Url::parse(&config.base_url).map_err(|_| ConfigError::Address(text()))?;
        let plain = base.query().is_none() && base.fragment().is_none() && base.has_host();
        if !plain {
            return Err(ConfigError::Address(text()));
        }
        if !xpd_egress::may_carry_secrets(&base) {
            return Err(ConfigError::Clear(text()));
        }
        let client = xpd_egress::client(&base, &config.reach)
            .map_err(|_| ConfigError::Address(text()))?
            .connect_timeout(config.connect_timeout)
            .timeout(config.timeout)
            .build()
            .map_err(|error| ConfigError::Client(error.to_string()))?;
        Ok(Self { client, base, token: config.token })
    }

    /// The API for an action.
    pub(super) fn on(self: &Arc<Self>, line: &Line) -> Api {
        Api { host: Arc::clone(self), line: line.clone() }
    }

    fn request(
        &self,
        method: Method,
        segments: &[&str],
        query: &[(&str, &str)],
        body: Option<&Json>,
        accept: &'static str,
    ) -> Result<RequestBuilder, ActError> {
        let token = Zeroizing::new(format!("Bearer {}", self.token.expose()));
        let mut value = xpd_egress::header_value(&token).map_err(unsendable)?;
        value.set_sensitive(true);
        let request = self
            .client
            .request(method, self.url(segments, query)?)
            .header(AUTHORIZATION, value)
            .header(ACCEPT, HeaderValue::from_static(accept))
            .header("x-github-api-version", HeaderValue::from_static("2022-11-28"));
        Ok(match body {
            Some(body) => request.json(body),
            None => request,
        })
    }

    /// The URL of a request, in which each segment and each query pair arrives as it is given.
    fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Url, ActError> {
        xpd_egress::compose(&self.base, segments, query).map_err(unsendable)
    }
}

impl Api {
    /// Sends a GET.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, ActError> {
        let request = self.host.request(Method::GET, segments, query, None, JSON)?;
        parsed(&self.send(Impact::NoEffect, "GET", segments, request).await?, Impact::NoEffect)
    }

    /// Sends a GET; `None` if the answer is 404.
    pub(super) async fn find<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Option<T>, ActError> {
        match self.get(segments, query).await {
            Ok(found) => Ok(Some(found)),
            Err(ActError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends a GET for a text of a media type.
    pub(super) async fn text(&self, segments: &[&str], media: &'static str) -> Result<String, ActError> {
        let request = self.host.request(Method::GET, segments, &[], None, media)?;
        let bytes = self.send(Impact::NoEffect, "GET", segments, request).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Writes a git object. Nothing refers to it yet, so it has no visible effect, and writing it is
    /// idempotent.
    pub(super) async fn write_object<T: DeserializeOwned>(
        &self,
        _: &Permit,
        segments: &[&str],
        body: &Json,
    ) -> Result<T, ActError> {
        let request = self.host.request(Method::POST, segments, &[], Some(body), JSON)?;
        parsed(&self.send(Impact::NoEffect, "POST", segments, request).await?, Impact::NoEffect)
    }

    /// Sends a request with an effect, once. Requires a permit.
    pub(super) async fn effect<T: DeserializeOwned>(
        &self,
        _: &Permit,
        method: Method,
        segments: &[&str],
        body: &Json,
    ) -> Result<T, ActError> {
        let verb = method.to_string();
        let request = self.host.request(method, segments, &[], Some(body), JSON)?;
        parsed(&self.send(Impact::Effect, &verb, segments, request).await?, Impact::Effect)
    }

    async fn send(
        &self,
        impact: Impact,
        verb: &str,
        segments: &[&str],
        request: RequestBuilder,
    ) -> Result<Vec<u8>, ActError> {
        let what = format!("{verb} /{}", segments.join("/"));
        self.line.through(impact, what, exchange(request, impact)).await
    }
}

/// Sends a request and returns the body of a successful answer. Of an error only the status is used, since
/// its text is the upstream's.
async fn exchange(request: RequestBuilder, impact: Impact) -> Result<Vec<u8>, ActError> {
    let mut response = lost::send(request, impact).await?;
    let status = response.status().as_u16();
    match status {
        200..=299 => {}
        300..=399 => return Err(refused(status, "the upstream redirects: renamed or moved")),
        // A proxy on the way may also answer 408, and does not know whether the upstream received the
        // request.
        408 => return Err(lost(impact, "the upstream took too long")),
        500..=599 => return Err(lost(impact, "the upstream failed")),
        _ => return Err(refused(status, reason(status))),
    }
    lost::body(&mut response, impact, LARGEST).await
}

const JSON: &str = "application/vnd.github+json";

/// The failure for a value that cannot be sent as it is.
fn unsendable(why: Unsendable) -> ActError {
    ActError::NotSent(format!("the request cannot be sent as it was given: {why}"))
}

/// A refusal with a text of the connector's.
pub(super) fn refused(status: u16, reason: &str) -> ActError {
    ActError::Refused { status, reason: reason.to_owned() }
}

fn parsed<T: DeserializeOwned>(bytes: &[u8], impact: Impact) -> Result<T, ActError> {
    serde_json::from_slice(bytes).map_err(|_| lost(impact, "the upstream's answer is not what it should be"))
}

/// The connector's text for a status.
fn reason(status: u16) -> &'static str {
    match status {
        401 => "the upstream does not know the credential",
        403 => "the upstream forbids it",
        404 | 410 => "the upstream does not have it, or does not show it",
        405 => "the upstream does not allow it",
        409 => "the upstream's state is another",
        422 => "the upstream finds it invalid",
        429 => "the upstream is asked too often",
        _ => "the upstream refuses",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(base_url: &str) -> Result<Host, ConfigError> {
        Host::new(Config::new(base_url, Secret::new("canary").unwrap()))
    }

    #[test]
    fn segments_and_pairs_are_encoded_once() {
        let host = api("https://ghe.example/api/v3/").unwrap();
        let url = host.url(&["repos", "ü ?#%"], &[("q", "a:\"b\" &c")]).unwrap();
        let wanted = "https://ghe.example/api/v3/repos/%C3%BC%20%3F%23%25?q=a%3A%22b%22%20%26c";
        assert_eq!(url.as_str(), wanted);
    }

    #[test]
    fn what_would_not_arrive_as_it_is_given_is_not_sent() {
        let host = api("https://ghe.example/api/v3/").unwrap();
        for segment in ["a/b", "..", "", "a;b", "%2E%2e", "\t"] {
            let error = host.url(&["repos", segment], &[]).unwrap_err();
            assert!(error.to_string().contains("segment 2 of the path"), "{error}");
        }
    }

    #[test]
    fn the_credential_never_travels_in_the_clear() {
        for good in [
            "https://api.github.com",
            "http://127.0.0.1:8080",
            "http://[::1]:1",
            "https://ghe.example/api/v3",
        ] {
            assert!(api(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.github.com",
            "http://localhost:1",
            "http://127.0.0.1.example",
            "ftp://127.0.0.1",
            "https://user@ghe.example",
            "https://ghe.example?x",
            "https://ghe.example#x",
            "data:text",
            "nonsense",
        ] {
            assert!(api(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_refused_address_with_a_password_is_not_printed() {
        for bad in [
            "https://u:canary@ghe.example",
            "https://canary@ghe.example",
            "https://u:can ary@[x",
            "u:canary@x",
        ] {
            let error = api(bad).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("can"), "{error}");
        }
    }

    #[test]
    fn a_credential_is_not_printed_by_debug() {
        let host = api("https://api.github.com").unwrap();
        assert!(!format!("{host:?}").contains("canary"));
    }
}
