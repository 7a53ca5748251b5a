//! How secrets travel: the one rule about it, and the client that keeps it.

use std::net::IpAddr;

use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Url};

/// What is said of an address that a secret must not travel to.
pub(crate) const CLEAR: &str = "is neither https nor http to a loopback address";

/// Whether a secret may travel to an address: over https, or over plain http to a loopback address that is written as
/// one (127.0.0.0/8, `::1`). A name, `localhost` too, could mean any host.
pub(crate) fn may_carry_secrets(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A client for one address: it follows no redirect, asks no proxy, and sends each request once. The caller sets timeouts.
pub(crate) fn client(url: &Url) -> ClientBuilder {
    reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .https_only(url.scheme() == "https")
        .retry(reqwest::retry::never())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_travel_encrypted_or_stay_on_the_machine() {
        for (url, may) in [
            ("https://api.example.org", true),
            ("https://localhost", true),
            ("http://127.0.0.1:8080/hook", true),
            ("http://127.255.0.1", true),
            ("http://[::1]:1", true),
            ("http://api.example.org", false),
            ("http://localhost:1", false),
            ("http://127.0.0.1.example", false),
            ("http://[::ffff:127.0.0.1]", false),
            ("http://10.0.0.1", false),
            ("http://0.0.0.0", false),
            ("http://user@127.0.0.1.example", false),
            ("ftp://127.0.0.1", false),
            ("data:text", false),
        ] {
            assert_eq!(may_carry_secrets(&Url::parse(url).unwrap()), may, "{url}");
        }
    }
}
