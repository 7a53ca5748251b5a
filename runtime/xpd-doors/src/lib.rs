//! The doors over one engine: HTTP, and the sockets it is spoken on. They decide nothing.

pub mod api;
pub mod socket;
pub mod witness;
