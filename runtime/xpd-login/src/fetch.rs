//! Requests to a provider: no redirect, bounded time and size, and only addresses to which a secret may be sent.

use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse};
use url::{Host, Url};
use xpd_egress::{Reach, may_carry_secrets};

use crate::error::LoginError;

/// How long a provider may take for an answer.
const TIME: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const MOST: usize = 256 * 1024;

fn failed(why: impl ToString) -> LoginError {
    LoginError::Provider(why.to_string())
}

/// Where requests for a provider may go.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// Addresses that names may resolve to besides global ones.
    pub reach: Reach,
    /// Hosts that the operator configured.
    pub hosts: Vec<String>,
}

impl Places {
    /// Checks a URL, which may have been found in metadata: it may be sent secrets, and if its host is an address, the operator named it
    /// or it may be reached.
    pub fn permit(&self, url: &Url) -> Result<(), LoginError> {
        let out = || failed("its metadata name an address that may not be reached");
        if !may_carry_secrets(url) || !url.username().is_empty() || url.password().is_some() {
            return Err(out());
        }
        let named = url.host_str().is_some_and(|host| self.hosts.iter().any(|known| known == host));
        let reached = match url.host() {
            Some(Host::Ipv4(address)) => self.reach.permits(address.into()),
            Some(Host::Ipv6(address)) => self.reach.permits(address.into()),
            // Resolved when the connection is made.
            Some(Host::Domain(_)) => true,
            None => false,
        };
        if named || reached { Ok(()) } else { Err(out()) }
    }
}

/// Sends a request, once.
pub(crate) async fn fetch(request: HttpRequest, places: &Places) -> Result<HttpResponse, LoginError> {
    let url = Url::parse(&request.uri().to_string()).map_err(failed)?;
    places.permit(&url)?;
    let client = xpd_egress::client(&url, &places.reach).map_err(failed)?.timeout(TIME);
    let client = client.build().map_err(|_| failed("no client can be made"))?;
    let request = reqwest::Request::try_from(request).map_err(|_| failed("the request is not valid"))?;
    // The error of the client may hold the address.
    let sent = client.execute(request).await.map_err(|error| failed(words(&error)))?;
    let mut answer = http_of(&sent);
    let (mut sent, mut body) = (sent, Vec::new());
    while let Some(part) = sent.chunk().await.map_err(|error| failed(words(&error)))? {
        if body.len() + part.len() > MOST {
            return Err(failed("its answer is longer than 256 KiB"));
        }
        body.extend_from_slice(&part);
    }
    *answer.body_mut() = body;
    Ok(answer)
}

fn http_of(sent: &reqwest::Response) -> HttpResponse {
    let mut answer = HttpResponse::default();
    *answer.status_mut() = sent.status();
    *answer.headers_mut() = sent.headers().clone();
    answer
}

fn words(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "it takes longer than ten seconds for an answer"
    } else if error.is_connect() {
        "it is not reached"
    } else {
        "its answer breaks off"
    }
}
