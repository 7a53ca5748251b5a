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

use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

/// Seconds by which the clock of a provider may differ.
const SKEW: i64 = 60;
/// How old the authentication of a person may be when the login ends, seconds. Asked of the provider, and checked.
pub const MAX_AGE: i64 = 600;

/// A login that was begun. Its values are the caller's, who need not keep them if it can make them again; nobody else can guess them.
pub struct Flow {
    /// `state`, which the answer has to repeat.
    pub state: String,
    /// `nonce`, which the signed token has to repeat.
    pub nonce: String,
    /// The verifier of PKCE: 43 to 128 letters, digits, `-`, `.`, `_` and `~`.
    pub verifier: SecretString,
    /// The person is to be authenticated again: when the login was begun, seconds since 1970.
    pub again: Option<i64>,
}

impl Flow {
    fn challenge(&self) -> Result<PkceCodeChallenge, LoginError> {
        let verifier = self.verifier.expose_secret();
        let usable = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(usable) {
            return Err(LoginError::Proof("its verifier has another form".to_owned()));
        }
        Ok(PkceCodeChallenge::from_code_verifier_sha256(&self.pkce()))
    }

    fn pkce(&self) -> PkceCodeVerifier {
        PkceCodeVerifier::new(self.verifier.expose_secret().to_owned())
    }
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

    /// The address at the provider to which the browser is sent. `redirect` is the one to which the provider sends it back.
    ///
    /// # Errors
    /// The provider cannot be used.
    pub async fn begin(&self, redirect: &str, flow: &Flow) -> Result<Url, LoginError> {
        match &self.settings.kind {
            Kind::Oidc => oidc::begin(&self.settings, &self.cached, redirect, flow).await,
            Kind::Github { .. } => github::begin(&self.settings, redirect, flow),
        }
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
        match &self.settings.kind {
            Kind::Oidc => oidc::finish(&self.settings, &self.cached, redirect, flow, answer, now).await,
            Kind::Github { api } => github::finish(&self.settings, api, redirect, flow, answer).await,
        }
    }
}
