//! A connector behind a proxy, for tests.

use std::ops::Deref;
use std::sync::Arc;

use xp_scope::Value;
use xpd_proxy::{ActError, Connector, Ending, Scrubber};

use crate::{Asked, Harness};

/// A connector used as in a server: each action under a grant that is inserted, claimed and ended in a store.
#[derive(Debug)]
pub struct Proxied<C>(Arc<C>);

impl<C: Connector + 'static> Proxied<C> {
    /// Wraps a connector.
    #[must_use]
    pub fn new(connector: C) -> Self {
        Self(Arc::new(connector))
    }

    /// Performs an action.
    ///
    /// # Errors
    /// The connector's error.
    pub async fn act(&self, asked: &Asked) -> Result<Value, ActError> {
        let connector = Arc::clone(&self.0) as Arc<dyn Connector>;
        let harness = Harness::new(connector, Scrubber::default()).await;
        harness.put(&harness.row("grant", asked)).await;
        harness.claim("grant").await.unwrap();
        let ended = harness.granter.endings.lock().unwrap().pop().unwrap();
        match ended {
            Ending::Done(value) => Ok(value),
            Ending::Failed { reason, status: Some(status), .. } => Err(ActError::Refused { status, reason }),
            Ending::Failed { reason, status: None, .. } => Err(ActError::NotSent(reason)),
            Ending::Stopped(reason) => Err(ActError::Stopped(reason)),
            Ending::Unknown(reason) => Err(ActError::Unknown(reason)),
        }
    }

    /// Probes for an action.
    ///
    /// # Errors
    /// The connector's error.
    pub async fn probe(&self, asked: &Asked) -> Result<Option<Value>, ActError> {
        self.0.probe(&asked.sought()).await
    }
}

impl<C> Deref for Proxied<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}
