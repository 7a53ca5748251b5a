//! The HTTP API of the engine, the MCP door, and the sockets they are served on. Makes no decisions.

pub mod agents;
pub mod api;
mod guard;
mod mcp;
pub mod socket;
pub mod witness;
