//! Whether what a pin admits can be equal to something, as far as the workflow alone tells.

use xp_artifact::declaration::{KeyExpr, Making};
use xp_artifact::spelling::Spelling;
use xp_artifact::workflow::{Datum, Expr, Pin, Root, TemplatePart};
use xp_scope::{PatternSet, Type, Value};

use crate::facts::{Facts, GrantAt, text};
use crate::scopes;

/// Identities followed from one datum at most; a checked workflow has no circle.
const MAX_FOLLOWED: usize = 64;

/// Whether an argument of the grant can be what the expression says, as far as the workflow alone tells: of a name, however it is
/// spelled.
pub(crate) fn can_meet(facts: &Facts<'_>, at: GrantAt, number: u32, expr: &Expr) -> bool {
    let pin = facts.grant(at).and_then(|grant| grant.pins.get(number as usize));
    pin.is_none_or(|pin| {
        meets(facts, pin, expr, MAX_FOLLOWED)
            || is_spelled_so(&Spelling::of(facts.w, facts.action_of(at), number), pin, expr)
    })
}

/// What differs from the expression may be spelled otherwise and be the same name.
fn is_spelled_so(spelling: &Spelling<'_>, pin: &Pin, expr: &Expr) -> bool {
    match (pin, expr) {
        (Pin::Absent, _) => false,
        (Pin::Is(Expr::Literal(a)), Expr::Literal(b)) => spelling.is_one(a, b),
        (Pin::OneOf { set: Expr::Literal(Value::List(elements)), .. }, Expr::Literal(b)) => {
            elements.iter().any(|a| spelling.is_one(a, b))
        }
        _ => spelling.folds(),
    }
}

/// A result that is an argument of its use is what that argument's pin admits.
fn identity<'m>(facts: &Facts<'m>, datum: &Datum) -> Option<(&'m Pin, Vec<String>)> {
    let Root::Result { step, grant } = datum.root else { return None };
    let (index, fields) = facts.action_of((step, grant)).clauses.identity(&datum.fields)?;
    Some((facts.grant((step, grant))?.pins.get(index as usize)?, fields))
}

fn meets(facts: &Facts<'_>, pin: &Pin, expr: &Expr, left: usize) -> bool {
    if let (Pin::Is(Expr::Datum(datum)), Some(left)) = (pin, left.checked_sub(1))
        && let Some((given, fields)) = identity(facts, datum)
    {
        let inner = match given {
            Pin::Is(Expr::Datum(datum)) => {
                let fields = datum.fields.iter().chain(&fields).cloned().collect();
                Some(Pin::Is(Expr::Datum(Datum { root: datum.root, fields })))
            }
            given if fields.is_empty() => Some(given.clone()),
            _ => None,
        };
        if inner.is_some_and(|inner| !meets(facts, &inner, expr, left)) {
            return false;
        }
    }
    match (pin, expr) {
        // No argument equals no value.
        (Pin::Absent, _) => false,
        (Pin::Is(Expr::Literal(a)), Expr::Literal(b)) => a == b,
        (Pin::Is(Expr::Template(parts)), Expr::Literal(value)) => {
            text(value).is_some_and(|text| can_become(parts, text))
        }
        (Pin::Is(Expr::Datum(datum)), Expr::Literal(value)) => {
            scopes::datum_within(facts.w, datum).is_none_or(|patterns| all_match(patterns, value))
        }
        (Pin::Is(Expr::Datum(datum)), Expr::Datum(other)) => {
            !(is_fresh(facts, datum, other) || is_fresh(facts, other, datum))
        }
        (Pin::Within(patterns), Expr::Literal(value)) => {
            text(value).is_some_and(|path| patterns.matches(path))
        }
        (Pin::OneOf { set, within }, Expr::Literal(value)) => {
            let inside = |patterns: &PatternSet| text(value).is_some_and(|path| patterns.matches(path));
            let listed = match set {
                Expr::Literal(Value::List(elements)) => elements.contains(value),
                _ => true,
            };
            listed
                && within.as_ref().is_none_or(inside)
                && scopes::declared_within(facts.w, set).is_none_or(inside)
        }
        (Pin::Content { max }, Expr::Literal(value)) => {
            text(value).is_some_and(|text| text.chars().nth(*max as usize).is_none())
        }
        _ => true,
    }
}

/// The path matches, or every one of a list.
fn all_match(patterns: &PatternSet, value: &Value) -> bool {
    match value {
        Value::List(elements) => elements.iter().all(|element| all_match(patterns, element)),
        value => text(value).is_some_and(|path| patterns.matches(path)),
    }
}

/// The result of an action that makes something new, and a parameter: the machine binds none that is called like a parameter
/// of the run, or a part of one, of the type of the kind's key.
fn is_fresh(facts: &Facts<'_>, datum: &Datum, given: &Datum) -> bool {
    let (Root::Result { step, grant }, Root::Param(_)) = (datum.root, given.root) else { return false };
    facts
        .action_of((step, grant))
        .clauses
        .made_as(&datum.fields)
        .is_some_and(|making| is_new(facts, making, given))
}

/// The argument names what the use makes, and the expression is a parameter: the machine refuses a use that makes what the run was given.
pub(crate) fn makes_what_is_given(facts: &Facts<'_>, at: GrantAt, number: u32, expr: &Expr) -> bool {
    let Expr::Datum(given) = expr else { return false };
    let named = |key: &KeyExpr| matches!(key, KeyExpr::Argument { index, fields } if *index == number && fields.is_empty());
    matches!(given.root, Root::Param(_))
        && facts.action_of(at).clauses.makes.iter().any(|making| {
            // What the result says is known after the use only.
            let mut keys = making.thing.keys();
            keys.all(|key| matches!(key, KeyExpr::Argument { .. } | KeyExpr::Literal(_)))
                && making.thing.own_keys().iter().any(named)
                && is_new(facts, making, given)
        })
}

/// What is made is never called like the parameter, or a part of one: the machine compares the names of the type of the kind's key.
fn is_new(facts: &Facts<'_>, making: &Making, given: &Datum) -> bool {
    let Some(ty) = facts.type_of(given) else { return false };
    let kind = making.thing.levels().last().and_then(|own| facts.w.kinds.named(&own.kind));
    let key = kind.and_then(|kind| facts.w.kinds.get(kind)).map(|kind| kind.key.as_slice());
    let compared = |of: &Type| of == ty && matches!(of, Type::Branch | Type::Commit | Type::Tree);
    key.is_some_and(|key| key.iter().all(|part| compared(&part.ty)))
}

/// Whether a template can become the text: only what it starts and ends with is looked at.
fn can_become(parts: &[TemplatePart], text: &str) -> bool {
    if let [TemplatePart::Text(whole)] = parts {
        return whole == text;
    }
    let (start, end) = (fixed(parts.first()), fixed(parts.last()));
    text.len() >= start.len() + end.len() && text.starts_with(&start) && text.ends_with(&end)
}

fn fixed(part: Option<&TemplatePart>) -> String {
    match part {
        Some(TemplatePart::Text(fixed)) => fixed.clone(),
        Some(TemplatePart::Datum(_)) | None => String::new(),
    }
}
