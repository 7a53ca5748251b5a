//! What the server says of itself. Members that are left out do not apply.

use serde::Serialize;

use super::places::Places;
use super::token::EXCHANGE;

/// Algorithms of proofs of possession that are accepted.
pub(super) const ALGORITHMS: [&str; 2] = ["EdDSA", "ES256"];

/// The claim, ours, by which a proof covers the body of its request.
const BODY_CLAIM: &str = "xp_body";

/// Metadata of a protected resource (RFC 9728).
#[derive(Serialize)]
pub(super) struct ResourceMetadata {
    resource: String,
    authorization_servers: [String; 1],
    /// None: a token without a proof opens nothing.
    bearer_methods_supported: [&'static str; 0],
    dpop_signing_alg_values_supported: [&'static str; 2],
    dpop_bound_access_tokens_required: bool,
    xp_dpop_body_claim: &'static str,
}

/// Metadata of the token endpoint (RFC 8414). There is no authorization endpoint, and so no type of response.
#[derive(Serialize)]
pub(super) struct ServerMetadata {
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
    grant_types_supported: [&'static str; 1],
    response_types_supported: [&'static str; 0],
    /// A client shows who it is by its proof of possession.
    token_endpoint_auth_methods_supported: [&'static str; 1],
    dpop_signing_alg_values_supported: [&'static str; 2],
    xp_dpop_body_claim: &'static str,
}

/// Describes a resource of the listener.
pub(super) fn resource(places: &Places, resource: String) -> ResourceMetadata {
    ResourceMetadata {
        resource,
        authorization_servers: [places.base()],
        bearer_methods_supported: [],
        dpop_signing_alg_values_supported: ALGORITHMS,
        dpop_bound_access_tokens_required: true,
        xp_dpop_body_claim: BODY_CLAIM,
    }
}

/// Describes the token endpoint of the listener.
pub(super) fn server(places: &Places) -> ServerMetadata {
    ServerMetadata {
        issuer: places.base(),
        token_endpoint: places.token(),
        jwks_uri: places.jwks(),
        grant_types_supported: [EXCHANGE],
        response_types_supported: [],
        token_endpoint_auth_methods_supported: ["none"],
        dpop_signing_alg_values_supported: ALGORITHMS,
        xp_dpop_body_claim: BODY_CLAIM,
    }
}
