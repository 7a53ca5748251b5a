//! Requests that were not sent since there was no connection.

use xpd_egress::out_of_reach;
use xpd_proxy::ActError;

/// The failure for a request without a connection. It does not name the addresses, which are the operator's.
pub(crate) fn not_connected(whom: &str, error: &reqwest::Error) -> ActError {
    ActError::NotSent(match out_of_reach(error) {
        Some(out_of_reach) => {
            tracing::error!(%out_of_reach, "an upstream is not connected to");
            format!("{whom} is at an address that the operator has not named in `reach`")
        }
        None => format!("no connection to {whom}"),
    })
}
