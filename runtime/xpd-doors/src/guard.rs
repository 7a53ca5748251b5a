//! What no page in a browser may send: requests for another host (DNS rebinding), with another origin, or with a body that is sent
//! without asking first.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use xp_wire::RefusalCode;

use crate::api::problem::Problem;
use crate::oauth::TOKEN;

/// The routes whose body is not JSON.
const ARTIFACTS: &[&str] = &["/v1/artifacts", "/v1/shadow/artifacts"];
/// Their content types, neither of which a page may send without asking first.
const ARTIFACT: &[&str] = &["application/vnd.xp.artifact+json", "application/octet-stream"];

/// The hosts that requests may name, in lower case. None where any may be named.
#[derive(Clone)]
pub(crate) struct Hosts(Option<Arc<[String]>>);

impl Hosts {
    /// The host of the listener's URL and the loopback names at its port.
    pub fn new(base: &str, port: Option<u16>) -> Self {
        let Some(port) = port else { return Self(None) };
        let loopback = ["127.0.0.1", "localhost", "[::1]"];
        let mut hosts: Vec<String> = loopback.iter().map(|name| format!("{name}:{port}")).collect();
        if let Some((scheme, rest)) = base.split_once("://") {
            let own = rest.split('/').next().unwrap_or_default().to_ascii_lowercase();
            let usual = if scheme == "https" { ":443" } else { ":80" };
            let bracketed = own.ends_with(']');
            if bracketed || !own.contains(':') {
                hosts.push(format!("{own}{usual}"));
            }
            hosts.push(own);
        }
        Self(Some(hosts.into()))
    }

    fn contain(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.0.as_ref().is_none_or(|hosts| hosts.contains(&host))
    }
}

/// Refuses what a page in a browser can send.
pub(crate) async fn guard(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    match check(&hosts, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn check(hosts: &Hosts, request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let refused = |what: &str| Problem::new(RefusalCode::NotAllowed, what);
    let named = only(headers, header::HOST.as_str()).ok_or_else(|| refused("one `Host` must be named"))?;
    let target = request.uri().authority().map(|authority| authority.as_str());
    if !hosts.contain(named) || target.is_some_and(|target| !hosts.contain(target)) {
        return Err(refused(
            "this server is not reached under that `Host`; it knows its loopback names and the host of `server.url`",
        ));
    }
    if headers.contains_key(header::ORIGIN)
        && !only(headers, header::ORIGIN.as_str()).is_some_and(|origin| is_own(origin, named))
    {
        return Err(refused("a web page of another origin sent this"));
    }
    let mut sites = headers.get_all("sec-fetch-site").iter();
    if sites.any(|site| site != "same-origin" && site != "none") {
        return Err(refused("a browser sent this for another site"));
    }
    if request.method() == Method::POST {
        let wanted: &[&str] = match request.uri().path() {
            path if ARTIFACTS.contains(&path) => ARTIFACT,
            // A page may send a form without asking first, but not the header `DPoP`, without which nothing is done here.
            TOKEN => &["application/x-www-form-urlencoded"],
            _ => &["application/json"],
        };
        let given = only(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
        let essence = given.split(';').next().unwrap_or_default().trim();
        if !wanted.iter().any(|wanted| essence.eq_ignore_ascii_case(wanted)) {
            let detail = format!("`Content-Type` must be `{}`", wanted.join("` or `"));
            return Err(Problem::new(RefusalCode::BadRequest, detail));
        }
    }
    Ok(())
}

/// Whether an origin is the one that the request is addressed to. Another port is another origin.
fn is_own(origin: &str, host: &str) -> bool {
    let own = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    own.is_some_and(|own| own.eq_ignore_ascii_case(host))
}

/// The value of a header that stands once.
pub(crate) fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}
