//! The splitter and the formatter against the grammar: what the grammar reads as one piece, they keep as one piece.

use std::collections::BTreeSet;

use xp_syntax::{format, words};

use super::common::{errors, shape};
use super::grammar::Grammar;

/// Rules of pieces, each with what stands around a piece in a file; `@` is its place.
const FRAMES: [(&str, &str); 21] = [
    ("use_piece", "@\nworkflow w {\n}\n"),
    ("connector_piece", "@ {\n}\n"),
    ("workflow_piece", "@ {\n}\n"),
    ("resource_piece", "connector c {\n@\ntype T {\n}\n}\n"),
    ("type_piece", "connector c {\n@\ntype T {\n}\n}\n"),
    ("action_piece", "connector c {\n@ {\n}\ntype T {\n}\n}\n"),
    ("clause_piece", "connector c {\naction a() {\n@\n}\n}\n"),
    ("roles_piece", "workflow w {\n@\nagent b\n}\n"),
    ("separate_piece", "workflow w {\n@\nagent b\n}\n"),
    ("assume_piece", "workflow w {\n@\nagent b\n}\n"),
    ("lease_piece", "workflow w {\n@\nagent b\n}\n"),
    ("secret_piece", "workflow w {\n@\nagent b\n}\n"),
    ("allow_piece", "workflow w {\n@\nagent b\n}\n"),
    ("finish_piece", "workflow w {\n@\nagent b\n}\n"),
    ("prove_piece", "workflow w {\n@\nagent b\n}\n"),
    ("guard_piece", "workflow w {\n@\nagent b\n}\n"),
    ("step_piece", "workflow w {\n@ {\noutcome o\n}\nagent b\n}\n"),
    ("grant_piece", "workflow w {\nstep s by b {\n@\noutcome o\n}\n}\n"),
    ("submit_piece", "workflow w {\nstep s by b {\n@\noutcome o\n}\n}\n"),
    ("within_piece", "workflow w {\nstep s by b {\n@\noutcome o\n}\n}\n"),
    ("outcome_piece", "workflow w {\nstep s by b {\n@\nmay a.b()\n}\n}\n"),
];

/// Errors but that of mixed connectives, which is no matter of the grammar.
fn faults(text: &str) -> Vec<String> {
    errors(text).into_iter().filter(|fault| !fault.starts_with("XP0109")).collect()
}

#[test]
fn what_the_grammar_reads_is_one_piece_on_one_line_and_on_many() {
    let grammar = Grammar::read();
    let framed: BTreeSet<&str> = FRAMES.iter().map(|(rule, _)| *rule).collect();
    let pieces: BTreeSet<&str> = grammar.names().filter(|name| name.ends_with("_piece")).collect();
    assert_eq!(framed, pieces);
    let mut starts: BTreeSet<String> = BTreeSet::new();
    for (rule, frame) in FRAMES {
        for seed in 1..=250 {
            let tokens = grammar.sentence(rule, seed);
            starts.extend(tokens.first().cloned());
            let last = tokens.last().map_or("", String::as_str);
            if let Some(word) = words().iter().find(|word| word.text() == last) {
                assert!(word.can_end(), "`{last}` ends a piece: {}", tokens.join(" "));
            }
            let flat = frame.replace('@', &tokens.join(" "));
            let tall = frame.replace('@', &tokens.join("\n"));
            assert_eq!(faults(&flat), Vec::<String>::new(), "{flat}");
            assert_eq!(faults(&tall), Vec::<String>::new(), "{tall}");
            assert_eq!(shape(&flat), shape(&tall), "{tall}");
            if errors(&flat).is_empty() {
                let once = format(&flat).unwrap();
                assert_eq!(format(&tall).unwrap(), once);
                assert_eq!(format(&once).unwrap(), once);
                assert_eq!(shape(&once), shape(&flat), "{once}");
            }
        }
    }
    let starters: BTreeSet<String> =
        words().iter().filter(|word| word.starts_member()).map(|word| word.text().to_owned()).collect();
    assert_eq!(starts, starters, "words that start members, in the grammar and in the table");
}

/// A name that is also the first word of a clause ends its clause as any other name does.
#[test]
fn a_clause_ends_where_the_next_one_on_its_line_begins() {
    let names = [
        "version", "measured", "reads", "changes", "makes", "removes", "final", "expects", "shows", "repeat",
        "effect",
    ];
    let clauses = [
        "expects Doc(a) at @",
        "expects Doc(a) at a.@",
        "expects Doc(a) at a or reports @",
        "final @",
        "final a, @",
        "shows @",
        "changes Doc(a) from @",
        "measured by @",
        "result.a is @",
    ];
    for name in names {
        for clause in clauses {
            let clause = clause.replace('@', name);
            let flat = format!("connector c {{\naction a() {{\n{clause} publishes irreversible\n}}\n}}\n");
            let tall = format!("connector c {{\naction a() {{\n{clause}\npublishes\nirreversible\n}}\n}}\n");
            assert_eq!(faults(&flat), Vec::<String>::new(), "{flat}");
            assert_eq!(shape(&flat), shape(&tall), "{flat}");
        }
    }
}
