//! What stands in the places of a request.

use xp_artifact::http::rules::is_segment;
use xp_artifact::http::{Argument, Filler, Form, Place, Segment};
use xp_diagnostics::{Diagnostic, codes};
use xp_scope::{MAX_INT, Type, Value};
use xp_syntax::ast;

use super::bad;
use crate::effects::one_of;
use crate::fields::may_be_absent;
use crate::problems::Problems;
use crate::things::{Named, Scope};

/// The arguments in a path.
pub(crate) fn arguments(path: &[Segment]) -> impl Iterator<Item = u32> {
    path.iter().filter_map(|segment| match segment {
        Segment::Argument(argument) => Some(argument.index),
        Segment::Literal(_) => None,
    })
}

/// The segments of a path; each is a text, or one argument.
pub(crate) fn path(text: &ast::Expr, scope: &Scope<'_>, problems: &mut Problems) -> Option<Vec<Segment>> {
    let whole;
    let parts = match &text.kind {
        ast::ExprKind::Template(parts) => parts.as_slice(),
        ast::ExprKind::Literal(ast::LiteralKind::Text(written)) => {
            whole = [ast::TemplatePart::Text(written.clone())];
            &whole[..]
        }
        ast::ExprKind::Literal(_) | ast::ExprKind::Path(_) => return None,
    };
    let mut segments: Vec<Option<Segment>> = Vec::new();
    for part in parts {
        match part {
            ast::TemplatePart::Text(written) => {
                let mut pieces = written.split('/');
                // What stands before the first slash belongs to the segment that is open.
                let before = pieces.next().unwrap_or_default();
                if !before.is_empty() {
                    problems.push(match segments.last() {
                        None => bad(text.span, "a path begins with `/`"),
                        Some(_) => alone(text),
                    });
                    return None;
                }
                for piece in pieces {
                    if segments.last().is_some_and(Option::is_none) {
                        problems.push(bad(text.span, "a path has no empty segment"));
                        return None;
                    }
                    segments.push(match piece {
                        "" => None,
                        piece => Some(Segment::Literal(fixed(piece, text, problems)?)),
                    });
                }
            }
            ast::TemplatePart::Datum(datum) => match segments.last_mut() {
                Some(open @ None) => *open = Some(Segment::Argument(in_path(datum, scope, problems)?)),
                Some(Some(_)) => {
                    problems.push(alone(text));
                    return None;
                }
                None => {
                    problems.push(bad(text.span, "a path begins with `/`"));
                    return None;
                }
            },
        }
    }
    if segments.is_empty() {
        problems.push(bad(text.span, "a path begins with `/`"));
        return None;
    }
    // `/` alone is the base address itself.
    if segments.len() > 1 && segments.last().is_some_and(Option::is_none) {
        problems.push(bad(text.span, "a path does not end with `/`"));
        return None;
    }
    Some(segments.into_iter().flatten().collect())
}

fn alone(text: &ast::Expr) -> Diagnostic {
    bad(text.span, "an argument fills a whole segment of a path")
        .because("what stands beside it could make another path of it")
        .help("let the action take the whole segment as its argument")
}

/// A segment that is written out.
fn fixed(piece: &str, text: &ast::Expr, problems: &mut Problems) -> Option<String> {
    if !is_segment(piece) {
        let fault = bad(text.span, format!("`{piece}` cannot be a segment of a path"));
        problems.push(if piece.contains(['?', '#']) {
            fault.help("pairs of a query have clauses of their own: `http query \"name\" is value`")
        } else {
            fault.because(
                "segments that are written out have letters, digits and some marks, and none is `.` or `..`",
            )
        });
        return None;
    }
    Some(piece.to_owned())
}

fn in_path(datum: &ast::Path, scope: &Scope<'_>, problems: &mut Problems) -> Option<Argument> {
    let (argument, ty, optional) = argument(datum, scope, problems)?;
    if optional {
        problems.push(may_be_absent(datum.span, &datum.text()));
        return None;
    }
    if !ty.is_single() || matches!(ty, Type::Path | Type::Url) {
        problems.push(
            bad(datum.span, format!("a `{ty}` does not fit into one segment of a path"))
                .help("send it in the query or in the body"),
        );
        return None;
    }
    Some(argument)
}

fn argument(datum: &ast::Path, scope: &Scope<'_>, problems: &mut Problems) -> Option<(Argument, Type, bool)> {
    match scope.any_named(datum, problems)? {
        (Named::Argument(index, fields, ty), optional) => {
            Some((Argument { index, fields, form: Form::Plain }, ty, optional))
        }
        (Named::Field(..), _) => {
            problems.push(bad(datum.span, "the result is not known when the request is sent"));
            None
        }
    }
}

/// What stands in a place, and the argument it is.
pub(crate) fn filler(
    place: Place,
    filler: &ast::Filler,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<(Filler, Option<u32>)> {
    let ast::ExprKind::Path(datum) = &filler.value.kind else {
        if let Some(word) = &filler.form {
            problems.push(bad(word.span, "a value that is written out is sent as it is written"));
            return None;
        }
        return Some((Filler::Literal(literal(&filler.value, problems)?), None));
    };
    let (mut argument, ty, _) = argument(datum, scope, problems)?;
    let element = ty.element().unwrap_or(&ty);
    match place {
        Place::Json => {}
        Place::Header if ty.is_single() => {}
        Place::Query | Place::Form if element.is_single() => {}
        Place::Query | Place::Form | Place::Header => {
            problems.push(
                bad(datum.span, format!("a `{ty}` does not fit in this place"))
                    .because("headers hold one value, pairs of a query or form one value or a list of such"),
            );
            return None;
        }
    }
    if let Some(word) = &filler.form {
        argument.form = form(word, &ty, problems)?;
    }
    let index = argument.index;
    Some((Filler::Argument(argument), Some(index)))
}

/// A form that values of the type can have.
pub(crate) fn form(word: &ast::Name, ty: &Type, problems: &mut Problems) -> Option<Form> {
    let form = one_of(word, "way to write a value", &Form::NAMED, problems)?;
    if form.fits(ty) {
        return Some(form);
    }
    problems.push(bad(word.span, format!("a `{ty}` is not written as `{}`", word.text)).because(
        "`number` and `minor` are for decimals, `unix` is for times, `text` for integers and Booleans",
    ));
    None
}

/// A text, integer or Boolean that is written out.
pub(crate) fn literal(value: &ast::Expr, problems: &mut Problems) -> Option<Value> {
    let found = match &value.kind {
        ast::ExprKind::Literal(ast::LiteralKind::Text(text)) => Some(Value::Text(text.clone())),
        ast::ExprKind::Literal(ast::LiteralKind::Bool(value)) => Some(Value::Bool(*value)),
        ast::ExprKind::Literal(ast::LiteralKind::Int(number)) if (-MAX_INT..=MAX_INT).contains(number) => {
            Some(Value::Int(*number))
        }
        ast::ExprKind::Literal(_) | ast::ExprKind::Template(_) | ast::ExprKind::Path(_) => None,
    };
    if found.is_none() {
        problems.push(
            Diagnostic::error(codes::BAD_REQUEST, "a text, an integer or a Boolean is written out here")
                .at(value.span)
                .because("one value stands in a place; nothing is put together in it"),
        );
        return None;
    }
    found
}
