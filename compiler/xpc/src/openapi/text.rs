//! The text of a draft. Every text of the description stands in it as an escaped string, or escaped in a comment.

use xp_artifact::http::{Method, Place};

use super::draft::{Action, Draft, Param, Segment};
use crate::import::text::{comment, line, quoted, quoted_template, signature};

const HEADER: &str = "\
// Drafted from an OpenAPI description. Nothing here is known to be true: read each action and confirm it. In particular:
// - Declare the kinds of things at the upstream (`resource Order { id: text exact }`), and say what actions read, make and change.
//   Until then, a reading action may read anything.
// - A GET is drafted as an action that changes nothing. Some upstreams act on a GET.
// - Every other action lacks `effect` and `changes`, and is refused (XP0409) until you say them. Add `irreversible`, `final`
//   and `publishes` where they are true, and `repeat idempotent` or `repeat probe` if the upstream allows it.
// - Confirm for each action which statuses mean that it is done.
// - Base address and credential are the operator's.
";

/// The text, before it is formatted.
pub fn write(draft: &Draft) -> String {
    let mut text = format!("{HEADER}\nconnector {} {{\n", draft.name);
    for left in &draft.left_out {
        comment(&mut text, left);
    }
    for action in &draft.actions {
        text.push('\n');
        write_action(&mut text, action);
    }
    text.push_str("}\n");
    text
}

fn write_action(text: &mut String, action: &Action) {
    signature(text, &action.name, &action.params(), &action.fields());
    for left in &action.left_out {
        comment(text, left);
    }
    line(
        text,
        match action.method {
            Method::Get => "effect read\nchanges nothing\nreveals untrusted\nrepeat idempotent\n",
            Method::Post | Method::Put | Method::Patch | Method::Delete => {
                "// to confirm: say `effect` and `changes`\nreveals untrusted\nrepeat manual\n"
            }
        },
    );
    for clause in clauses(action) {
        line(text, &clause);
    }
    if action.success.is_empty() {
        line(text, "// to confirm: no status of a success is described; say `http success`");
    } else if action.success.len() > 1 || action.success.contains(&202) {
        line(text, "// to confirm: each of these statuses means that the action is done, with this result");
    }
    line(text, "}");
}

/// The clauses that begin with `http`.
fn clauses(action: &Action) -> Vec<String> {
    let mut clauses = vec![format!("http {} \"{}\"", action.method.as_str(), path(&action.path))];
    for param in &action.params {
        clauses.extend(sent(param));
    }
    if !action.success.is_empty() {
        let statuses: Vec<String> = action.success.iter().map(u16::to_string).collect();
        clauses.push(format!("http success {}", statuses.join(", ")));
    }
    for field in &action.fields {
        clauses.extend(quoted(&field.at).map(|at| format!("http result.{} at {at}", field.name)));
    }
    clauses
}

fn sent(param: &Param) -> Option<String> {
    let (place, name) = param.sent.as_ref()?;
    Some(format!("http {} {} is {}", word(*place), quoted_template(name)?, param.name))
}

pub fn word(place: Place) -> &'static str {
    Place::ALL.iter().find(|(_, known)| *known == place).map_or("", |(word, _)| word)
}

fn path(segments: &[Segment]) -> String {
    if segments.is_empty() {
        return "/".to_owned();
    }
    let mut text = String::new();
    for segment in segments {
        match segment {
            // A segment has no character that means something in a string.
            Segment::Literal(piece) => text.extend(["/", piece]),
            Segment::Argument(name) => text.extend(["/{", name, "}"]),
        }
    }
    text
}
