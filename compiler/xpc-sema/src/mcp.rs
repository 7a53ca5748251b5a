//! How an action is done by a tool of an MCP server, from its `mcp` clauses.

use xp_artifact::http::rules::KEPT;
use xp_artifact::http::{Condition, Form, Part, Place};
use xp_artifact::mcp::{KeyArgument, Mcp, Told, ToolReading, is_tool};
use xp_artifact::requests::call_needs_key;
use xp_artifact::workflow::Repeat;
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_scope::Digest;
use xp_syntax::ast;

use crate::http::whole::{arguments_are_sent, results_are_read, versions_are_sent};
use crate::http::{Said, bad, names, places, twice};
use crate::problems::Problems;
use crate::things::Scope;

/// The call; none where no clause speaks of MCP, or with the faults reported.
pub fn lower(ast: &ast::Action, said: &Said, scope: &Scope<'_>, problems: &mut Problems) -> Option<Mcp> {
    let clauses: Vec<(&ast::Transport, Span)> = ast
        .clauses
        .iter()
        .filter_map(|clause| match &clause.kind {
            ast::ClauseKind::Mcp(clause_kind) => Some((clause_kind, clause.span)),
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
    let ((tool, listed), _) = draft.tool?;
    Some(Mcp {
        tool,
        listed,
        arguments: draft.arguments.into_iter().map(|(part, _)| part).collect(),
        condition: draft.condition.map(|(condition, _)| condition),
        results: draft.results.into_iter().map(|(reading, _)| reading).collect(),
        key: draft.key.map(|(key, _)| key),
    })
}

/// What was read so far.
#[derive(Default)]
struct Draft {
    tool: Option<((String, Digest), Span)>,
    arguments: Vec<(Part, Span)>,
    condition: Option<(Condition, Span)>,
    results: Vec<(ToolReading, Span)>,
    key: Option<(KeyArgument, Span)>,
    /// Arguments, by index, that stand in some place.
    sent: Vec<u32>,
}

impl Draft {
    fn clause(&mut self, clause: &ast::Transport, span: Span, scope: &Scope<'_>, problems: &mut Problems) {
        match clause {
            ast::Transport::Line { word, text, value } => {
                let ast::ExprKind::Literal(ast::LiteralKind::Text(name)) = &text.kind else {
                    problems.push(bad(text.span, "a name in a call is written out"));
                    return;
                };
                let name = ast::Text { value: name.clone(), span: text.span };
                match word.text.as_str() {
                    "tool" => self.tool(&name, value.as_ref(), span, problems),
                    "argument" => self.argument(&name, value.as_ref(), span, scope, problems),
                    _ => problems.push(
                        problems.propose(
                            Diagnostic::error(
                                codes::UNKNOWN_WORD,
                                format!("`{}` is no part of a call", word.text),
                            )
                            .at(word.span),
                            word.span,
                            &word.text,
                            "known",
                            ["tool", "argument"],
                        ),
                    ),
                }
            }
            ast::Transport::Success { condition: None, .. } => {}
            ast::Transport::Success { condition: Some((at, is)), .. } => {
                let (Some(at), Some(is)) = (names::pointer(at, problems), places::literal(is, problems))
                else {
                    return;
                };
                match &self.condition {
                    Some((_, first)) => problems.push(twice(span, *first, "what success is")),
                    None => self.condition = Some((Condition { at, is }, span)),
                }
            }
            ast::Transport::Result { field, place, at, form } => {
                let found = reading(field, place.as_ref(), at.as_ref(), form.as_ref(), scope, problems);
                self.results.extend(found.map(|found| (found, span)));
            }
            ast::Transport::Key { header, seconds } => {
                let Some(at) = names::pointer(header, problems) else { return };
                let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
                match (seconds.filter(|seconds| KEPT.contains(seconds)), &self.key) {
                    (_, Some((_, first))) => problems.push(twice(span, *first, "the argument of keys")),
                    (Some(seconds), None) => self.key = Some((KeyArgument { at, seconds }, span)),
                    (None, None) => problems.push(bad(span, "keys are kept from `1s` to `366d`")),
                }
            }
            ast::Transport::Marker { .. }
            | ast::Transport::Probe { .. }
            | ast::Transport::ProbePair { .. } => {
                problems.push(bad(span, "not supported yet: calls of tools are not probed").help(
                    "say `repeat manual`, or name the argument of keys: `mcp key \"/pointer\" kept 24h`",
                ))
            }
        }
    }

    /// `tool "name" is "sha256:…"`.
    fn tool(&mut self, name: &ast::Text, value: Option<&ast::Filler>, span: Span, problems: &mut Problems) {
        if !is_tool(&name.value) {
            problems.push(
                bad(name.span, "no tool has such a name")
                    .because("names of tools have 1 to 128 letters, digits, `_`, `-` and `.`"),
            );
            return;
        }
        let written = value.map(|value| &value.value.kind);
        let Some(ast::ExprKind::Literal(ast::LiteralKind::Text(text))) = written else {
            problems.push(
                bad(span, "the tool is not named as it was listed")
                    .because("a server may put another tool under the name; its digest says which one is meant")
                    .help(format!(
                        "write `mcp tool \"{}\" is \"sha256:…\"`; `xpc import mcp` writes the digest of a listed tool",
                        name.value
                    )),
            );
            return;
        };
        let at = value.map_or(span, |value| value.value.span);
        match (Digest::parse(text), &self.tool) {
            (Err(error), _) => problems.push(bad(at, error.to_string())),
            (Ok(_), Some((_, first))) => problems.push(twice(span, *first, "the tool")),
            (Ok(digest), None) => self.tool = Some(((name.value.clone(), digest), span)),
        }
    }

    fn argument(
        &mut self,
        name: &ast::Text,
        value: Option<&ast::Filler>,
        span: Span,
        scope: &Scope<'_>,
        problems: &mut Problems,
    ) {
        let Some(value) = value else {
            problems.push(
                bad(span, "nothing is said to stand in this argument of the tool")
                    .help("write `mcp argument \"/name\" is argument`"),
            );
            return;
        };
        let (Some(name), Some((value, argument))) =
            (names::pointer(name, problems), places::filler(Place::Json, value, scope, problems))
        else {
            return;
        };
        self.sent.extend(argument);
        self.arguments.push((Part { name, value }, span));
    }

    /// What the clauses must say together.
    fn check(&self, ast: &ast::Action, said: &Said, scope: &Scope<'_>, problems: &mut Problems) {
        let at = ast.name.span;
        let missing = |message: String| Diagnostic::error(codes::MISSING_REQUEST, message).at(at);
        if self.tool.is_none() {
            problems.push(
                missing("no clause says which tool is called".to_owned())
                    .help("add `mcp tool \"name\" is \"sha256:…\"`"),
            );
            return;
        }
        let names = self.arguments.iter().map(|(part, _)| part.name.as_str());
        let names = names.chain(self.key.iter().map(|(key, _)| key.at.as_str()));
        let names: Vec<&str> = names.collect();
        let last = self.arguments.last().map(|(_, span)| *span).or(self.key.as_ref().map(|(_, span)| *span));
        if let Some(span) = last {
            if names.iter().any(|name| name.is_empty()) && names.len() > 1 {
                problems.push(bad(span, "one clause says all arguments, and others say some"));
            } else if let Some(fault) = names::tree(&names) {
                problems.push(bad(span, fault));
            } else if names.iter().any(|name| is_element(name)) {
                problems.push(
                    bad(span, "the arguments of a tool are an object, and no array")
                        .because("their names are not numbers"),
                );
            }
        }
        versions_are_sent(ast, &missing, problems);
        arguments_are_sent(&self.sent, scope, &missing, problems);
        let fields: Vec<_> =
            self.results.iter().map(|(reading, span)| (reading.field.as_slice(), *span)).collect();
        results_are_read("mcp", &fields, said, scope, &missing, problems);
        match (&self.key, said.repeat) {
            (_, Repeat::Probe) => problems.push(
                missing("not supported yet: calls of tools are not probed".to_owned())
                    .help("say `repeat manual`, or `repeat idempotent` with `mcp key \"/pointer\" kept 24h`"),
            ),
            (None, repeat) if call_needs_key(repeat, said.harmless) => problems.push(
                missing("a second call may act a second time, and the action is `repeat idempotent`".to_owned())
                    .help("say by which argument the server knows a repetition, as in `mcp key \"/idempotency_key\" kept 24h`")
                    .help("or say `repeat manual`"),
            ),
            (Some((_, span)), Repeat::Manual) => {
                problems.push(bad(*span, "nobody repeats: the action is not `repeat idempotent`"));
            }
            _ => {}
        }
    }
}

/// The first token of a pointer counts elements, so the whole would be an array.
fn is_element(name: &str) -> bool {
    let first = xp_json::pointer(name).and_then(|tokens| tokens.into_iter().next());
    first.is_some_and(|token| xp_json::index(&token).is_some())
}

fn reading(
    field: &ast::Path,
    place: Option<&ast::Name>,
    at: Option<&ast::Text>,
    form: Option<&ast::Name>,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<ToolReading> {
    let (found, ty, _) = scope.any_field(&field.segments, problems)?;
    let form = match form {
        None => Form::Plain,
        Some(word) => places::form(word, &ty, problems)?,
    };
    let from = match (place, at) {
        (None, Some(at)) => Told::Structured(names::pointer(at, problems)?),
        (Some(word), at) if word.text == "text" => match at {
            Some(at) => Told::TextJson(names::pointer(at, problems)?),
            None if ty.is_single() => Told::Text,
            None => {
                problems.push(
                    bad(field.span, format!("a `{ty}` is not the text of an answer"))
                        .help("name its place in the text, where that is JSON: `at text \"/pointer\"`"),
                );
                return None;
            }
        },
        (Some(word), _) => {
            problems.push(bad(word.span, format!("`{}` is no part of a tool's answer", word.text)).help(
                "write a pointer into the structured content alone, or `text`, or `text \"/pointer\"`",
            ));
            return None;
        }
        (None, None) => return None,
    };
    Some(ToolReading { field: found, from, form })
}
