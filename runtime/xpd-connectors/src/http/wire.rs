//! The way to the address of an instance: credential, pace, bounds.

use std::future::Future;

use reqwest::{Client, RequestBuilder, Url};
use xpd_proxy::{ActError, Impact, Line, Scrubber};

use super::answer::Bounds;
use super::credential::{Credential, collides};
use super::request::Ready;
use crate::declared::Pace;

/// What an instance needs to send a request.
#[derive(Debug)]
pub(crate) struct Wire {
    pub client: Client,
    pub base: Url,
    pub credential: Credential,
    pub bounds: Bounds,
    pub pace: Pace,
}

impl Wire {
    /// Sends a request once and reads its answer by `exchange`. The scrubber knows the token with which it was sent.
    ///
    /// # Errors
    /// That of `may`, which is asked again just before the request leaves, or of the exchange.
    pub async fn send<T, F>(
        &self,
        impact: Impact,
        mut ready: Ready,
        line: &Line,
        may: impl Fn() -> Result<(), ActError>,
        exchange: impl FnOnce(RequestBuilder) -> F,
    ) -> Result<(T, Scrubber), ActError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ActError>> + Send + 'static,
    {
        if collides(&self.credential, &ready.headers) {
            return Err(ActError::NotSent("the declaration sets the header of the credential".to_owned()));
        }
        self.pace.wait().await;
        let scrubber = self.credential.sign(&mut ready, line).await?;
        let Ready { method, url, headers, body, what } = ready;
        let mut request = self.client.request(method, url).headers(headers);
        if !body.is_empty() {
            request = request.body(body);
        }
        // Again, since its turn and its token may have taken long to come.
        may()?;
        let answer = line.through(impact, what, exchange(request)).await?;
        Ok((answer, scrubber))
    }
}
