//! JSON that others wrote, read strictly: the digits of numbers are kept, no object has a member twice, depth is bounded.
//!
//! `serde_json::Value` rounds numbers to 64 bits and keeps the last of two members, so two readers could read two things.

mod pointer;
mod tree;

pub use pointer::{index, pointer};
pub use tree::{MAX_DEPTH, Tree, Unread};
