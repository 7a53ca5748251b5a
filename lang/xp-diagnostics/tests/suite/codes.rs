//! The registry and its pages.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use xp_diagnostics::codes;

#[test]
fn rows_are_sorted_unique_and_in_a_range() {
    let ids: Vec<&str> = codes::ALL.iter().map(|code| code.id).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(ids, sorted);
    for id in ids {
        let digits = id.strip_prefix("XP").unwrap();
        assert!(digits.len() == 4 && (100..800).contains(&digits.parse::<u32>().unwrap()), "{id}");
    }
}

#[test]
fn every_page_has_its_shape_and_its_row() {
    for code in codes::ALL {
        assert_eq!(code.page.lines().next(), Some(format!("# {}: {}", code.id, code.title).as_str()));
        assert!(code.page.len() > 150, "the page of {code} says too little");
        assert!(!code.title.ends_with('.') && !code.title.starts_with(char::is_uppercase), "{}", code.title);
        let (wrong, right) = (code.page.contains("## Wrong"), code.page.contains("## Right"));
        assert_eq!(wrong, right, "{code}: what is shown wrong is shown right");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reference/errors");
    let pages: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
        .collect();
    let rows: BTreeSet<String> = codes::ALL.iter().map(|code| code.id.to_owned()).collect();
    assert_eq!(pages, rows);
}

#[test]
fn codes_are_found() {
    assert_eq!(codes::find("xp0101"), Some(codes::UNEXPECTED));
    assert_eq!(codes::find("XP9999"), None);
}
