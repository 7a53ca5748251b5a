//! The HTTP API of the engine and the sockets it is served on. Makes no decisions.

pub mod api;
pub mod socket;
pub mod witness;
