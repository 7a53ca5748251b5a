//! Where a server is, and why it was not reached.

use std::error::Error;
use std::io::ErrorKind;

/// A server's address.
pub enum Address {
    /// Base URL, without a slash at its end.
    Base(String),
    /// Path of a Unix socket.
    Socket(String),
}

/// Reads the argument of `--server`.
///
/// # Errors
/// It is no address; with the cure.
pub fn of(written: &str) -> Result<Address, String> {
    let wrong = |why: &str| {
        format!(
            "`--server {written}`: {why}; write `http://127.0.0.1:7411`, `https://HOST` or `unix:/run/xpd.sock`"
        )
    };
    if let Some(path) = written.strip_prefix("unix:") {
        return if path.is_empty() {
            Err(wrong("the socket has no path"))
        } else {
            Ok(Address::Socket(path.to_owned()))
        };
    }
    if !written.starts_with("http://") && !written.starts_with("https://") {
        return Err(wrong("the address does not start with `http://`, `https://` or `unix:`"));
    }
    let url = reqwest::Url::parse(written).map_err(|error| wrong(&error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("no user and no password belong in it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("nothing follows the path"));
    }
    Ok(Address::Base(written.trim_end_matches('/').to_owned()))
}

/// Why there was no answer.
pub fn unreached(address: &Address, error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it did not answer in time".to_owned();
    }
    let mut causes = Vec::new();
    let mut next: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = next {
        causes.push(cause);
        next = cause.source();
    }
    let system = causes.iter().rev().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    let why = match (system.map(std::io::Error::kind), address) {
        (Some(ErrorKind::ConnectionRefused), _) => {
            "the connection was refused, nothing listens there".to_owned()
        }
        (Some(ErrorKind::NotFound), Address::Socket(path)) => format!("there is no such file as `{path}`"),
        (Some(ErrorKind::PermissionDenied), Address::Socket(path)) => {
            format!("this user may not use `{path}`")
        }
        _ => causes.last().map_or_else(|| "nobody says why".to_owned(), ToString::to_string),
    };
    format!("it cannot be reached: {why}")
}
