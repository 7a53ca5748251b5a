//! Three-way merge of trees at the granularity of whole files. No I/O.

use std::collections::{BTreeMap, BTreeSet};

use super::git::Line;

/// Files by path.
type Files = BTreeMap<String, Line>;

/// The changes to `ours` that apply what `theirs` changed since `base`. `None` on a conflict: both sides
/// changed a file differently, or a path would be both a file and a folder.
pub(super) fn changes(base: &Files, ours: &Files, theirs: &Files) -> Option<Vec<(String, Option<Line>)>> {
    let mut changes = Vec::new();
    let paths: BTreeSet<&String> = base.keys().chain(theirs.keys()).collect();
    for path in paths {
        let (before, mine, other) = (base.get(path), ours.get(path), theirs.get(path));
        if other == before || other == mine {
            continue;
        }
        if mine != before {
            return None;
        }
        changes.push((path.clone(), other.cloned()));
    }
    let result = applied(ours.clone(), changes.clone());
    let inside = |path: &String| {
        path.match_indices('/').any(|(at, _)| path.get(..at).is_some_and(|p| result.contains_key(p)))
    };
    if result.keys().any(inside) { None } else { Some(changes) }
}

/// The files after applying the changes.
pub(super) fn applied(mut files: Files, changes: Vec<(String, Option<Line>)>) -> Files {
    for (path, line) in changes {
        match line {
            Some(line) => files.insert(path, line),
            None => files.remove(&path),
        };
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Files {
        let line = |pair: &str| {
            let (path, sha) = pair.split_once('=').unwrap();
            let (path, sha) = (path.to_owned(), sha.to_owned());
            (path.clone(), Line { path, mode: "100644".to_owned(), kind: "blob".to_owned(), sha })
        };
        text.split_whitespace().map(line).collect()
    }

    #[test]
    fn changes_of_one_side_are_merged_and_changes_of_both_conflict() {
        for (base, ours, theirs, wanted) in [
            ("a=1 b=1", "a=2 b=1", "a=1 b=2", Some("a=2 b=2")),
            ("a=1", "a=1 b=1", "a=1 c=1", Some("a=1 b=1 c=1")),
            ("a=1 b=1", "a=1 b=1", "b=1", Some("b=1")),
            ("a=1", "a=2", "a=2", Some("a=2")),
            ("a=1", "", "", Some("")),
            ("a=1 b=1", "b=1", "a=1 b=2", Some("b=2")),
            ("a=1", "a=2", "a=3", None),
            ("a=1", "a=2", "", None),
            ("a=1", "", "a=2", None),
            ("", "a=1", "a=2", None),
            ("", "a=1", "a/b=1", None),
            ("", "a/b=1", "a=1", None),
            ("a=1", "a=1", "a/b=1", Some("a/b=1")),
            ("a/b=1", "a/b=1 a/c=1", "a=1", None),
        ] {
            let (base, ours, theirs) = (files(base), files(ours), files(theirs));
            let result = changes(&base, &ours, &theirs).map(|changes| applied(ours.clone(), changes));
            assert_eq!(result, wanted.map(files), "{base:?} {ours:?} {theirs:?}");
        }
    }
}
