//! Tokens of workloads, such as jobs of a build service: signed by an issuer that the operator registered, for this server alone.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use openidconnect::core::CoreJsonWebKeySet;
use openidconnect::{HttpRequest, IssuerUrl, JsonWebKeySetUrl, Nonce};
use serde::Deserialize;
use serde_json::Value;
use url::Url;
use xpd_egress::Reach;

use crate::SKEW;
use crate::cached::Cached;
use crate::error::LoginError;
use crate::fetch::{Places, fetch};
use crate::oidc::{Token, Wrong, proof, provider, sender, verifier};
use crate::settings::address;

/// The longest that a token may be good for, seconds.
const LONGEST: i64 = 24 * 60 * 60;
/// Bytes of the id of a token.
const ID: usize = 256;

/// What the operator registers of an issuer.
#[derive(Clone, Debug)]
pub struct WorkloadSettings {
    /// The issuer, exactly as it writes itself.
    pub issuer: String,
    /// The audience that its tokens must have, and no other.
    pub audience: String,
    /// Addresses that may be reached besides global ones.
    pub reach: Reach,
}

impl WorkloadSettings {
    /// Checks the settings.
    ///
    /// # Errors
    /// Key and reason.
    pub fn check(&self) -> Result<(), String> {
        address("issuer", &self.issuer)?;
        if self.audience.is_empty() || self.audience.chars().any(char::is_control) {
            return Err("`audience`: write what names this server and no other, such as its URL".to_owned());
        }
        Ok(())
    }
}

/// A token that holds. It proves nothing again: whoever takes it must burn issuer and id.
#[derive(Clone, Debug)]
pub struct WorkloadToken {
    /// Its issuer.
    pub issuer: String,
    /// Its id, which the issuer gives to no other token.
    pub jti: String,
    /// From when on it is not accepted any more, seconds since 1970.
    pub until: i64,
    /// Its claims, except those that the standard of the token has.
    pub claims: BTreeMap<String, Value>,
}

/// An issuer of tokens for workloads.
#[derive(Debug)]
pub struct Issuer {
    settings: WorkloadSettings,
    keys: Cached<CoreJsonWebKeySet>,
}

/// What is read of an issuer's metadata. It need not log anybody in, so it may have no authorization endpoint.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: Url,
}

impl Issuer {
    /// For these settings. Nothing is asked of the issuer yet.
    #[must_use]
    pub fn new(settings: WorkloadSettings) -> Self {
        Self { settings, keys: Cached::default() }
    }

    /// How it writes itself.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.issuer
    }

    /// Verifies a token: signature, issuer, audience, time, and that it has an id. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// The keys are not to be had, or the token does not hold.
    pub async fn verify(&self, token: &str, now: i64) -> Result<WorkloadToken, LoginError> {
        let token = Token::from_str(token).map_err(|_| proof("it is no signed token"))?;
        let known = self.keys.get(keys(&self.settings)).await?;
        match checked(&self.settings, &known, &token, now) {
            // The issuer may have changed its keys.
            Err(Wrong::Key) => {
                let known = self.keys.again(keys(&self.settings)).await?;
                checked(&self.settings, &known, &token, now).map_err(Wrong::told)
            }
            other => other.map_err(Wrong::told),
        }
    }
}

/// Asks an issuer for its keys.
async fn keys(settings: &WorkloadSettings) -> Result<CoreJsonWebKeySet, LoginError> {
    let host = Url::parse(&settings.issuer).ok().and_then(|url| url.host_str().map(str::to_owned));
    let places = Places { reach: settings.reach.clone(), hosts: host.into_iter().collect() };
    let at = format!("{}/.well-known/openid-configuration", settings.issuer.trim_end_matches('/'));
    let mut request = HttpRequest::new(Vec::new());
    *request.uri_mut() = at.parse().map_err(|_| provider("its address is not usable"))?;
    let answer = fetch(request, &places).await?;
    if !answer.status().is_success() {
        return Err(provider("it does not say where its keys are"));
    }
    let found: Metadata = serde_json::from_slice(answer.body())
        .map_err(|_| provider("its metadata are not as OpenID Connect Discovery has them"))?;
    if found.issuer != settings.issuer {
        return Err(provider("its metadata are of another issuer"));
    }
    places.permit(&found.jwks_uri)?;
    let (at, send) = (JsonWebKeySetUrl::from_url(found.jwks_uri), sender(places));
    CoreJsonWebKeySet::fetch_async(&at, &send).await.map_err(|error| match error {
        openidconnect::DiscoveryError::Request(why) => why,
        _ => provider("its keys are not as the standard has them"),
    })
}

fn checked(
    settings: &WorkloadSettings,
    keys: &CoreJsonWebKeySet,
    token: &Token,
    now: i64,
) -> Result<WorkloadToken, Wrong> {
    let wrong = |why: &str| Wrong::Other(proof(why));
    let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(|_| wrong("its issuer is not usable"))?;
    // The audience takes the place of the client; with another one beside it the token is refused.
    let verifier = verifier(&settings.audience, &issuer, keys, now)?;
    let verifier = verifier.set_issue_time_verifier_fn(move |at| issued(at.timestamp(), now));
    let claims = token.claims(&verifier, |_: Option<&Nonce>| Ok(()))?;
    if claims.audiences().len() != 1 {
        return Err(wrong("it is for others, too"));
    }
    let more = &claims.additional_claims().all;
    if more.get("nbf").is_some_and(|from| from.as_i64().is_none_or(|from| from > now.saturating_add(SKEW))) {
        return Err(wrong("it is not valid yet"));
    }
    let until = claims.expiration().timestamp();
    if until > now.saturating_add(LONGEST) {
        return Err(wrong("it is good for longer than a day"));
    }
    let jti = more.get("jti").and_then(Value::as_str);
    let jti = jti.filter(|id| !id.is_empty() && id.len() <= ID).ok_or_else(|| {
        wrong("it has no `jti` of at most 256 bytes, without which it could be used again and again")
    })?;
    let mut all = more.clone();
    all.insert("sub".to_owned(), Value::String(claims.subject().as_str().to_owned()));
    Ok(WorkloadToken {
        issuer: settings.issuer.clone(),
        jti: jti.to_owned(),
        until: until.saturating_add(SKEW),
        claims: all,
    })
}

/// Whether a token was issued, and no longer ago than a day.
fn issued(at: i64, now: i64) -> Result<(), String> {
    if at > now.saturating_add(SKEW) {
        return Err("it is of a time that has not come".to_owned());
    }
    if at < now.saturating_sub(LONGEST) { Err("it is older than a day".to_owned()) } else { Ok(()) }
}
