//! The text of a draft, and what it must say, part by part.

use super::draft::{Action, Answer, Draft};
use crate::import::same::{self, Parts};
use crate::import::text::{comment, line, quoted, quoted_template, signature};

const HEADER: &str = "\
// Drafted from the tools that an MCP server lists. Nothing here is known to be true: read each action and confirm it. In particular:
// - Declare the kinds of things at the server (`resource Note { id: text exact }`), and say what actions read, make and change.
";
/// For a draft with an action that nobody confirmed.
const OPEN: &str = "\
// - Every action lacks `effect`, `changes` and `repeat`, and is refused (XP0409) until you say what it does. Add `irreversible`,
//   `final` and `publishes` where they are true. What the server suggests is its own word.
";
/// For a draft with an action that somebody says only reads.
const READS: &str = "\
// - The actions with `effect read` only read at the word of a person who named their tools (`--reads`).
";
const END: &str = "\
// - The digest says which tool is meant, as it was listed. A server that lists another one under the name is not called.
// - The command or address of the server, and its credential, are the operator's.
";

/// The text, before it is formatted.
pub fn write(draft: &Draft) -> String {
    let open = if draft.actions.iter().all(|action| action.reads) { "" } else { OPEN };
    let reads = if draft.actions.iter().any(|action| action.reads) { READS } else { "" };
    let mut text = format!("{HEADER}{open}{reads}{END}\nconnector {} {{\n", draft.name);
    for left in &draft.left_out {
        comment(&mut text, &left.left);
        if let Some((tool, digest)) = &left.declared {
            // The name has no character that means something in a comment.
            line(&mut text, &format!("// to declare it: mcp tool \"{tool}\" is \"{digest}\""));
        }
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
    if !action.suggested.is_empty() {
        line(text, &format!("// the server suggests: {}", action.suggested.join("; ")));
    }
    line(
        text,
        match action.reads {
            true => "effect read\nchanges nothing\nreveals untrusted\nrepeat idempotent\n",
            false => "// to confirm: say `effect`, `changes` and `repeat`\nreveals untrusted\n",
        },
    );
    line(text, &format!("mcp tool \"{}\" is \"{}\"", action.tool, action.listed));
    for param in &action.params {
        if let Some(at) = quoted_template(&param.at) {
            line(text, &format!("mcp argument {at} is {}", param.name));
        }
    }
    match &action.result {
        Answer::Text => line(text, "mcp result.text at text"),
        Answer::Fields(fields) => {
            for field in fields {
                if let Some(at) = quoted(&field.at) {
                    line(text, &format!("mcp result.{} at {at}", field.name));
                }
            }
        }
    }
    line(text, "}");
}

/// What the text must say of an action.
pub fn meant(action: &Action) -> Parts {
    let mut parts = same::signature(&action.name, &action.params(), &action.fields());
    let said: &[(&str, &str)] = match action.reads {
        true => {
            &[("effect", "read"), ("changes", "nothing"), ("reveals", "untrusted"), ("repeat", "idempotent")]
        }
        false => &[("reveals", "untrusted")],
    };
    parts.extend(said.iter().map(|(what, word)| (*what, vec![(*word).to_owned()])));
    let line = |word: &str, name: &str, rest: Vec<String>| {
        let mut line = vec!["line".to_owned(), word.to_owned(), name.to_owned()];
        line.extend(rest);
        ("mcp", line)
    };
    parts.push(line("tool", &action.tool, vec!["is text".to_owned(), action.listed.to_string()]));
    for param in &action.params {
        parts.push(line("argument", &param.at, vec![format!("is {}", param.name)]));
    }
    match &action.result {
        Answer::Text => parts.push(("mcp", same::result("text", None))),
        Answer::Fields(fields) => {
            parts.extend(fields.iter().map(|field| ("mcp", same::result(&field.name, Some(&field.at)))));
        }
    }
    parts
}
