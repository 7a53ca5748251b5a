//! The connectors, one module each. Only here are upstreams known by name.

mod args;
pub mod deploy;
pub mod github;
mod make;
mod result;
pub mod sandbox;
mod transport;

pub use make::{Made, MakeError, addresses, make, without_value};
