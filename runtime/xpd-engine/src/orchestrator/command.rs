//! Running commands in the store's writer.

use std::sync::Arc;

use xpd_proxy::{Fault, Stop};

use super::Orchestrator;
use super::caller::{Caller, admit};
use crate::memory::Tx;

impl Orchestrator {
    /// Runs a caller's command: its proof is recorded as used, then the command decides. A refusal is
    /// committed as well.
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

    /// Runs a command of the server's own.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, Stop> + Send + 'static,
    ) -> Result<T, Fault> {
        let memory = Arc::clone(&self.memory);
        xpd_proxy::write(&self.store, move |rows| work(&mut Tx::new(rows, &memory))).await
    }

    /// Runs a command that kills or lifts: it precedes waiting commands and may use the space of the reserve.
    pub(super) async fn write_urgent<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, Stop> + Send + 'static,
    ) -> Result<T, Fault> {
        let memory = Arc::clone(&self.memory);
        xpd_proxy::write_urgent(&self.store, move |rows| work(&mut Tx::new(rows, &memory))).await
    }

    /// Runs a command that records the end of something begun: it may use the space of the reserve.
    pub(super) async fn write_past_reserve<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, Stop> + Send + 'static,
    ) -> Result<T, Fault> {
        let memory = Arc::clone(&self.memory);
        xpd_proxy::write_past_reserve(&self.store, move |rows| work(&mut Tx::new(rows, &memory))).await
    }
}
