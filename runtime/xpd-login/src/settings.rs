//! What the operator configures of a provider.

use std::collections::BTreeSet;

use secrecy::SecretString;
use url::Url;
use xpd_egress::{Reach, may_carry_secrets};

use crate::fetch::Places;

/// What a provider speaks.
#[derive(Clone, Debug)]
pub enum Kind {
    /// OpenID Connect.
    Oidc,
    /// GitHub's OAuth 2. The issuer is the address of GitHub.
    Github {
        /// The address of its API.
        api: String,
    },
}

impl Kind {
    /// Reads what a provider speaks, and its issuer, from the keys of its table.
    ///
    /// # Errors
    /// A key is missing or too many.
    pub fn read(
        kind: Option<&str>,
        issuer: Option<String>,
        api: Option<String>,
    ) -> Result<(Self, String), String> {
        match (kind, issuer, api) {
            (None | Some("oidc"), Some(issuer), None) => Ok((Self::Oidc, issuer)),
            (None | Some("oidc"), ..) => Err("OpenID Connect needs `issuer`, and has no `api`".to_owned()),
            (Some("github"), issuer, api) => {
                let api = api.unwrap_or_else(|| "https://api.github.com".to_owned());
                Ok((Self::Github { api }, issuer.unwrap_or_else(|| "https://github.com".to_owned())))
            }
            _ => Err("`kind` is `oidc` or `github`".to_owned()),
        }
    }
}

/// What the operator configures of a provider.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name under which it is configured, which is part of the redirect address.
    pub name: String,
    /// What it speaks.
    pub kind: Kind,
    /// The issuer, exactly as the provider writes it.
    pub issuer: String,
    /// Id of this server there.
    pub client_id: String,
    /// Secret of this server there.
    pub client_secret: SecretString,
    /// Scopes to ask for besides `openid`.
    pub scopes: Vec<String>,
    /// The claim of the signed token that names a person's groups.
    pub groups: Option<String>,
    /// Addresses that may be reached besides global ones.
    pub reach: Reach,
}

impl Settings {
    /// Where requests may go.
    pub(crate) fn places(&self) -> Places {
        let host = Url::parse(&self.issuer).ok().and_then(|url| url.host_str().map(str::to_owned));
        let api = match &self.kind {
            Kind::Oidc => None,
            Kind::Github { api } => Url::parse(api).ok().and_then(|url| url.host_str().map(str::to_owned)),
        };
        Places { reach: self.reach.clone(), hosts: host.into_iter().chain(api).collect() }
    }

    /// All of them but the secret, as text.
    #[must_use]
    pub fn described(&self) -> String {
        let Self { name, kind, issuer, client_id, client_secret: _, scopes, groups, reach } = self;
        let kind = match kind {
            Kind::Oidc => String::new(),
            Kind::Github { api } => format!(", GitHub with its API at {api}"),
        };
        let groups = groups.as_ref().map(|claim| format!(", groups in `{claim}`")).unwrap_or_default();
        let scopes: String = scopes.iter().map(|scope| format!(", scope `{scope}`")).collect();
        let reach = match reach.to_string() {
            none if none.is_empty() => none,
            named => format!(", reaching {named}"),
        };
        format!("{name} at {issuer} as {client_id}{kind}{groups}{scopes}{reach}")
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// Key and reason.
    pub fn check(&self) -> Result<(), String> {
        let named = |one: u8| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-';
        if self.name.is_empty() || self.name.len() > 32 || !self.name.bytes().all(named) {
            return Err(
                "`name`: 1 to 32 small letters, digits and `-`, since it is part of an address".to_owned()
            );
        }
        address("issuer", &self.issuer)?;
        if let Kind::Github { api } = &self.kind {
            address("api", api)?;
            if self.groups.is_some() || !self.scopes.is_empty() {
                return Err("`groups` and `scopes`: are of OpenID Connect; GitHub is asked for nothing but who somebody is".to_owned());
            }
        }
        if self.client_id.is_empty() {
            return Err("`client_id`: is empty".to_owned());
        }
        let known: BTreeSet<&str> = STANDARD.into_iter().collect();
        if self.groups.as_deref().is_some_and(|claim| claim.is_empty() || known.contains(claim)) {
            return Err("`groups`: name a claim that holds groups, such as `groups`".to_owned());
        }
        Ok(())
    }
}

/// Checks an address to which secrets are sent.
pub(crate) fn address(key: &str, text: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|error| format!("`{key}`: {error}"))?;
    if !may_carry_secrets(&url) || !url.username().is_empty() || url.password().is_some() {
        let what = "write an https URL without user and password; plain http is for a loopback address";
        return Err(format!("`{key}`: {what}"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("`{key}`: has no query and no fragment"));
    }
    Ok(())
}

/// Claims that say something else than groups.
const STANDARD: [&str; 12] =
    ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "email", "name"];
