//! How a request shows who sends it.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Url};
use secrecy::zeroize::Zeroizing;
use serde::Deserialize;
use sha2::Sha256;
use tokio::sync::Mutex;
use xpd_proxy::{ActError, Impact, Line, Scrubber, Secret};

use super::answer::exchange;
use super::request::Ready;

/// Bytes of an answer of a token endpoint.
const MAX_TOKEN: usize = 64 * 1024;
/// A token is replaced when it has less than this left.
const MARGIN: Duration = Duration::from_secs(30);
/// Lifetime of a token whose answer does not say it.
const UNSAID: Duration = Duration::from_secs(300);

/// A credential of an instance.
#[derive(Debug)]
pub(crate) enum Credential {
    /// None.
    None,
    /// A header with what stands before the secret in it, such as `Authorization: Bearer …`.
    Header(HeaderName, &'static str, Secret),
    /// HTTP Basic authentication (RFC 7617).
    Basic(String, Secret),
    /// Client credentials of OAuth 2.0 (RFC 6749, section 4.4).
    OAuth(Box<OAuth>),
    /// A signature of the request.
    Hmac(Signing),
}

/// Client credentials of OAuth 2.0.
#[derive(Debug)]
pub(crate) struct OAuth {
    pub client: Client,
    pub url: Url,
    pub id: String,
    pub secret: Secret,
    pub scope: Option<String>,
    /// The token in use and when it is replaced.
    pub token: Mutex<Option<(Secret, Instant)>>,
}

/// HMAC-SHA-256 over method, path with query, time and body, or over the body alone.
#[derive(Debug)]
pub(crate) struct Signing {
    /// The header of the signature.
    pub header: HeaderName,
    /// What stands before it.
    pub prefix: String,
    /// The header with the seconds since 1970. Without one, the body alone is signed.
    pub time: Option<HeaderName>,
    /// In base64 instead of hexadecimal digits.
    pub base64: bool,
    pub secret: Secret,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    #[serde(default)]
    token_type: String,
    expires_in: Option<u64>,
}

impl Credential {
    /// Adds the credential to a request. Returns a scrubber for its secrets, since what an upstream says may be logged before the proxy
    /// scrubs it, and for those that only this connector knows.
    pub async fn sign(&self, ready: &mut Ready, line: &Line) -> Result<Scrubber, ActError> {
        match self {
            Self::None => Ok(Scrubber::default()),
            Self::Header(name, prefix, secret) => {
                let value = Zeroizing::new(format!("{prefix}{}", secret.expose()));
                ready.headers.insert(name.clone(), sensitive(&value)?);
                Ok(Scrubber::new([secret.clone()]))
            }
            Self::Basic(user, secret) => {
                let pair = Zeroizing::new(format!("{user}:{}", secret.expose()));
                let value = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
                ready.headers.insert(AUTHORIZATION, sensitive(&value)?);
                Ok(Scrubber::new([secret.clone()]))
            }
            Self::OAuth(oauth) => {
                let token = oauth.token(line).await?;
                let value = Zeroizing::new(format!("Bearer {}", token.expose()));
                ready.headers.insert(AUTHORIZATION, sensitive(&value)?);
                Ok(Scrubber::new([oauth.secret.clone(), token]))
            }
            Self::Hmac(signing) => {
                signing.sign(ready)?;
                Ok(Scrubber::new([signing.secret.clone()]))
            }
        }
    }
}

impl OAuth {
    /// The token in use, or a new one.
    async fn token(&self, line: &Line) -> Result<Secret, ActError> {
        let mut known = self.token.lock().await;
        if let Some((token, until)) = known.as_ref()
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        *known = None;
        let mut pairs = vec![("grant_type", "client_credentials")];
        pairs.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = self
            .client
            .post(self.url.clone())
            .header(reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(reqwest::header::ACCEPT, "application/json")
            .basic_auth(&self.id, Some(self.secret.expose()))
            .body(body);
        let sent = exchange(request, Impact::NoEffect, MAX_TOKEN);
        let answer = line.through(Impact::NoEffect, "POST to the token endpoint", sent).await?;
        let refused = || ActError::NotSent("the token endpoint gave no token".to_owned());
        if answer.status != 200 {
            return Err(refused());
        }
        let body = Zeroizing::new(answer.body);
        let token: Token = serde_json::from_slice(&body).map_err(|_| refused())?;
        if !token.token_type.eq_ignore_ascii_case("bearer") {
            return Err(ActError::NotSent(
                "the token endpoint gave a token of another type than bearer".to_owned(),
            ));
        }
        let text = Zeroizing::new(token.access_token);
        let secret = Secret::new(&text).map_err(|_| refused())?;
        let lifetime = token.expires_in.map_or(UNSAID, Duration::from_secs);
        let until = Instant::now().checked_add(lifetime.saturating_sub(MARGIN));
        *known = until.map(|until| (secret.clone(), until));
        Ok(secret)
    }
}

impl Signing {
    fn sign(&self, ready: &mut Ready) -> Result<(), ActError> {
        let cannot = |_| ActError::NotSent("the secret cannot sign".to_owned());
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose().as_bytes()).map_err(cannot)?;
        if let Some(name) = &self.time {
            let now = time::OffsetDateTime::now_utc().unix_timestamp().to_string();
            let target = &ready.url[url::Position::BeforePath..];
            mac.update(format!("{}\n{target}\n{now}\n", ready.method).as_bytes());
            let value = HeaderValue::from_str(&now);
            let value = value.map_err(|_| ActError::NotSent("the time cannot be sent".to_owned()))?;
            ready.headers.insert(name.clone(), value);
        }
        mac.update(&ready.body);
        let tag = mac.finalize().into_bytes();
        let text = if self.base64 {
            STANDARD.encode(tag)
        } else {
            tag.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        ready.headers.insert(self.header.clone(), sensitive(&format!("{}{text}", self.prefix))?);
        Ok(())
    }
}

/// A header value that is not printed.
fn sensitive(text: &str) -> Result<HeaderValue, ActError> {
    let value = HeaderValue::from_str(text);
    let mut value =
        value.map_err(|_| ActError::NotSent("the credential cannot be sent in a header".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Whether a request has a header that the credential would replace.
pub(super) fn collides(credential: &Credential, headers: &HeaderMap) -> bool {
    match credential {
        Credential::None => false,
        Credential::Header(name, ..) => headers.contains_key(name),
        Credential::Basic(..) | Credential::OAuth(_) => headers.contains_key(AUTHORIZATION),
        Credential::Hmac(signing) => {
            headers.contains_key(&signing.header)
                || signing.time.as_ref().is_some_and(|name| headers.contains_key(name))
        }
    }
}
