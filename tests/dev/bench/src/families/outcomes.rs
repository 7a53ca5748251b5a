//! One step with many outcomes.

use std::fmt::Write as _;

use super::text;

pub fn source(outcomes: usize) -> String {
    let mut text = text::head(&["maker", "publisher"]);
    text += "\n  step choose by maker {\n    may github.issues.comment(repo, issue, body: content) max 100 as said\n";
    for number in 0..outcomes {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    outcome way{number} if said");
    }
    text += "  }\n";
    let ways: Vec<String> = (0..outcomes).map(|number| format!("choose.way{number}")).collect();
    text + &text::publish("publisher", &ways.join(" or ")) + text::APART
}
