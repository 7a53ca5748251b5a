//! Sessions, kept in memory: a restart ends them all. The engine decides in each command whether a session still counts.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, header, request::Parts};
use axum::response::{IntoResponse as _, Redirect, Response};
use xp_wire::RefusalCode;
use xpd_engine::orchestrator::ProviderLogin;

use super::{Console, Settings};
use crate::api::problem::Problem;

/// Sessions at once.
const MOST: usize = 4_096;
/// Sessions of one person at once; another one ends the oldest.
const OF_ONE: usize = 16;
/// Drawn requests of a session on which it can still decide.
const TICKETS: usize = 64;
/// How long after drawing nothing is decided, so that no click meant for something else counts.
pub(super) const DEAD: Duration = Duration::from_secs(1);

/// A session, as a handler sees it.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// The id in the cookie.
    pub id: String,
    /// Who logged in.
    pub person: String,
    /// When, milliseconds since 1970, by the engine's clock.
    pub opened: u64,
    /// The login at a provider by which it was opened; else it was by a passkey.
    pub login: Option<ProviderLogin>,
    /// What every POST must carry.
    pub nonce: String,
}

/// A request that was drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub run: String,
    pub step: String,
    pub digest: String,
    pub drawn: Instant,
}

struct Kept {
    session: Session,
    born: Instant,
    seen: Instant,
    tickets: HashMap<String, Ticket>,
}

pub(super) struct Sessions {
    settings: Settings,
    kept: Mutex<HashMap<String, Kept>>,
}

impl Sessions {
    pub fn new(settings: Settings) -> Self {
        Self { settings, kept: Mutex::new(HashMap::new()) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_over(&self, kept: &Kept) -> bool {
        kept.born.elapsed() > self.settings.session || kept.seen.elapsed() > self.settings.idle
    }

    /// A new session.
    pub fn open(
        &self,
        person: String,
        opened: u64,
        login: Option<ProviderLogin>,
    ) -> Result<Session, Problem> {
        let (id, nonce, now) = (random()?, random()?, Instant::now());
        let session = Session { id: id.clone(), person, opened, login, nonce };
        let mut kept = self.lock();
        kept.retain(|_, kept| !self.is_over(kept));
        let own = kept.iter().filter(|(_, kept)| kept.session.person == session.person);
        let mut own: Vec<(Instant, String)> = own.map(|(id, kept)| (kept.born, id.clone())).collect();
        own.sort_unstable();
        for (_, id) in own.iter().rev().skip(OF_ONE - 1) {
            kept.remove(id);
        }
        if kept.len() >= MOST {
            return Err(Problem::new(RefusalCode::Busy, "too many sessions at once; try again"));
        }
        kept.insert(id, Kept { session: session.clone(), born: now, seen: now, tickets: HashMap::new() });
        Ok(session)
    }

    /// The session with this id. `uses` prolongs it.
    pub fn find(&self, id: &str, uses: bool) -> Option<Session> {
        let mut all = self.lock();
        let kept = all.get_mut(id)?;
        if self.is_over(kept) {
            all.remove(id);
            return None;
        }
        if uses {
            kept.seen = Instant::now();
        }
        Some(kept.session.clone())
    }

    pub fn close(&self, id: &str) {
        self.lock().remove(id);
    }

    /// Ends the sessions of these ids.
    pub fn close_by(&self, is: impl Fn(&str) -> bool) {
        self.lock().retain(|id, _| !is(id));
    }

    /// Takes from all sessions of a login at a provider the groups that the provider does not name any more.
    pub fn regroup(&self, login: &ProviderLogin) {
        for kept in self.lock().values_mut() {
            let own = kept.session.login.as_mut();
            let same = |own: &&mut ProviderLogin| own.issuer == login.issuer && own.subject == login.subject;
            if let Some(own) = own.filter(same) {
                own.groups.retain(|group| login.groups.contains(group));
            }
        }
    }

    /// Remembers that a request was drawn in a session.
    pub fn drew(&self, session: &Session, run: &str, step: &str, digest: &str) -> Result<String, Problem> {
        let (name, drawn) = (random()?, Instant::now());
        let ticket = Ticket { run: run.to_owned(), step: step.to_owned(), digest: digest.to_owned(), drawn };
        let mut all = self.lock();
        let kept = all.get_mut(&session.id).ok_or_else(ended)?;
        if kept.tickets.len() >= TICKETS {
            let oldest =
                kept.tickets.iter().min_by_key(|(_, ticket)| ticket.drawn).map(|(name, _)| name.clone());
            kept.tickets.remove(&oldest.unwrap_or_default());
        }
        kept.tickets.insert(name.clone(), ticket);
        Ok(name)
    }

    /// What was drawn under a ticket of this session.
    pub fn ticket(&self, session: &Session, name: &str) -> Option<Ticket> {
        self.lock().get(&session.id)?.tickets.get(name).cloned()
    }
}

/// 256 random bits.
pub(super) fn random() -> Result<String, Problem> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| Problem::new(RefusalCode::Internal, "no randomness"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

pub(super) fn ended() -> Problem {
    Problem::new(RefusalCode::Unauthenticated, "the session is over; log in again")
}

/// The value of a cookie. None if there are several of the name.
pub(super) fn value_of(headers: &HeaderMap, cookie: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut own = all.flat_map(|value| value.split(';')).filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == cookie).then(|| value.to_owned())
    });
    let first = own.next()?;
    own.next().is_none().then_some(first)
}

/// The session of a page; without one, the login page.
pub(super) struct OfPage(pub Session);

impl FromRequestParts<Console> for OfPage {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Response> {
        match MaybeSession::of(parts, console, true) {
            Some(session) => Ok(Self(session)),
            None => Err(Redirect::to("/login").into_response()),
        }
    }
}

/// The session of a POST, whose nonce was given.
pub(super) struct OfPost(pub Session);

impl FromRequestParts<Console> for OfPost {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Problem> {
        let session = MaybeSession::of(parts, console, true).ok_or_else(ended)?;
        let given = parts.headers.get("xpd-nonce").map(|nonce| nonce.as_bytes()).unwrap_or_default();
        if given != session.nonce.as_bytes() {
            return Err(Problem::new(RefusalCode::NotAllowed, "this was not sent by a page of this session"));
        }
        Ok(Self(session))
    }
}

/// The session of an event stream, which does not prolong it.
pub(super) struct MaybeSession(pub Option<Session>);

impl MaybeSession {
    fn of(parts: &Parts, console: &Console, uses: bool) -> Option<Session> {
        console.sessions.find(&value_of(&parts.headers, console.cookie)?, uses)
    }
}

impl FromRequestParts<Console> for MaybeSession {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Infallible> {
        Ok(Self(Self::of(parts, console, false)))
    }
}
