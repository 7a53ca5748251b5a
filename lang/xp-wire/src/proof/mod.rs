//! Proofs of possession (DPoP, RFC 9449): made by an agent or administrator for one request, checked by the server.
//!
//! RFC 9449 leaves the body out. `xp_body`, ours, covers it: base64url of the SHA-256 of the body's bytes, required
//! whenever there is a body. Whether a proof was seen before is for the store to say: `(jkt, jti)`, unique. No clock and no
//! randomness in here: callers pass both.

mod check;
mod claims;
pub mod compact;
mod error;
mod form;
mod jwk;
mod make;
mod strict;
mod url;

pub use check::{Proof, Received, verify_proof};
pub use claims::{MAX_PROOF_JTI, PROOF_TYPE, PROOF_WINDOW_SECONDS};
pub use error::ProofError;
pub use form::{base64url, body_digest, jti, key_bytes, token_digest};
pub use jwk::PublicJwk;
pub use make::{ProofRequest, make_proof};
