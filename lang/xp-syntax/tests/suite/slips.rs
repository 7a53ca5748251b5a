//! Every single slip in a right program: nothing panics, what is wrong is told, and told once.

use std::collections::BTreeMap;
use std::time::Instant;

use super::common::{BUG_FIX, GITHUB, errors, tokens};

/// What one slip may do: leave a right program, or yield one fault. More is an invented follow-up.
fn told(text: &str, slip: &str, tally: &mut BTreeMap<usize, Vec<String>>) {
    let found = errors(text);
    tally.entry(found.len()).or_default().push(format!("{slip}\n    {}", found.join("\n    ")));
}

fn report(tally: &BTreeMap<usize, Vec<String>>) -> String {
    let counts: Vec<String> =
        tally.iter().map(|(count, slips)| format!("{count} faults: {} slips", slips.len())).collect();
    let many: Vec<&str> = tally
        .iter()
        .filter(|(count, _)| **count > 1)
        .flat_map(|(_, slips)| slips)
        .map(String::as_str)
        .collect();
    format!("{}\n{}", counts.join(", "), many.join("\n"))
}

fn line_of(text: &str, at: usize) -> String {
    let line = text[..at].matches('\n').count() + 1;
    format!("line {line}: {}", text.lines().nth(line - 1).unwrap_or("").trim())
}

#[test]
fn one_token_less() {
    for text in [BUG_FIX, GITHUB] {
        let mut tally = BTreeMap::new();
        for (start, end) in tokens(text) {
            let broken = format!("{} {}", &text[..start], &text[end..]);
            told(
                &broken,
                &format!("without `{}` in {}", &text[start..end], line_of(text, start)),
                &mut tally,
            );
        }
        println!("{}", report(&tally));
        println!("RIGHT {}", tally.get(&0).map(|s| s.join("\n")).unwrap_or_default());
    }
}

#[test]
fn junk_anywhere() {
    for junk in
        ["}", "{", ")", "(", "\"", ";", "->", "outcome", "step", "42", "junk", "and", ",", "\u{202e}", "é"]
    {
        for text in [BUG_FIX, GITHUB] {
            let mut tally = BTreeMap::new();
            let start_time = Instant::now();
            for (start, _) in tokens(text) {
                let broken = format!("{} {junk} {}", &text[..start], &text[start..]);
                told(
                    &broken,
                    &format!("`{junk}` before col {} of {}", start, line_of(text, start)),
                    &mut tally,
                );
            }
            println!("JUNK {junk} {:?} {}", start_time.elapsed(), report(&tally));
        }
    }
}
