//! Pieces of the text of a draft. Every text of others stands in it as an escaped string, or escaped in a comment.

use std::fmt::Write as _;

use super::schema::Type;
use super::why::Left;

/// A parameter or field.
pub struct Typed<'a> {
    pub name: &'a str,
    pub ty: &'a Type,
    pub optional: bool,
}

/// The first line of an action.
pub fn signature(text: &mut String, name: &str, params: &[Typed<'_>], fields: &[Typed<'_>]) {
    let typed = |typed: &Typed<'_>| {
        format!("{}: {}{}", typed.name, if typed.optional { "optional " } else { "" }, typed.ty)
    };
    let params: Vec<String> = params.iter().map(typed).collect();
    let fields: Vec<String> = fields.iter().map(typed).collect();
    let result = if fields.is_empty() { String::new() } else { format!(" -> {{ {} }}", fields.join(", ")) };
    line(text, &format!("action {name}({}){result} {{", params.join(", ")));
}

/// Names what is left out.
pub fn comment(text: &mut String, left: &Left) {
    line(text, &format!("// left out: {}", left.told()));
}

/// Adds a line.
pub fn line(text: &mut String, what: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{what}");
}

/// A string in which braces mean nothing; none if one of its characters cannot stand in a file.
pub fn quoted(text: &str) -> Option<String> {
    let mut written = String::from('"');
    for c in text.chars() {
        match c {
            '\n' => written.push_str("\\n"),
            '\t' => written.push_str("\\t"),
            '"' | '\\' => written.extend(['\\', c]),
            c if xp_diagnostics::misleads(c) => return None,
            c => written.push(c),
        }
    }
    written.push('"');
    Some(written)
}

/// A string in which a brace would stand for a datum.
pub fn quoted_template(text: &str) -> Option<String> {
    quoted(text).map(|written| written.replace('{', "{{"))
}
