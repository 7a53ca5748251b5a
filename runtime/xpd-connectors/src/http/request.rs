//! The request for a call: every value alone in its place, encoded, and read back from the bytes that will be sent.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use xp_artifact::http::{self, Body, BodyFormat, Filler, Http, Part, Place, Segment};
use xp_artifact::requests;
use xp_artifact::workflow::Action;
use xp_scope::Value;
use xpd_egress::encode;
use xpd_proxy::ActError;

use crate::declared::{Filling, unfit, written};

/// Upper bound on a body, in bytes.
const MAX_BODY: usize = 1 << 20;

/// A request that is complete but for the credential.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// For people: method and path, without values.
    pub what: String,
}

impl Filling<'_> {
    /// The request of an action.
    ///
    /// # Errors
    /// A value does not fit in its place; nothing may be sent.
    pub(super) fn request(&self, http: &Http, base: &Url) -> Result<Ready, ActError> {
        let marker = |place: Place| {
            let marker = http.marker.as_ref().filter(|marker| marker.place == place);
            marker.map(|marker| (marker.at.clone(), self.marker.to_owned()))
        };
        let mut query = self.pairs(&http.query)?;
        query.extend(marker(Place::Query));
        let mut headers = HeaderMap::new();
        let key = http.key.as_ref().map(|key| (key.header.clone(), self.marker.to_owned()));
        for (name, value) in self.pairs(&http.headers)?.into_iter().chain(marker(Place::Header)).chain(key) {
            put_header(&mut headers, &name, &value)?;
        }
        let body = match &http.body {
            None => Vec::new(),
            Some(Body { format: BodyFormat::Json, parts }) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                self.json(parts, marker(Place::Json))?.into_bytes()
            }
            Some(Body { format: BodyFormat::Form, parts }) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
                let mut pairs = self.pairs(parts)?;
                pairs.extend(marker(Place::Form));
                form(&pairs)?
            }
        };
        if body.len() > MAX_BODY {
            return Err(unfit("the body would be too long"));
        }
        let method = match http.method {
            http::Method::Get => Method::GET,
            http::Method::Post => Method::POST,
            http::Method::Put => Method::PUT,
            http::Method::Patch => Method::PATCH,
            http::Method::Delete => Method::DELETE,
        };
        let url = self.url(&http.path, &query, base)?;
        Ok(Ready { method, url, headers, body, what: what(http.method, &http.path, self.action) })
    }

    /// The request of a probe.
    ///
    /// # Errors
    /// As for [`Self::request`].
    pub(super) fn probe(&self, http: &Http, probe: &http::Probe, base: &Url) -> Result<Ready, ActError> {
        let url = self.url(&probe.path, &self.pairs(&probe.query)?, base)?;
        let what = what(http::Method::Get, &probe.path, self.action);
        let mut headers = HeaderMap::new();
        for (name, value) in self.pairs(&http.headers)? {
            put_header(&mut headers, &name, &value)?;
        }
        Ok(Ready { method: Method::GET, url, headers, body: Vec::new(), what })
    }

    fn url(&self, path: &[Segment], query: &[(String, String)], base: &Url) -> Result<Url, ActError> {
        let mut segments = Vec::new();
        for segment in path {
            segments.push(match segment {
                Segment::Literal(text) => text.clone(),
                Segment::Argument(argument) => {
                    let (value, ty) =
                        self.argument(argument).ok_or_else(|| unfit("an argument is missing"))?;
                    self.text(value, ty, argument.form)?
                }
            });
        }
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let query: Vec<(&str, &str)> =
            query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        xpd_egress::compose(base, &segments, &query).map_err(|error| unfit(&error.to_string()))
    }

    /// The pairs of these places. Absent arguments are left out; a list is as many pairs as it has elements.
    fn pairs(&self, parts: &[Part]) -> Result<Vec<(String, String)>, ActError> {
        let mut pairs = Vec::new();
        for Part { name, value } in parts {
            match value {
                Filler::Literal(value) => {
                    let text = written::literal(value).and_then(written::text);
                    let text = text.ok_or_else(|| unfit("a value that is written out is none"))?;
                    pairs.push((name.clone(), text));
                }
                Filler::Argument(argument) => {
                    let Some((value, ty)) = self.argument(argument) else { continue };
                    match (value, ty.element()) {
                        // Without the pair, the request would speak of everything.
                        (Value::List(elements), Some(_))
                            if elements.is_empty() && !self.action.is_harmless() =>
                        {
                            return Err(unfit("an empty list has no place in a query or form"));
                        }
                        (Value::List(elements), Some(element)) => {
                            for value in elements {
                                pairs.push((name.clone(), self.text(value, element, argument.form)?));
                            }
                        }
                        _ => pairs.push((name.clone(), self.text(value, ty, argument.form)?)),
                    }
                }
            }
        }
        Ok(pairs)
    }
}

/// A body of pairs, encoded as in a URL, which any reader of forms reads the same.
fn form(pairs: &[(String, String)]) -> Result<Vec<u8>, ActError> {
    let text: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let body = text.join("&").into_bytes();
    let arrives =
        url::form_urlencoded::parse(&body).eq(pairs.iter().map(|(name, value)| (name.into(), value.into())));
    if arrives { Ok(body) } else { Err(unfit("the body would not arrive as it was given")) }
}

fn put_header(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), ActError> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit("a header has no such name"))?;
    let value = xpd_egress::header_value(value).map_err(|error| unfit(&error.to_string()))?;
    match headers.insert(name, value) {
        None => Ok(()),
        Some(_) => Err(unfit("a header would be sent twice")),
    }
}

/// For people: the request with the names of arguments in place of their values, which may be private.
fn what(method: http::Method, path: &[Segment], action: &Action) -> String {
    format!("{} {}", method.as_str(), requests::template(path, action))
}
