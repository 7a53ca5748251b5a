//! The table of an instance in the configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderName};
use reqwest::{Certificate, Url};
use serde::Deserialize;
use tokio::sync::Mutex;
use xpd_egress::{CLEAR, client, may_carry_secrets};

use super::answer::Bounds;
use super::credential::{Credential, OAuth, Signing};
use super::wire::Wire;
use crate::declared::observed::{Failing, Observed};
use crate::declared::{Declared, Known, Pace, Secrets, who};
use crate::settings::{Kept, MakeError, Named, Settings};

/// The keys of a table, besides those of every connector.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    base_url: String,
    credential: Option<CredentialTable>,
    #[serde(default)]
    reach: Named,
    /// PEM file of certificates that are trusted instead of the public ones.
    roots: Option<String>,
    requests_per_second: Option<u32>,
    #[serde(default = "default_timeout")]
    timeout_seconds: u64,
    #[serde(default = "default_answer")]
    answer_bytes: usize,
    #[serde(default = "default_types")]
    content_types: Vec<String>,
    /// Answers that mean that an action was not done, by action.
    #[serde(default)]
    pub(crate) failures: BTreeMap<String, BTreeSet<Failing>>,
}

/// What a table says, made.
pub(crate) struct Outgoing {
    pub wire: Wire,
    pub known: Known,
    pub secrets: Secrets,
}

fn default_timeout() -> u64 {
    30
}

fn default_answer() -> usize {
    1 << 20
}

fn default_types() -> Vec<String> {
    vec!["application/json".to_owned()]
}

/// Exactly one of the ways to show who sends a request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum CredentialTable {
    /// `Authorization: Bearer …`.
    Bearer(Kept),
    /// A header of its own.
    Header { name: String, value: Kept },
    /// A user and a password.
    Basic { user: String, password: Kept },
    /// Client credentials.
    Oauth { token_url: String, client_id: String, client_secret: Kept, scope: Option<String> },
    /// A signature.
    Hmac {
        header: String,
        #[serde(default)]
        prefix: String,
        time_header: Option<String>,
        #[serde(default)]
        base64: bool,
        secret: Kept,
    },
}

impl Table {
    /// The way to the upstream, and what is known of it.
    ///
    /// # Errors
    /// A key has no such value.
    pub(crate) fn outgoing(
        self,
        settings: &Settings<'_>,
        declared: &Declared,
    ) -> Result<Outgoing, MakeError> {
        let file = &declared.file;
        let wrong = |key: &str, what: &dyn std::fmt::Display| settings.wrong(format!("`{key}` {what}"));
        let base = address(&self.base_url).map_err(|what| wrong("base_url", &what))?;
        let Named(reach) = self.reach;
        if !(1..=600).contains(&self.timeout_seconds) {
            return Err(wrong("timeout_seconds", &"is 1 to 600"));
        }
        if !(1..=64 << 20).contains(&self.answer_bytes) {
            return Err(wrong("answer_bytes", &"is 1 to 67108864"));
        }
        let roots = match &self.roots {
            None => Vec::new(),
            Some(name) => {
                let pem =
                    std::fs::read(settings.folder.join(name)).map_err(|error| wrong("roots", &error))?;
                Certificate::from_pem_bundle(&pem).map_err(|error| wrong("roots", &error))?
            }
        };
        let timeout = Duration::from_secs(self.timeout_seconds);
        let connect = |url: &Url| {
            let mut builder = client(url, &reach).map_err(|error| error.to_string())?;
            if !roots.is_empty() {
                builder = builder.tls_certs_only(roots.iter().cloned());
            }
            let builder = builder.connect_timeout(Duration::from_secs(5)).timeout(timeout);
            builder.build().map_err(|error| error.to_string())
        };
        for action in self.failures.keys() {
            if !file.actions.iter().any(|known| known.name == *action) {
                return Err(wrong(&format!("failures.{action}"), &"names no action of the connector"));
            }
        }
        let mut secrets = Secrets::new();
        let credential = match self.credential {
            None => Credential::None,
            Some(table) => credential(table, settings, &connect, &mut secrets, &wrong)?,
        };
        if !matches!(credential, Credential::None) && !may_carry_secrets(&base) {
            return Err(wrong("base_url", &CLEAR));
        }
        let digest = file.digest().map_err(|error| wrong("kind", &error))?;
        let (who, observed) = (who(settings.table), declared.observed.as_ref());
        let observed = observed.filter(|observed| observed.is_of(&digest, &self.base_url, &who, &secrets));
        let wire = Wire {
            client: connect(&base).map_err(|what| wrong("base_url", &what))?,
            base,
            credential,
            bounds: Bounds { bytes: self.answer_bytes, types: self.content_types },
            pace: Pace::new(self.requests_per_second),
        };
        let known = Known {
            failures: self.failures,
            seen: observed.map(|observed| observed.actions.clone()).unwrap_or_default(),
            seen_at: observed.and_then(Observed::since),
        };
        Ok(Outgoing { wire, known, secrets })
    }
}

fn credential(
    table: CredentialTable,
    settings: &Settings<'_>,
    connect: &dyn Fn(&Url) -> Result<reqwest::Client, String>,
    secrets: &mut Secrets,
    wrong: &dyn Fn(&str, &dyn std::fmt::Display) -> MakeError,
) -> Result<Credential, MakeError> {
    let header = |key: &str, name: &str| {
        HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| wrong(key, &format!("`{name}` is no name of a header")))
    };
    let mut secret = |key: &str, kept: &Kept| {
        let found = settings.secret(key, key, kept)?;
        secrets.push(found.clone());
        Ok::<_, MakeError>(found)
    };
    Ok(match table {
        CredentialTable::Bearer(kept) => {
            Credential::Header(AUTHORIZATION, "Bearer ", secret("credential.bearer", &kept)?)
        }
        CredentialTable::Header { name, value } => Credential::Header(
            header("credential.header.name", &name)?,
            "",
            secret("credential.header.value", &value)?,
        ),
        CredentialTable::Basic { user, password } => {
            if user.contains(':') || !user.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(wrong("credential.basic.user", &"is visible ASCII without `:`"));
            }
            Credential::Basic(user, secret("credential.basic.password", &password)?)
        }
        CredentialTable::Oauth { token_url, client_id, client_secret, scope } => {
            let key = "credential.oauth.token_url";
            let url = address(&token_url).map_err(|what| wrong(key, &what))?;
            if !may_carry_secrets(&url) {
                return Err(wrong(key, &CLEAR));
            }
            let client = connect(&url).map_err(|what| wrong(key, &what))?;
            let secret = secret("credential.oauth.client_secret", &client_secret)?;
            Credential::OAuth(Box::new(OAuth {
                client,
                url,
                id: client_id,
                secret,
                scope,
                token: Mutex::default(),
            }))
        }
        CredentialTable::Hmac { header: name, prefix, time_header, base64, secret: kept } => {
            let time = time_header.map(|name| header("credential.hmac.time_header", &name)).transpose()?;
            let header = header("credential.hmac.header", &name)?;
            Credential::Hmac(Signing {
                header,
                prefix,
                time,
                base64,
                secret: secret("credential.hmac.secret", &kept)?,
            })
        }
    })
}

/// An address of the operator's. A refused one is not shown, since it may contain a secret.
fn address(text: &str) -> Result<Url, &'static str> {
    let wrong = "is no http or https URL without user, password, query and fragment";
    let url = Url::parse(text).map_err(|_| wrong)?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if plain { Ok(url) } else { Err(wrong) }
}
