//! Typed values, paths, refs and patterns: the one matcher for verifier, machine and connectors.

mod digest;
mod pattern;
mod value;

pub use digest::Digest;
pub use pattern::{Pattern, PatternError, PatternSet};
pub use value::{Type, Value};
