//! What a provider says of itself, kept for some minutes: whoever opens the login page makes no more requests by it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::error::LoginError;

/// How long it is kept.
const LASTS: Duration = Duration::from_secs(5 * 60);
/// How long the provider is not asked again, after a failure or for a key that is not known.
const PAUSE: Duration = Duration::from_secs(2);

/// The metadata, or why there are none.
type Found<T> = Result<Arc<T>, LoginError>;

/// The metadata, and when they were asked for.
#[derive(Debug)]
pub(crate) struct Cached<T>(Mutex<Option<(Instant, Found<T>)>>);

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Cached<T> {
    /// The metadata; asked for by one request at a time.
    pub async fn get(&self, ask: impl Future<Output = Result<T, LoginError>>) -> Found<T> {
        self.younger(ask, LASTS).await
    }

    /// The metadata, asked for again, since a key is not in them.
    pub async fn again(&self, ask: impl Future<Output = Result<T, LoginError>>) -> Found<T> {
        self.younger(ask, PAUSE).await
    }

    async fn younger(&self, ask: impl Future<Output = Result<T, LoginError>>, than: Duration) -> Found<T> {
        let mut kept = self.0.lock().await;
        if let Some((at, found)) = kept.as_ref() {
            let lasts = if found.is_ok() { than } else { PAUSE };
            if at.elapsed() < lasts {
                return found.clone();
            }
        }
        let found = ask.await.map(Arc::new);
        *kept = Some((Instant::now(), found.clone()));
        found
    }
}
