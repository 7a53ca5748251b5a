//! Offline verification of a package: is it in the log, complete, chained, granted, used once, and what the machine
//! gives.

mod chain;
mod decisions;
mod lines;
mod log;
mod package;
mod replay;
mod report;
mod uses;

pub use package::{Trust, verify_package};
pub use report::{EntryName, Fault, Finding, LogName, Report, Verdict};
