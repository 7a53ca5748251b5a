//! Text damaged at random: nothing panics, and what is not damaged stays understood.

use proptest::prelude::*;

use super::Checked;

const SOURCE: &str = include_str!("../../../../examples/bug_fix/bug_fix.xp");
const GITHUB: &str = include_str!("../../../../stdlib/std/github.xp");

/// Words, strings and marks; white space and comments are dropped.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut rest = line.split("//").next().unwrap_or("").trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if first == '"' {
                rest[1..].find('"').map_or(rest.len(), |end| end + 2)
            } else if first.is_alphanumeric() || first == '_' {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            } else {
                first.len_utf8()
            };
            found.push(&rest[..length]);
            rest = rest[length..].trim_start();
        }
        found.push("\n");
    }
    found
}

fn check(tokens: &[&str]) {
    let checked = Checked::of(&tokens.join(" "));
    for diagnostic in &checked.diagnostics {
        assert!(!diagnostic.message.is_empty());
        for span in diagnostic.primary.iter().chain(diagnostic.labels.iter().map(|label| &label.span)) {
            let text = checked.sources.text(span.source);
            assert!(text.get(span.range()).is_some(), "{} points outside of its text", diagnostic.message);
        }
    }
    if checked.diagnostics.iter().any(|d| d.severity == xp_diagnostics::Severity::Error) {
        assert!(checked.models.is_empty(), "a model beside an error");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn dropped_tokens(gone in prop::collection::vec(any::<prop::sample::Index>(), 1..12)) {
        let mut left = tokens(SOURCE);
        for index in gone {
            left.remove(index.index(left.len()));
        }
        check(&left);
    }

    #[test]
    fn swapped_tokens(pairs in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 1..6)) {
        let mut left = tokens(SOURCE);
        for (a, b) in pairs {
            let (a, b) = (a.index(left.len()), b.index(left.len()));
            left.swap(a, b);
        }
        check(&left);
    }

    /// Words of the same file in each other's place: most of it parses, so that it is names and types that are wrong.
    #[test]
    fn copied_words(pairs in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 1..20)) {
        let mut left = tokens(SOURCE);
        let words: Vec<usize> = left.iter().enumerate().filter(|(_, token)| token.chars().all(char::is_alphanumeric)).map(|(at, _)| at).collect();
        for (to, from) in pairs {
            left[words[to.index(words.len())]] = left[words[from.index(words.len())]];
        }
        check(&left);
    }

    #[test]
    fn damaged_connectors(pairs in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 1..10)) {
        let mut left = tokens(GITHUB);
        for (to, from) in pairs {
            let (to, from) = (to.index(left.len()), from.index(left.len()));
            left[to] = left[from];
        }
        left.extend(tokens("workflow w(repo: github.Repo) { agent a\n step s by a { may github.issues.read(repo, 1) max 1 as issue\n outcome done if issue } }"));
        check(&left);
    }
}
