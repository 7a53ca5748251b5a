//! What the `http` clauses of an action must say together.

use xp_artifact::http::{BodyFormat, Method, Place};
use xp_artifact::requests::needs_key;
use xp_artifact::workflow::Repeat;
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_scope::Type;
use xp_syntax::ast;

use super::{Draft, Said, bad, names, twice};
use crate::problems::Problems;
use crate::things::Scope;

impl Draft {
    /// What the clauses must say together.
    pub(super) fn check(&self, ast: &ast::Action, said: &Said, scope: &Scope<'_>, problems: &mut Problems) {
        let at = ast.name.span;
        let missing = |message: String| Diagnostic::error(codes::MISSING_REQUEST, message).at(at);
        let Some((method, ..)) = &self.line else {
            problems.push(
                missing("no clause says which request is sent".to_owned())
                    .help("add a method with a path, as in `http POST \"/orders/{order}/refunds\"`"),
            );
            return;
        };
        if self.success.is_none() {
            problems.push(
                missing("no clause says which answer is a success".to_owned())
                    .help("add `http success 200`, or the statuses that the upstream documents"),
            );
        }
        if let (Some((.., span)), false) = (&self.body, method.has_body()) {
            problems.push(bad(*span, format!("a {} has no body", method.as_str())));
        }
        if let Some((BodyFormat::Json, parts, span)) = &self.body {
            let markers = self.marker.iter().filter(|(marker, _)| marker.place == Place::Json);
            let all = parts
                .iter()
                .map(|part| part.name.as_str())
                .chain(markers.map(|(marker, _)| marker.at.as_str()));
            if let Some(fault) = names::tree(&all.collect::<Vec<_>>()) {
                problems.push(bad(*span, fault));
            }
        }
        versions_are_sent(ast, &missing, problems);
        arguments_are_sent(&self.sent, scope, &missing, problems);
        let fields: Vec<_> =
            self.results.iter().map(|(reading, span)| (reading.field.as_slice(), *span)).collect();
        results_are_read("http", &fields, said, scope, &missing, problems);
        self.repeats(*method, said, &missing, problems);
    }

    /// The class of the repeat has what it needs, and there is nothing that nobody uses.
    fn repeats(
        &self,
        method: Method,
        said: &Said,
        missing: &dyn Fn(String) -> Diagnostic,
        problems: &mut Problems,
    ) {
        let is = |repeat: Repeat| said.repeat == repeat;
        if self.key.is_none() && needs_key(method, said.repeat, said.harmless) {
            problems.push(
                missing(format!("a second {} may act a second time, and the action is `repeat idempotent`", method.as_str()))
                    .help("say by which header the upstream knows a repetition, as in `http key \"Idempotency-Key\" for 24h`")
                    .help("or say `repeat probe` or `repeat manual`"),
            );
        }
        if is(Repeat::Probe) {
            if self.probe.is_none() {
                problems.push(
                    missing("no clause says how to find out whether the action was done".to_owned())
                        .help("add `http probe \"/path\" marker \"/pointer\"`, or say `repeat manual`"),
                );
            }
            if self.marker.is_none() {
                problems.push(
                    missing("no clause says where the upstream keeps the identifier of a use, for the probe".to_owned())
                        .help("add `http marker json \"/pointer\"` (or `query`, `header`, `form`), or say `repeat manual`"),
                );
            }
        } else {
            for span in
                self.probe.iter().map(|(_, span)| span).chain(self.probe_query.iter().map(|(_, span)| span))
            {
                problems.push(bad(*span, "nobody probes: the action is not `repeat probe`"));
            }
        }
        if let (Some((_, span)), false) = (&self.key, is(Repeat::Idempotent)) {
            problems.push(bad(*span, "nobody repeats: the action is not `repeat idempotent`"));
        }
        if let Some((marker, span)) = &self.marker {
            let format = self.body.as_ref().map(|(format, ..)| *format);
            let fits = match marker.place {
                Place::Query | Place::Header => true,
                Place::Json => method.has_body() && format.is_none_or(|format| format == BodyFormat::Json),
                Place::Form => method.has_body() && format.is_none_or(|format| format == BodyFormat::Form),
            };
            if !fits {
                problems.push(bad(*span, "the request has no such body"));
            }
        }
    }
}

/// A version that no argument gives is kept by the server, and reaches no upstream by a request that has no place for it.
pub(crate) fn versions_are_sent(
    ast: &ast::Action,
    missing: &dyn Fn(String) -> Diagnostic,
    problems: &mut Problems,
) {
    for clause in &ast.clauses {
        if let ast::ClauseKind::Expects(_, None, _) = &clause.kind {
            problems.push(
                missing("no argument gives the version that the upstream is to compare".to_owned())
                    .label(clause.span, "nothing of this is sent")
                    .help("say by which parameter it is given, `expects … at version`, and where that is sent, such as the header `If-Match`"),
            );
        }
    }
}

/// Every argument stands in some place.
pub(crate) fn arguments_are_sent(
    sent: &[u32],
    scope: &Scope<'_>,
    missing: &dyn Fn(String) -> Diagnostic,
    problems: &mut Problems,
) {
    for (index, param) in (0..).zip(scope.params) {
        if !sent.contains(&index) {
            problems.push(
                missing(format!("the argument `{}` is sent nowhere", param.name))
                    .label(param.span, "declared here")
                    .help("name it in a place of the request, or leave it out of the action"),
            );
        }
    }
}

/// Every field of the result that must be there is read, or is an argument. `word` begins the clauses.
pub(crate) fn results_are_read(
    word: &str,
    results: &[(&[String], Span)],
    said: &Said,
    scope: &Scope<'_>,
    missing: &dyn Fn(String) -> Diagnostic,
    problems: &mut Problems,
) {
    for (number, (field, span)) in results.iter().enumerate() {
        let mut earlier = results.iter().take(number);
        if let Some((_, first)) =
            earlier.find(|(other, _)| field.starts_with(other) || other.starts_with(field))
        {
            problems.push(twice(*span, *first, "where this is in the answer"));
        }
    }
    let is_read = |field: &[String]| {
        results.iter().any(|(read, _)| field.starts_with(read)) || said.is.iter().any(|is| is == field)
    };
    let Some(result) = scope.result else { return };
    let Type::Record(name) = result else {
        if !is_read(&[]) {
            problems.push(
                missing("no clause says where the result is in the answer".to_owned())
                    .help(format!("add `{word} result at \"/pointer\"`; `\"\"` is the whole answer")),
            );
        }
        return;
    };
    let Some(record) = crate::fields::record_of(scope.connectors, scope.records, name) else { return };
    for field in record.fields.iter().filter(|field| !field.optional) {
        if !is_read(std::slice::from_ref(&field.name)) {
            problems.push(
                missing(format!("no clause says where `result.{}` is in the answer", field.name))
                    .help(format!("add `{word} result.{} at \"/pointer\"`", field.name)),
            );
        }
    }
}
