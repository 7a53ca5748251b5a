//! Pins: what an argument of a grant may be.

use xp_artifact::workflow::{Expr, Pin, StepId, TemplatePart};
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_scope::{MAX_TEXT, Type, Value};
use xp_syntax::ast;

use crate::edges::Edges;
use crate::problems::Problems;
use crate::symbols::Context;
use crate::{data, fields, literal, types};

/// Where a value is written: in a step, which comes to wait for what it names, or outside of any.
pub type At<'e> = Option<(StepId, &'e mut Edges)>;

/// The pin for an argument of the type, or none with the fault reported.
pub fn pin(
    context: &Context<'_>,
    ast: &ast::Pin,
    (wanted, optional): (&Type, bool),
    at: At<'_>,
    problems: &mut Problems,
) -> Option<Pin> {
    match &ast.kind {
        ast::PinKind::Is(value) => expr(context, value, (wanted, optional), at, problems).map(Pin::Is),
        ast::PinKind::OneOf { set, within } => {
            let found = data::resolve(context, set, at, problems);
            let narrowed = match within {
                Some(patterns) => Some(narrowing(patterns, wanted, problems)?),
                None => None,
            };
            let (datum, ty) = found?;
            let Some(item) = ty.element() else {
                problems.push(
                    Diagnostic::error(
                        codes::WRONG_TYPE,
                        format!("`one of` wants a list or set, and this is `{ty}`"),
                    )
                    .at(set.span),
                );
                return None;
            };
            if !types::fits(item, wanted) {
                problems.push(literal::mismatch(
                    set.span,
                    &ty.to_string(),
                    &Type::List(Box::new(wanted.clone())),
                ));
                return None;
            }
            Some(Pin::OneOf { set: Expr::Datum(datum), within: narrowed })
        }
        ast::PinKind::Within(patterns) => narrowing(patterns, wanted, problems).map(Pin::Within),
        ast::PinKind::Content { max } => content(ast.span, max.as_ref(), wanted, problems),
        ast::PinKind::Any => Some(Pin::Any),
    }
}

fn narrowing(
    patterns: &ast::Patterns,
    wanted: &Type,
    problems: &mut Problems,
) -> Option<xp_scope::PatternSet> {
    if *wanted != Type::Path {
        problems.push(
            Diagnostic::error(
                codes::PIN_DOES_NOT_FIT,
                format!("`within` narrows paths, and this argument is `{wanted}`"),
            )
            .at(patterns.span),
        );
        return None;
    }
    literal::patterns(patterns, problems)
}

fn content(span: Span, max: Option<&ast::Int>, wanted: &Type, problems: &mut Problems) -> Option<Pin> {
    if *wanted != Type::Text {
        problems.push(
            Diagnostic::error(
                codes::PIN_DOES_NOT_FIT,
                format!("`content` is free text, and this argument is `{wanted}`"),
            )
            .at(span),
        );
        return None;
    }
    let most = u32::try_from(MAX_TEXT).unwrap_or(u32::MAX);
    let Some(max) = max else { return Some(Pin::Content { max: most }) };
    match u32::try_from(max.value) {
        Ok(max) if (1..=most).contains(&max) => Some(Pin::Content { max }),
        Ok(_) | Err(_) => {
            problems.push(
                Diagnostic::error(
                    codes::BAD_LIMIT,
                    format!("`content` is of 1 to {most} characters, not of {}", max.value),
                )
                .at(max.span),
            );
            None
        }
    }
}

/// The value of an expression of the type, or none with the fault reported; a datum that may be absent only where that may be.
pub fn expr(
    context: &Context<'_>,
    ast: &ast::Expr,
    (wanted, may_be_absent): (&Type, bool),
    at: At<'_>,
    problems: &mut Problems,
) -> Option<Expr> {
    match &ast.kind {
        ast::ExprKind::Literal(kind) => literal::value(kind, ast.span, wanted, problems).map(Expr::Literal),
        ast::ExprKind::Path(path) => {
            if let (Type::Enum(words), [word]) = (wanted, path.segments.as_slice()) {
                if words.contains(&word.text) {
                    return Some(Expr::Literal(Value::Text(word.text.clone())));
                }
                if !context.names.param_ids.contains_key(word.text.as_str()) {
                    return literal::word(path, wanted, problems).map(Expr::Literal);
                }
            }
            let (datum, ty, absent) = data::resolve_optional(context, path, at, problems)?;
            if absent && !may_be_absent {
                problems.push(fields::may_be_absent(path.span, &path.text()).help(
                    "only an `optional` argument can be pinned to it; with `any`, the agent gives a value or none",
                ));
                return None;
            }
            if types::fits(&ty, wanted) {
                return Some(Expr::Datum(datum));
            }
            let fault = literal::mismatch(path.span, &ty.to_string(), wanted);
            problems.push(match &ty {
                Type::List(item) | Type::Set(item) if types::fits(item, wanted) => fault
                    .help("write `one of` to let any element through")
                    .fix(path.span, format!("one of {}", path.text()), "write `one of`"),
                Type::Record(_) => {
                    let fields = context.connectors.fields(&ty);
                    let fit = fields.iter().find(|name| {
                        context.connectors.field(&ty, name).is_some_and(|ty| types::fits(ty, wanted))
                    });
                    match fit {
                        Some(field) => {
                            fault.help(format!("name a field of it, such as `{}.{field}`", path.text()))
                        }
                        None => fault,
                    }
                }
                _ => fault,
            });
            None
        }
        ast::ExprKind::Template(parts) => template(context, parts, ast.span, wanted, at, problems),
    }
}

/// A text with data in it; or none with the faults reported.
pub fn template(
    context: &Context<'_>,
    parts: &[ast::TemplatePart],
    span: Span,
    wanted: &Type,
    mut at: At<'_>,
    problems: &mut Problems,
) -> Option<Expr> {
    let mut sound = true;
    if !matches!(wanted, Type::Text | Type::Path | Type::Branch) {
        problems.push(literal::mismatch(span, "text", wanted));
        sound = false;
    }
    let mut lowered = Vec::with_capacity(parts.len());
    let mut is_whole = false;
    for part in parts {
        match part {
            ast::TemplatePart::Text(text) => lowered.push(TemplatePart::Text(text.clone())),
            ast::TemplatePart::Datum(path) => {
                let at = at.as_mut().map(|(step, edges)| (*step, &mut **edges));
                match data::resolve(context, path, at, problems) {
                    Some((datum, ty)) if ty == Type::Int || types::fits(&ty, &Type::Text) => {
                        is_whole = ty == *wanted;
                        lowered.push(TemplatePart::Datum(datum));
                    }
                    Some((_, ty)) => {
                        problems.push(
                            Diagnostic::error(codes::WRONG_TYPE, format!("a `{ty}` cannot be put into text"))
                                .at(path.span)
                                .because("only `int` and text can"),
                        );
                        sound = false;
                    }
                    None => sound = false,
                }
            }
        }
    }
    // A text that is a datum, and nothing besides, is that datum.
    let expr = match (lowered.pop(), lowered.is_empty()) {
        (Some(TemplatePart::Datum(datum)), true) if is_whole => Expr::Datum(datum),
        (last, _) => Expr::Template(lowered.into_iter().chain(last).collect()),
    };
    sound.then_some(expr)
}
