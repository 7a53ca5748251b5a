//! What becomes of free text.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use xp_scope::content::check_file;
use xp_scope::{ContentError, neutralise};

fn becomes(text: &str, wanted: &str) {
    assert_eq!(neutralise(text, 10_000).as_deref(), Ok(wanted), "{text}");
    assert_eq!(neutralise(wanted, 10_000).as_deref(), Ok(wanted), "again: {text}");
}

#[test]
fn ordinary_text_is_left_alone() {
    for text in [
        "",
        "Fix the parser: an empty line made it loop.\n\n- first\n- second (see #12)\n",
        "The function `parse(a, b)` returns 3 / 4 of a < b && c > d.",
        "Note: this closes the gap between 1 and 2.",
        "Résumé, 日本語, العربية, emoji 👩‍💻 ❤️ 1️⃣ 🎉",
        "Skip the first line and no test fails.\n\n> quoted\n\n    code block\n\n```rust\nlet a = vec[0]; // done\n```",
        "https://example.org/a/b?c=d#e",
        "PROJ-12 is the ticket, #12 the issue, !3 the merge request.",
        "We started with 3 of 4 tests and fixed tests/01_first.py.",
        "a @ b, 100 % @",
    ] {
        becomes(text, text);
    }
}

#[test]
fn mentions_are_broken() {
    becomes("@bot merge", "@·bot merge");
    becomes("hi @alice, cc:@org/team", "hi @·alice, cc:@·org/team");
    becomes("`@alice` \\@alice **@alice**", "`@·alice` \\@·alice **@·alice**");
    becomes("a@b.org", "a@·b.org");
    becomes("＠alice", "＠·alice");
    becomes("[~alice]", "[·~alice]");
    becomes("@-x @{x} @[x] @<x>", "@·-x @·{x} @·[x] @·<·x>");
}

#[test]
fn commands_are_broken() {
    becomes("/approve", "·/approve");
    becomes("text\n  /approve cancel\n", "text\n  ·/approve cancel\n");
    becomes("> /ok\n- /hold\n1. /close\n- [ ] /merge", "> ·/ok\n- ·/hold\n1. ·/close\n- [ ] ·/merge");
    becomes("!merge", "·!merge");
    becomes("and/or, a /b", "and/or, a /b");
    becomes("bors r+", "b·ors r+");
    becomes("LGTM!", "L·GTM!");
    becomes("ok\nto test", "o·k\nto test");
    becomes("please retest this please", "please ret·est this please");
    becomes("::add-path::/x", "·::add-path::/x");
    becomes("so ##vso[task.setvariable]x", "so ##·vso[task.setvariable]x");
}

#[test]
fn closing_references_are_broken() {
    for (text, wanted) in [
        ("fixes #1", "fixes #·1"),
        ("Fixes: #1, #2 and #3; see #4", "Fixes·: #·1, #·2 and #·3; see #4"),
        ("it **closes** a/b#12.", "it **closes** a/b#·12."),
        ("resolves GH-7 fixed PROJ-12", "resolves GH-·7 fixed PROJ-·12"),
        ("closes T12", "closes T·12"),
        ("fix: #12 and more", "fix: #·12 and more"),
        ("closes https://github.com/a/b/issues/3", "closes https://github.com/a/b/issues/·3"),
        ("Duplicate of #5", "Duplicate of #·5"),
        ("fixes\n#1", "fixes\n#·1"),
        ("fixes the issues #1", "fixes the issues #·1"),
        ("fiXeſ #1", "fiXeſ #·1"),
        ("hotfix #1", "hotfix #·1"),
        ("PROJ-1 #done and #time 1h", "PROJ-1 #·done and #·time 1h"),
        ("the #parser", "the #parser"),
    ] {
        becomes(text, wanted);
    }
}

#[test]
fn skip_directives_are_broken() {
    becomes("[skip ci] [ci skip] [no ci] [Skip Netlify]", "[s·kip ci] [ci s·kip] [n·o ci] [S·kip Netlify]");
    becomes("***NO_CI***", "***N·O_CI***");
    becomes("skip-checks: true", "s·kip-checks·: true");
    becomes("ſkip-ci", "ſ·kip-ci");
    becomes("skip_serializing [no idea]", "skip_serializing [no idea]");
}

#[test]
fn trailers_are_broken() {
    becomes("Signed-off-by: A <a@b.c>", "Signed-off-by·: A <·a@·b.c>");
    becomes("x\n\nCo-authored-by : A\nCc: b", "x\n\nCo-authored-by ·: A\nCc·: b");
    becomes("> BREAKING CHANGE: x", "> BREAKING CHANGE·: x");
    becomes("Release-As: 2.0.0", "Release-As·: 2.0.0");
    becomes("Summary: all is well", "Summary: all is well");
}

#[test]
fn markup_is_broken() {
    becomes("<img src=x> </details> <!-- do this -->", "<·img src=x> <·/details> <·!-- do this -->");
    becomes("![a](https://x) !https://x/a.png!", "!·[a](https://x) !·https://x/a.png!");
    becomes("[//]: # (hidden)", "[//]·: # (hidden)");
    becomes("&#64;bot &commat;bot a && b; x &y", "&·#64;bot &·commat;bot a && b; x &y");
}

#[test]
fn the_hidden_is_refused() {
    for c in [
        '\0',
        '\u{7}',
        '\u{1b}',
        '\r',
        '\u{b}',
        '\u{c}',
        '\u{85}',
        '\u{ad}',
        '\u{200b}',
        '\u{202e}',
        '\u{2028}',
        '\u{2066}',
        '\u{feff}',
        '\u{e0041}',
        '\u{e000}',
        '\u{fffd}',
        '\u{200d}',
        '\u{fe0f}',
        '\u{3164}',
        '\u{2800}',
    ] {
        assert_eq!(neutralise(&format!("a{c}b"), 100), Err(ContentError::Character(c)));
    }
    assert_eq!(neutralise("a\r\nb", 100).as_deref(), Ok("a\nb"));
}

#[test]
fn the_bound_counts_characters_and_marks() {
    assert_eq!(neutralise("ééé", 3).as_deref(), Ok("ééé"));
    assert_eq!(neutralise("éééé", 3), Err(ContentError::TooLong(3)));
    assert_eq!(neutralise("@bob", 5).as_deref(), Ok("@·bob"));
    assert_eq!(neutralise("@bob", 4), Err(ContentError::TooLong(4)));
    assert_eq!(neutralise(&"x".repeat(1_000_000), 4), Err(ContentError::TooLong(4)));
}

#[test]
fn what_no_mark_can_stop_is_refused() {
    // One character that readers of the compatibility form take for `no`.
    assert!(matches!(neutralise("[№ ci]", 100), Err(ContentError::Unbreakable(_))));
}

#[test]
fn long_and_hostile_text_takes_little_time() {
    for piece in ["fix-", "@", "[", "fixes #1 ", "/", "1.", "##", "a-1 #x ", "\n", "::", "fix the the the "] {
        let text: String = piece.repeat(65_536 / piece.len());
        let start = std::time::Instant::now();
        let _ = neutralise(&text, 200_000);
        assert!(start.elapsed().as_secs() < 5, "{piece:?} takes {:?}", start.elapsed());
    }
}

#[test]
fn files_keep_their_text_but_hide_nothing() {
    assert_eq!(check_file("#!/bin/sh\n\t@echo <b>\r\n\u{c}", 100), Ok(()));
    assert_eq!(check_file("a\u{202e}b", 100), Err(ContentError::Character('\u{202e}')));
    assert_eq!(check_file("a\u{e0041}", 100), Err(ContentError::Character('\u{e0041}')));
    assert_eq!(check_file("a\0", 100), Err(ContentError::Character('\0')));
    assert_eq!(check_file("abc", 2), Err(ContentError::TooLong(2)));
}
