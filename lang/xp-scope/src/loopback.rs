//! Which hosts are this one.

use std::net::IpAddr;

/// Whether the host of a URL, in its normal form, is this one: a loopback or unspecified address, also inside an IPv6 address, `localhost`,
/// or a name below it.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host == "localhost" || host.ends_with(".localhost") {
        return true;
    }
    host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| {
        let address = address.to_canonical();
        // A connection to the unspecified address reaches this host, too.
        address.is_loopback() || address.is_unspecified()
    })
}
