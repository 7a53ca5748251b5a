//! Login at a provider. What is kept of a login is bound to the browser by a cookie of its own, to the provider and to `state`, and is
//! taken once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use xp_wire::RefusalCode;
use xpd_engine::orchestrator::ProviderLogin;
use xpd_login::{Answer, Flow, Provider};

use super::login::cookie;
use super::page::{Frame, refused, show};
use super::session::{MaybeSession, random, value_of};
use super::{Console, Inner};
use crate::api::problem::Problem;

/// Logins at once; beyond it the oldest is given up.
const MOST: usize = 1_024;
/// How long a login may take.
const LASTS: Duration = Duration::from_secs(10 * 60);

struct Pending {
    begun: Instant,
    provider: String,
    /// The value of the browser's cookie.
    browser: String,
    /// The session that ends when this login succeeds.
    before: Option<String>,
    flow: Flow,
}

/// The providers, and the logins that were begun at them.
pub(super) struct Providers {
    all: Vec<Provider>,
    /// By `state`.
    pending: Mutex<HashMap<String, Pending>>,
}

impl Providers {
    pub fn new(all: Vec<Provider>) -> Self {
        Self { all, pending: Mutex::new(HashMap::new()) }
    }

    pub fn names(&self) -> Vec<String> {
        self.all.iter().map(|one| one.name().to_owned()).collect()
    }

    fn named(&self, name: &str) -> Result<&Provider, Problem> {
        let found = self.all.iter().find(|one| one.name() == name);
        found.ok_or_else(|| Problem::new(RefusalCode::Unknown, "no such provider is configured"))
    }

    fn keep(&self, state: String, pending: Pending) {
        let mut all = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, pending| pending.begun.elapsed() < LASTS);
        if all.len() >= MOST {
            let oldest = all.iter().min_by_key(|(_, pending)| pending.begun).map(|(state, _)| state.clone());
            all.remove(&oldest.unwrap_or_default());
        }
        all.insert(state, pending);
    }

    /// Takes a login, which cannot be finished again, whatever comes of it.
    fn take(&self, state: &str) -> Option<Pending> {
        let found = self.pending.lock().unwrap_or_else(PoisonError::into_inner).remove(state);
        found.filter(|pending| pending.begun.elapsed() < LASTS)
    }
}

/// Whether a path is that of a provider's answer.
pub(super) fn is_answer(path: &str) -> bool {
    let name = path.strip_prefix("/login/").and_then(|rest| rest.strip_suffix("/answer"));
    name.is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

impl Inner {
    /// The address to which a provider sends browsers back: each has one of its own.
    fn redirect(&self, provider: &str) -> String {
        format!("{}/login/{provider}/answer", self.origin)
    }

    /// Name of the cookie that binds a login to a browser.
    fn login_cookie(&self) -> String {
        format!("{}-login", self.cookie)
    }

    /// It is sent with the provider's redirect, which comes from another site.
    fn login_cookie_set(&self, value: &str, seconds: u64) -> Result<HeaderValue, Problem> {
        let secure = if self.is_https { "; Secure" } else { "" };
        let name = self.login_cookie();
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}; Max-Age={seconds}");
        HeaderValue::from_str(&text).map_err(|_| Problem::new(RefusalCode::Internal, "no cookie can be set"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {}

pub(super) async fn begin(
    State(console): State<Console>,
    Path(name): Path<String>,
    MaybeSession(before): MaybeSession,
    Json(Begin {}): Json<Begin>,
) -> Result<Response, Problem> {
    let provider = console.providers.named(&name)?;
    // Who is logged in and logs in again wants to be authenticated now.
    let begun = provider.begin(&console.redirect(&name), before.is_some(), console.orchestrator.now()).await;
    let begun = begun.map_err(|error| {
        tracing::warn!(provider = name, %error, "a login cannot begin");
        Problem::new(RefusalCode::NotAllowed, error.to_string())
    })?;
    let browser = random()?;
    let mut headers = HeaderMap::new();
    headers.insert(header::SET_COOKIE, console.login_cookie_set(&browser, LASTS.as_secs())?);
    let (before, flow) = (before.map(|session| session.id), begun.flow);
    let pending = Pending { begun: Instant::now(), provider: name, browser, before, flow };
    console.providers.keep(begun.state, pending);
    let to: Value = json!({ "to": begun.url.as_str() });
    Ok((headers, Json(to)).into_response())
}

#[derive(Deserialize)]
pub(super) struct Said {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "arrived.html")]
struct Arrived {
    frame: Frame,
}

/// A redirect from here would be a continuation of the provider's, with which browsers send no session cookie; a page that goes on by
/// itself is not.
const GO_ON: HeaderValue = HeaderValue::from_static("0; url=/");

pub(super) async fn answer(
    State(console): State<Console>,
    Path(name): Path<String>,
    Query(said): Query<Said>,
    headers: HeaderMap,
) -> Response {
    match arrive(&console, &name, said, &headers).await {
        Ok(cookies) => {
            let mut response = show(&Arrived { frame: Frame::public("You are logged in") });
            for cookie in cookies {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response.headers_mut().insert(header::REFRESH, GO_ON);
            response
        }
        Err(problem) => refused(&Problem::new(RefusalCode::NotAllowed, problem.body().detail.clone()), None),
    }
}

async fn arrive(
    console: &Console,
    name: &str,
    said: Said,
    headers: &HeaderMap,
) -> Result<[HeaderValue; 2], Problem> {
    let not = |why: &str| Problem::new(RefusalCode::NotAllowed, why);
    let provider = console.providers.named(name)?;
    let pending = console.providers.take(&said.state.unwrap_or_default());
    let pending = pending.ok_or_else(|| {
        not("this login took too long, was finished before, or was never begun: log in again")
    })?;
    if value_of(headers, &console.login_cookie()).is_none_or(|browser| browser != pending.browser) {
        return Err(not(
            "this login was begun in another browser, or another one was begun since: log in again",
        ));
    }
    if pending.provider != name {
        return Err(not("this is the answer of another provider than the one at which the login was begun"));
    }
    let answer = Answer { code: said.code, iss: said.iss, error: said.error };
    let now = console.orchestrator.now();
    let identity = provider.finish(&console.redirect(name), pending.flow, answer, now).await;
    let identity = identity.map_err(|error| {
        tracing::warn!(provider = name, %error, "a login failed");
        not(&error.to_string())
    })?;
    let login = ProviderLogin {
        issuer: identity.issuer,
        subject: identity.subject,
        groups: identity.groups,
        authenticated: identity.authenticated.map(|at| at.max(0).unsigned_abs().saturating_mul(1_000)),
    };
    let found = console.orchestrator.logged_in_at(login.clone()).await;
    if found.is_err() {
        tracing::warn!(
            provider = name,
            issuer = login.issuer,
            subject = login.subject,
            "a login is not taken"
        );
    }
    let (person, opened) = found?;
    if let Some(before) = pending.before {
        console.sessions.close(&before);
    }
    let session = console.sessions.open(person, opened, Some(login))?;
    Ok([cookie(console, &session.id, "")?, console.login_cookie_set("", 0)?])
}
