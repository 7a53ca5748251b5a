//! What a proof says.

use serde::{Deserialize, Serialize};

/// `typ` of a proof of possession (RFC 9449).
pub const PROOF_TYPE: &str = "dpop+jwt";
/// A proof may be this many seconds off the server's clock, either way.
pub const PROOF_WINDOW_SECONDS: i64 = 60;
/// Longest `jti` of a proof, in characters.
pub const MAX_PROOF_JTI: usize = 64;

// Members we do not know are allowed by RFC 9449; named twice they were refused before.
#[derive(Serialize, Deserialize)]
pub(super) struct Claims {
    pub jti: String,
    pub htm: String,
    pub htu: String,
    pub iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ath: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xp_body: Option<String>,
}
