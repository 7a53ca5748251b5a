//! Literals: does what is written have the type that is wanted, and which value is it.

use xp_diagnostics::{Diagnostic, Span, codes};
use xp_scope::{MAX_INT, Pattern, PatternSet, Type, Value};
use xp_syntax::ast;

use crate::problems::Problems;
use crate::rewritten;

/// The word a default consists of, if it is one.
pub fn default_word(default: &ast::Expr) -> Option<&str> {
    match &default.kind {
        ast::ExprKind::Path(path) => match path.segments.as_slice() {
            [word] => Some(&word.text),
            _ => None,
        },
        ast::ExprKind::Literal(_) | ast::ExprKind::Template(_) => None,
    }
}

/// A value of another type is wanted.
pub fn mismatch(span: Span, found: &str, wanted: &Type) -> Diagnostic {
    Diagnostic::error(codes::WRONG_TYPE, format!("this is `{found}`, and `{}` is wanted", wanted)).at(span)
}

/// The value of a literal as the type, or none with the fault reported.
pub fn value(kind: &ast::LiteralKind, span: Span, wanted: &Type, problems: &mut Problems) -> Option<Value> {
    let found = match (kind, wanted) {
        (ast::LiteralKind::Bool(value), Type::Bool) => return Some(Value::Bool(*value)),
        (ast::LiteralKind::Duration(seconds), Type::Duration) if (0..=MAX_INT).contains(seconds) => {
            return Some(Value::Int(*seconds));
        }
        (ast::LiteralKind::Duration(_), Type::Duration) => {
            problems.push(Diagnostic::error(codes::BAD_LITERAL, "this is beyond 2^53 − 1 seconds").at(span));
            return None;
        }
        (ast::LiteralKind::Int(number), Type::Decimal { .. }) => {
            return decimal(&number.to_string(), None, span, wanted, problems);
        }
        (ast::LiteralKind::Decimal { number, unit }, Type::Decimal { .. }) => {
            return decimal(number, unit.as_deref(), span, wanted, problems);
        }
        (ast::LiteralKind::Int(number), Type::Duration) => {
            problems.push(
                mismatch(span, "int", wanted)
                    .help(format!("a duration has its unit behind it: `{number}s`, or `m`, `h` or `d`")),
            );
            return None;
        }
        (ast::LiteralKind::Int(value), Type::Int) => {
            if (-MAX_INT..=MAX_INT).contains(value) {
                return Some(Value::Int(*value));
            }
            problems.push(
                Diagnostic::error(codes::BAD_LITERAL, format!("`{value}` is beyond ±(2^53 − 1)")).at(span),
            );
            return None;
        }
        (
            ast::LiteralKind::Text(text),
            Type::Text | Type::Path | Type::Branch | Type::Commit | Type::Tree | Type::Time | Type::Url,
        ) => {
            return typed_text(text, span, wanted, problems);
        }
        (ast::LiteralKind::Text(text), Type::Enum(words)) if words.contains(text) => {
            problems.push(
                mismatch(span, "text", wanted)
                    .help("a word of an enumeration is written without quotes")
                    .fix(span, text.clone(), "take the quotes away"),
            );
            return None;
        }
        (ast::LiteralKind::Text(text), Type::Int) if text.parse::<i64>().is_ok() => {
            problems.push(mismatch(span, "text", wanted).help("a number is written without quotes").fix(
                span,
                text.clone(),
                "take the quotes away",
            ));
            return None;
        }
        (ast::LiteralKind::Text(text), Type::Decimal { scale, unit })
            if xp_scope::decimal::padded(text, *scale).is_some() =>
        {
            let whole = unit.as_ref().map_or(text.clone(), |unit| format!("{text} {unit}"));
            problems.push(mismatch(span, "text", wanted).help("a number is written without quotes").fix(
                span,
                whole,
                "take the quotes away",
            ));
            return None;
        }
        (ast::LiteralKind::Bool(_), _) => "bool",
        (ast::LiteralKind::Decimal { .. }, _) => "decimal",
        (ast::LiteralKind::Duration(_), _) => "duration",
        (ast::LiteralKind::Int(_), _) => "int",
        (ast::LiteralKind::Text(_), _) => "text",
    };
    problems.push(mismatch(span, found, wanted));
    None
}

/// A decimal with the digits that are missing after the point, or none with the fault reported.
fn decimal(
    number: &str,
    unit: Option<&str>,
    span: Span,
    wanted: &Type,
    problems: &mut Problems,
) -> Option<Value> {
    let Type::Decimal { scale, unit: of } = wanted else { return None };
    if unit != of.as_deref() {
        let found = unit.map_or_else(|| "a number without a unit".to_owned(), |unit| format!("in `{unit}`"));
        let fault =
            Diagnostic::error(codes::WRONG_TYPE, format!("this is {found}, and `{wanted}` is wanted"))
                .at(span);
        problems.push(match (unit, of) {
            (None, Some(of)) => fault.help("the unit is written behind the number").fix(
                span,
                format!("{number} {of}"),
                "add the unit",
            ),
            (Some(_), None) => fault.help("leave the unit out"),
            _ => fault.because("amounts in two units are never the same, and cannot be compared"),
        });
        return None;
    }
    let scaled = xp_scope::decimal::padded(number, *scale);
    let value = scaled.and_then(|scaled| xp_scope::decimal::written(scaled, *scale)).map(Value::Text);
    if value.is_none() {
        problems.push(
            Diagnostic::error(codes::BAD_LITERAL, format!("this is no `{wanted}`"))
                .at(span)
                .because(format!("it has at most {scale} digits after the point, and 18 in all")),
        );
    }
    value
}

/// Why something is so, in the author's words; none, with the fault reported, where nothing is said.
pub fn reason(written: &ast::Text, problems: &mut Problems) -> Option<String> {
    if written.value.trim().is_empty() {
        problems.push(
            Diagnostic::error(codes::BAD_LITERAL, "this gives no reason")
                .at(written.span)
                .help("say why it is so: reports and artifacts show it to whoever relies on it"),
        );
        return None;
    }
    Some(written.value.clone())
}

/// The word of an enumeration, or none with the fault reported.
pub fn word(path: &ast::Path, wanted: &Type, problems: &mut Problems) -> Option<Value> {
    let text = path.text();
    let words: &[String] = if let Type::Enum(words) = wanted { words } else { &[] };
    if words.contains(&text) {
        return Some(Value::Text(text));
    }
    let fault =
        Diagnostic::error(codes::UNKNOWN_WORD, format!("`{text}` is not one of the words wanted here"))
            .at(path.span);
    problems.push(problems.propose(fault, path.span, &text, "words", words.iter().map(String::as_str)));
    None
}

fn typed_text(text: &str, span: Span, wanted: &Type, problems: &mut Problems) -> Option<Value> {
    let value = Value::Text(text.to_owned());
    match xp_scope::check(&value, wanted, &()) {
        Ok(()) => Some(value),
        Err(mismatch) => {
            let fault =
                Diagnostic::error(codes::BAD_LITERAL, format!("this is no `{wanted}`: {}", mismatch.why))
                    .at(span);
            problems.push(match wanted {
                Type::Commit | Type::Tree => {
                    fault.help("an object id is written whole: 40 or 64 lower-case hex digits")
                }
                Type::Time => fault.help("an instant is written in UTC, as \"2026-11-26T18:00:00Z\""),
                Type::Url => fault.help("a URL is written in full, as \"https://example.com/orders?id=7\""),
                _ => fault,
            });
            None
        }
    }
}

/// The set of patterns, or none with the faults reported.
pub fn patterns(ast: &ast::Patterns, problems: &mut Problems) -> Option<PatternSet> {
    let mut patterns = Vec::with_capacity(ast.items.len());
    for item in &ast.items {
        match Pattern::parse(&item.value) {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => {
                let fault = Diagnostic::error(codes::BAD_PATTERN, error.to_string()).at(item.span);
                problems.push(rewritten::propose(fault, &item.value, item.span));
            }
        }
    }
    if patterns.len() < ast.items.len() {
        return None;
    }
    match PatternSet::new(patterns) {
        Ok(set) => Some(set),
        Err(error) => {
            problems.push(Diagnostic::error(codes::BAD_PATTERN, error.to_string()).at(ast.span));
            None
        }
    }
}
