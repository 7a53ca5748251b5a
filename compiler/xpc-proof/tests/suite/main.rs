//! The prover through its public interface.

mod build;
mod example;
mod explore;
mod random;
mod small;
