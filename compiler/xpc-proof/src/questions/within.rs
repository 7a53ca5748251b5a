//! The path arguments of an action stay inside an extent.
//!
//! Against a list: every path is pinned to one of that very list. Against patterns: what is admitted lies within them.
//! Paths inside lists and records count too; of those only literals are looked into.

use std::collections::BTreeMap;

use xp_artifact::question::{Extent, Uses};
use xp_artifact::workflow::{ActionParam, Datum, Expr, Field, Pin};
use xp_diagnostics::{Diagnostic, EventKind, Trace, codes};
use xp_scope::{NotShown, PatternSet, Type, Value};
use xpc_model::{Place, ProofObligation, Verdict};

use super::uses;
use super::{Context, Granted, MOST, possible};
use crate::answer;
use crate::facts::{Facts, GrantAt, text};
use crate::map::Map;
use crate::plan::Act;
use crate::scopes;
use crate::violation::Violation;

pub(crate) fn ask(
    context: &Context<'_, '_>,
    obligation: &ProofObligation,
    what: &Uses,
    extent: &Extent,
) -> Verdict {
    let facts = context.facts;
    let found = match possible(&context.session, what) {
        Ok(found) => found,
        Err(why) => return answer::unknown(why),
    };
    let Some((_, witness)) = found.first() else { return uses::never_used(context, obligation, what) };
    let mut because = Vec::new();
    let mut failures = Vec::new();
    let mut undecided = None;
    for (granted, map) in &found {
        let action = facts.action_of(granted.at);
        let paths = (0_u32..).zip(action.params.iter().zip(&granted.grant.pins));
        let mut any = false;
        for (number, (param, pin)) in paths.filter(|(_, (param, _))| holds_path(facts, &param.ty)) {
            any = true;
            let place = Place::Pin(granted.at.0, granted.at.1, number);
            match judge(facts, pin, &param.ty, extent) {
                Inside::Yes => because.push(place),
                Inside::Undecided => {
                    undecided = undecided.or(Some(undecided_at(facts, granted, param)));
                }
                Inside::No(outside) if failures.len() < MOST => {
                    let argument = Argument { number, place };
                    failures.push(failure(
                        context,
                        obligation,
                        granted,
                        &map.map(),
                        &argument,
                        extent,
                        &outside,
                    ));
                }
                Inside::No(_) => {}
            }
        }
        if !any {
            return answer::unknown(format!("`{}` has no path argument", facts.action_name(granted.at)));
        }
    }
    // What is shown to lie outside needs no more to be known.
    if let Some(why) = undecided
        && !failures.iter().any(Result::is_ok)
    {
        return answer::unknown(why);
    }
    if failures.is_empty() {
        answer::proved_by(because, Some(witness.in_order(facts)))
    } else {
        answer::from(failures)
    }
}

/// Values of the type hold paths.
fn holds_path(facts: &Facts<'_>, ty: &Type) -> bool {
    match ty {
        Type::Path => true,
        Type::List(element) | Type::Set(element) => holds_path(facts, element),
        // No record is inside itself: the compiler refuses those.
        Type::Record(name) => fields(facts, name).any(|field| holds_path(facts, &field.ty)),
        Type::Bool
        | Type::Int
        | Type::Text
        | Type::Branch
        | Type::Commit
        | Type::Tree
        | Type::Decimal { .. }
        | Type::Time
        | Type::Duration
        | Type::Url
        | Type::Enum(_) => false,
    }
}

fn fields<'m>(facts: &Facts<'m>, name: &str) -> impl Iterator<Item = &'m Field> + use<'m> {
    let record = facts.w.records.iter().find(|record| record.name == name);
    record.into_iter().flat_map(|record| &record.fields)
}

/// All paths in a value of the type match.
fn all_match(facts: &Facts<'_>, value: &Value, ty: &Type, patterns: &PatternSet) -> bool {
    match (ty, value) {
        (Type::Path, value) => text(value).is_some_and(|path| patterns.matches(path)),
        (Type::List(element) | Type::Set(element), Value::List(elements)) => {
            elements.iter().all(|value| all_match(facts, value, element, patterns))
        }
        (Type::Record(name), Value::Record(members)) => fields(facts, name).all(|field| {
            let optional = field.optional;
            members.get(&field.name).map_or(optional, |value| all_match(facts, value, &field.ty, patterns))
        }),
        (ty, _) => !holds_path(facts, ty),
    }
}

fn undecided_at(facts: &Facts<'_>, granted: &Granted<'_>, param: &ActionParam) -> String {
    let name = facts.action_name(granted.at);
    match param.ty {
        Type::Path => format!("the scope of `{}` of `{name}` is too complex to compare", param.name),
        _ => format!(
            "`{}` of `{name}` holds paths inside a list or a record, of which only literals are looked into; pin it to a \
             literal whose paths all lie inside",
            param.name
        ),
    }
}

enum Inside {
    Yes,
    /// Paths that may show it.
    No(Vec<String>),
    Undecided,
}

fn judge(facts: &Facts<'_>, pin: &Pin, ty: &Type, extent: &Extent) -> Inside {
    if *pin == Pin::Absent {
        return Inside::Yes;
    }
    match extent {
        Extent::Datum(list) if !inside_record(ty) => against_list(pin, list),
        Extent::Patterns(patterns) if *ty == Type::Path => against_patterns(facts, pin, patterns),
        Extent::Patterns(patterns) => match pin {
            Pin::Is(Expr::Literal(value)) if all_match(facts, value, ty, patterns) => Inside::Yes,
            _ => Inside::Undecided,
        },
        Extent::Datum(_) => Inside::Undecided,
    }
}

/// Its paths stand inside records.
fn inside_record(ty: &Type) -> bool {
    match ty {
        Type::List(element) | Type::Set(element) => inside_record(element),
        other => matches!(other, Type::Record(_)),
    }
}

fn against_list(pin: &Pin, list: &Datum) -> Inside {
    match pin {
        Pin::OneOf { set: Expr::Datum(datum), .. } if datum == list => Inside::Yes,
        Pin::Is(Expr::Datum(datum)) if datum == list => Inside::Yes,
        Pin::Within(patterns) => Inside::No(inside_of(patterns)),
        Pin::OneOf { .. } | Pin::Is(_) | Pin::Content { .. } | Pin::Any | Pin::Absent => {
            Inside::No(vec!["elsewhere/x".to_owned(), "elsewhere/y".to_owned()])
        }
    }
}

/// Several paths that match.
fn inside_of(patterns: &PatternSet) -> Vec<String> {
    let mut found: Vec<String> = patterns.sample().into_iter().collect();
    for pattern in patterns.patterns() {
        for letter in ["y", "z", "elsewhere"] {
            let path = pattern.as_str().replace("**", letter).replace(['*', '?'], letter);
            if patterns.matches(&path) {
                found.push(path);
            }
        }
    }
    found.reverse();
    found
}

fn against_patterns(facts: &Facts<'_>, pin: &Pin, allowed: &PatternSet) -> Inside {
    let outside = || Inside::No(allowed.sample_outside().into_iter().collect());
    match pin {
        Pin::Within(patterns) => shown(patterns.within(allowed)),
        Pin::OneOf { set, within } => {
            let declared = scopes::declared_within(facts.w, set);
            if let Expr::Literal(Value::List(elements)) = set {
                let bad: Vec<String> = elements
                    .iter()
                    .filter_map(text)
                    .filter(|path| !allowed.matches(path) && within.as_ref().is_none_or(|w| w.matches(path)))
                    .map(str::to_owned)
                    .collect();
                return if bad.is_empty() { Inside::Yes } else { Inside::No(bad) };
            }
            match (within, declared) {
                (None, None) => outside(),
                (Some(only), None) | (None, Some(only)) => shown(only.within(allowed)),
                (Some(a), Some(b)) => {
                    let (a_in, b_in) = (a.within(allowed), b.within(allowed));
                    match (&a_in, &b_in) {
                        (Ok(()), _) | (_, Ok(())) => Inside::Yes,
                        (Err(x), Err(y)) => {
                            let from_a = x.path().filter(|path| b.matches(path));
                            let from_b = y.path().filter(|path| a.matches(path));
                            from_a
                                .or(from_b)
                                .map_or(Inside::Undecided, |path| Inside::No(vec![path.to_owned()]))
                        }
                    }
                }
            }
        }
        Pin::Is(Expr::Literal(value)) => match text(value) {
            Some(path) if allowed.matches(path) => Inside::Yes,
            _ => Inside::No(vec![text(value).unwrap_or_default().to_owned()]),
        },
        Pin::Is(Expr::Datum(datum)) => match scopes::datum_within(facts.w, datum) {
            Some(declared) => shown(declared.within(allowed)),
            None => outside(),
        },
        Pin::Is(Expr::Template(_)) | Pin::Content { .. } | Pin::Any | Pin::Absent => outside(),
    }
}

fn shown(result: Result<(), NotShown>) -> Inside {
    match result {
        Ok(()) => Inside::Yes,
        Err(NotShown::Path(path)) => Inside::No(vec![path]),
        Err(NotShown::TooComplex) => Inside::Undecided,
    }
}

/// Why a wildcard that seems to cover a path does not.
fn by_name(path: &str, extent: &Extent) -> Option<String> {
    let Extent::Patterns(_) = extent else { return None };
    let (last, dotted) = (path.rsplit('/').next()?, path.split('/').find(|segment| segment.starts_with('.')));
    match dotted {
        Some(segment) => {
            Some(format!("no wildcard matches a name that starts with a dot: a pattern says `{segment}`"))
        }
        None if xp_scope::is_control_file(last) => Some(format!(
            "no wildcard matches a file that steers builds, servers or agents by its name: a pattern says `{last}`"
        )),
        None => None,
    }
}

/// The path that the last use of a grant in a trace has as its argument.
fn used_on(facts: &Facts<'_>, trace: &Trace, at: GrantAt, number: u32) -> Option<String> {
    let param = &facts.action_of(at).params.get(number as usize)?.name;
    let step = &facts.step(at.0).name;
    trace.events.iter().rev().find_map(|event| match &event.kind {
        EventKind::Use { grant, args, .. } if *grant == at.1.0 && event.step == *step => {
            args.iter().find(|(name, _)| name == param).and_then(|(_, value)| text(value)).map(str::to_owned)
        }
        _ => None,
    })
}

struct Argument {
    number: u32,
    place: Place,
}

fn failure(
    context: &Context<'_, '_>,
    obligation: &ProofObligation,
    granted: &Granted<'_>,
    map: &Map,
    argument: &Argument,
    extent: &Extent,
    outside: &[String],
) -> Result<Diagnostic, String> {
    let facts = context.facts;
    let at = granted.at;
    let name = facts.action_name(at);
    let ends_in = format!("`{name}` has been used on a path outside");
    // The list that the extent names must have a value in the example.
    let mut map = map.clone();
    if let Extent::Datum(list) = extent
        && let crate::session::Answer::Yes(with) =
            context.session.ask(&[crate::need::Need::Use(at), crate::need::Need::Has(list.clone())])
    {
        map = with;
    }
    let pin = granted.grant.pins.get(argument.number as usize);
    let mut why = "no path outside was found".to_owned();
    for path in outside {
        let value = Value::Text(path.clone());
        let mut setting = uses::watched_on(context, &obligation.question, at);
        let mut args = BTreeMap::new();
        match pin {
            Some(Pin::Is(Expr::Datum(datum))) => uses::steer(facts, &mut setting, datum, &value),
            Some(Pin::OneOf { set: Expr::Datum(datum), .. }) => {
                setting.lists.entry(datum.clone()).or_default().push(path.clone());
                args.insert(argument.number, value);
            }
            Some(Pin::Is(_)) | None => {}
            Some(_) => {
                args.insert(argument.number, value);
            }
        }
        let act = Act::Use { at, fields: BTreeMap::new(), args };
        match context.trace(&map, &[act], &Violation::Broken, &setting, ends_in.clone()) {
            Ok(trace) => {
                // What a datum is, is not always chosen.
                let path = &used_on(facts, &trace, at, argument.number).unwrap_or_else(|| path.clone());
                let failure = Diagnostic::error(
                    codes::ONLY_WITHIN,
                    format!("`{name}` can be used on `{path}`, which is outside"),
                )
                .at(context.span(argument.place))
                .label(obligation.span, "required here")
                .help("pin the path to one of what the property names")
                .trace(trace);
                return Ok(match by_name(path, extent) {
                    Some(help) => failure.help(help),
                    None => failure,
                });
            }
            Err(reason) => why = reason,
        }
    }
    Err(why)
}
