//! What a message carries through the protocol library.

use std::sync::Arc;

use tokio::sync::watch;
use xpd_engine::orchestrator::{Caller, Seat};

use super::envelope::Call;

/// An authenticated message.
#[derive(Clone)]
pub(super) struct Turn {
    /// Who sends it; its proof has been recorded as used.
    pub caller: Caller,
    /// Its place in the run that its token names.
    pub seat: Arc<Seat>,
    /// The call, as read strictly.
    pub call: Option<Arc<Call>>,
    /// Closed with the connection. The library runs a handler in a task that a closed connection does not end.
    pub connection: watch::Receiver<()>,
}
