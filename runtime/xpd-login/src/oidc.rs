//! OpenID Connect Core 1.0, authorization code flow, with the metadata of OpenID Connect Discovery 1.0.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClaimName, CoreClaimType,
    CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey,
    CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, AuthType, AuthorizationCode, ClaimsVerificationError,
    Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IdToken, IdTokenFields, IdTokenVerifier, IssuerUrl, Nonce,
    ProviderMetadata, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError,
    StandardErrorResponse, StandardTokenResponse,
};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::cached::Cached;
use crate::error::{LoginError, plain};
use crate::fetch::{Places, fetch};
use crate::settings::Settings;
use crate::{Answer, Flow, Identity, MAX_AGE, SKEW};

/// Algorithms of signatures by a key that only the provider has.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];
/// Bytes of a subject (OpenID Connect Core, section 2).
const SUBJECT: usize = 255;
/// Groups of a person, and bytes of the name of one. Beyond them the person is taken to be in none.
const GROUPS: usize = 1_000;
const GROUP: usize = 256;

/// Metadata that the library does not read.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct More {
    /// RFC 9207: answers name the issuer.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for More {}

pub(crate) type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// All claims that the library does not know, among them that of the groups.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Claims {
    #[serde(flatten)]
    pub all: BTreeMap<String, Value>,
}

impl AdditionalClaims for Claims {}

/// A token with its claims, not verified yet.
pub(crate) type Token =
    IdToken<Claims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Fields = IdTokenFields<
    Claims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type Here = Client<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

pub(crate) fn provider(why: impl ToString) -> LoginError {
    LoginError::Provider(plain(&why.to_string()))
}

pub(crate) fn proof(why: impl ToString) -> LoginError {
    LoginError::Proof(plain(&why.to_string()))
}

/// The HTTP client of the library.
pub(crate) fn sender(places: Places) -> impl Fn(HttpRequest) -> Sending + use<> {
    let places = Arc::new(places);
    move |request| {
        let places = Arc::clone(&places);
        Box::pin(async move { fetch(request, &places).await })
    }
}

pub(crate) type Sending = Pin<Box<dyn Future<Output = Result<HttpResponse, LoginError>> + Send>>;

/// Asks the provider for its metadata and keys.
pub(crate) async fn discover(settings: &Settings) -> Result<Metadata, LoginError> {
    let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(provider)?;
    let send = sender(settings.places());
    let found: Metadata = Metadata::discover_async(issuer, &send).await.map_err(|error| match error {
        openidconnect::DiscoveryError::Request(why) => why,
        openidconnect::DiscoveryError::Parse(_) => {
            provider("its metadata are not as OpenID Connect Discovery has them")
        }
        other => provider(other),
    })?;
    settings.places().permit(found.authorization_endpoint().url())?;
    Ok(found)
}

fn client(settings: &Settings, metadata: &Metadata, redirect: &str) -> Result<Here, LoginError> {
    let id = ClientId::new(settings.client_id.clone());
    let secret = ClientSecret::new(settings.client_secret.expose_secret().to_owned());
    let redirect = RedirectUrl::new(redirect.to_owned()).map_err(provider)?;
    // By RFC 8414 the absence of the member means `client_secret_basic`.
    let basic = metadata
        .token_endpoint_auth_methods_supported()
        .is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
    let how = if basic { AuthType::BasicAuth } else { AuthType::RequestBody };
    let client = Here::from_provider_metadata(metadata.clone(), id, Some(secret));
    Ok(client.set_redirect_uri(redirect).set_auth_type(how))
}

pub(crate) async fn begin(
    settings: &Settings,
    cached: &Cached<Metadata>,
    redirect: &str,
    flow: &Flow,
) -> Result<Url, LoginError> {
    let metadata = cached.get(discover(settings)).await?;
    let client = client(settings, &metadata, redirect)?;
    let (state, nonce) = (CsrfToken::new(flow.state.clone()), Nonce::new(flow.nonce.clone()));
    let mut ask = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce)
        .set_pkce_challenge(flow.challenge()?)
        .set_max_age(std::time::Duration::from_secs(MAX_AGE.unsigned_abs()))
        .add_scopes(settings.scopes.iter().cloned().map(Scope::new));
    if flow.again.is_some() {
        ask = ask.add_prompt(CoreAuthPrompt::Login);
    }
    Ok(ask.url().0)
}

pub(crate) async fn finish(
    settings: &Settings,
    cached: &Cached<Metadata>,
    redirect: &str,
    flow: Flow,
    answer: Answer,
    now: i64,
) -> Result<Identity, LoginError> {
    let metadata = cached.get(discover(settings)).await?;
    issued(settings, &metadata, &answer)?;
    if let Some(error) = answer.error {
        return Err(LoginError::Refused(plain(&error)));
    }
    let code = answer.code.ok_or_else(|| proof("it has no code"))?;
    let (nonce, verifier, again) = (Nonce::new(flow.nonce.clone()), flow.pkce(), flow.again);
    let send = sender(settings.places());
    let client = client(settings, &metadata, redirect)?;
    let asked = client.exchange_code(AuthorizationCode::new(code)).map_err(provider)?;
    let tokens =
        asked.set_pkce_verifier(verifier).request_async(&send).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(said) => LoginError::Refused(plain(said.error().as_ref())),
            RequestTokenError::Request(why) => why,
            _ => provider("what it answers for the code is no token response"),
        })?;
    let token = tokens.extra_fields().id_token().ok_or_else(|| proof("it has no ID token"))?;
    match checked(settings, &metadata, token, &nonce, again, now) {
        // The provider may have changed its keys.
        Err(Wrong::Key) => {
            let metadata = cached.again(discover(settings)).await?;
            checked(settings, &metadata, token, &nonce, again, now).map_err(Wrong::told)
        }
        other => other.map_err(Wrong::told),
    }
}

/// Compares the issuer in the answer (RFC 9207).
fn issued(settings: &Settings, metadata: &Metadata, answer: &Answer) -> Result<(), LoginError> {
    let must = metadata.additional_metadata().authorization_response_iss_parameter_supported;
    match &answer.iss {
        Some(iss) if *iss == settings.issuer => Ok(()),
        Some(_) => Err(proof("it is of another issuer")),
        None if must => Err(proof("it does not name its issuer")),
        None => Ok(()),
    }
}

/// Why a token is not taken.
pub(crate) enum Wrong {
    /// Its key is not among the provider's.
    Key,
    Other(LoginError),
}

impl Wrong {
    pub fn told(self) -> LoginError {
        match self {
            Self::Key => proof("no key of the provider made the signature"),
            Self::Other(error) => error,
        }
    }
}

impl From<ClaimsVerificationError> for Wrong {
    fn from(error: ClaimsVerificationError) -> Self {
        match error {
            ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
                Self::Key
            }
            ClaimsVerificationError::SignatureVerification(why) => Self::Other(proof(why)),
            other => Self::Other(proof(other)),
        }
    }
}

/// The checks that hold for every token: signature by a key that only the issuer has, issuer, one audience, expiry.
pub(crate) fn verifier<'v>(
    audience: &str,
    issuer: &IssuerUrl,
    keys: &CoreJsonWebKeySet,
    now: i64,
) -> Result<IdTokenVerifier<'v, CoreJsonWebKey>, Wrong> {
    let id = ClientId::new(audience.to_owned());
    // As for a client without a secret: the library then takes no signature by a shared one, whatever is allowed.
    let verifier = IdTokenVerifier::new_public_client(id, issuer.clone(), keys.clone());
    // What is `not after` is compared with the earliest time that it may be there.
    let earliest = std::time::UNIX_EPOCH
        .checked_add(std::time::Duration::from_secs(now.saturating_sub(SKEW).max(0).unsigned_abs()))
        .ok_or_else(|| Wrong::Other(proof("the time of this server is not usable")))?;
    Ok(verifier.set_allowed_algs(ALGORITHMS).set_time_fn(move || earliest.into()))
}

fn checked(
    settings: &Settings,
    metadata: &Metadata,
    token: &Token,
    nonce: &Nonce,
    again: Option<i64>,
    now: i64,
) -> Result<Identity, Wrong> {
    let wrong = |why: &str| Wrong::Other(proof(why));
    let verifier = verifier(&settings.client_id, metadata.issuer(), metadata.jwks(), now)?
        .set_issue_time_verifier_fn(move |at| lately(at.timestamp(), MAX_AGE, now))
        .set_auth_time_verifier_fn(move |at| match (at.map(|at| at.timestamp()), again) {
            (None, _) => Err("it does not say when you were authenticated".to_owned()),
            (Some(at), Some(begun)) if at < begun.saturating_sub(SKEW) => {
                Err("you were not authenticated again".to_owned())
            }
            (Some(at), _) => lately(at, MAX_AGE, now),
        });
    let claims = token.claims(&verifier, nonce)?;
    if claims.authorized_party().is_some_and(|party| party.as_str() != settings.client_id) {
        return Err(wrong("it is for another client"));
    }
    let more = &claims.additional_claims().all;
    if more.get("nbf").is_some_and(|from| from.as_i64().is_none_or(|from| from > now.saturating_add(SKEW))) {
        return Err(wrong("it is not valid yet"));
    }
    let subject = claims.subject().as_str();
    if subject.is_empty() || subject.len() > SUBJECT || subject.chars().any(char::is_control) {
        return Err(wrong("its subject is empty, too long, or has control characters"));
    }
    Ok(Identity {
        issuer: settings.issuer.clone(),
        subject: subject.to_owned(),
        groups: settings.groups.as_ref().and_then(|name| more.get(name)).map(groups).unwrap_or_default(),
        authenticated: claims.auth_time().map(|at| at.timestamp()),
    })
}

/// Whether a time is no older than `age`, and not in the future.
fn lately(at: i64, age: i64, now: i64) -> Result<(), String> {
    if at > now.saturating_add(SKEW) {
        return Err("it is of a time that has not come".to_owned());
    }
    if at < now.saturating_sub(age).saturating_sub(SKEW) {
        return Err("it is older than ten minutes".to_owned());
    }
    Ok(())
}

/// The groups of a claim: a list of names, or one name. None if it has another form or is too long.
fn groups(claim: &Value) -> BTreeSet<String> {
    let all: Option<Vec<&str>> = match claim {
        Value::String(one) => Some(vec![one]),
        Value::Array(all) if all.len() <= GROUPS => all.iter().map(Value::as_str).collect(),
        _ => None,
    };
    let all = all.filter(|all| all.iter().all(|one| !one.is_empty() && one.len() <= GROUP));
    all.unwrap_or_default().into_iter().map(str::to_owned).collect()
}
