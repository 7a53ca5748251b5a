//! The HTTP server: authentication, routing, validation.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, SERVER, USER_AGENT};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::call::Call;
use crate::dump;
use crate::hooks::{Fault, Hooks, Rule, When};
use crate::openapi::Spec;
use crate::ops::Operation;
use crate::reply::{Payload, Reply};
use crate::route;
use crate::world::World;

/// Value of the `Server` header of every answer.
const NAME: &str = "xp-forge (a GitHub stand-in, not GitHub)";
const LARGEST: usize = 32 << 20;

/// State shared by the requests.
#[derive(Debug)]
pub struct Shared {
    world: Mutex<World>,
    logs: Mutex<Logs>,
    /// Injected faults.
    pub hooks: Hooks,
    spec: Option<Arc<Spec>>,
}

/// The record of requests.
#[derive(Debug, Default)]
pub struct Logs {
    /// Every request to GitHub's interface, in order.
    pub requests: Vec<Logged>,
    /// Accepted requests and sent answers that violate GitHub's description.
    pub violations: Vec<String>,
    /// Requests that violate GitHub's description and were refused.
    pub malformed: Vec<String>,
}

/// A request and the status of its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    /// Method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Login of the user, if the token was valid.
    pub login: Option<String>,
    /// Body; null when there was none.
    pub body: Value,
    /// Status.
    pub status: u16,
}

/// The connection is cut without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut by a fault of the stand-in")]
struct Cut;

impl Shared {
    /// A stand-in with this state.
    #[must_use]
    pub fn new(world: World, spec: Option<Arc<Spec>>) -> Self {
        Self { world: Mutex::new(world), logs: Mutex::default(), hooks: Hooks::default(), spec }
    }

    /// The state.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The record of requests.
    pub fn logs(&self) -> MutexGuard<'_, Logs> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves a listener until problems to stop.
pub async fn serve(shared: Arc<Shared>, listener: TcpListener, stop: impl Future<Output = ()>) {
    let mut connections = tokio::task::JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let shared = shared.clone();
                connections.spawn(async move {
                    let service = hyper::service::service_fn(move |request| answer(shared.clone(), request));
                    let connection = hyper::server::conn::http1::Builder::new()
                        .timer(TokioTimer::new())
                        .serve_connection(TokioIo::new(stream), service);
                    // A disconnected client or an injected cut is not an error of the stand-in.
                    drop(connection.await);
                });
            }
        }
    }
    shared.hooks.release();
    connections.abort_all();
}

/// Answers one request.
async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Body>, Cut> {
    let (head, body) = request.into_parts();
    let method = head.method.as_str().to_owned();
    let path = head.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let bytes = to_bytes(Body::new(body), LARGEST).await.map_err(|_| Cut)?;
    if let Some(what) = path.strip_prefix("/_standin/") {
        let Ok(reply) = control(shared, &method, what.to_owned(), bytes.to_vec()).await;
        return Ok(response(reply));
    }
    if shared.hooks.strike(When::Before, &method, &path).await {
        return Err(Cut);
    }
    let worker = shared.clone();
    let (asked, place, headers) = (method.clone(), path.clone(), head.headers);
    let done = tokio::task::spawn_blocking(move || worker.run(&asked, &place, &headers, &bytes)).await;
    let reply = done.unwrap_or_else(|error| Reply::error(500, &error.to_string()));
    if shared.hooks.strike(When::After, &method, &path).await {
        return Err(Cut);
    }
    Ok(response(reply))
}

impl Shared {
    /// Carries out a request.
    fn run(&self, method: &str, path: &str, headers: &HeaderMap, bytes: &[u8]) -> Reply {
        let mut login = None;
        let body = if bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(bytes) };
        let logged = body.as_ref().cloned().unwrap_or_default();
        let reply = self.guarded(method, path, headers, body, &mut login);
        let status = reply.status;
        let entry = Logged { method: method.to_owned(), path: path.to_owned(), login, body: logged, status };
        self.logs().requests.push(entry);
        reply
    }

    fn guarded(
        &self,
        method: &str,
        path: &str,
        headers: &HeaderMap,
        body: serde_json::Result<Value>,
        who: &mut Option<String>,
    ) -> Reply {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if header(USER_AGENT).is_empty() {
            return Reply::error(
                403,
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
            );
        }
        let login = match self.login(header(AUTHORIZATION)) {
            Ok(login) => login,
            Err(reply) => return reply,
        };
        *who = Some(login.clone());
        let (place, query) = path.split_once('?').unwrap_or((path, ""));
        let Some((operation, params)) = route::find(method, place) else { return Reply::not_found() };
        let Some(query) = route::query(query) else { return Reply::error(400, "Bad Request") };
        let Ok(body) = body else { return Reply::error(400, "Problems parsing JSON") };
        let accept = header(ACCEPT).to_owned();
        let call = Call { login, params, query, accept, body, path: path.to_owned() };
        self.judged(operation, &call)
    }

    /// Carries out an operation and validates request and answer.
    fn judged(&self, operation: &Operation, call: &Call) -> Reply {
        let title = format!("{} {}", operation.method, call.path);
        let asked = self.spec.as_ref().map(|spec| spec.request(operation, call)).unwrap_or_default();
        let reply = (operation.run)(&mut self.world(), call).unwrap_or_else(|refusal| refusal);
        let problems = self.spec.as_ref().map(|spec| spec.answer(operation, &reply)).unwrap_or_default();
        let mut logs = self.logs();
        let mut wrong: Vec<String> =
            problems.into_iter().map(|problem| format!("{title} -> {}: {problem}", reply.status)).collect();
        let asked = asked.into_iter().map(|problem| format!("{title}: {problem}"));
        if reply.is_success() {
            wrong.extend(asked);
        } else {
            logs.malformed.extend(asked);
        }
        if wrong.is_empty() {
            return reply;
        }
        let message = format!("stand-in: not as GitHub describes it: {}", wrong.join("; "));
        logs.violations.extend(wrong);
        Reply::error(500, &message)
    }

    /// The user of a token.
    fn login(&self, header: &str) -> Result<String, Reply> {
        let token = match header.split_once(' ') {
            Some((scheme, token))
                if scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token") =>
            {
                token.trim()
            }
            _ if header.is_empty() => return Err(Reply::error(401, "Requires authentication")),
            _ => return Err(Reply::error(401, "Bad credentials")),
        };
        self.world().tokens.get(token).cloned().ok_or_else(|| Reply::error(401, "Bad credentials"))
    }
}

/// The control interface for tests.
async fn control(
    shared: Arc<Shared>,
    method: &str,
    what: String,
    bytes: Vec<u8>,
) -> Result<Reply, Infallible> {
    let (what, query) = what.split_once('?').unwrap_or((&what, ""));
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let fault = |fault| match Rule::from_json(fault, &body) {
        Some(rule) => {
            shared.hooks.add(rule);
            Reply::nothing()
        }
        None => Reply::error(422, "not a rule"),
    };
    Ok(match (method, what) {
        ("GET", "state") => match dump::world(&shared.world()) {
            Ok(state) => Reply::ok(state),
            Err(error) => error.into(),
        },
        ("GET", "effects") => Reply::ok(effects(&shared.world())),
        ("GET", "requests") => {
            let logs = shared.logs();
            Reply::ok(logs.requests.iter().map(logged).collect())
        }
        ("GET", "violations") => {
            let logs = shared.logs();
            Reply::ok(json!({ "violations": logs.violations, "malformed": logs.malformed }))
        }
        ("GET", "holds") => {
            let wanted = query.strip_prefix("parked=").and_then(|text| text.parse().ok()).unwrap_or(0);
            let waiter = shared.clone();
            let wait = move || waiter.hooks.wait(wanted, Duration::from_secs(60));
            match tokio::task::spawn_blocking(wait).await {
                Ok(true) => Reply::ok(shared.hooks.json()),
                _ => Reply::error(504, "nothing waits"),
            }
        }
        ("POST", "hold") => fault(Fault::Hold),
        ("POST", "cut") => fault(Fault::Cut),
        ("POST", "release") => {
            shared.hooks.release();
            Reply::nothing()
        }
        _ => Reply::not_found(),
    })
}

/// The effects, in order.
pub(crate) fn effects(world: &World) -> Value {
    let list: Vec<Value> = world
        .effects
        .iter()
        .map(|effect| json!({ "operation": effect.operation, "login": effect.login, "what": effect.what }))
        .collect();
    json!({ "count": list.len(), "effects": list })
}

/// A request as JSON.
fn logged(entry: &Logged) -> Value {
    json!({
        "method": entry.method, "path": entry.path, "login": entry.login, "body": entry.body, "status": entry.status,
    })
}

/// An answer as HTTP.
fn response(reply: Reply) -> Response<Body> {
    let mut builder = Response::builder()
        .status(reply.status)
        .header(SERVER, NAME)
        .header("x-github-media-type", "github.v3; format=json")
        .header("x-github-api-version-selected", "2022-11-28");
    for (name, value) in &reply.headers {
        builder = builder.header(*name, value);
    }
    let built = match reply.body {
        Payload::Nothing => builder.body(Body::empty()),
        Payload::Json(value) => builder
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .body(Body::from(value.to_string())),
        Payload::Text(media, text) => builder.header(CONTENT_TYPE, media).body(Body::from(text)),
    };
    built.unwrap_or_else(|_| {
        let mut failed = Response::new(Body::empty());
        *failed.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        failed
    })
}
