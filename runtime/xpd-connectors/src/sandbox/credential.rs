//! Credentials for git hosts. Sent as a header of git's requests to that host, never as part of a URL.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use secrecy::zeroize::Zeroizing;
use xpd_egress::CLEAR;
use xpd_proxy::{Secret, SecretError};

/// A credential for the URLs below a prefix.
#[derive(Clone, Debug)]
pub struct Credential {
    base: Url,
    basic: Secret,
}

/// A header for one URL.
pub(super) struct Header {
    setting: String,
    line: Zeroizing<String>,
}

impl Header {
    /// Name of the git setting.
    pub fn setting(&self) -> &str {
        &self.setting
    }

    /// The header line, including the secret.
    pub fn line(&self) -> &str {
        &self.line
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header").field("setting", &self.setting).finish_non_exhaustive()
    }
}

impl Credential {
    /// A user and a token for every URL below `base`, which must be https, or http to a loopback address.
    ///
    /// # Errors
    /// Another kind of URL, or text that is not valid in a header. The messages contain no secret.
    pub fn new(base: &str, user: &str, token: &Secret) -> Result<Self, &'static str> {
        let mut base = plain(base)?;
        if !xpd_egress::may_carry_secrets(&base) {
            return Err(CLEAR);
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err("is no base address");
        }
        if !base.path().ends_with('/') {
            let path = format!("{}/", base.path());
            base.set_path(&path);
        }
        if user.is_empty() || !user.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
            return Err("has a user that is no name");
        }
        let pair = Zeroizing::new(format!("{user}:{}", token.expose()));
        let basic = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        let basic = Secret::new(&basic).map_err(|SecretError| "has a secret that no header carries")?;
        Ok(Self { base, basic })
    }

    /// The secret in its encoded form, for the scrubber.
    #[must_use]
    pub fn secret(&self) -> Secret {
        self.basic.clone()
    }

    fn covers(&self, url: &Url) -> bool {
        url.origin() == self.base.origin() && url.path().starts_with(self.base.path())
    }
}

/// The header for a source, from the credential with the longest matching prefix.
pub(super) fn header(credentials: &[Credential], source: &str) -> Option<Header> {
    let url = Url::parse(source).ok()?;
    let fits = credentials.iter().filter(|credential| credential.covers(&url));
    let Credential { base, basic } = fits.max_by_key(|credential| credential.base.path().len())?;
    Some(Header {
        setting: format!("http.{base}.extraHeader"),
        line: Zeroizing::new(format!("Authorization: Basic {}", basic.expose())),
    })
}

/// Parses a URL without user and password. Messages do not print it, since malformed text may contain a
/// secret.
pub(super) fn plain(url: &str) -> Result<Url, &'static str> {
    let parsed = Url::parse(url).map_err(|_| "holds an address that cannot be read")?;
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("holds a user or a password in an address; a secret stands in a variable or a file");
    }
    if !["http", "https"].contains(&parsed.scheme()) {
        return Err("holds an address that is neither http nor https");
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(base: &str) -> Result<Credential, &'static str> {
        Credential::new(base, "x-access-token", &Secret::new("canary-31d9").unwrap())
    }

    #[test]
    fn a_credential_is_for_what_lies_below_its_address() {
        let (wide, narrow) =
            (credential("https://git.example").unwrap(), credential("https://git.example/acme").unwrap());
        let chosen = |source: &str| {
            header(&[wide.clone(), narrow.clone()], source).map(|header| header.setting().to_owned())
        };
        let wide = "http.https://git.example/.extraHeader";
        for (source, wanted) in [
            ("https://git.example/acme/shop.git", Some("http.https://git.example/acme/.extraHeader")),
            ("https://git.example/acmes/shop.git", Some(wide)),
            ("https://git.example:443/other/shop.git", Some(wide)),
            ("https://git.example:444/acme/shop.git", None),
            ("http://git.example/acme/shop.git", None),
            ("https://git.example.org/acme/shop.git", None),
            ("/srv/git/shop.git", None),
        ] {
            assert_eq!(chosen(source).as_deref(), wanted, "{source}");
        }
    }

    #[test]
    fn credentials_need_encryption_and_are_refused_in_addresses() {
        for bad in [
            "http://git.example",
            "https://u@git.example",
            "https://u:p@git.example",
            "https://git.example?x",
            "git",
        ] {
            assert!(credential(bad).is_err(), "{bad}");
        }
        assert!(credential("http://127.0.0.1:3000").is_ok());
        let printed = format!("{:?}", credential("https://git.example").unwrap());
        assert!(!printed.contains("canary") && !printed.contains("eC1h"), "{printed}");
    }
}
