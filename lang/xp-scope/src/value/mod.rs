//! Values: what arguments, results and parameters are made of.

mod model;
mod parse;

pub use model::{MAX_INT, Value};
pub use parse::{Limits, ValueError, ValueFault};
