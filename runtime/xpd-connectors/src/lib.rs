//! The connectors, one module each. Only here are upstreams known by name.

mod args;
pub mod declared;
pub mod deploy;
pub mod github;
pub mod http;
mod lost;
mod make;
pub mod mcp;
mod result;
pub mod sandbox;
mod settings;
pub mod trial;

pub use declared::Declared;
pub use make::{BUILT_IN, Made, addresses, make, reach};
pub use mcp::program_digest;
pub use settings::{Kept, MakeError, without_value};
