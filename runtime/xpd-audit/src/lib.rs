//! Merkle log, checkpoints, evidence, offline verification.
