//! Patterns of other tools as they are written here.

use xp_diagnostics::{Diagnostic, Span};
use xp_scope::Pattern;

/// Most alternatives that `{a,b}` is written out as.
const ALTERNATIVES: usize = 6;

/// Adds to a fault how the pattern is written here, where that can be told.
pub fn propose(fault: Diagnostic, written: &str, span: Span) -> Diagnostic {
    if written.starts_with('!') {
        return fault.help("patterns only let paths through: name those that may be used, each as a pattern");
    }
    // What is relative to the root starts with neither; anything else is a guess, and is said in words.
    let relative = written.trim_start_matches("./").trim_start_matches('/');
    if relative != written && Pattern::parse(relative).is_ok() {
        let title = format!("write `{relative}`");
        return fault.help(format!("a pattern is relative to the root: {title}")).fix(
            span,
            format!("\"{relative}\""),
            title,
        );
    }
    let texts: Vec<String> = alternatives(relative).iter().map(|one| here(one)).collect();
    if texts.is_empty() || texts.iter().any(|text| Pattern::parse(text).is_err()) {
        return fault;
    }
    let quoted: Vec<String> = texts.iter().map(|text| format!("`\"{text}\"`")).collect();
    fault.help(format!("write {}", quoted.join(", ")))
}

/// `a/{b,c}` is `a/b` and `a/c`; a pattern without braces is itself.
fn alternatives(text: &str) -> Vec<String> {
    let Some((before, rest)) = text.split_once('{') else { return vec![text.to_owned()] };
    let Some((inside, after)) = rest.split_once('}') else { return Vec::new() };
    let parts: Vec<&str> = inside.split(',').collect();
    if parts.len() > ALTERNATIVES || after.contains('{') || inside.contains('{') {
        return Vec::new();
    }
    parts.iter().map(|part| format!("{before}{part}{after}")).collect()
}

/// With `/` between segments, `**` alone in its segment, and a folder as what lies in it.
fn here(text: &str) -> String {
    let mut segments: Vec<String> = Vec::new();
    for segment in text.replace('\\', "/").split('/').filter(|segment| !matches!(*segment, "" | ".")) {
        match (segment, segment.strip_prefix("**"), segment.strip_suffix("**")) {
            ("**", ..) if segments.last().is_some_and(|last| last == "**") => {}
            ("**", ..) => segments.push(segment.to_owned()),
            (_, Some(end), _) => segments.extend(["**".to_owned(), format!("*{end}")]),
            (_, None, Some(start)) => segments.extend([start.to_owned(), "**".to_owned()]),
            (_, None, None) => segments.push(segment.to_owned()),
        }
    }
    if text.ends_with(['/', '\\']) {
        segments.push("**".to_owned());
    }
    segments.join("/")
}
