//! Merkle log, checkpoints, evidence, offline verification.
//!
//! The log is an RFC 6962 tree in the C2SP tlog-tiles layout under signed-note checkpoints, so public tools can check
//! it. Pure: no storage, no clock, no randomness; callers pass time, salts and stored hashes.

pub mod entry;
pub mod evidence;
pub mod merkle;
pub mod note;
pub mod tiles;
pub mod verify;
pub mod witness;
