//! A deployment hook: one HTTP POST whose body is signed (`X-Xp-Signature: sha256=<HMAC>`).

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use xpd_egress::{CLEAR, Reach};
use xpd_proxy::{ActError, Impact, Permit, Secret};

use crate::lost::not_connected;

/// Upper bound on an answer, in bytes.
const MAX_ANSWER: usize = 64 * 1024;
/// A deployment may take long.
const TIMEOUT: Duration = Duration::from_secs(600);

/// A URL and the secret that signs requests to it.
#[derive(Debug)]
pub struct Hook {
    client: Client,
    url: Url,
    secret: Secret,
}

impl Hook {
    /// A hook at an https URL, or an http URL of a loopback address. The host's name may resolve to the
    /// addresses in `reach` besides global unicast ones.
    ///
    /// # Errors
    /// Any other URL.
    pub fn new(url: &str, secret: Secret, reach: &Reach) -> Result<Self, String> {
        let url = Url::parse(url).map_err(|error| error.to_string())?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("holds a user or a password; the secret stands in a variable or a file".to_owned());
        }
        if !xpd_egress::may_carry_secrets(&url) {
            return Err(CLEAR.to_owned());
        }
        let client = xpd_egress::client(&url, reach)
            .map_err(|error| error.to_string())?
            .connect_timeout(Duration::from_secs(5))
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { client, url, secret })
    }

    /// Sends a message under a permit and parses the answer.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        permit: &Permit,
        message: &impl Serialize,
    ) -> Result<T, ActError> {
        let not_sent = |_| ActError::NotSent("the message could not be made".to_owned());
        let body = serde_json::to_vec(message).map_err(not_sent)?;
        let signature = self.signature(&body)?;
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("X-Xp-Signature", format!("sha256={signature}"))
            .body(body);
        // The description omits the URL, which may contain a secret.
        let answer = permit.line().through(Impact::Effect, "POST to a hook", exchange(request)).await?;
        serde_json::from_slice(&answer)
            .map_err(|_| ActError::Unknown("the hook answered something else".to_owned()))
    }

    fn signature(&self, body: &[u8]) -> Result<String, ActError> {
        let mac = Hmac::<Sha256>::new_from_slice(self.secret.expose().as_bytes())
            .map_err(|_| ActError::NotSent("the hook's secret cannot sign".to_owned()))?;
        let tag = mac.chain_update(body).finalize().into_bytes();
        Ok(tag.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Sends the request and reads the complete answer.
async fn exchange(request: RequestBuilder) -> Result<Vec<u8>, ActError> {
    let mut response = request.send().await.map_err(|error| {
        if error.is_connect() || error.is_builder() {
            not_connected("the hook", &error)
        } else {
            ActError::Unknown("the hook did not answer".to_owned())
        }
    })?;
    let status = response.status();
    // A proxy on the way may also answer 408, and does not know whether the hook received the request.
    if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT {
        let reason = "the hook refused".to_owned();
        return Err(ActError::Refused { status: status.as_u16(), reason });
    }
    if !status.is_success() {
        return Err(ActError::Unknown(format!("the hook answered with status {}", status.as_u16())));
    }
    let mut answer = Vec::new();
    let broken = |_| ActError::Unknown("the hook's answer broke off".to_owned());
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        answer.extend_from_slice(&chunk);
        if answer.len() > MAX_ANSWER {
            return Err(ActError::Unknown("the hook's answer is too long".to_owned()));
        }
    }
    Ok(answer)
}
