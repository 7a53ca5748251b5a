//! The connectors: one folder each, with the vocabulary of its upstream.

mod args;
pub mod deploy;
pub mod github;
mod make;
mod result;
pub mod sandbox;
mod transport;

pub use make::{Made, MakeError, addresses, make, without_value};
