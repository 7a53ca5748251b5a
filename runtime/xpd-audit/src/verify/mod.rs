//! Offline verification of a package: is it in the log, complete, chained, granted, used once, what the machine gives, and
//! what its properties allow.

mod chain;
mod decisions;
mod lines;
mod log;
mod package;
mod properties;
mod property;
mod replay;
mod report;
mod uses;

pub use package::{Trust, verify_package};
pub use property::{EntryName, InRun, Property};
pub use report::{Fault, Finding, LogName, Report, Verdict};
