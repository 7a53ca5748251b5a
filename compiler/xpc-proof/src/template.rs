//! Whether a template can be a name of its type at all.

use xp_artifact::workflow::{TemplatePart, Workflow};
use xp_scope::{Type, Value, check};

use crate::plain;

/// What a datum is tried as, for each that a template names.
const MAX_TRIED: usize = 256;

/// As many letters as keep a segment from being a short name of anything.
const LETTERS: &str = "xxxxxxxxxx";
/// Longer parts are not looked at: with letters beside them they would be too long.
const MAX_PART: usize = 200;

/// Whether values of its data make the template a value of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// Some do.
    Sometimes,
    /// None does: what stands in it as it is rules that out.
    Never,
    /// None that was tried.
    Untried,
}

pub(crate) fn named(w: &Workflow, parts: &[TemplatePart], ty: &Type) -> Named {
    if *ty == Type::Text || some_value(w, parts, ty) {
        return Named::Sometimes;
    }
    let holes = parts.iter().any(|part| matches!(part, TemplatePart::Datum(_)));
    if !holes || is_ruled_out(parts, ty) { Named::Never } else { Named::Untried }
}

fn is_of(text: &str, ty: &Type) -> bool {
    check(&Value::Text(text.to_owned()), ty, &()).is_ok()
}

/// Plain values of the data make a value of the type.
fn some_value(w: &Workflow, parts: &[TemplatePart], ty: &Type) -> bool {
    let mut all = vec![String::new()];
    for part in parts {
        let tried = match part {
            TemplatePart::Text(text) => vec![text.clone()],
            TemplatePart::Datum(datum) => w.type_of(datum).map(samples).unwrap_or_default(),
        };
        all = all
            .iter()
            .flat_map(|so_far| tried.iter().map(move |more| format!("{so_far}{more}")))
            .take(MAX_TRIED)
            .collect();
    }
    all.iter().any(|text| is_of(text, ty))
}

fn samples(ty: &Type) -> Vec<String> {
    let id = || "a1".repeat(20);
    match ty {
        Type::Int => vec!["1".to_owned(), "-1".to_owned()],
        Type::Text => vec!["x".to_owned(), id(), String::new()],
        Type::Path | Type::Branch => vec!["x".to_owned(), "x.y".to_owned()],
        Type::Commit | Type::Tree => vec![id()],
        Type::Enum(words) => words.iter().take(MAX_TRIED).cloned().collect(),
        Type::Decimal { .. } | Type::Time | Type::Url => {
            plain::value(ty, 1).and_then(|value| value.as_text().map(str::to_owned)).into_iter().collect()
        }
        Type::Bool | Type::Duration | Type::List(_) | Type::Set(_) | Type::Record(_) => Vec::new(),
    }
}

/// What stands in it as it is, is in no value of the type, whatever stands beside it.
fn is_ruled_out(parts: &[TemplatePart], ty: &Type) -> bool {
    let text = |part: &TemplatePart| match part {
        TemplatePart::Text(text) => Some(text.clone()),
        TemplatePart::Datum(_) => None,
    };
    let texts: Vec<String> = parts.iter().filter_map(text).collect();
    match ty {
        Type::Commit | Type::Tree => {
            let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            !texts.iter().all(|text| text.bytes().all(digit))
        }
        Type::Enum(words) => {
            let start = parts.first().and_then(text).unwrap_or_default();
            let end = parts.last().and_then(text).unwrap_or_default();
            !words.iter().any(|word| word.starts_with(&start) && word.ends_with(&end))
        }
        // A letter beside others may be another one in normal form.
        Type::Path | Type::Branch if texts.iter().all(|text| text.is_ascii()) => {
            let starts = parts.first().and_then(text).unwrap_or_default();
            let first = starts.split_once('/').map(|(first, _)| format!("{first}/{LETTERS}"));
            starts.starts_with('-')
                || first.is_some_and(|first| starts.len() <= MAX_PART && !is_of(&first, ty))
                || segments(parts).iter().any(|segment| !segment.can_be_in(ty))
        }
        _ => false,
    }
}

/// What is known of a segment of a name: a stretch of it as it stands, and whether it begins and ends there.
struct Segment {
    text: String,
    begins: bool,
    ends: bool,
}

impl Segment {
    fn can_be_in(&self, ty: &Type) -> bool {
        let (before, after) = (if self.begins { "" } else { LETTERS }, if self.ends { "" } else { LETTERS });
        self.text.len() > MAX_PART
            || is_of(&format!("{LETTERS}/{before}{}{after}/{LETTERS}", self.text), ty)
            || self.ends && is_of(&format!("{LETTERS}/{before}{}", self.text), ty)
    }
}

fn segments(parts: &[TemplatePart]) -> Vec<Segment> {
    let mut found = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let TemplatePart::Text(text) = part else { continue };
        let pieces: Vec<&str> = text.split('/').collect();
        for (at, piece) in pieces.iter().enumerate() {
            let begins = at > 0 || number == 0;
            let ends = at + 1 < pieces.len() || number + 1 == parts.len();
            // What lies beside a datum may be empty.
            if begins && ends || !piece.is_empty() {
                found.push(Segment { text: (*piece).to_owned(), begins, ends });
            }
        }
    }
    found
}
