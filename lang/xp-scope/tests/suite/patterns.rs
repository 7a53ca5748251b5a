//! Patterns: what may be written, what matches, what can be shown.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use xp_scope::{NotShown, PathError, Pattern, PatternError, PatternSet, is_control_file};

fn set(patterns: &[&str]) -> PatternSet {
    PatternSet::parse(patterns).unwrap()
}

#[test]
fn wildcards_match_what_they_say() {
    for (pattern, yes, no) in [
        (
            "src/**",
            &["src/a", "src/a/b.rs", "src/日本"][..],
            &["src", "srcs/a", "a/src/b", "src/.a", "src/a/.b/c", ""][..],
        ),
        ("**/*.rs", &["a.rs", "x/y/a.rs"], &[".rs", "a.rs/b", ".x/a.rs"]),
        ("a/**/b", &["a/b", "a/x/b", "a/x/y/b"], &["a/xb", "ab", "a/b/c"]),
        ("src/*", &["src/a"], &["src/a/b", "src/.a", "src/Makefile"]),
        ("a?c", &["abc", "aéc", "a😀c"], &["ac", "abbc", "a/c"]),
        ("**", &["a", "a/b"], &[".a", "a/.b", "package.json"]),
        (".github/**", &[".github/a", ".github/workflows/ci.yml"], &[".github", ".GITHUB/a", ".github/.a"]),
        ("**/.env", &[".env", "a/.env"], &["a/.env2", ".a/.env"]),
        ("Makefile", &["Makefile"], &["makefile", "a/Makefile"]),
        ("*/Makefile", &["a/Makefile"], &["a/makefile"]),
        ("a b/*", &["a b/c"], &["a/b"]),
        ("*-x/**", &["a-x/b"], &["-x/b"]),
    ] {
        let pattern = Pattern::parse(pattern).unwrap();
        for path in yes {
            assert!(pattern.matches(path), "{pattern} {path}");
        }
        for path in no {
            assert!(!pattern.matches(path), "{pattern} {path}");
        }
    }
    assert!(
        !set(&["**"]).matches("a/../b") && !set(&["**"]).matches("a//b") && !set(&["*"]).matches("a\u{200b}")
    );
}

#[test]
fn patterns_that_mean_nothing_are_refused() {
    let owned = |text: &str| text.to_owned();
    for (text, wanted) in [
        ("", PatternError::Empty),
        ("!a", PatternError::Leading('!')),
        ("#a", PatternError::Leading('#')),
        ("a**", PatternError::PartialMany(owned("a**"))),
        ("a/***", PatternError::PartialMany(owned("***"))),
        ("**/**", PatternError::DoubleMany),
        ("{a,b}", PatternError::Unsupported('{')),
        ("[ab]", PatternError::Unsupported('[')),
        ("a\\*", PatternError::Unsupported('\\')),
        ("/a", PatternError::Path(PathError::EmptySegment)),
        ("a/", PatternError::Path(PathError::EmptySegment)),
        ("a/../*", PatternError::Path(PathError::Dots(owned("..")))),
        (".git/*", PatternError::Path(PathError::Git(owned(".git")))),
        ("-*", PatternError::Path(PathError::Dash)),
        ("*:", PatternError::Path(PathError::Character(':'))),
        ("*\u{202e}", PatternError::Path(PathError::Character('\u{202e}'))),
        (".*", PatternError::Dotfile(owned(".*"))),
        (".github*/a", PatternError::Dotfile(owned(".github*"))),
        ("*e\u{301}", PatternError::Combining('\u{301}')),
        ("*~", PatternError::BesideWildcard('~')),
        ("*．x", PatternError::BesideWildcard('．')),
        ("*.", PatternError::Nothing),
        ("* ", PatternError::Nothing),
        ("Makefile*", PatternError::Nothing),
        ("src/*.mk", PatternError::Nothing),
    ] {
        assert_eq!(Pattern::parse(text), Err(wanted), "{text:?}");
    }
    assert_eq!(Pattern::parse(&"a/".repeat(300)), Err(PatternError::TooLong));
    assert_eq!(Pattern::parse(&"?".repeat(256)), Err(PatternError::Nothing));
    assert!(Pattern::parse(&"?".repeat(255)).is_ok());
    assert!(Pattern::parse("*.mk/x").is_ok(), "a folder may be called so");
}

#[test]
fn control_files_are_known_by_every_spelling() {
    for name in [
        "Jenkinsfile",
        "jenkinsfile.groovy",
        "MAKEFILE",
        "GNUmakefile",
        "package.json",
        "Cargo.toml",
        "build.rs",
        "conftest.py",
        "Dockerfile.dev",
        "docker-compose.override.yml",
        "compose.prod.yaml",
        "vite.config.ts",
        "CODEOWNERS",
        "AGENTS.md",
        "CLAUDE.md",
        "x.csproj",
        "ſetup.py",
        "BUILD.bazel",
    ] {
        assert!(is_control_file(name), "{name}");
        assert!(!set(&["**", "*", "?*"]).matches(name), "{name}");
        assert!(!set(&["**", "a/*"]).matches(&format!("a/{name}")), "{name}");
    }
    for name in [
        "main.rs",
        "lib.py",
        "README.md",
        "test_parser.py",
        "index.html",
        "builder.rs",
        "compose.rs",
        "tsconfig.json",
    ] {
        assert!(!is_control_file(name), "{name}");
        assert!(set(&["**"]).matches(name), "{name}");
    }
    assert!(set(&["**"]).matches("build/a.rs"), "only the last segment counts");
}

#[test]
fn containment_is_shown_or_refuted_by_a_shortest_path() {
    let within = |a: &[&str], b: &[&str]| set(a).within(&set(b));
    assert_eq!(within(&["src/**/*.rs"], &["src/**"]), Ok(()));
    assert_eq!(within(&["src/*", "src/*/**"], &["src/**"]), Ok(()));
    assert_eq!(within(&["src/**"], &["src/*", "src/*/**"]), Ok(()));
    assert_eq!(within(&["src/a.rs"], &["src/?.rs"]), Ok(()));
    assert_eq!(within(&["src/**"], &["src/**/*.rs"]), Err(NotShown::Path("src/x".into())));
    assert_eq!(within(&["src/Makefile"], &["src/**"]), Err(NotShown::Path("src/Makefile".into())));
    assert_eq!(within(&[".github/*"], &["**"]), Err(NotShown::Path(".github/x".into())));
    assert_eq!(within(&["**"], &["*", "*/*", "*/*/*"]), Err(NotShown::Path("x/x/x/x".into())));
    assert_eq!(within(&[], &[]), Ok(()));
    assert_eq!(within(&["a"], &[]), Err(NotShown::Path("a".into())));
    // A segment has at most 255 bytes, so more than 254 letters and one more are exactly 255.
    let (long, exact) = (format!("*{}*", "?".repeat(254)), "?".repeat(255));
    assert_eq!(within(&[&long], &[&exact, &"?".repeat(254)]), Ok(()));
}

#[test]
fn separation_is_shown_or_refuted_by_a_shortest_path() {
    let disjoint = |a: &[&str], b: &[&str]| set(a).disjoint(&set(b));
    assert_eq!(disjoint(&["src/**"], &["tests/**", "src/.env", "src/Makefile", "src"]), Ok(()));
    assert_eq!(disjoint(&["*.rs"], &["*.py", "*.rsx"]), Ok(()));
    assert_eq!(disjoint(&["**/*.rs"], &["src/**"]), Err(NotShown::Path("src/x.rs".into())));
    assert_eq!(disjoint(&["a*"], &["*b"]), Err(NotShown::Path("ab".into())));
    assert_eq!(disjoint(&["*M*e"], &["M*akefile"]), Err(NotShown::Path("Mxakefile".into())));
    assert_eq!(disjoint(&["Makefil?"], &["?akefile"]), Ok(()));
    // Each fits into a segment, together they do not.
    let (a, b) = (format!("a{}*", "b".repeat(150)), format!("*{}", "c".repeat(150)));
    assert_eq!(disjoint(&[&a], &[&b]), Ok(()));
}

#[test]
fn common_parts_are_patterns() {
    let common = |a: &[&str], b: &[&str]| set(a).intersect(&set(b)).unwrap().to_string();
    assert_eq!(common(&["src/**"], &["**/*.rs"]), r#"["src/**/*.rs"]"#);
    assert_eq!(common(&["src/**", "tests/**"], &["tests/**"]), r#"["tests/**"]"#);
    assert_eq!(common(&["a*"], &["*b"]), r#"["a*b"]"#);
    assert_eq!(common(&["**"], &["Makefile", ".env", "a"]), r#"["a"]"#);
    assert_eq!(common(&["a/**"], &["**/b"]), r#"["a/**/b"]"#);
    assert_eq!(common(&["src/*"], &["tests/*"]), "[]");
}

#[test]
fn samples_are_short() {
    assert_eq!(set(&["src/**", "t/*.rs"]).sample().as_deref(), Some("src/x"));
    assert_eq!(set(&[]).sample(), None);
    assert_eq!(set(&["src/**"]).sample_outside().as_deref(), Some("x"));
    let outside = set(&["**", ".x0"]).sample_outside().unwrap();
    assert!(outside.starts_with(".x") && !set(&["**", ".x0"]).matches(&outside));
}

#[test]
fn the_hardest_patterns_end_undecided_and_soon() {
    // Each of these multiplies the sets of places; together they are beyond any automaton.
    let hard: Vec<String> =
        (0..200).map(|n| format!("*{}*{}????????????????????", (b'a' + n % 26) as char, n)).collect();
    let hard = PatternSet::parse(&hard).unwrap();
    let start = std::time::Instant::now();
    let outcome = set(&["**"]).within(&hard);
    assert!(matches!(outcome, Err(NotShown::Path(_) | NotShown::TooComplex)), "{outcome:?}");
    let _ = hard.intersect(&hard);
    assert!(start.elapsed().as_secs() < 60, "took {:?}", start.elapsed());
}

#[test]
fn there_is_always_one_more_path_behind_a_star() {
    let written = |patterns: &[&str]| set(patterns).written_out();
    for endless in [&["docs/**"][..], &["a/*.md"], &["a/**/b"], &["a", "b/*"], &["**"], &["*/Makefile"]] {
        assert!(set(endless).is_endless(), "{endless:?}");
        assert_eq!(written(endless), None);
        let paths = ["7", "8"].map(|text| set(endless).sample_with(text).unwrap());
        assert!(paths[0] != paths[1] && paths.iter().all(|path| set(endless).matches(path)), "{paths:?}");
    }
    let long = format!("a/{}*", "b".repeat(254));
    for few in [&["out.md"][..], &["a/b", "c"], &["a/?.md"], &[], &[long.as_str()]] {
        assert!(!set(few).is_endless(), "{few:?}");
    }
    assert_eq!(written(&["out.md"]), Some(vec!["out.md".to_owned()]));
    assert_eq!(written(&["a/?.md"]), None);
}
