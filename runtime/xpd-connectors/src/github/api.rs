//! HTTP to one host: no redirects, bounded answers, and for every failure what it says about the effect.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Url};
use secrecy::zeroize::Zeroizing;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use xpd_proxy::{ActError, Line, Permit, Secret, Weight};

use crate::transport::{self, CLEAR};

/// Where and as whom.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address of the REST interface, `https://api.github.com` or `https://ghe.example/api/v3`.
    pub base_url: String,
    /// The credential.
    pub token: Secret,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long a request may take, answer included.
    pub timeout: Duration,
}

impl Config {
    /// A host and a credential; five seconds to connect, thirty for a request.
    #[must_use]
    pub fn new(base_url: &str, token: Secret) -> Self {
        let (connect_timeout, timeout) = (Duration::from_secs(5), Duration::from_secs(30));
        Self { base_url: base_url.to_owned(), token, connect_timeout, timeout }
    }
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No address, or one with a query or a fragment.
    #[error("`{0}` is no base address of a REST interface")]
    Address(String),
    /// An address with a user or a password, which is not printed.
    #[error("`base_url` holds a user or a password; the credential is `token`, in a variable or a file")]
    Secret,
    /// The credential would travel in the clear.
    #[error("`{0}` {CLEAR}")]
    Clear(String),
    /// The HTTP client cannot be made.
    #[error("the http client cannot be made: {0}")]
    Client(String),
}

/// Bytes an answer may have.
const LARGEST: usize = 16 << 20;

/// The interface of one host.
#[derive(Debug)]
pub(super) struct Host {
    client: Client,
    base: Url,
    token: Secret,
}

/// The interface of one host, for one action: each request goes through the action's line.
#[derive(Debug)]
pub(super) struct Api {
    host: Arc<Host>,
    line: Line,
}

impl Host {
    pub(super) fn new(config: Config) -> Result<Self, ConfigError> {
        let text = || config.base_url.clone();
        // No address of an interface has this sign elsewhere, and what cannot be read may hold a secret all the same.
        if config.base_url.contains('@') {
            return Err(ConfigError::Secret);
        }
        let base = Url::parse(&config.base_url).map_err(|_| ConfigError::Address(text()))?;
        let plain = base.query().is_none() && base.fragment().is_none() && base.has_host();
        if !plain {
            return Err(ConfigError::Address(text()));
        }
        if !transport::may_carry_secrets(&base) {
            return Err(ConfigError::Clear(text()));
        }
        let client = transport::client(&base)
            .connect_timeout(config.connect_timeout)
            .timeout(config.timeout)
            .user_agent("xpd")
            .build()
            .map_err(|error| ConfigError::Client(error.to_string()))?;
        Ok(Self { client, base, token: config.token })
    }

    /// For an action.
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
    ) -> RequestBuilder {
        let token = Zeroizing::new(format!("Bearer {}", self.token.expose()));
        // A secret is visible ASCII, which every header carries.
        let mut value = HeaderValue::from_str(&token).unwrap_or(HeaderValue::from_static(""));
        value.set_sensitive(true);
        let request = self
            .client
            .request(method, self.url(segments, query))
            .header(AUTHORIZATION, value)
            .header(ACCEPT, HeaderValue::from_static(accept))
            .header("x-github-api-version", HeaderValue::from_static("2022-11-28"));
        match body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    /// The address of a request: every segment and every pair encoded once.
    fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

impl Api {
    /// Reads.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, ActError> {
        let request = self.host.request(Method::GET, segments, query, None, JSON);
        parsed(&self.send(Weight::Light, "GET", segments, request).await?, Weight::Light)
    }

    /// Reads what may be missing.
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

    /// Reads text of a media type.
    pub(super) async fn text(&self, segments: &[&str], media: &'static str) -> Result<String, ActError> {
        let request = self.host.request(Method::GET, segments, &[], None, media);
        let bytes = self.send(Weight::Light, "GET", segments, request).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Writes an object of git: nothing points to it yet, so nobody sees it and doing it twice is doing it once.
    pub(super) async fn write_object<T: DeserializeOwned>(
        &self,
        _: &Permit,
        segments: &[&str],
        body: &Json,
    ) -> Result<T, ActError> {
        let request = self.host.request(Method::POST, segments, &[], Some(body), JSON);
        parsed(&self.send(Weight::Light, "POST", segments, request).await?, Weight::Light)
    }

    /// Has an effect. Sent at most once, and by nobody who holds no permit.
    pub(super) async fn effect<T: DeserializeOwned>(
        &self,
        _: &Permit,
        method: Method,
        segments: &[&str],
        body: &Json,
    ) -> Result<T, ActError> {
        let verb = method.to_string();
        let request = self.host.request(method, segments, &[], Some(body), JSON);
        parsed(&self.send(Weight::Effect, &verb, segments, request).await?, Weight::Effect)
    }

    async fn send(
        &self,
        weight: Weight,
        verb: &str,
        segments: &[&str],
        request: RequestBuilder,
    ) -> Result<Vec<u8>, ActError> {
        let what = format!("{verb} /{}", segments.join("/"));
        self.line.through(weight, what, exchange(request, weight)).await
    }
}

/// Sends a request and gives the body of a good answer. Of a bad one only the status counts: its text is the upstream's.
async fn exchange(request: RequestBuilder, weight: Weight) -> Result<Vec<u8>, ActError> {
    let mut response = request.send().await.map_err(|error| {
        if error.is_connect() || error.is_builder() {
            return ActError::NotSent("no connection to the upstream".to_owned());
        }
        lost(weight, "the upstream did not answer")
    })?;
    let status = response.status().as_u16();
    match status {
        200..=299 => {}
        300..=399 => return Err(refused(status, "the upstream redirects: renamed or moved")),
        // Whoever stands between us and the upstream cannot know what became of the request.
        408 => return Err(lost(weight, "the upstream took too long")),
        500..=599 => return Err(lost(weight, "the upstream failed")),
        _ => return Err(refused(status, reason(status))),
    }
    let mut bytes = Vec::new();
    while let Some(chunk) =
        response.chunk().await.map_err(|_| lost(weight, "the upstream's answer broke off"))?
    {
        if bytes.len() + chunk.len() > LARGEST {
            return Err(lost(weight, "the upstream's answer is too large"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

const JSON: &str = "application/vnd.github+json";

/// A refusal in our words.
pub(super) fn refused(status: u16, reason: &str) -> ActError {
    ActError::Refused { status, reason: reason.to_owned() }
}

/// What a request without a usable answer means.
fn lost(weight: Weight, what: &str) -> ActError {
    match weight {
        Weight::Light => ActError::NotSent(what.to_owned()),
        Weight::Effect => ActError::Unknown(what.to_owned()),
    }
}

fn parsed<T: DeserializeOwned>(bytes: &[u8], weight: Weight) -> Result<T, ActError> {
    serde_json::from_slice(bytes).map_err(|_| lost(weight, "the upstream's answer is not what it should be"))
}

/// What a status says, in our words.
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
        let url = host.url(&["repos", "a/b", "ü ?#%2F"], &[("q", "a:\"b\" &c")]);
        let wanted = "https://ghe.example/api/v3/repos/a%2Fb/%C3%BC%20%3F%23%252F?q=a%3A%22b%22+%26c";
        assert_eq!(url.as_str(), wanted);
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
    fn an_address_with_a_password_is_not_printed() {
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
    fn nothing_of_it_prints_the_credential() {
        let host = api("https://api.github.com").unwrap();
        assert!(!format!("{host:?}").contains("canary"));
    }
}
