//! The HTTP API of the engine, the MCP door, and the sockets they are served on. Makes no decisions.

pub mod agents;
pub mod api;
pub mod console;
mod guard;
mod mcp;
mod oauth;
pub mod socket;
pub mod witness;
