//! The prover through its public interface.

mod build;
mod explore;
mod random;
mod small;
