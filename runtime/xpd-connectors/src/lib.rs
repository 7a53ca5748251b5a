//! The connectors: one folder each, with the vocabulary of its upstream.

pub mod deploy;
pub mod github;
mod given;
pub mod sandbox;
