//! Types: from what is written to what is meant, and which value fits where.

use std::collections::BTreeMap;

use xp_artifact::workflow::{Field, Record};
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_scope::Type;
use xp_syntax::ast;

use crate::connector::Connectors;
use crate::problems::Problems;

/// The types that need no declaration.
const BUILT_IN: [(&str, Type); 10] = [
    ("bool", Type::Bool),
    ("int", Type::Int),
    ("text", Type::Text),
    ("path", Type::Path),
    ("branch", Type::Branch),
    ("commit", Type::Commit),
    ("tree", Type::Tree),
    ("time", Type::Time),
    ("duration", Type::Duration),
    ("url", Type::Url),
];

/// A decimal, as an example.
const DECIMAL: &str = "decimal(2)";
/// A decimal with a unit, as an example.
const MONEY: &str = "decimal(2) EUR";

/// What other languages call these types, in lower case.
const ELSEWHERE: [(&str, &str); 35] = [
    ("string", "text"),
    ("str", "text"),
    ("varchar", "text"),
    ("integer", "int"),
    ("number", "int"),
    ("long", "int"),
    ("int64", "int"),
    ("i64", "int"),
    ("u64", "int"),
    ("boolean", "bool"),
    ("flag", "bool"),
    ("file", "path"),
    ("filename", "path"),
    ("filepath", "path"),
    ("date", "time"),
    ("datetime", "time"),
    ("date_time", "time"),
    ("timestamp", "time"),
    ("timestamptz", "time"),
    ("instant", "time"),
    ("timespan", "duration"),
    ("timedelta", "duration"),
    ("interval", "duration"),
    ("seconds", "duration"),
    ("uri", "url"),
    ("link", "url"),
    ("href", "url"),
    ("float", DECIMAL),
    ("double", DECIMAL),
    ("real", DECIMAL),
    ("numeric", DECIMAL),
    ("decimal", DECIMAL),
    ("money", MONEY),
    ("currency", MONEY),
    ("price", MONEY),
];

/// Where a type is written.
pub struct Place<'a> {
    /// The connectors that may be named.
    pub connectors: &'a Connectors,
    /// Inside a connector: its name and its types.
    pub own: Option<(&'a str, &'a BTreeMap<String, Span>)>,
    /// Declarations here were not understood.
    pub damaged: bool,
    /// Records made of inline types are put here; without, inline types are not allowed.
    pub inline: Option<&'a mut Vec<Record>>,
}

/// The type written, or none with the fault reported. `name` is what an inline record would be called; `word` is the word
/// that makes an unknown name an enumeration of one.
pub fn resolve(
    place: &mut Place<'_>,
    ty: &ast::Type,
    name: &str,
    word: Option<&str>,
    problems: &mut Problems,
) -> Option<Type> {
    match &ty.kind {
        ast::TypeKind::Named(path) => named(place, path, word, problems),
        ast::TypeKind::List(item) => {
            resolve(place, item, name, None, problems).map(|item| Type::List(Box::new(item)))
        }
        ast::TypeKind::Set(item) => {
            resolve(place, item, name, None, problems).map(|item| Type::Set(Box::new(item)))
        }
        ast::TypeKind::Optional(_) => {
            problems.push(
                Diagnostic::error(codes::BAD_TYPE, "`optional` cannot be used here").at(ty.span).because(
                    "only a field of a record, and an argument of an action, can be absent, and neither twice",
                ),
            );
            None
        }
        ast::TypeKind::Decimal { scale, unit } => decimal(scale, unit.as_ref(), problems),
        ast::TypeKind::Enum(words) => {
            let mut known: BTreeMap<&str, Span> = BTreeMap::new();
            let mut sound = true;
            for word in words {
                if let Some(first) = known.insert(&word.text, word.span) {
                    problems.push(
                        Diagnostic::error(codes::DUPLICATE_NAME, format!("`{}` is given twice", word.text))
                            .at(word.span)
                            .label(first, "the first one"),
                    );
                    sound = false;
                }
            }
            sound.then(|| Type::Enum(words.iter().map(|word| word.text.clone()).collect()))
        }
        ast::TypeKind::Record(fields) => {
            if place.inline.is_none() {
                problems.push(
                    Diagnostic::error(codes::NOT_YET, "an inline record cannot be used here yet")
                        .at(ty.span)
                        .help("declare a `type` in a connector and name it"),
                );
                return None;
            }
            let record = record(place, fields, name, problems)?;
            if let Some(inline) = place.inline.as_deref_mut() {
                inline.push(record);
            }
            Some(Type::Record(name.to_owned()))
        }
    }
}

/// The type of a field or argument, and whether it may be absent; or none with the fault reported.
pub fn resolve_optional(
    place: &mut Place<'_>,
    ty: &ast::Type,
    name: &str,
    word: Option<&str>,
    problems: &mut Problems,
) -> Option<(Type, bool)> {
    match &ty.kind {
        ast::TypeKind::Optional(inner) => {
            resolve(place, inner, name, word, problems).map(|inner| (inner, true))
        }
        _ => resolve(place, ty, name, word, problems).map(|ty| (ty, false)),
    }
}

fn decimal(scale: &ast::Int, unit: Option<&ast::Name>, problems: &mut Problems) -> Option<Type> {
    let most = xp_scope::decimal::MAX_SCALE;
    let digits = u8::try_from(scale.value).ok().filter(|digits| *digits <= most);
    if digits.is_none() {
        problems.push(
            Diagnostic::error(
                codes::BAD_TYPE,
                format!("a decimal has 0 to {most} digits after the point, not {}", scale.value),
            )
            .at(scale.span),
        );
    }
    let named = unit.is_none_or(|unit| xp_scope::decimal::is_unit(&unit.text));
    if let (false, Some(unit)) = (named, unit) {
        problems.push(
            Diagnostic::error(
                codes::BAD_TYPE,
                format!("a unit has at most {} characters", xp_scope::decimal::MAX_UNIT),
            )
            .at(unit.span),
        );
    }
    digits.filter(|_| named).map(|scale| Type::Decimal { scale, unit: unit.map(|unit| unit.text.clone()) })
}

/// A record of these fields, or none with the faults reported.
pub fn record(
    place: &mut Place<'_>,
    fields: &[ast::Field],
    name: &str,
    problems: &mut Problems,
) -> Option<Record> {
    let mut known: BTreeMap<&str, Span> = BTreeMap::new();
    let mut lowered = Vec::with_capacity(fields.len());
    let mut sound = true;
    for field in fields {
        if let Some(first) = known.insert(&field.name.text, field.name.span) {
            sound = false;
            problems.push(
                Diagnostic::error(
                    codes::DUPLICATE_NAME,
                    format!("the field `{}` is declared twice", field.name.text),
                )
                .at(field.name.span)
                .label(first, "the first one"),
            );
        }
        match resolve_optional(place, &field.ty, &format!("{name}.{}", field.name.text), None, problems) {
            Some((ty, optional)) => lowered.push(Field { name: field.name.text.clone(), ty, optional }),
            None => sound = false,
        }
    }
    sound.then(|| Record { name: name.to_owned(), fields: lowered })
}

fn named(place: &Place<'_>, path: &ast::Path, word: Option<&str>, problems: &mut Problems) -> Option<Type> {
    match path.segments.as_slice() {
        [name] => {
            if let Some((_, ty)) = BUILT_IN.iter().find(|(known, _)| *known == name.text) {
                return Some(ty.clone());
            }
            if let Some((connector, types)) = place.own
                && types.contains_key(&name.text)
            {
                return Some(Type::Record(format!("{connector}.{}", name.text)));
            }
            if word == Some(name.text.as_str()) {
                return Some(Type::Enum(vec![name.text.clone()]));
            }
            if place.own.is_some() && place.damaged && problems.may_be_lost(&name.text) {
                return None;
            }
            let own = place.own.iter().flat_map(|(_, types)| types.keys().map(String::as_str));
            // The type may well exist, in a connector that was not named.
            let elsewhere = place.connectors.visible.keys().find(|connector| {
                place.connectors.get(connector).is_some_and(|found| found.types.contains_key(&name.text))
            });
            let fault = Diagnostic::error(codes::UNKNOWN_TYPE, format!("there is no type `{}`", name.text))
                .at(name.span);
            problems.push(match elsewhere {
                Some(connector) => fault.help(format!("did you mean `{connector}.{}`?", name.text)).fix(
                    name.span,
                    format!("{connector}.{}", name.text),
                    format!("write `{connector}.{}`", name.text),
                ),
                None if ["nullable", "maybe", "option"]
                    .contains(&name.text.to_ascii_lowercase().as_str()) =>
                {
                    fault.help("what may be absent is written `optional` and its type: `optional text`")
                }
                None if let Some(here) = name_here(&name.text) => fault
                    .help(format!("did you mean `{here}`?"))
                    .fix(name.span, here, format!("replace with `{here}`")),
                None => {
                    let known = BUILT_IN.iter().map(|(name, _)| *name).chain(own);
                    problems.propose(fault, name.span, &name.text, "types", known)
                }
            });
            None
        }
        [connector, name] => {
            let found = crate::names::connector(place.connectors, connector, problems)?;
            if found.types.contains_key(&name.text) {
                let full = format!("{}.{}", connector.text, name.text);
                return place.connectors.records.contains_key(&full).then_some(Type::Record(full));
            }
            if !(place.connectors.partial(found) && problems.may_be_lost(&name.text)) {
                let fault = Diagnostic::error(
                    codes::UNKNOWN_TYPE,
                    format!("`{}` has no type `{}`", connector.text, name.text),
                )
                .at(name.span);
                let known = found.types.keys().map(String::as_str);
                problems.push(problems.propose(fault, name.span, &name.text, "types", known));
            }
            None
        }
        _ => {
            problems.push(
                Diagnostic::error(codes::UNKNOWN_TYPE, format!("there is no type `{}`", path.text()))
                    .at(path.span)
                    .help("a type of a connector is written `connector.Type`"),
            );
            None
        }
    }
}

fn name_here(other: &str) -> Option<&'static str> {
    let other = other.to_ascii_lowercase();
    ELSEWHERE.iter().find(|(name, _)| *name == other).map(|(_, here)| *here)
}

/// Every value of the first may stand where the second is wanted.
pub fn fits(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (_, Type::Text) => from.is_written_as_text(),
        (Type::Enum(few), Type::Enum(many)) => few.iter().all(|word| many.contains(word)),
        // The order of a set is that of its elements' texts: it stays a set whatever they are taken for.
        (Type::List(from), Type::List(to)) | (Type::Set(from), Type::List(to) | Type::Set(to)) => {
            fits(from, to)
        }
        _ => from == to,
    }
}
