//! What a provider says of itself, kept for some minutes: whoever opens the login page makes no more requests by it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::error::LoginError;
use crate::oidc::{self, Metadata};
use crate::settings::Settings;

/// How long it is kept.
const LASTS: Duration = Duration::from_secs(5 * 60);
/// How long the provider is not asked again, after a failure or for a key that is not known.
const PAUSE: Duration = Duration::from_secs(2);

/// The metadata, or why there are none.
type Found = Result<Arc<Metadata>, LoginError>;

/// The metadata, and when they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Cached(Mutex<Option<(Instant, Found)>>);

impl Cached {
    /// The metadata; asked for by one request at a time.
    pub async fn get(&self, settings: &Settings) -> Found {
        self.younger(settings, LASTS).await
    }

    /// The metadata, asked for again, since a key is not in them.
    pub async fn again(&self, settings: &Settings) -> Found {
        self.younger(settings, PAUSE).await
    }

    async fn younger(&self, settings: &Settings, than: Duration) -> Found {
        let mut kept = self.0.lock().await;
        if let Some((at, found)) = kept.as_ref() {
            let lasts = if found.is_ok() { than } else { PAUSE };
            if at.elapsed() < lasts {
                return found.clone();
            }
        }
        let found = oidc::discover(settings).await.map(Arc::new);
        *kept = Some((Instant::now(), found.clone()));
        found
    }
}
