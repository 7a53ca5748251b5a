//! The compiled workflow: types, canonical bytes, digest, signature, JSON Schema.

pub mod question;
pub mod workflow;
