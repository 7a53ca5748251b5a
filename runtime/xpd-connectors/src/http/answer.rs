//! An answer, read within bounds, and what it says.

use std::collections::BTreeMap;

use reqwest::RequestBuilder;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use xp_artifact::RecordTable;
use xp_artifact::http::{Answered, Form, Http, Reading};
use xp_artifact::workflow::Action;
use xp_json::Tree;
use xp_scope::{Type, Value};
use xpd_proxy::{ActError, Impact};

use super::written;
use crate::lost;

/// What an upstream answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// Bounds on answers.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    /// Bytes of a body.
    pub bytes: usize,
    /// Media types of bodies that are read.
    pub types: Vec<String>,
}

/// Sends a request and reads the answer, once.
pub(super) async fn exchange(
    request: RequestBuilder,
    impact: Impact,
    bytes: usize,
) -> Result<Answer, ActError> {
    let mut response = lost::send(request, impact).await?;
    let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
    let body = lost::body(&mut response, impact, bytes).await?;
    Ok(Answer { status, headers, body })
}

impl Answer {
    /// The body as JSON, if its type is one of the expected and nothing else is said about its encoding.
    pub fn json(&self, bounds: &Bounds) -> Result<Tree, &'static str> {
        if self.headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err("the upstream's answer is compressed, which it was not asked to be");
        }
        let mut types = self.headers.get_all(CONTENT_TYPE).iter();
        let (Some(said), None) = (types.next(), types.next()) else {
            return Err("the upstream's answer does not say what it is");
        };
        let said = said.to_str().unwrap_or_default().to_ascii_lowercase();
        let (media, parameters) = said.split_once(';').unwrap_or((&said, ""));
        let charset = parameters.replace([' ', '"'], "");
        if !bounds.types.iter().any(|known| known == media.trim())
            || !matches!(charset.as_str(), "" | "charset=utf-8")
        {
            return Err("the upstream's answer has another type than JSON");
        }
        Tree::read(&self.body).map_err(|_| "the upstream's answer is not JSON, or says something twice")
    }

    /// The result that the answer holds, if it is the success that is declared.
    pub fn result(&self, found: &Expected<'_>, bounds: &Bounds) -> Result<Value, String> {
        let Expected { http, .. } = found;
        let in_body = |reading: &Reading| matches!(reading.from, Answered::Body(_));
        // What is no JSON is no answer of the API, even if nothing is read from it.
        let body = if !self.body.is_empty()
            || http.success.condition.is_some()
            || http.results.iter().any(in_body)
        {
            Some(self.json(bounds)?)
        } else {
            None
        };
        if let Some(condition) = &http.success.condition {
            let there = body.as_ref().and_then(|body| body.at(&condition.at));
            if there.is_none() || there != written::literal(&condition.is).as_ref() {
                return Err("the upstream's answer is not the success that is declared".to_owned());
            }
        }
        found.value(body.as_ref(), Some(&self.headers))
    }
}

/// An action whose result is read.
pub(super) struct Expected<'a> {
    pub action: &'a Action,
    pub http: &'a Http,
    pub records: &'a RecordTable,
    pub args: &'a BTreeMap<String, Value>,
}

impl Expected<'_> {
    /// The result from a body, or a part of one, and from headers.
    pub fn value(&self, body: Option<&Tree>, headers: Option<&HeaderMap>) -> Result<Value, String> {
        let mut result = match &self.action.result {
            Type::Record(_) => Some(Value::Record(BTreeMap::new())),
            _ => None,
        };
        for reading in &self.http.results {
            let of = self.records.followed(&self.action.result, &reading.field);
            let (ty, optional) = of.ok_or("the declaration contradicts itself")?;
            let found = read(reading, ty, body, headers, self.records);
            match found {
                Some(value) => {
                    put(&mut result, &reading.field, value).ok_or("the declaration contradicts itself")?
                }
                None if optional && is_absent(reading, body, headers) => {}
                None => {
                    return Err(format!(
                        "the upstream's answer has no `{ty}` for `result{}`",
                        dotted(&reading.field)
                    ));
                }
            }
        }
        for identity in &self.action.clauses.is {
            // What the answer repeats was read from it, and is compared when the end is recorded.
            if self.http.results.iter().any(|reading| identity.field.starts_with(&reading.field)) {
                continue;
            }
            let index = usize::try_from(identity.argument).ok();
            let param = index.and_then(|index| self.action.params.get(index));
            let value = param
                .and_then(|param| self.args.get(&param.name))
                .and_then(|value| value.at(&identity.fields));
            let value = value.ok_or("an argument that the result repeats is missing")?.clone();
            put(&mut result, &identity.field, value).ok_or("the declaration contradicts itself")?;
        }
        let result = result.ok_or("the declaration does not say where the result is")?;
        xp_scope::check(&result, &self.action.result, self.records)
            .map_err(|_| "the upstream's answer does not have the declared type".to_owned())?;
        Ok(result)
    }
}

fn read(
    reading: &Reading,
    ty: &Type,
    body: Option<&Tree>,
    headers: Option<&HeaderMap>,
    records: &RecordTable,
) -> Option<Value> {
    let Reading { from, form, .. } = reading;
    match from {
        Answered::Body(at) => written::value(body?.at(at)?, ty, *form, records),
        Answered::Header(name) => header(headers?, name, ty, *form, records),
    }
}

fn header(headers: &HeaderMap, name: &str, ty: &Type, form: Form, records: &RecordTable) -> Option<Value> {
    let mut found = headers.get_all(name).iter();
    let (text, None) = (found.next()?.to_str().ok()?, found.next()) else { return None };
    written::header(text, ty, form, records)
}

/// Nothing stands there, which is not the same as something that cannot be read.
fn is_absent(reading: &Reading, body: Option<&Tree>, headers: Option<&HeaderMap>) -> bool {
    match &reading.from {
        Answered::Body(at) => body.and_then(|body| body.at(at)).is_none_or(|tree| *tree == Tree::Null),
        Answered::Header(name) => headers.is_none_or(|headers| !headers.contains_key(name)),
    }
}

fn put(result: &mut Option<Value>, field: &[String], value: Value) -> Option<()> {
    let Some((first, rest)) = field.split_first() else {
        *result = Some(value);
        return Some(());
    };
    let Value::Record(members) = result.get_or_insert_with(|| Value::Record(BTreeMap::new())) else {
        return None;
    };
    let mut inner = members.remove(first);
    put(&mut inner, rest, value)?;
    members.insert(first.clone(), inner?);
    Some(())
}

fn dotted(field: &[String]) -> String {
    field.iter().map(|name| format!(".{name}")).collect()
}
