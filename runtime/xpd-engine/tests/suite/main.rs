//! Parsing and comparison of names.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

#[cfg(test)]
mod names;
