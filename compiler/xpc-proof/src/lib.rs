//! Questions that need a solver: encode, solve, decode, replay.

pub mod version;
