//! Whether a grant can be counted on: its pins let something through whatever the world and other steps answered, and no
//! guard may refuse it.

use xp_artifact::workflow::{Datum, Expr, Pin, Root, StepId, TemplatePart};
use xp_scope::path::MAX_PATH;
use xp_scope::refs::MAX_BRANCH;
use xp_scope::{MAX_TEXT, Type, Value};

use crate::evidence;
use crate::facts::{Facts, GrantAt, Shown, text};
use crate::scopes;

/// All pins of the grant surely let something through once what they name has a value, and no guard refuses more than what
/// its formula says of earlier steps.
pub(crate) fn lets_through(facts: &Facts<'_>, at: GrantAt) -> bool {
    !facts.guarding().may_refuse(at) && pins_let_through(facts, at)
}

fn pins_let_through(facts: &Facts<'_>, at: GrantAt) -> bool {
    let params = &facts.action_of(at).params;
    facts.usable(at)
        && facts.grant(at).is_some_and(|grant| {
            grant.pins.iter().zip(params).all(|(pin, param)| pin_lets_through(facts, pin, &param.ty))
        })
}

fn pin_lets_through(facts: &Facts<'_>, pin: &Pin, ty: &Type) -> bool {
    match pin {
        Pin::OneOf { set: Expr::Literal(Value::List(elements)), within } => elements.iter().any(|element| {
            within.as_ref().is_none_or(|within| text(element).is_some_and(|path| within.matches(path)))
        }),
        // The machine takes no empty list that is handed in; any other may be empty.
        Pin::OneOf { set: Expr::Datum(datum), within } => {
            matches!(datum.root, Root::Submission { .. })
                && datum.fields.is_empty()
                && within.as_ref().is_none_or(|within| {
                    scopes::datum_within(facts.w, datum)
                        .is_some_and(|declared| declared.within(within).is_ok())
                })
        }
        Pin::OneOf { .. } => false,
        Pin::Is(Expr::Template(parts)) => surely_named(facts, parts, ty),
        Pin::Is(_) | Pin::Within(_) | Pin::Content { .. } | Pin::Any | Pin::Absent => true,
    }
}

/// More values of a template than this are not tried.
const MAX_TRIED: usize = 4_096;

/// Whatever the data of the template are, it makes a value of the type.
fn surely_named(facts: &Facts<'_>, parts: &[TemplatePart], ty: &Type) -> bool {
    if *ty == Type::Text {
        return true;
    }
    let mut extremes = Vec::new();
    for part in parts {
        let TemplatePart::Datum(datum) = part else { continue };
        let Some(found) = facts.type_of(datum).and_then(extremes_of) else { return false };
        extremes.push(found);
    }
    // A name of as many hexadecimal digits as an object id has is taken for one.
    if *ty == Type::Branch && may_be_an_object_id(facts, parts) {
        return false;
    }
    let mut all: Vec<Vec<&str>> = vec![Vec::new()];
    for values in &extremes {
        if all.len().saturating_mul(values.len()) > MAX_TRIED {
            return false;
        }
        all = all
            .iter()
            .flat_map(|so_far| {
                values.iter().map(move |value| [so_far.as_slice(), &[value.as_str()]].concat())
            })
            .collect();
    }
    all.iter().all(|chosen| {
        let mut data = chosen.iter();
        is_of(&made(parts, |_| data.next().map(|value| (*value).to_owned())), ty)
    })
}

/// Numbers among the parts can be of any length up to that of the longest: together they may come to the length of an object id.
fn may_be_an_object_id(facts: &Facts<'_>, parts: &[TemplatePart]) -> bool {
    let (mut least, mut most) = (0, 0);
    for part in parts {
        let lengths: Vec<usize> = match part {
            TemplatePart::Text(fixed) if fixed.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                vec![fixed.len()]
            }
            TemplatePart::Text(_) => return false,
            TemplatePart::Datum(datum) => match facts.type_of(datum) {
                Some(Type::Int) => vec![1, xp_scope::MAX_INT.to_string().len()],
                ty => ty.and_then(extremes_of).into_iter().flatten().map(|text| text.len()).collect(),
            },
        };
        least += lengths.iter().min().copied().unwrap_or_default();
        most += lengths.iter().max().copied().unwrap_or_default();
    }
    let numbers = parts
        .iter()
        .any(|part| matches!(part, TemplatePart::Datum(datum) if facts.type_of(datum) == Some(&Type::Int)));
    numbers && [40, 64].iter().any(|length| (least..=most).contains(length))
}

/// What a datum can add to a name at the worst; `None` where that is not known.
fn extremes_of(ty: &Type) -> Option<Vec<String>> {
    const MOST: i64 = xp_scope::MAX_INT;
    match ty {
        Type::Int => Some([1, 0, -1, MOST, -MOST].map(|number| number.to_string()).to_vec()),
        Type::Commit | Type::Tree => Some(vec!["a".repeat(40), "1".repeat(64)]),
        Type::Enum(words) => Some(words.clone()),
        Type::Url => Some(vec![format!("https://a/{}", "a".repeat(xp_scope::url::MAX_URL - 10))]),
        Type::Bool
        | Type::Text
        | Type::Path
        | Type::Branch
        | Type::Decimal { .. }
        | Type::Time
        | Type::Duration
        | Type::List(_)
        | Type::Set(_)
        | Type::Record(_) => None,
    }
}

fn made(parts: &[TemplatePart], mut datum: impl FnMut(&Datum) -> Option<String>) -> String {
    let piece = |part: &TemplatePart| match part {
        TemplatePart::Text(fixed) => fixed.clone(),
        TemplatePart::Datum(of) => datum(of).unwrap_or_default(),
    };
    parts.iter().map(piece).collect()
}

fn is_of(made: &str, ty: &Type) -> bool {
    xp_scope::check(&Value::Text(made.to_owned()), ty, &()).is_ok()
}

/// Why a grant may be left with nothing to be used on.
pub(crate) enum Starved {
    /// A text need not be a name of this type.
    Name(Type),
    /// A list may be empty.
    List,
    /// Nothing in a list need be inside the patterns that narrow it.
    Narrowed,
}

/// The first pin of a grant that may let nothing through.
pub(crate) fn doubtful_pin(facts: &Facts<'_>, at: GrantAt) -> Option<(u32, Starved)> {
    let params = &facts.action_of(at).params;
    let mut pins = facts.grant(at)?.pins.iter().zip(params).zip(0..);
    let ((pin, param), number) = pins.find(|((pin, param), _)| !pin_lets_through(facts, pin, &param.ty))?;
    let why = match pin {
        Pin::OneOf { set: Expr::Datum(datum), within: Some(_) }
            if matches!(datum.root, Root::Submission { .. }) && datum.fields.is_empty() =>
        {
            Starved::Narrowed
        }
        Pin::OneOf { set: Expr::Literal(_), .. } => Starved::Narrowed,
        Pin::OneOf { .. } => Starved::List,
        _ => Starved::Name(param.ty.clone()),
    };
    Some((number, why))
}

/// The first argument of a grant that is put together from texts and may have more characters than a text can.
pub(crate) fn long_text<'m>(facts: &Facts<'m>, at: GrantAt) -> Option<&'m str> {
    let params = &facts.action_of(at).params;
    let pins = facts.grant(at)?.pins.iter().zip(params);
    let most = |part: &TemplatePart| match part {
        TemplatePart::Text(fixed) => fixed.chars().count(),
        TemplatePart::Datum(datum) => match facts.type_of(datum) {
            Some(Type::Text) | None => MAX_TEXT,
            Some(Type::Path) => MAX_PATH,
            Some(Type::Branch) => MAX_BRANCH,
            Some(ty) => {
                extremes_of(ty).iter().flatten().map(|text| text.chars().count()).max().unwrap_or(MAX_TEXT)
            }
        },
    };
    let long = |pin: &Pin| matches!(pin, Pin::Is(Expr::Template(parts)) if parts.iter().map(most).sum::<usize>() > MAX_TEXT);
    pins.into_iter()
        .find(|(pin, param)| param.ty == Type::Text && long(pin))
        .map(|(_, param)| param.name.as_str())
}

/// An answer of the world, or of another step, that leaves the grant nothing to be used on.
pub(crate) fn starved(facts: &Facts<'_>, at: GrantAt) -> Option<(Datum, Value)> {
    let params = &facts.action_of(at).params;
    let mut pins = facts.grant(at)?.pins.iter().zip(params);
    let (pin, param) = pins.find(|(pin, param)| !pin_lets_through(facts, pin, &param.ty))?;
    match pin {
        Pin::OneOf { set: Expr::Datum(datum), within } => match (datum.root, within) {
            (Root::Param(_) | Root::Result { .. }, _) => Some((datum.clone(), Value::List(Vec::new()))),
            (Root::Submission { .. }, Some(within)) if datum.fields.is_empty() => {
                let outside = match scopes::datum_within(facts.w, datum) {
                    Some(declared) => declared.within(within).err()?.path().map(str::to_owned),
                    None => within.sample_outside(),
                };
                Some((datum.clone(), Value::List(vec![Value::Text(outside?)])))
            }
            // Only a list that is handed in as such must hold something.
            (Root::Submission { .. }, _) if !datum.fields.is_empty() => {
                Some((datum.clone(), Value::List(Vec::new())))
            }
            (Root::Submission { .. }, _) => None,
        },
        Pin::Is(Expr::Template(parts)) => parts.iter().find_map(|part| {
            let TemplatePart::Datum(datum) = part else { return None };
            if facts.type_of(datum) != Some(&Type::Text) {
                return None;
            }
            let other = |word: &str| {
                let of = |of: &Datum| Some(if of == datum { word.to_owned() } else { "1".to_owned() });
                !is_of(&made(parts, of), &param.ty)
            };
            let bad = ["a .. b", ".."].into_iter().find(|word| other(word))?;
            Some((datum.clone(), Value::Text(bad.to_owned())))
        }),
        _ => None,
    }
}

/// The grants through which the step may be shown what it judges.
pub(crate) fn showing(facts: &Facts<'_>, step: StepId) -> Vec<GrantAt> {
    let mut found = Vec::new();
    for (atom, _) in facts.atoms(step) {
        let Some(datum) = facts.judged_datum(atom) else { continue };
        found.extend(facts.ways_to_see(step, datum).into_iter().filter_map(|way| match way {
            Shown::Use(grant, _) => Some((step, grant)),
            Shown::View | Shown::ByChance => None,
        }));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Grants that the step's outcomes read and that may be left with nothing to be used on.
pub(crate) fn unsure(facts: &Facts<'_>, step: StepId) -> Vec<GrantAt> {
    let read = evidence::read_by(facts, step).into_iter().map(|grant| (step, grant));
    read.filter(|at| facts.usable(*at) && !pins_let_through(facts, *at)).collect()
}
