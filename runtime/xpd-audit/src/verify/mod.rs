//! Offline verification of a package: inclusion in the log, completeness, chaining, one grant per action and
//! one action per grant, replay on the machine, and the artifact's properties.

mod approvals;
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
