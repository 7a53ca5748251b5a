//! Addresses of upstreams in normal form, for comparison.

use std::net::IpAddr;

use url::{Host, Url};

/// An address of an upstream. Different spellings of one location have equal values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Upstream {
    /// Lower case, without a final dot; `loopback` for every loopback address; empty for a local folder.
    host: String,
    /// `None` for the default port of the scheme, so http and https are the same location.
    port: Option<u16>,
    /// Segments in lower case. On a case-sensitive upstream this may equate different locations, which is the
    /// safe side.
    path: Vec<String>,
}

impl Upstream {
    /// Parses a URL, or the path of a folder.
    ///
    /// # Errors
    /// The URL is malformed or has no host.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.contains("://") {
            return Ok(Self { host: String::new(), port: None, path: segments(text) });
        }
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        let host = match url.host().ok_or("has no host")? {
            host if xp_scope::is_loopback(&host.to_string()) => LOOPBACK.to_owned(),
            Host::Domain(name) => name.trim_end_matches('.').to_lowercase(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => IpAddr::V6(address).to_canonical().to_string(),
        };
        // Percent-encoding is decoded, so `%61pi` equals `api`.
        let path = percent_encoding::percent_decode_str(url.path()).decode_utf8_lossy().into_owned();
        Ok(Self { host, port: url.port(), path: segments(&path) })
    }

    /// Whether one address equals the other or is below it.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        (&self.host, self.port) == (&other.host, other.port)
            && (self.path.starts_with(&other.path) || other.path.starts_with(&self.path))
    }
}

impl std::fmt::Display for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "/{}", self.path.join("/"))
    }
}

const LOOPBACK: &str = "loopback";

fn segments(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::Upstream;

    #[test]
    fn spellings_of_one_location_are_equal() {
        let at = |text: &str| Upstream::parse(text).unwrap();
        for (one, two) in [
            ("https://api.example.org", "https://API.example.org:443/"),
            ("https://api.example.org", "http://api.example.org."),
            ("https://example.org/api", "https://user:word@example.org/x/../%61PI/?q#f"),
            ("https://example.org/api", "https://example.org//api/v3"),
            ("http://127.0.0.1:9000", "http://[::1]:9000/a"),
            ("http://localhost:9000", "http://[::ffff:127.0.0.2]:9000"),
            ("http://bücher.example", "http://xn--bcher-kva.example"),
            ("/srv/git/shop", "/srv/git/./shop/"),
        ] {
            assert!(at(one).overlaps(&at(two)) && at(two).overlaps(&at(one)), "{one} {two}");
        }
        for (one, two) in [
            ("https://example.org", "https://example.com"),
            ("https://example.org/api", "https://example.org/apis"),
            ("https://example.org:8443", "https://example.org"),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9001"),
            ("/srv/git/shop", "https://srv/git/shop"),
        ] {
            assert!(!at(one).overlaps(&at(two)) && !at(two).overlaps(&at(one)), "{one} {two}");
        }
        assert!(Upstream::parse("https://").is_err());
        assert!(Upstream::parse("unix:///run/x").is_err());
    }
}
