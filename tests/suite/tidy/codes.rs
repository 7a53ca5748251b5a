//! Every diagnostic code has a page, and every page a code.

use std::collections::BTreeSet;

use super::files::{self, File};
use super::rust_text;

const PAGES: &str = "lang/reference/errors/";

/// Every `XP` followed by exactly four digits.
fn codes(text: &str) -> BTreeSet<String> {
    text.match_indices("XP")
        .filter_map(|(at, _)| {
            let digits: String = text[at + 2..].chars().take_while(char::is_ascii_digit).collect();
            let before = text[..at].chars().next_back();
            (digits.len() == 4 && !before.is_some_and(char::is_alphanumeric)).then(|| format!("XP{digits}"))
        })
        .collect()
}

fn unmatched(files: &[File]) -> Vec<String> {
    let registered: BTreeSet<String> = files
        .iter()
        .filter(|file| file.path.starts_with("lang/xp-diagnostics/src/") && file.is("rs"))
        .flat_map(|file| {
            codes(&rust_text::without_tests_and_comments(file.text.as_deref().unwrap_or_default()))
        })
        .collect();
    let mut pages = BTreeSet::new();
    let mut found = Vec::new();
    for file in files {
        let Some(name) = file.path.strip_prefix(PAGES) else { continue };
        let Some(code) = name.strip_suffix(".md").filter(|code| codes(code).contains(*code)) else {
            if name != "README.md" {
                found.push(format!("{} is not named after a code", file.path));
            }
            continue;
        };
        pages.insert(code.to_owned());
        let text = file.text.as_deref().unwrap_or_default();
        let titled = text.lines().next().is_some_and(|line| line.starts_with("# ") && line.contains(code));
        if !titled || text.lines().filter(|line| !line.trim().is_empty()).count() < 3 {
            found.push(format!("{} says too little: a title with the code, and a text", file.path));
        }
    }
    found.extend(registered.difference(&pages).map(|code| format!("{code} has no page")));
    found
        .extend(pages.difference(&registered).map(|code| format!("{code} has a page and is not registered")));
    found
}

#[test]
fn codes_and_pages_match() {
    super::none(&unmatched(files::all()));
}

#[test]
fn a_code_without_a_page_and_a_page_without_a_code_are_seen() {
    let page = "# XP0002: a title\n\nWhat it means.\n\nWhat to do.\n";
    let made = [
        File::made(
            "lang/xp-diagnostics/src/code.rs",
            "// XP0009\nconst A: &str = \"XP0001\"; // and XP00011",
        ),
        File::made("lang/reference/errors/XP0002.md", page),
        File::made("lang/reference/errors/XP0003.md", "# XP0003"),
        File::made("lang/reference/errors/other.md", ""),
    ];
    let found = unmatched(&made);
    super::seen(&found, "XP0001 has no page");
    super::seen(&found, "XP0002 has a page");
    super::seen(&found, "XP0003.md says too little");
    super::seen(&found, "other.md");
    assert!(!found.iter().any(|line| line.contains("XP0009")));
}
