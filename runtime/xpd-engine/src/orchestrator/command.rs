//! Running a command: what all of them begin with, and how they end.

use std::sync::Arc;

use xpd_proxy::{Fault, Stop};

use super::Orchestrator;
use super::caller::{Caller, admit};
use crate::memory::Tx;

impl Orchestrator {
    /// A command of a caller: its proof is used up, then it is decided. A refusal is committed with it.
    pub(super) async fn command<T: Send + 'static>(
        &self,
        caller: Caller,
        work: impl FnOnce(&mut Tx<'_>, &Caller) -> Result<T, Stop> + Send + 'static,
    ) -> Result<T, Fault> {
        self.write(move |tx| {
            admit(tx, &caller)?;
            work(tx, &caller)
        })
        .await
    }

    /// A command of the server's own.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, Stop> + Send + 'static,
    ) -> Result<T, Fault> {
        let memory = Arc::clone(&self.memory);
        xpd_proxy::write(&self.store, move |rows| work(&mut Tx::new(rows, &memory))).await
    }

    /// A command that stops things: it goes before all that waits, and may use what the reserve left.
    pub(super) async fn urge<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, Stop> + Send + 'static,
    ) -> Result<T, Fault> {
        let memory = Arc::clone(&self.memory);
        xpd_proxy::urge(&self.store, move |rows| work(&mut Tx::new(rows, &memory))).await
    }

    /// A command that ends what was begun: it may use what the reserve left.
    pub(super) async fn insist<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, Stop> + Send + 'static,
    ) -> Result<T, Fault> {
        let memory = Arc::clone(&self.memory);
        xpd_proxy::insist(&self.store, move |rows| work(&mut Tx::new(rows, &memory))).await
    }
}
