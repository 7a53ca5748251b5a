//! The engine: makes and records decisions. It has no connector credentials.

pub mod checkpoint_file;
mod config_error;
pub mod health;
pub mod keys;
mod limiter;
mod live;
mod log_key;
mod memory;
pub mod orchestrator;
pub mod realms;
pub mod registry;
pub mod roster;
mod rules;
mod upstream;
mod workloads;

pub use config_error::{ConfigError, PRIVATE_KEY, is_private_key};
pub use log_key::LogKey;
pub use orchestrator::Orchestrator;
pub use rules::{Bridge, Rules};
pub use upstream::Upstream;
