//! The matcher against a naive one, and the automata against the matcher on every short path.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::LazyLock;

use proptest::prelude::*;
use xp_scope::path;
use xp_scope::{NotShown, Pattern, PatternSet, is_control_file};

/// The rules once more, as directly as they can be said.
fn naive(pattern: &str, path: &str) -> bool {
    fn segments(items: &[&str], path: &[&str]) -> bool {
        match (items, path) {
            ([], []) => true,
            (["**"], []) => false,
            (["**"], [one]) => plain(one, true),
            (["**"], [first, rest @ ..]) => plain(first, false) && segments(items, rest),
            (["**", after @ ..], path) => {
                segments(after, path)
                    || path
                        .split_first()
                        .is_some_and(|(first, rest)| plain(first, rest.is_empty()) && segments(items, rest))
            }
            ([item, after @ ..], [first, rest @ ..]) => {
                let fits = if item.contains(['*', '?']) {
                    plain(first, rest.is_empty()) && letters(item, first)
                } else {
                    item == first
                };
                fits && segments(after, rest)
            }
            _ => false,
        }
    }
    fn plain(segment: &str, last: bool) -> bool {
        !(segment.starts_with('.') || last && is_control_file(segment))
    }
    fn letters(glob: &str, text: &str) -> bool {
        let Some(first) = glob.chars().next() else { return text.is_empty() };
        let glob_rest = &glob[first.len_utf8()..];
        let text_rest = text.chars().next().map(|c| (c, &text[c.len_utf8()..]));
        match (first, text_rest) {
            ('*', None) => letters(glob_rest, text),
            ('*', Some((_, rest))) => letters(glob_rest, text) || letters(glob, rest),
            ('?', Some((_, rest))) => letters(glob_rest, rest),
            (wanted, Some((c, rest))) => wanted == c && letters(glob_rest, rest),
            (_, None) => false,
        }
    }
    segments(&pattern.split('/').collect::<Vec<_>>(), &path.split('/').collect::<Vec<_>>())
}

/// Every valid path of at most four letters over a small alphabet, and some with the names that matter, shortest first.
static PATHS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut paths = Vec::new();
    let mut layer = vec![String::new()];
    for _ in 0..4 {
        layer = layer.iter().flat_map(|p| "ab.-x/".chars().map(move |c| format!("{p}{c}"))).collect();
        paths.extend(layer.iter().cloned());
    }
    let names =
        ["a", "b.mk", "Makefile", "makefile", "Makefiles", ".github", ".a", "-a", "build", "é", "owners"];
    for a in names {
        paths.push(a.to_owned());
        for b in names {
            paths.push(format!("{a}/{b}"));
            for c in names {
                paths.push(format!("{a}/{b}/{c}"));
            }
        }
    }
    paths.retain(|p| path::check(p).is_ok());
    paths.sort_by_key(|p| (p.len(), p.clone()));
    paths.dedup();
    paths
});

fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ab*?]{1,4}",
        2 => "[ab.*?x-]{1,5}",
        3 => Just("**".to_owned()),
        1 => prop_oneof![
            Just("Makefile"), Just("M*"), Just("*file"), Just("?akefile"), Just("*.mk"), Just("b.mk"), Just(".github"),
            Just(".a"), Just("-a"), Just("-*"), Just("*.*"), Just("buil?"), Just("*é*"), Just("own*"), Just("a?.m?"),
        ].prop_map(str::to_owned),
    ]
}

fn pattern() -> impl Strategy<Value = Pattern> {
    prop::collection::vec(segment(), 1..4)
        .prop_filter_map("no pattern", |segments| Pattern::parse(&segments.join("/")).ok())
}

fn set() -> impl Strategy<Value = PatternSet> {
    prop::collection::vec(pattern(), 1..4).prop_map(|patterns| PatternSet::new(patterns).unwrap())
}

/// The shortest listed path for which this holds.
fn first(holds: impl Fn(&str) -> bool) -> Option<&'static str> {
    PATHS.iter().map(String::as_str).find(|p| holds(p))
}

fn agrees(claim: Result<(), NotShown>, refutes: impl Fn(&str) -> bool) -> Result<(), TestCaseError> {
    match claim {
        Ok(()) => prop_assert_eq!(first(refutes), None),
        Err(NotShown::Path(path)) => {
            prop_assert!(path::check(&path).is_ok(), "{path} is no path");
            prop_assert!(refutes(&path), "{path} refutes nothing");
            if let Some(shorter) = first(refutes) {
                prop_assert!(path.len() <= shorter.len(), "{path} is longer than {shorter}");
            }
        }
        Err(NotShown::TooComplex) => prop_assert!(false, "such small patterns are not too complex"),
    }
    Ok(())
}

/// `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(100)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn the_matcher_is_the_naive_one(pattern in pattern()) {
        for path in PATHS.iter() {
            prop_assert_eq!(pattern.matches(path), naive(pattern.as_str(), path), "{:?} on {}", pattern, path);
        }
    }

    #[test]
    fn a_pattern_has_a_sample(pattern in pattern()) {
        let sample = pattern.sample().unwrap();
        prop_assert!(path::check(&sample).is_ok());
        prop_assert!(naive(pattern.as_str(), &sample));
    }

    #[test]
    fn what_is_refused_as_matching_nothing_matches_nothing(segments in prop::collection::vec(segment(), 1..4)) {
        let text = segments.join("/");
        if Pattern::parse(&text).is_err() && !text.contains("***") && !text.contains("**/**") {
            let partial = segments.iter().any(|segment| segment != "**" && segment.contains("**"));
            prop_assert!(partial || first(|path| naive(&text, path)).is_none(), "{}", text);
        }
    }

    #[test]
    fn within_is_exact(a in set(), b in set()) {
        agrees(a.within(&b), |path| a.matches(path) && !b.matches(path))?;
    }

    #[test]
    fn within_a_wider_set_is_exact(a in set(), b in set()) {
        let both = PatternSet::new([a.patterns(), b.patterns()].concat()).unwrap();
        prop_assert_eq!(a.within(&both), Ok(()));
        agrees(both.within(&a), |path| b.matches(path) && !a.matches(path))?;
    }

    #[test]
    fn disjoint_is_exact(a in set(), b in set()) {
        agrees(a.disjoint(&b), |path| a.matches(path) && b.matches(path))?;
    }

    #[test]
    fn intersect_is_exact(a in set(), b in set()) {
        let common = a.intersect(&b).unwrap();
        prop_assert_eq!(first(|path| common.matches(path) != (a.matches(path) && b.matches(path))), None);
        prop_assert_eq!(common.is_empty(), a.disjoint(&b).is_ok());
        prop_assert_eq!(common.within(&a), Ok(()));
        prop_assert_eq!(common.within(&b), Ok(()));
    }

    #[test]
    fn a_sample_outside_is_outside(a in set()) {
        let sample = a.sample_outside().unwrap();
        prop_assert!(path::check(&sample).is_ok() && !a.matches(&sample));
    }
}
