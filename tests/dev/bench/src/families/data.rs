//! A chain in which each step uses data made by the first.

use super::text;

pub fn source(steps: usize) -> String {
    let mut text = text::head(&["maker", "publisher"]);
    text += "\n  step s0 by maker {\n    may github.issues.create(repo, title: content, body: content) once per run as ticket\n    \
             outcome done auto when ticket\n  }\n";
    for number in 1..steps.saturating_sub(1).max(1) {
        let made = text::make(&format!("s{number}"), "maker", &format!("s{}.done", number - 1));
        text += &made.replace("(repo, issue,", "(repo, s0.ticket.number,");
    }
    text + &text::publish("publisher", &format!("s{}.done", steps.saturating_sub(2))) + text::APART
}
