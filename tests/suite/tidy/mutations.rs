//! Every mutation of `cargo dev mutate` still applies to exactly one place of its source.

use serde_json::Value;

use super::files::{self, File};

fn misplaced(files: &[File]) -> Vec<String> {
    let text = |path: &str| files.iter().find(|file| file.path == path).and_then(|file| file.text.as_deref());
    let lists = files.iter().filter(|file| file.path.starts_with("tests/dev/mutations/") && file.is("json"));
    let mut found = Vec::new();
    for list in lists {
        let bugs: Value = serde_json::from_str(list.text.as_deref().unwrap_or_default()).expect("JSON");
        for bug in bugs.as_array().into_iter().flatten() {
            let member = |name: &str| bug[name].as_str().unwrap_or_default();
            let places = text(member("file")).unwrap_or_default().matches(member("find")).count();
            if places != 1 {
                found.push(format!("{}: `{}` stands {places} times", list.path, member("name")));
            }
        }
    }
    found
}

#[test]
fn every_planted_bug_has_one_place() {
    let files = files::all();
    assert!(files.iter().filter(|file| file.path.starts_with("tests/dev/mutations/")).count() >= 3);
    super::none(&misplaced(files));
}

#[test]
fn a_bug_without_a_place_is_seen() {
    let list = r#"[{"name": "gone", "file": "a.rs", "find": "x < y"}, {"name": "there", "file": "a.rs", "find": "x > y"}]"#;
    let files = [File::made("tests/dev/mutations/made.json", list), File::made("a.rs", "x > y")];
    let found = misplaced(&files);
    super::seen(&found, "gone");
    assert_eq!(found.len(), 1, "{found:?}");
}
