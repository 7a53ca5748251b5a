//! GitHub's OAuth 2, which is no OpenID Connect: the authorization code flow with PKCE, and `GET /user`. It does not say when a person
//! was authenticated.

use std::collections::BTreeSet;

use openidconnect::http::{HeaderValue, Method, StatusCode, header};
use openidconnect::{AccessToken, HttpRequest, HttpResponse};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use url::Url;

use crate::error::{LoginError, plain};
use crate::fetch::fetch;
use crate::settings::Settings;
use crate::{Answer, Flow, Identity};

/// Under the address of GitHub: what its own metadata call the issuer.
const ISSUER: &str = "/login/oauth";

fn provider(why: impl ToString) -> LoginError {
    LoginError::Provider(plain(&why.to_string()))
}

fn proof(why: impl ToString) -> LoginError {
    LoginError::Proof(plain(&why.to_string()))
}

fn under(base: &str, path: &str) -> Result<Url, LoginError> {
    Url::parse(&format!("{}{path}", base.trim_end_matches('/'))).map_err(provider)
}

/// The address at GitHub.
pub(crate) fn begin(settings: &Settings, redirect: &str, flow: &Flow) -> Result<Url, LoginError> {
    let challenge = flow.challenge()?;
    let mut url = under(&settings.issuer, "/login/oauth/authorize")?;
    let params = [
        ("client_id", settings.client_id.as_str()),
        ("redirect_uri", redirect),
        ("state", &flow.state),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    url.query_pairs_mut().extend_pairs(params);
    if flow.again.is_some() {
        url.query_pairs_mut().append_pair("prompt", "select_account");
    }
    Ok(url)
}

/// The answer for a code. A failure has the status 200, too.
#[derive(Deserialize)]
struct Tokens {
    access_token: Option<AccessToken>,
    token_type: Option<String>,
    error: Option<String>,
}

/// What is read of a user: the number, which is never given to another one. Login names are.
#[derive(Deserialize)]
struct User {
    id: u64,
}

pub(crate) async fn finish(
    settings: &Settings,
    api: &str,
    redirect: &str,
    flow: Flow,
    answer: Answer,
) -> Result<Identity, LoginError> {
    let issuers = [settings.issuer.clone(), format!("{}{ISSUER}", settings.issuer)];
    if answer.iss.is_some_and(|iss| !issuers.contains(&iss)) {
        return Err(proof("it is of another issuer"));
    }
    if let Some(error) = answer.error {
        return Err(LoginError::Refused(plain(&error)));
    }
    let code = answer.code.ok_or_else(|| proof("it has no code"))?;
    let token = exchange(settings, redirect, &flow, &code).await?;
    let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.secret()))
        .map_err(|_| provider("its token is not one that can be sent"))?;
    bearer.set_sensitive(true);
    let mut request = ask(Method::GET, &under(api, "/user")?, Vec::new())?;
    request.headers_mut().insert(header::AUTHORIZATION, bearer);
    let found = fetch(request, &settings.places()).await?;
    let user: User = read(&found, "its answer to `GET /user` names no user by a number")?;
    if user.id == 0 {
        return Err(proof("its answer to `GET /user` names no user"));
    }
    Ok(Identity {
        issuer: settings.issuer.clone(),
        subject: user.id.to_string(),
        groups: BTreeSet::new(),
        authenticated: None,
    })
}

async fn exchange(
    settings: &Settings,
    redirect: &str,
    flow: &Flow,
    code: &str,
) -> Result<AccessToken, LoginError> {
    let mut form = Url::parse("http://form.invalid").map_err(provider)?;
    let params = [
        ("client_id", settings.client_id.as_str()),
        ("client_secret", settings.client_secret.expose_secret()),
        ("code", code),
        ("redirect_uri", redirect),
        ("code_verifier", flow.verifier.expose_secret()),
    ];
    form.query_pairs_mut().extend_pairs(params);
    let body = form.query().unwrap_or_default().as_bytes().to_vec();
    let mut request = ask(Method::POST, &under(&settings.issuer, "/login/oauth/access_token")?, body)?;
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(header::CONTENT_TYPE, form);
    let found = fetch(request, &settings.places()).await?;
    let tokens: Tokens = read(&found, "what it answers for the code is no token response")?;
    if let Some(error) = tokens.error {
        return Err(LoginError::Refused(plain(&error)));
    }
    let bearer = tokens.token_type.is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
    let token = tokens.access_token.filter(|token| bearer && !token.secret().is_empty());
    token.ok_or_else(|| provider("what it answers for the code is no token response"))
}

fn ask(method: Method, url: &Url, body: Vec<u8>) -> Result<HttpRequest, LoginError> {
    let request = openidconnect::http::Request::builder()
        .method(method)
        .uri(url.as_str())
        .header(header::ACCEPT, "application/json");
    request.body(body).map_err(|_| provider("its address is not valid"))
}

fn read<T: for<'d> Deserialize<'d>>(found: &HttpResponse, why: &str) -> Result<T, LoginError> {
    if found.status() != StatusCode::OK {
        return Err(provider(format!("it answers {}", found.status().as_u16())));
    }
    serde_json::from_slice(found.body()).map_err(|_| provider(why))
}
