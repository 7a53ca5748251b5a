//! An answer, read within bounds, and what it says.

use reqwest::RequestBuilder;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use xp_artifact::RecordTable;
use xp_artifact::http::{Answered, Http, Reading};
use xp_json::Tree;
use xp_scope::{Type, Value};
use xpd_proxy::{ActError, Impact};

use crate::declared::{Expected, Found, Places, written};
use crate::lost;

/// What an upstream answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// Bounds on answers.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
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
    pub fn result(&self, http: &Http, expected: &Expected<'_>, bounds: &Bounds) -> Result<Value, String> {
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
        expected.value(&Parts { http, body: body.as_ref(), headers: Some(&self.headers) })
    }
}

/// The places of an answer, or of a part of its body.
pub(super) struct Parts<'a> {
    pub http: &'a Http,
    pub body: Option<&'a Tree>,
    pub headers: Option<&'a HeaderMap>,
}

impl Places for Parts<'_> {
    fn fields(&self) -> Vec<&[String]> {
        self.http.results.iter().map(|reading| reading.field.as_slice()).collect()
    }

    fn read(&self, number: usize, ty: &Type, records: &RecordTable) -> Found {
        let Some(Reading { from, form, .. }) = self.http.results.get(number) else { return Found::Nothing };
        match from {
            Answered::Body(at) => match self.body.and_then(|body| body.at(at)) {
                None | Some(Tree::Null) => Found::Nothing,
                Some(tree) => Found::of(written::value(tree, ty, *form, records)),
            },
            Answered::Header(name) => {
                let mut found = self.headers.into_iter().flat_map(|headers| headers.get_all(name));
                match (found.next(), found.next()) {
                    (None, _) => Found::Nothing,
                    (Some(text), None) => Found::of(
                        text.to_str().ok().and_then(|text| written::header(text, ty, *form, records)),
                    ),
                    (Some(_), Some(_)) => Found::Unreadable,
                }
            }
        }
    }
}
