//! Decides and grants, and records both.

mod config_error;
pub mod keys;
mod limiter;
mod live;
mod memory;
pub mod orchestrator;
pub mod realms;
pub mod registry;
pub mod roster;
mod rules;
mod upstream;

pub use config_error::{ConfigError, PRIVATE_KEY, is_private_key};
pub use memory::{LogKey, published};
pub use orchestrator::Orchestrator;
pub use rules::Rules;
pub use upstream::Upstream;
