//! Typed values, paths, refs and patterns: the one matcher for verifier, machine and connectors.

mod chars;
pub mod content;
pub mod decimal;
mod digest;
mod in_order;
pub mod instant;
mod loopback;
pub mod path;
mod pattern;
pub mod rank;
pub mod refs;
mod set;
mod template;
pub mod thing;
mod types;
pub mod url;
mod value;

pub use content::{ContentError, neutralise};
pub use digest::{Digest, DigestError};
pub use in_order::in_order;
pub use loopback::is_loopback;
pub use path::PathError;
pub use pattern::{
    MAX_PATTERN, MAX_PATTERNS, NotShown, Pattern, PatternError, PatternSet, PatternSetError, is_control_file,
};
pub use refs::RefError;
pub use template::{Piece, template};
pub use types::{MAX_LIST, MAX_TEXT, Mismatch, Records, Type, Why, check, is_object_id};
pub use value::{Limits, MAX_INT, Value, ValueError, ValueFault};
