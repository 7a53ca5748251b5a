//! What crosses a wire between agents, administrators and the server.
//!
//! The feature `proof` adds making and checking of DPoP proofs. The machine never enables it: deciding needs no keys.

#[cfg(feature = "proof")]
pub mod proof;
mod refusal;

pub use refusal::RefusalCode;
