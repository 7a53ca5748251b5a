//! Grants and sessions: claims, issue, verify, keys.
//!
//! Two classes of token, told apart by `typ` and by key: a grant (`xp-grant+jwt`) is one use of one action with one
//! set of argument bytes; a session (`at+jwt`, RFC 9068) lets one agent ask for grants in one run. Both are bound to
//! the agent's key (`cnf.jkt`) and are worth nothing without a proof of possession (RFC 9449, `xp_wire::proof`) by it.
//!
//! A valid signature is never enough to act: the store must know the `jti`, and must not have seen the proof.
//! No clock and no randomness in here: callers pass both.

mod claims;
mod error;
mod form;
mod keys;
mod token;

pub use claims::{
    AuthorizationDetail, Confirmation, DetailType, GrantClaims, MAX_GRANT_SECONDS, MAX_SESSION_SECONDS,
    SessionClaims, StepBinding,
};
pub use error::TokenError;
pub use form::{GRANT_TYPE, SESSION_TYPE, is_name, is_principal_name};
pub use keys::{KeyError, KeyPair, KeyRing, PublicKey, jwks};
pub use token::{
    Expected, Origin, authentic_grant, issue_grant, issue_session, verify_grant, verify_session,
};
pub use xp_wire::proof::jti;
