//! The store: typed rows, transactions, and answers that are given only once the commit is durable.
//!
//! The state of a run is an opaque byte string here. The engine keeps the decoded form in memory as a
//! [`Resident`] of the writer. [`Backend`], [`Tx`] and [`Read`] are the interface of a back end;
//! `tests/conformance` tests each back end against it.

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
pub use rows::{BlobRow, CheckpointRow, EntryRow, Figures, GrantRow, Mode, NewRun, RunRow, Seen, StopRow};
pub use server_clock::{ServerClock, Trouble};
pub use store::{Backend, Reader, Store};
pub use tx::{Read, Tx, foreign};
