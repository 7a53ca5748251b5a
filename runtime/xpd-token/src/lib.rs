//! Grants and sessions: claims, issue, verify, keys, DPoP proofs.
