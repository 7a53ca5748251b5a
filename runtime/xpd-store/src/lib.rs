//! The store: typed rows, one transaction for all that belongs together, answers after it is durable.
//!
//! A run's state is bytes in here; what they mean is kept in memory by whoever decides, as a [`Resident`] of the writer.
//! [`Backend`], [`Tx`] and [`Read`] are what a back end must do; `tests/conformance` holds each of them to it.

mod clock;
mod error;
mod job;
mod kills;
mod phase;
mod resident;
mod rows;
mod server_clock;
pub mod sqlite;
mod store;
mod tx;

pub use clock::{Clock, SystemClock};
pub use error::{CommandError, StoreError};
pub use job::Job;
pub use kills::Scope;
pub use phase::Phase;
pub use resident::{NoResident, Resident};
pub use rows::{BlobRow, CheckpointRow, EntryRow, Figures, GrantRow, NewRun, RunRow, Seen, StopRow};
pub use server_clock::{ServerClock, Trouble};
pub use store::{Backend, Reader, Store};
pub use tx::{Read, Tx};
