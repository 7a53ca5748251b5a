//! Merkle log, checkpoints, evidence packages and their offline verification.
//!
//! The log is an RFC 6962 tree in the C2SP tlog-tiles layout, with checkpoints as signed notes, so public
//! tools can check it. This crate does no I/O, reads no clock and draws no randomness; callers pass time,
//! salts and stored hashes.

pub mod approval;
pub mod chat;
pub mod entry;
pub mod evidence;
pub mod left_open;
pub mod merkle;
pub mod note;
pub mod tiles;
pub mod verify;
pub mod witness;
