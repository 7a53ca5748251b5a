//! The word table and the grammar say the same.

use std::collections::BTreeSet;

use xp_syntax::words;

use super::common::errors;
use super::grammar::Grammar;

/// Words of the grammar are letters; its marks are the texts of one rule each.
fn is_word(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphabetic())
}

#[test]
fn each_word_of_the_grammar_is_a_row_and_each_row_a_rule() {
    let grammar = Grammar::read();
    let rows: BTreeSet<&str> = words().iter().map(|word| word.text()).collect();
    assert_eq!(rows.len(), words().len(), "a word has two rows");
    let rules: BTreeSet<String> =
        grammar.names().filter_map(|name| name.strip_prefix("k_")).map(str::to_owned).collect();
    let worded: BTreeSet<String> =
        rows.iter().filter(|text| is_word(text)).map(|text| (*text).to_owned()).collect();
    assert_eq!(rules, worded);
    for rule in &rules {
        assert_eq!(
            grammar.literals(&format!("k_{rule}")),
            BTreeSet::from([rule.clone()]),
            "k_{rule} reads another word"
        );
    }
    // Words and marks that are written out elsewhere in the grammar have rows too.
    let skipped =
        ["string", "int", "fraction", "duration", "gap", "sp", "wc", "word_raw", "WHITESPACE", "COMMENT"];
    for name in grammar.names().filter(|name| !skipped.contains(name)) {
        for text in grammar.literals(name) {
            assert!(rows.contains(text.as_str()), "`{text}` in {name} has no row");
        }
    }
}

#[test]
fn reserved_words_are_those_of_the_grammar() {
    let reserved: BTreeSet<String> =
        words().iter().filter(|word| word.is_reserved()).map(|word| word.text().to_owned()).collect();
    assert_eq!(Grammar::read().literals("reserved"), reserved);
    for word in words().iter().filter(|word| is_word(word.text())) {
        let text = format!("workflow w {{\n  agent {}\n}}\n", word.text());
        assert_eq!(errors(&text).is_empty(), !word.is_reserved(), "`{}` as a name", word.text());
    }
}
