//! What crosses a wire between agents, administrators and the server.
//!
//! The feature `proof` adds making and checking of DPoP proofs. The machine never enables it: deciding needs no keys. The
//! feature `openapi` describes the bodies for whoever serves them.

pub mod body;
#[cfg(feature = "proof")]
pub mod proof;
mod refusal;

pub use refusal::RefusalCode;
