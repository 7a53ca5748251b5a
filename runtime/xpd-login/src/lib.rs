//! Tokens of workloads, and login of people at providers of OpenID Connect and at GitHub: the authorization code flow with `state`, PKCE and, where there is one,
//! `nonce`, and the checks of the answer. What a login means here is decided by others: this crate says who somebody is at a provider, and since when.

mod cached;
mod error;
mod fetch;
mod github;
mod oidc;
mod settings;
mod workload;

pub use error::LoginError;
pub use settings::{Kind, Settings};
pub use workload::{Issuer, WorkloadSettings, WorkloadToken};

use std::collections::BTreeSet;

use url::Url;

/// Seconds by which the clock of a provider may differ.
const SKEW: i64 = 60;
/// How old the authentication of a person may be when the login ends, seconds. Asked of the provider, and checked.
pub const MAX_AGE: i64 = 600;

/// What is kept of a login until the browser comes back. Nothing of it is in the browser.
#[derive(Debug)]
pub struct Flow(Kept);

#[derive(Debug)]
enum Kept {
    Oidc(oidc::Flow),
    Github(openidconnect::PkceCodeVerifier),
}

/// A login that was begun: where the browser is sent, and what is kept until it comes back.
#[derive(Debug)]
pub struct Begun {
    /// The address at the provider.
    pub url: Url,
    /// `state`, which the answer has to repeat.
    pub state: String,
    /// What is kept.
    pub flow: Flow,
}

/// What a provider's answer says in the address to which it sends the browser.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The authorization code.
    pub code: Option<String>,
    /// The issuer, by RFC 9207.
    pub iss: Option<String>,
    /// An error code of the provider's.
    pub error: Option<String>,
}

/// Who somebody is at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// The person's identifier there, which is never given to somebody else.
    pub subject: String,
    /// The groups that the provider names in the signed token.
    pub groups: BTreeSet<String>,
    /// When the person was authenticated there, seconds since 1970, if the provider says so.
    pub authenticated: Option<i64>,
}

/// A provider.
#[derive(Debug)]
pub struct Provider {
    settings: Settings,
    cached: cached::Cached<oidc::Metadata>,
}

impl Provider {
    /// For these settings. Nothing is asked of the provider yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, cached: cached::Cached::default() }
    }

    /// The name under which it is configured.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// Begins a login. `redirect` is the address to which the provider sends the browser back; `again` asks the provider to
    /// authenticate the person again. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// The provider cannot be used.
    pub async fn begin(&self, redirect: &str, again: bool, now: i64) -> Result<Begun, LoginError> {
        let (url, state, kept) = match &self.settings.kind {
            Kind::Oidc => {
                let (url, state, flow) =
                    oidc::begin(&self.settings, &self.cached, redirect, again, now).await?;
                (url, state, Kept::Oidc(flow))
            }
            Kind::Github { .. } => {
                let (url, state, verifier) = github::begin(&self.settings, redirect, again)?;
                (url, state, Kept::Github(verifier))
            }
        };
        Ok(Begun { url, state, flow: Flow(kept) })
    }

    /// Ends a login by the provider's answer, whose `state` the caller has compared.
    ///
    /// # Errors
    /// The provider's answer does not prove a login.
    pub async fn finish(
        &self,
        redirect: &str,
        flow: Flow,
        answer: Answer,
        now: i64,
    ) -> Result<Identity, LoginError> {
        match (&self.settings.kind, flow.0) {
            (Kind::Oidc, Kept::Oidc(flow)) => {
                oidc::finish(&self.settings, &self.cached, redirect, flow, answer, now).await
            }
            (Kind::Github { api }, Kept::Github(verifier)) => {
                github::finish(&self.settings, api, redirect, verifier, answer).await
            }
            _ => Err(LoginError::Proof("it is of another login".to_owned())),
        }
    }
}
