//! What the text of a draft must say, part by part.

use super::draft::{Action, Segment};
use super::text;
use crate::import::same::{self, Parts};

/// What the text must say of an action.
pub fn meant(action: &Action) -> Parts {
    let mut parts = same::signature(&action.name, &action.params(), &action.fields());
    let harmless: &[(&str, &str)] = if action.method.as_str() == "GET" {
        &[("effect", "read"), ("changes", "nothing"), ("reveals", "untrusted"), ("repeat", "idempotent")]
    } else {
        &[("reveals", "untrusted"), ("repeat", "manual")]
    };
    parts.extend(harmless.iter().map(|(what, word)| (*what, vec![(*word).to_owned()])));
    let mut line = vec!["line".to_owned(), action.method.as_str().to_owned()];
    let mut open = String::new();
    for segment in &action.path {
        open.push('/');
        match segment {
            Segment::Literal(piece) => open.push_str(piece),
            Segment::Argument(name) => line.extend([std::mem::take(&mut open), format!("{{{name}}}")]),
        }
    }
    if action.path.is_empty() {
        open.push('/');
    }
    if !open.is_empty() {
        line.push(open);
    }
    parts.push(("http", line));
    for param in &action.params {
        if let Some((place, name)) = &param.sent {
            let word = text::word(*place).to_owned();
            let line = vec!["line".to_owned(), word, name.clone(), format!("is {}", param.name)];
            parts.push(("http", line));
        }
    }
    if !action.success.is_empty() {
        let statuses = action.success.iter().map(u16::to_string);
        parts.push(("http", std::iter::once("success".to_owned()).chain(statuses).collect()));
    }
    parts.extend(action.fields.iter().map(|field| ("http", same::result(&field.name, Some(&field.at)))));
    parts
}
