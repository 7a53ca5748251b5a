//! Login at a provider. A login is bound to the browser by a cookie of its own, to the provider and to `state`, and is ended once.

use std::time::{Duration, Instant};

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};
use xp_scope::Digest;
use xp_wire::RefusalCode;
use xpd_engine::orchestrator::ProviderLogin;
use xpd_login::{Answer, Flow, Provider};

use super::login::cookie;
use super::page::{Frame, refused, show};
use super::sealed::{Meter, Seal, Used};
use super::session::{MaybeSession, random, value_of};
use super::{Console, Inner};
use crate::api::problem::Problem;

/// How long a login may take.
const LASTS: Duration = Duration::from_secs(10 * 60);
/// Codes that are sent to one provider in a minute.
const EXCHANGES: u32 = 240;
/// Lines in the server's log about logins that fail at one provider, in a minute.
const LINES: u32 = 60;
/// Logins that were ended and could be ended again. [`EXCHANGES`] bounds those whose code was sent to fewer.
const ENDED: usize = 65_536;

/// The providers. Nothing is kept of a login that was begun, which anybody may: `state` says what it is, and what must not be in the
/// browser is made of it.
pub(super) struct Providers {
    all: Vec<Provider>,
    seal: Seal,
    /// Times in `state` are counted from here.
    since: Instant,
    /// Logins whose code was sent to the provider.
    ended: Used,
    /// Logins that came back to another browser, or as the answer of another provider. Apart, since nothing bounds them: if they are too many,
    /// such a login is not spent by it.
    strayed: Used,
    exchanges: Meter<String>,
    lines: Meter<String>,
}

/// What `state` says of a login.
struct Begun {
    provider: String,
    /// When, seconds.
    at: u64,
    /// When, seconds since 1970, if the person is authenticated again.
    again: Option<i64>,
    /// Digest of the id of the session that ends when this login succeeds.
    before: Option<String>,
}

impl Providers {
    pub fn new(all: Vec<Provider>) -> Result<Self, String> {
        Ok(Self {
            all,
            seal: Seal::new()?,
            since: Instant::now(),
            ended: Used::new(LASTS, ENDED),
            strayed: Used::new(LASTS, ENDED),
            exchanges: Meter::new(EXCHANGES),
            lines: Meter::new(LINES),
        })
    }

    pub fn names(&self) -> Vec<String> {
        self.all.iter().map(|one| one.name().to_owned()).collect()
    }

    fn named(&self, name: &str) -> Result<&Provider, Problem> {
        let found = self.all.iter().find(|one| one.name() == name);
        found.ok_or_else(|| Problem::new(RefusalCode::Unknown, "no such provider is configured"))
    }

    /// The `state` of a login.
    fn state(&self, begun: &Begun) -> Result<String, Problem> {
        let Begun { provider, at, again, before } = begun;
        let text = json!([provider, at, again, before, random()?]).to_string();
        Ok(format!("{}.{}", URL_SAFE_NO_PAD.encode(&text), self.seal.of("state", &text)))
    }

    /// What a `state` says, if it is one of ours and not too old.
    fn begun(&self, state: &str) -> Option<Begun> {
        let (text, seal) = state.split_once('.')?;
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        if !self.seal.is("state", &text, seal) {
            return None;
        }
        let (provider, at, again, before, _): (String, u64, Option<i64>, Option<String>, String) =
            serde_json::from_str(&text).ok()?;
        let age = self.since.elapsed().saturating_sub(Duration::from_secs(at));
        (age < LASTS).then_some(Begun { provider, at, again, before })
    }

    /// The value of the cookie by which a login is of one browser.
    fn browser(&self, state: &str) -> String {
        self.seal.of("browser", state)
    }

    fn flow(&self, state: &str, begun: &Begun) -> Flow {
        let verifier = self.seal.of("verifier", state).into();
        Flow { state: state.to_owned(), nonce: self.seal.of("nonce", state), verifier, again: begun.again }
    }

    /// Whether a line about the provider is written to the server's log.
    fn tells(&self, provider: &str) -> bool {
        self.lines.allows(provider.to_owned())
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
    let (providers, now) = (&console.providers, console.orchestrator.now());
    let provider = providers.named(&name)?;
    // Who is logged in and logs in again wants to be authenticated now.
    let again = before.is_some().then_some(now);
    let before = before.map(|session| named_by(&session.id));
    let begun = Begun { provider: name.clone(), at: providers.since.elapsed().as_secs(), again, before };
    let state = providers.state(&begun)?;
    let url = provider.begin(&console.redirect(&name), &providers.flow(&state, &begun)).await;
    let url = url.map_err(|error| {
        if providers.tells(&name) {
            tracing::warn!(provider = name, %error, "a login cannot begin");
        }
        Problem::new(RefusalCode::NotAllowed, error.to_string())
    })?;
    let mut headers = HeaderMap::new();
    let cookie = console.login_cookie_set(&providers.browser(&state), LASTS.as_secs())?;
    headers.insert(header::SET_COOKIE, cookie);
    let to: Value = json!({ "to": url.as_str() });
    Ok((headers, Json(to)).into_response())
}

/// What stands for a session in `state`, which other servers see.
fn named_by(session: &str) -> String {
    Digest::of(session.as_bytes()).hex().to_owned()
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

fn never() -> Problem {
    let why = "this login took too long, was finished before, or was never begun: log in again";
    Problem::new(RefusalCode::NotAllowed, why)
}

async fn arrive(
    console: &Console,
    name: &str,
    said: Said,
    headers: &HeaderMap,
) -> Result<[HeaderValue; 2], Problem> {
    let not = |why: &str| Problem::new(RefusalCode::NotAllowed, why);
    let (providers, state) = (&console.providers, said.state.unwrap_or_default());
    let provider = providers.named(name)?;
    let known = |state: &str| !providers.ended.contains(state) && !providers.strayed.contains(state);
    let begun = providers.begun(&state).filter(|_| known(&state)).ok_or_else(never)?;
    let browser = providers.browser(&state);
    if value_of(headers, &console.login_cookie()).is_none_or(|cookie| cookie != browser) {
        providers.strayed.first(&state);
        return Err(not(
            "this login was begun in another browser, or another one was begun since: log in again",
        ));
    }
    if begun.provider != name {
        providers.strayed.first(&state);
        return Err(not("this is the answer of another provider than the one at which the login was begun"));
    }
    if !providers.exchanges.allows(name.to_owned()) {
        return Err(Problem::new(
            RefusalCode::Busy,
            "too many logins at this provider in this minute: open this page again in the next one",
        ));
    }
    // It cannot be ended again, whatever comes of it.
    if !providers.ended.first(&state) {
        return Err(never());
    }
    let answer = Answer { code: said.code, iss: said.iss, error: said.error };
    let now = console.orchestrator.now();
    let identity =
        provider.finish(&console.redirect(name), providers.flow(&state, &begun), answer, now).await;
    let identity = identity.map_err(|error| {
        if providers.tells(name) {
            tracing::warn!(provider = name, %error, "a login failed");
        }
        not(&error.to_string())
    })?;
    let login = ProviderLogin {
        issuer: identity.issuer,
        subject: identity.subject,
        groups: identity.groups,
        authenticated: identity.authenticated.map(|at| at.max(0).unsigned_abs().saturating_mul(1_000)),
    };
    // What the provider says now is so in all sessions of this login, also if it opens none.
    console.sessions.regroup(&login);
    let found = console.orchestrator.logged_in_at(login.clone()).await;
    if found.is_err() && providers.tells(name) {
        tracing::warn!(
            provider = name,
            issuer = login.issuer,
            subject = login.subject,
            "a login is not taken"
        );
    }
    let (person, opened) = found?;
    if let Some(before) = begun.before {
        console.sessions.close_by(|id| named_by(id) == before);
    }
    let session = console.sessions.open(person, opened, Some(login))?;
    Ok([cookie(console, &session.id, "")?, console.login_cookie_set("", 0)?])
}
