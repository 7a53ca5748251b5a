//! Every single slip in a right program: nothing panics, what is wrong is told, and told once.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::common::{BUG_FIX, CLAUSES, GITHUB, errors, tokens};

/// Faults that each slip leads to, by how many they are.
type Tally = BTreeMap<usize, Vec<String>>;

fn told(tally: &mut Tally, text: &str, slip: &str) {
    let found = errors(text);
    tally.entry(found.len()).or_default().push(format!("{slip}\n    {}", found.join("\n    ")));
}

/// Slips that led to more faults than one.
fn bred(tally: &Tally) -> Vec<&String> {
    tally.iter().filter(|(count, _)| **count > 1).flat_map(|(_, slips)| slips).collect()
}

fn line_of(text: &str, at: usize) -> String {
    let line = text[..at].matches('\n').count() + 1;
    format!("line {line}: {}", text.lines().nth(line - 1).unwrap_or("").trim())
}

fn one_less(text: &str) -> Tally {
    let mut tally = Tally::new();
    for (start, end) in tokens(text) {
        let broken = format!("{} {}", &text[..start], &text[end..]);
        told(&mut tally, &broken, &format!("without `{}` in {}", &text[start..end], line_of(text, start)));
    }
    tally
}

#[test]
fn one_token_less() {
    let tally = one_less(BUG_FIX);
    assert_eq!(bred(&tally), Vec::<&String>::new());
    // What is right without a token: a pattern of a list, `not`, and words of `prove` clauses.
    insta::assert_snapshot!("right_without", tally[&0].join("\n").replace("\n    \n", "\n"));
    for text in [GITHUB, CLAUSES] {
        let tally = one_less(text);
        let bred = bred(&tally);
        assert!(bred.len() <= 3, "{bred:#?}");
    }
}

#[test]
fn junk_anywhere() {
    let junk = [
        "}", "{", ")", "(", "\"", ";", "->", "outcome", "step", "42", "junk", "and", ",", "\u{202e}", "é",
        "]", "[", "=", "=>", "'", "2h", "service",
    ];
    for (index, junk) in junk.into_iter().enumerate() {
        let mut tally = Tally::new();
        let places = tokens(BUG_FIX);
        // Every third place, another third for each kind: all places are met, in a third of the time.
        for (start, _) in places.iter().skip(index % 3).step_by(3) {
            let broken = format!("{} {junk} {}", &BUG_FIX[..*start], &BUG_FIX[*start..]);
            told(&mut tally, &broken, &format!("`{junk}` in {}", line_of(BUG_FIX, *start)));
        }
        let right = tally.get(&0).map_or(0, Vec::len);
        // A number before a name is an amount in a unit of that name: that no such value is wanted is found with the types.
        assert!(right == 0 || [",", "42"].contains(&junk), "`{junk}` is not noticed: {:?}", tally[&0]);
        let bred = bred(&tally);
        let made: usize = tally.values().map(Vec::len).sum();
        // A word that starts members may look like one wherever it stands.
        let most = if junk == "step" { made / 20 } else { made / 100 };
        assert!(bred.len() <= most, "`{junk}`: {} of {made} breed follow-ups: {bred:#?}", bred.len());
        assert!(tally.keys().all(|count| *count <= 5), "{bred:#?}");
    }
}

#[test]
fn a_file_cut_anywhere() {
    for (index, (start, _)) in tokens(BUG_FIX).into_iter().enumerate() {
        let cut = &BUG_FIX[..start];
        let found = errors(cut);
        // At the top of the file some cuts are right: after a `use` line.
        assert!(!found.is_empty() || index < 16, "cut before {}", line_of(BUG_FIX, start));
        assert!(found.len() <= 2, "cut before {}: {found:#?}", line_of(BUG_FIX, start));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(text) = xp_syntax::decode(&bytes) {
            errors(&text);
            let _ = xp_syntax::format(&text);
        }
    }

    #[test]
    fn any_tokens(picks in proptest::collection::vec(0usize..92, 0..200), breaks in any::<u64>()) {
        const WORDS: [&str; 92] = [
            "workflow", "connector", "use", "step", "agent", "separate", "roles", "prove", "finish", "when", "may", "submit",
            "outcome", "by", "after", "as", "once", "max", "per", "run", "opening", "of", "auto", "if", "and", "or", "not", "->",
            "reopen", "end", "then", "with", "notes", "any", "content", "one", "within", "true", "{", "}", "(", ")", "[", "]",
            ",", ":", ".", "=", "|", "\"a{b.c}\"", "\"", "12", "name", "x", "type", "action", "effect", "repeat", "fresh", "list",
            "resource", "changes", "reads", "makes", "from", "result", "is", "about", "every", "some", "in", "anything", "nothing",
            "version", "valid", "final",
            "// note\n", "/// doc\n", "\n", "é", "=>", "<", ">", "'", "“", "”", "2h", "for", "rules", "human", "private", "prove",
        ];
        let mut text = String::new();
        for (at, pick) in picks.iter().enumerate() {
            text.push_str(WORDS[*pick]);
            text.push(if breaks >> (at % 64) & 1 == 1 { '\n' } else { ' ' });
        }
        errors(&text);
        let _ = xp_syntax::format(&text);
    }
}
