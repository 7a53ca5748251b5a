//! The rule for the addresses to which secrets may be sent, and an HTTP client that follows it.

use std::net::IpAddr;

use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Url};

/// Text for an address to which no secret may be sent.
pub(crate) const CLEAR: &str = "is neither https nor http to a loopback address";

/// Whether a secret may be sent to an address: https, or plain http to a literal loopback address
/// (127.0.0.0/8, `::1`). Host names, including `localhost`, may resolve to any host.
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

/// A client for one address. It follows no redirect, uses no proxy and sends each request once. The caller
/// sets timeouts.
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
