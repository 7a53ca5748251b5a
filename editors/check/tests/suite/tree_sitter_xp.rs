//! `editors/tree-sitter-xp`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tree_sitter::{Node, Parser, Query, QueryCursor, StreamingIterator, Tree};

use super::{read, root, words, workflows};

fn parse(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&xp_editors::LANGUAGE.into()).unwrap();
    parser.parse(text, None).unwrap()
}

/// The first node that is an error or was made up.
fn wrong(node: Node<'_>) -> Option<Node<'_>> {
    if node.is_error() || node.is_missing() {
        return Some(node);
    }
    let mut cursor = node.walk();
    let children: Vec<Node<'_>> = node.children(&mut cursor).collect();
    children.into_iter().find_map(wrong)
}

#[test]
fn every_workflow_of_the_repository_parses() {
    for (path, text) in workflows() {
        let tree = parse(&text);
        if let Some(node) = wrong(tree.root_node()) {
            let line = node.start_position().row + 1;
            panic!("{}:{line}: {}", path.display(), node.to_sexp());
        }
    }
}

#[test]
fn a_wrong_workflow_does_not_parse() {
    for text in [
        "workflow w {\n  agent\n}\n",
        "workflow w {\n  step s by r {\n    outcome max\n  }\n}\n",
        "rules r {}\n",
    ] {
        assert!(wrong(parse(text).root_node()).is_some(), "{text}");
    }
}

fn literals(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if object.get("type").is_some_and(|kind| kind == "STRING") {
                found.extend(object["value"].as_str().map(str::to_owned));
            }
            object.values().for_each(|inner| literals(inner, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| literals(inner, found)),
        _ => {}
    }
}

#[test]
fn its_words_are_those_of_the_table() {
    let grammar: Value = serde_json::from_str(&read("editors/tree-sitter-xp/src/grammar.json")).unwrap();
    let mut found = BTreeSet::new();
    literals(&grammar["rules"], &mut found);
    found.retain(|text| text.bytes().all(|b| b.is_ascii_alphabetic()));
    assert_eq!(found, words());
    let mut names = BTreeSet::new();
    literals(&grammar["rules"]["_word"], &mut names);
    let reserved = xp_syntax::words().iter().filter(|word| word.is_reserved());
    assert_eq!(names, reserved.map(|word| word.text().to_owned()).collect());
}

/// `src/` is what `generate/` made of `grammar.js` as it stands.
#[test]
fn the_generated_files_are_those_of_the_grammar() {
    let folder = root().join("editors/tree-sitter-xp");
    let sums = read("editors/tree-sitter-xp/src/SHA256SUMS");
    assert_eq!(sums.lines().count(), 4);
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        let digest = Sha256::digest(std::fs::read(folder.join(name)).unwrap());
        let hex = digest.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        assert_eq!(hex, sum, "{name} has changed: run `cargo run` in editors/tree-sitter-xp/generate");
    }
}

/// Each token with its colour: the capture of the smallest node around it, of the last pattern that has one.
fn colours(text: &str) -> String {
    let query =
        Query::new(&xp_editors::LANGUAGE.into(), &read("editors/tree-sitter-xp/queries/highlights.scm"))
            .unwrap();
    let tree = parse(text);
    let mut best: Vec<Option<(usize, usize, &str)>> = vec![None; text.len()];
    let mut cursor = QueryCursor::new();
    let mut captures = cursor.captures(&query, tree.root_node(), text.as_bytes());
    while let Some((found, index)) = captures.next() {
        let capture = found.captures()[*index];
        let range = capture.node.byte_range();
        let colour =
            (range.len(), usize::MAX - found.pattern_index, query.capture_names()[capture.index as usize]);
        for place in &mut best[range] {
            if place.is_none_or(|other| (colour.0, colour.1) < (other.0, other.1)) {
                *place = Some(colour);
            }
        }
    }
    super::textmate::drawn(text, |at| best[at].map(|(_, _, name)| name.to_owned()))
}

#[test]
fn colours_are_as_the_snapshot_says() {
    insta::assert_snapshot!("tree_sitter_bug_fix", colours(&read("lang/xp-syntax/tests/data/bug_fix.xp")));
    insta::assert_snapshot!("tree_sitter_github", colours(&read("lang/xp-syntax/tests/data/github.xp")));
}
