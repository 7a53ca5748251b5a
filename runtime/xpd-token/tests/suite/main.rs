//! Tokens, proofs and keys through their public interface: what is accepted, and every attack that must not be.

mod keys;
mod proofs;
mod support;
mod tokens;
