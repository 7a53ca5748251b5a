//! A connector in the hands of a proxy.

use std::ops::Deref;
use std::sync::Arc;

use xp_scope::Value;
use xpd_proxy::{ActError, Connector, Ending, Scrubber};

use crate::{Asked, Harness};

/// A connector that acts as in a server: each time on a grant that was inserted, claimed and ended in a store.
#[derive(Debug)]
pub struct Hands<C>(Arc<C>);

impl<C: Connector + 'static> Hands<C> {
    /// Takes a connector in hand.
    #[must_use]
    pub fn new(connector: C) -> Self {
        Self(Arc::new(connector))
    }

    /// Acts.
    ///
    /// # Errors
    /// The connector's own.
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

    /// Looks whether it happened.
    ///
    /// # Errors
    /// The connector's own.
    pub async fn probe(&self, asked: &Asked) -> Result<Option<Value>, ActError> {
        self.0.probe(&asked.sought()).await
    }
}

impl<C> Deref for Hands<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}
