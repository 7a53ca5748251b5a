//! The questions, one file each.

pub(crate) mod at_most;
pub(crate) mod automatic;
pub(crate) mod both;
pub(crate) mod bounds;
mod expected;
mod exposed;
pub(crate) mod flow;
pub(crate) mod fresh;
pub(crate) mod happen;
mod judged;
pub(crate) mod names;
pub(crate) mod never;
pub(crate) mod occurs;
pub(crate) mod once;
pub(crate) mod progress;
pub(crate) mod requires;
pub(crate) mod reviewed;
pub(crate) mod scope;
pub(crate) mod spelled;
pub(crate) mod stuck;
pub(crate) mod things;
mod uses;
pub(crate) mod within;

mod context;

pub(crate) use context::Context;
pub(crate) use uses::{Granted, granted, possible};

/// Failures of one question shown at most.
pub(crate) const MOST: usize = 8;
