//! The manual says what is so: its programs read, and the pages of codes show those codes.

use std::fs;
use std::path::{Path, PathBuf};

use xp_syntax::words;

use super::common::{errors, read};

/// Fence and text of every `xp` block of a page.
fn blocks(page: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(page).unwrap();
    let mut out: Vec<(String, String)> = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(fence)) => open = Some((fence.to_owned(), String::new())),
            (Some(_), Some(_)) => out.extend(open.take().filter(|(fence, _)| fence.starts_with("xp"))),
            (Some((_, body)), None) => {
                body.push_str(line);
                body.push('\n');
            }
            (None, None) => {}
        }
    }
    out
}

fn pages(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reference").join(folder);
    let mut list: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    list.retain(|path| path.extension().is_some_and(|end| end == "md"));
    list.sort();
    list
}

/// Errors of a block; a fragment is wrapped in what its members belong in.
fn faults(fence: &str, body: &str) -> Vec<String> {
    if !fence.contains("fragment") {
        return errors(body);
    }
    let frames = [
        ("workflow w {\n", "\n}\n"),
        ("workflow w {\nstep s by r {\n", "\n}\n}\n"),
        ("connector c {\n", "\n}\n"),
        ("connector c {\naction a() {\n", "\n}\n}\n"),
    ];
    let tried = frames.map(|(before, after)| errors(&format!("{before}{body}{after}")));
    tried.into_iter().min_by_key(Vec::len).unwrap()
}

#[test]
fn the_manual_reads() {
    let mut met = 0;
    for page in pages("") {
        for (fence, body) in blocks(&page) {
            met += 1;
            assert_eq!(faults(&fence, &body), Vec::<String>::new(), "{}:\n{body}", page.display());
        }
    }
    assert!(met >= 12, "only {met} blocks");
}

#[test]
fn pages_of_codes_show_their_codes() {
    let mut met = 0;
    for page in pages("errors") {
        let code = page.file_stem().unwrap().to_str().unwrap().to_owned();
        for (fence, body) in blocks(&page) {
            met += 1;
            let place = format!("{}:\n{body}", page.display());
            if fence == "xp wrong" && code.starts_with("XP01") {
                let found: Vec<&str> = read(&body).diagnostics.iter().map(|fault| fault.code.id).collect();
                assert_eq!(found, [code.as_str()], "{place}");
            } else {
                // What later passes refuse is well formed too.
                assert_eq!(faults(&fence, &body), Vec::<String>::new(), "{place}");
            }
        }
    }
    assert!(met >= 25, "only {met} blocks");
}

#[test]
fn reserved_words_are_told() {
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../reference/errors/XP0108.md"))
            .unwrap();
    for word in words().iter().filter(|word| word.is_reserved()) {
        assert!(page.contains(&format!("`{}`", word.text())), "{} is missing on the page", word.text());
    }
}

#[test]
fn words_that_start_members_are_told() {
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../reference/errors/XP0102.md"));
    let connectors =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../reference/connectors.md"));
    let pages = page.unwrap() + &connectors.unwrap();
    for word in words().iter().filter(|word| word.starts_member()) {
        let found =
            pages.contains(&format!("`{}`", word.text())) || pages.contains(&format!("`{} ", word.text()));
        assert!(found, "{} is on no page", word.text());
    }
}
