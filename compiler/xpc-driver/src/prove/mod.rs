//! The solver, in a process of its own: nothing that proves nothing loads it, and what it does wrong ends there.

mod locate;
mod process;

pub use process::ProverProcess;
