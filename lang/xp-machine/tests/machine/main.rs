//! The transition function, seen from outside.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod closing;
mod fixture;
mod fresh;
mod guards;
mod judging;
mod loops;
mod malformed;
mod overlap;
mod people;
mod tokens;
mod types;
