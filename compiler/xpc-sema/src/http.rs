//! How an action is done over HTTP, from its `http` clauses: every argument is sent, every field of the result is read, and the
//! class of its repeat has what it needs.

pub(crate) mod names;
pub(crate) mod places;
pub(crate) mod whole;

use xp_artifact::http::rules;
use xp_artifact::http::{
    Answered, Body, BodyFormat, Condition, Form, Http, Key, Listed, Marker, Method, Part, Place, Probe,
    Reading, Segment, Success,
};
use xp_artifact::workflow::Repeat;
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_syntax::ast;

use crate::effects::one_of;
use crate::problems::Problems;
use crate::things::Scope;

/// What the rest of the declaration says that the request depends on.
pub struct Said {
    /// How a repeat is resolved.
    pub repeat: Repeat,
    /// Nothing is changed, made or removed.
    pub harmless: bool,
    /// The fields of the result that are an argument.
    pub is: Vec<Vec<String>>,
}

/// The request; none where no clause speaks of HTTP, or with the faults reported.
pub fn lower(ast: &ast::Action, said: &Said, scope: &Scope<'_>, problems: &mut Problems) -> Option<Http> {
    let clauses: Vec<(&ast::Transport, Span)> = ast
        .clauses
        .iter()
        .filter_map(|clause| match &clause.kind {
            ast::ClauseKind::Http(http) => Some((http, clause.span)),
            _ => None,
        })
        .collect();
    if clauses.is_empty() {
        return None;
    }
    let before = problems.errors();
    let mut draft = Draft::default();
    for (clause, span) in &clauses {
        draft.clause(clause, *span, scope, problems);
    }
    if problems.errors() > before || ast.damaged {
        return None;
    }
    draft.check(ast, said, scope, problems);
    if problems.errors() > before {
        return None;
    }
    draft.finish()
}

/// What was read so far.
#[derive(Default)]
struct Draft {
    line: Option<(Method, Vec<Segment>, Span)>,
    query: Vec<Part>,
    headers: Vec<Part>,
    body: Option<(BodyFormat, Vec<Part>, Span)>,
    success: Option<(Success, Span)>,
    results: Vec<(Reading, Span)>,
    key: Option<(Key, Span)>,
    marker: Option<(Marker, Span)>,
    probe: Option<(Probe, Span)>,
    probe_query: Vec<(Part, Span)>,
    /// Arguments, by index, that stand in some place.
    sent: Vec<u32>,
}

/// A clause is wrong.
pub(crate) fn bad(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(codes::BAD_REQUEST, message.into()).at(span)
}

/// A clause of which there is one already.
pub(crate) fn twice(span: Span, first: Span, what: &str) -> Diagnostic {
    bad(span, format!("{what} is said twice")).label(first, "the first time")
}

impl Draft {
    fn clause(&mut self, clause: &ast::Transport, span: Span, scope: &Scope<'_>, problems: &mut Problems) {
        match clause {
            ast::Transport::Line { word, text, value } => {
                self.line(word, text, value.as_ref(), span, scope, problems)
            }
            ast::Transport::Success { statuses, condition } => {
                let found = success(statuses, condition.as_ref(), problems);
                match (&self.success, found) {
                    (Some((_, first)), _) => problems.push(twice(span, *first, "what success is")),
                    (None, Some(found)) => self.success = Some((found, span)),
                    (None, None) => {}
                }
            }
            ast::Transport::Result { field, place, at, form } => {
                let Some(at) = at else { return };
                let found = reading(field, place.as_ref(), at, form.as_ref(), scope, problems);
                self.results.extend(found.map(|found| (found, span)));
            }
            ast::Transport::Key { header, seconds } => {
                if let Some((_, first)) = &self.key {
                    problems.push(twice(span, *first, "the header of keys"));
                    return;
                }
                let Some(name) = names::header(header, problems) else { return };
                match seconds.and_then(|seconds| u64::try_from(seconds).ok()) {
                    Some(seconds) if rules::KEPT.contains(&seconds) => {
                        self.key = Some((Key { header: name, seconds }, span));
                    }
                    _ => problems.push(bad(span, "keys are kept from `1s` to `366d`")),
                }
            }
            ast::Transport::Marker { place, at } => {
                let Some(place) = one_of(place, "place in a request", &Place::ALL, problems) else { return };
                let Some(at) = names::of(place, at, problems) else { return };
                match &self.marker {
                    Some((_, first)) => problems.push(twice(span, *first, "the place of the marker")),
                    None => self.marker = Some((Marker { place, at }, span)),
                }
            }
            ast::Transport::Probe { path, list, marker } => {
                let segments = places::path(path, scope, problems);
                let list = list.as_ref().map(|(at, max)| listed(at, max, problems));
                let (Some(path), Some(marker)) = (segments, names::pointer(marker, problems)) else { return };
                let Some(list) = list.map_or(Some(None), |list| list.map(Some)) else { return };
                match &self.probe {
                    Some((_, first)) => problems.push(twice(span, *first, "the probe")),
                    None => self.probe = Some((Probe { path, query: Vec::new(), list, marker }, span)),
                }
            }
            ast::Transport::ProbePair { place, name, value } => {
                if place.text != "query" {
                    let text = "a probe is a GET, and only its query can be filled besides its path";
                    problems.push(bad(place.span, text).fix(place.span, "query", "write `query`"));
                    return;
                }
                let Some(name) = names::pair(name, problems) else { return };
                let value = places::filler(Place::Query, value, scope, problems);
                self.probe_query.extend(value.map(|(value, _)| (Part { name, value }, span)));
            }
        }
    }

    /// `METHOD "/path"`, or a place with what stands there.
    fn line(
        &mut self,
        word: &ast::Name,
        text: &ast::Expr,
        value: Option<&ast::Filler>,
        span: Span,
        scope: &Scope<'_>,
        problems: &mut Problems,
    ) {
        let place = Place::ALL.iter().find(|(name, _)| *name == word.text).map(|(_, place)| *place);
        let method = Method::ALL.iter().find(|(name, _)| *name == word.text).map(|(_, method)| *method);
        match (method, place, value) {
            (Some(method), _, None) => {
                let Some(path) = places::path(text, scope, problems) else { return };
                self.sent.extend(places::arguments(&path));
                match &self.line {
                    Some((.., first)) => problems.push(twice(span, *first, "the request")),
                    None => self.line = Some((method, path, span)),
                }
            }
            (Some(_), _, Some(value)) => problems.push(
                bad(
                    value.value.span,
                    "a method has a path, and nothing stands in it but what its path names",
                )
                .help("arguments stand between braces in the path: `http GET \"/orders/{order}\"`"),
            ),
            (None, Some(place), Some(value)) => {
                let ast::ExprKind::Literal(ast::LiteralKind::Text(name)) = &text.kind else {
                    problems.push(bad(text.span, "a name in a request is written out"));
                    return;
                };
                let name = ast::Text { value: name.clone(), span: text.span };
                let (Some(name), Some((value, argument))) =
                    (names::of(place, &name, problems), places::filler(place, value, scope, problems))
                else {
                    return;
                };
                self.sent.extend(argument);
                self.put(place, Part { name, value }, span, problems);
            }
            (None, Some(_), None) => problems.push(
                bad(span, format!("nothing is said to stand in this place of the {}", word.text))
                    .help(format!("write `http {} \"name\" is argument`", word.text)),
            ),
            (None, None, _) => {
                let known = Method::ALL.iter().map(|(name, _)| *name).chain(Place::ALL.map(|(name, _)| name));
                let fault = Diagnostic::error(
                    codes::UNKNOWN_WORD,
                    format!("`{}` is no method and no place in a request", word.text),
                )
                .at(word.span);
                problems.push(problems.propose(fault, word.span, &word.text, "known", known));
            }
        }
    }

    fn put(&mut self, place: Place, part: Part, span: Span, problems: &mut Problems) {
        let format = match place {
            Place::Query => {
                self.query.push(part);
                return;
            }
            Place::Header => {
                let folded = |name: &str| name.to_ascii_lowercase();
                if self.headers.iter().any(|other| folded(&other.name) == folded(&part.name)) {
                    problems.push(bad(span, format!("the header `{}` is said twice", part.name)));
                }
                self.headers.push(part);
                return;
            }
            Place::Json => BodyFormat::Json,
            Place::Form => BodyFormat::Form,
        };
        match &mut self.body {
            None => self.body = Some((format, vec![part], span)),
            Some((known, parts, _)) if *known == format => parts.push(part),
            Some((.., first)) => problems
                .push(bad(span, "a body is either JSON or pairs of a form").label(*first, "the other one")),
        }
    }

    fn finish(self) -> Option<Http> {
        let (method, path, _) = self.line?;
        let probe = self.probe.map(|(probe, _)| Probe {
            query: self.probe_query.into_iter().map(|(part, _)| part).collect(),
            ..probe
        });
        let marker = self.marker.map(|(marker, _)| marker);
        let body = self.body.map(|(format, parts, _)| Body { format, parts }).or_else(|| {
            // A body that holds nothing but the marker.
            let format = match marker.as_ref()?.place {
                Place::Json => BodyFormat::Json,
                Place::Form => BodyFormat::Form,
                Place::Query | Place::Header => return None,
            };
            Some(Body { format, parts: Vec::new() })
        });
        Some(Http {
            method,
            path,
            query: self.query,
            headers: self.headers,
            body,
            success: self.success?.0,
            results: self.results.into_iter().map(|(reading, _)| reading).collect(),
            key: self.key.map(|(key, _)| key),
            marker,
            probe,
        })
    }
}

fn success(
    statuses: &[ast::Int],
    condition: Option<&(ast::Text, ast::Expr)>,
    problems: &mut Problems,
) -> Option<Success> {
    let mut found = Vec::new();
    for status in statuses {
        match u16::try_from(status.value) {
            Ok(number) if rules::SUCCESS.contains(&number) && !found.contains(&number) => found.push(number),
            Ok(number) if found.contains(&number) => {
                problems.push(bad(status.span, format!("`{number}` is said twice")));
                return None;
            }
            _ => {
                problems.push(
                    bad(status.span, format!("`{}` is no status of a success", status.value))
                        .because("a success has a status from 200 to 299; what failed for good is registered by the operator"),
                );
                return None;
            }
        }
    }
    found.sort_unstable();
    let condition = match condition {
        None => None,
        Some((at, is)) => {
            let at = names::pointer(at, problems)?;
            Some(Condition { at, is: places::literal(is, problems)? })
        }
    };
    Some(Success { statuses: found, condition })
}

fn reading(
    field: &ast::Path,
    place: Option<&ast::Name>,
    at: &ast::Text,
    form: Option<&ast::Name>,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<Reading> {
    let (found, ty, _) = scope.any_field(&field.segments, problems)?;
    let form = match form {
        None => Form::Plain,
        Some(word) => places::form(word, &ty, problems)?,
    };
    let from = match place {
        None => Answered::Body(names::pointer(at, problems)?),
        Some(word) if word.text == "header" => {
            if !ty.is_single() {
                problems.push(bad(field.span, format!("a `{ty}` is not in a header")));
                return None;
            }
            let name = names::token(at, problems)?;
            if !rules::is_readable_header(&name) {
                problems.push(bad(at.span, "a header that sets a session is no result"));
                return None;
            }
            Answered::Header(name)
        }
        Some(word) => {
            let text = format!("`{}` is no part of an answer", word.text);
            problems
                .push(bad(word.span, text).help("write `header \"Name\"`, or a pointer into the body alone"));
            return None;
        }
    };
    Some(Reading { field: found, from, form })
}

fn listed(at: &ast::Text, max: &ast::Int, problems: &mut Problems) -> Option<Listed> {
    let pointer = names::pointer(at, problems)?;
    match u32::try_from(max.value) {
        Ok(max) if (1..=10_000).contains(&max) => Some(Listed { at: pointer, max }),
        _ => {
            problems.push(bad(max.span, "an answer lists from 1 to 10000 elements"));
            None
        }
    }
}
