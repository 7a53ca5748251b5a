//! The pipeline: from files to diagnostics, models, verdicts and artifacts.
//!
//! A [`Driver`] lives as long as whoever asks: one command, or an editor's session. It keeps what it has read and what was
//! answered, so that a file whose text did not change is not parsed again, and an obligation of a workflow that did not
//! change is not proved again. Files, clock and limits come from a [`World`]; the solver runs in a process of its own
//! ([`ProverProcess`]).

mod answers;
pub mod artifact;
mod disk;
mod driver;
pub mod load;
mod prove;
mod roster;
mod world;

pub use disk::Disk;
pub use driver::{Compiled, Driver, Proved, Work};
pub use prove::ProverProcess;
pub use roster::Roster;
pub use world::{Entry, Kind, World};
