//! Grants and sessions: claims, issuing, verification, keys.
//!
//! There are two token classes, with distinct `typ` values and distinct signing keys. A grant
//! (`xp-grant+jwt`) authorizes one use of one action with one canonical encoding of its arguments. A session
//! (`at+jwt`, RFC 9068) authorizes one agent to request grants in one run. Both are bound to the agent's key
//! (`cnf.jkt`); using either requires a DPoP proof by that key (RFC 9449, `xp_wire::proof`).
//!
//! A valid signature alone does not authorize an action: the store must also hold a row for the `jti`, and
//! must not have recorded the proof before. This crate reads no clock and draws no randomness; callers pass
//! both.

mod claims;
mod error;
mod form;
mod keys;
mod token;

pub use claims::{
    AuthorizationDetail, Confirmation, DetailType, GrantClaims, MAX_GRANT_SECONDS, MAX_SESSION_SECONDS,
    MAX_WORKLOAD_SECONDS, SessionClaims, StepBinding,
};
pub use error::TokenError;
pub use form::{GRANT_TYPE, SESSION_TYPE, is_name, is_principal_name};
pub use keys::{KeyError, KeyPair, KeyRing, PublicKey, jwks};
pub use token::{
    Expected, Origin, authentic_grant, issue_grant, issue_session, verify_grant, verify_session,
};
pub use xp_wire::proof::jti;
