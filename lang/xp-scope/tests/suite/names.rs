//! Paths and branch names, rule by rule.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use xp_scope::path::{self, PathError};
use xp_scope::refs::{self, RefError};

#[test]
fn ordinary_paths_are_accepted() {
    for text in [
        "a",
        "src/main.rs",
        ".github/workflows/ci.yml",
        "a b/c d.txt",
        "app/[id]/page.tsx",
        "app/(group)/$slug.tsx",
        "日本/é.md",
        "a~b",
        "x~",
        "long-name~1",
        "...a",
        ".gitignore",
        ".gita",
        "git",
        "a/-b",
    ] {
        assert_eq!(path::check(text), Ok(()), "{text}");
        assert_eq!(path::check_bytes(text.as_bytes()), Ok(text));
    }
}

#[test]
fn paths_two_systems_would_read_differently_are_refused() {
    let owned = |text: &str| text.to_owned();
    for (text, wanted) in [
        ("", PathError::Empty),
        ("/a", PathError::EmptySegment),
        ("a/", PathError::EmptySegment),
        ("a//b", PathError::EmptySegment),
        ("./a", PathError::Dots(owned("."))),
        ("a/../b", PathError::Dots(owned(".."))),
        ("a\\b", PathError::Character('\\')),
        ("c:a", PathError::Character(':')),
        ("a*", PathError::Character('*')),
        ("a?", PathError::Character('?')),
        ("a\nb", PathError::Character('\n')),
        ("a\u{7f}", PathError::Character('\u{7f}')),
        ("a\u{85}", PathError::Character('\u{85}')),
        ("a\u{200b}", PathError::Character('\u{200b}')),
        ("a\u{202e}b", PathError::Character('\u{202e}')),
        ("a\u{2066}b", PathError::Character('\u{2066}')),
        ("a\u{ad}b", PathError::Character('\u{ad}')),
        ("a\u{e0061}", PathError::Character('\u{e0061}')),
        ("a\u{fe0f}", PathError::Character('\u{fe0f}')),
        ("a\u{f03a}", PathError::Character('\u{f03a}')),
        ("a\u{fffd}", PathError::Character('\u{fffd}')),
        ("a\u{378}", PathError::Character('\u{378}')),
        ("a.", PathError::Trailing(owned("a."))),
        ("a /b", PathError::Trailing(owned("a "))),
        ("a\u{a0}", PathError::Trailing(owned("a\u{a0}"))),
        ("...", PathError::Trailing(owned("..."))),
        ("e\u{301}", PathError::NotNfc(owned("e\u{301}"))),
        ("\u{212a}", PathError::NotNfc(owned("\u{212a}"))),
        (".git", PathError::Git(owned(".git"))),
        ("a/.GiT/config", PathError::Git(owned(".GiT"))),
        (".gıt", PathError::Git(owned(".gıt"))),
        ("．git", PathError::Git(owned("．git"))),
        ("git~1", PathError::Git(owned("git~1"))),
        ("GIT~22", PathError::Git(owned("GIT~22"))),
        (".gitmodules/a", PathError::GitFile(owned(".gitmodules"))),
        ("a/.GitAttributes/b", PathError::GitFile(owned(".GitAttributes"))),
        ("GITHUB~1/workflows", PathError::ShortName(owned("GITHUB~1"))),
        ("MAKEFI~1.TXT", PathError::ShortName(owned("MAKEFI~1.TXT"))),
        ("-rf", PathError::Dash),
    ] {
        assert_eq!(path::check(text), Err(wanted), "{text:?}");
    }
    assert_eq!(path::check_bytes(b"a\xff"), Err(PathError::NotUtf8));
}

#[test]
fn lengths_of_paths_are_bounded() {
    assert_eq!(path::check(&"a".repeat(255)), Ok(()));
    assert_eq!(path::check(&"a".repeat(256)), Err(PathError::SegmentTooLong));
    assert_eq!(path::check(&"é".repeat(128)), Err(PathError::SegmentTooLong));
    assert_eq!(path::check(&"a/".repeat(512)[..1023]), Ok(()));
    assert_eq!(path::check(&"a/".repeat(513)[..1025]), Err(PathError::TooLong));
}

#[test]
fn trees_with_two_spellings_of_one_name_are_refused() {
    for fine in [&["a", "b/c", "b/d"][..], &["a", "a"], &["ss", "s"]] {
        assert!(path::distinct(fine.iter().copied()).is_ok(), "{fine:?}");
    }
    for (first, second) in [
        ("README", "readme"),
        ("Src/a", "src/b"),
        ("straße", "STRASSE"),
        ("ﬁle", "file"),
        ("a", "a/b"),
        ("A/b", "a"),
        ("K", "k"),
        ("ς", "Σ"),
        ("x/é/1", "x/É/2"),
        ("Å", "å"),
        ("①", "1"),
        ("ſ", "S"),
    ] {
        assert!(path::distinct([first, second]).is_err(), "{first} {second}");
        assert!(path::distinct([second, "other", first]).is_err(), "{second} {first}");
    }
    let collision = path::distinct(["Src/a", "src/b"]).unwrap_err();
    assert_eq!((collision.first.as_str(), collision.second.as_str()), ("Src", "src"));
}

#[test]
fn ordinary_branches_are_accepted() {
    for name in [
        "main",
        "agent-fix-issue-12",
        "feature/a.b_c",
        "a-",
        "v1.0",
        "日本",
        "release/2026",
        "a@b",
        "fix#12",
        "heads",
        "arefs/x",
    ] {
        assert_eq!(refs::check_branch(name), Ok(()), "{name}");
        assert_eq!(refs::full(name).unwrap(), format!("refs/heads/{name}"));
    }
}

#[test]
fn branches_with_a_second_meaning_are_refused() {
    let owned = |text: &str| text.to_owned();
    let id = "0123456789abcdef0123456789ABCDEF01234567";
    for (name, wanted) in [
        ("", RefError::Empty),
        ("refs/heads/main", RefError::Full),
        ("Refs/x", RefError::Full),
        ("refs", RefError::Full),
        ("-d", RefError::Dash),
        ("HEAD", RefError::Reserved(owned("HEAD"))),
        ("head", RefError::Reserved(owned("head"))),
        ("FETCH_HEAD", RefError::Reserved(owned("FETCH_HEAD"))),
        ("@", RefError::Reserved(owned("@"))),
        (id, RefError::ObjectId),
        ("/a", RefError::EmptyComponent),
        ("a/", RefError::EmptyComponent),
        ("a//b", RefError::EmptyComponent),
        (".a", RefError::Dot(owned(".a"))),
        ("a/.b", RefError::Dot(owned(".b"))),
        ("a.", RefError::Dot(owned("a."))),
        ("a./b", RefError::Dot(owned("a."))),
        ("a.lock", RefError::Lock(owned("a.lock"))),
        ("a.LOCK/b", RefError::Lock(owned("a.lock"))),
        ("a..b", RefError::Sequence("..")),
        ("a@{b", RefError::Sequence("@{")),
        ("a b", RefError::Character(' ')),
        ("a~1", RefError::Character('~')),
        ("a^", RefError::Character('^')),
        ("a:b", RefError::Character(':')),
        ("a*", RefError::Character('*')),
        ("a$(id)", RefError::Character('$')),
        ("a`id`", RefError::Character('`')),
        ("a;b", RefError::Character(';')),
        ("a\"b", RefError::Character('"')),
        ("a\u{200b}", RefError::Character('\u{200b}')),
        ("a\u{202e}", RefError::Character('\u{202e}')),
        ("e\u{301}", RefError::NotNfc),
    ] {
        assert_eq!(refs::check_branch(name), Err(wanted), "{name:?}");
        assert!(refs::full(name).is_err());
    }
    assert_eq!(refs::check_branch(&"a".repeat(244)), Ok(()));
    assert_eq!(refs::check_branch(&"a".repeat(245)), Err(RefError::TooLong));
    assert_eq!(refs::short("refs/tags/x"), None);
    assert_eq!(refs::short("main"), None);
    assert_eq!(refs::short("refs/heads/refs/heads/x"), None);
}
