//! What crosses a wire, through the public interface.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod bodies;
mod proofs;
mod refusals;
mod support;
