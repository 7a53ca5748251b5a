//! What every request must be, and the headers of every answer: this host only, from this origin only, never framed or stored.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use xp_wire::RefusalCode;

use super::{Console, bridge, providers};
use crate::api::problem::Problem;
use crate::guard::only;

const HEADERS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=()",
    ),
];

pub(super) async fn guard(State(console): State<Console>, request: Request, next: Next) -> Response {
    let mut response = match check(&console, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if console.is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

fn check(console: &Console, request: &Request) -> Result<(), Problem> {
    let (headers, refused) = (request.headers(), |what: &str| Problem::new(RefusalCode::NotAllowed, what));
    let host = console.origin.split_once("://").map(|(_, host)| host).unwrap_or_default();
    let named = only(headers, header::HOST.as_str()).ok_or_else(|| refused("one `Host` must be named"))?;
    let target = request.uri().authority().map(|authority| authority.as_str());
    if !named.eq_ignore_ascii_case(host) || target.is_some_and(|target| !target.eq_ignore_ascii_case(host)) {
        return Err(Problem::new(RefusalCode::NotAllowed, format!("open {}", console.origin)));
    }
    if headers.get_all(header::ORIGIN).iter().any(|origin| origin != console.origin.as_str()) {
        return Err(refused("this was sent by the page of another origin"));
    }
    let mut sites = headers.get_all("sec-fetch-site").iter();
    if sites.any(|site| site != "same-origin" && site != "none") && !comes_back(request) {
        return Err(refused("a browser sent this for another site; type or paste the address"));
    }
    let purposes = ["sec-purpose", "purpose", "x-moz"];
    if purposes.iter().any(|name| headers.contains_key(*name)) {
        return Err(refused("nothing is fetched here in advance"));
    }
    match *request.method() {
        Method::GET | Method::HEAD => Ok(()),
        // A program that signs what it sends; what a browser sends has an `Origin`.
        Method::POST if is_of_bridge(request) && is_json(headers) => Ok(()),
        Method::POST if !headers.contains_key(header::ORIGIN) => Err(refused("an `Origin` is missing")),
        Method::POST if is_json(headers) => Ok(()),
        Method::POST => {
            Err(Problem::new(RefusalCode::BadRequest, "`Content-Type` must be `application/json`"))
        }
        _ => Err(Problem::new(RefusalCode::BadRequest, "there is no such method here")),
    }
}

/// A browser that a provider sends back after a login: a page as a whole, whose `state` is then compared.
fn comes_back(request: &Request) -> bool {
    let is = |name: &str, value: &str| only(request.headers(), name) == Some(value);
    request.method() == Method::GET
        && providers::is_answer(request.uri().path())
        && is("sec-fetch-mode", "navigate")
        && is("sec-fetch-dest", "document")
}

fn is_of_bridge(request: &Request) -> bool {
    let headers = request.headers();
    let from_browser = [header::ORIGIN.as_str(), header::COOKIE.as_str(), "sec-fetch-site"];
    bridge::is_decision(request.uri().path()) && !from_browser.iter().any(|name| headers.contains_key(*name))
}

fn is_json(headers: &HeaderMap) -> bool {
    let given = only(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    given.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}
