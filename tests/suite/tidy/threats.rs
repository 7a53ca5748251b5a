//! The tests that the table of threats names exist, and each of its rows has a test or says what is open.

use super::files::{self, File};

const TABLE: &str = "lang/decisions/0026-threats-at-the-doors.md";

/// Whether a text has a test of this name.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_named = |line: &str| {
        let rest = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        rest.and_then(|rest| rest.strip_prefix(name)).is_some_and(|rest| rest.starts_with('('))
    };
    let is_marked = |at: usize| {
        let mut above = lines[..at].iter().rev().take_while(|line| line.starts_with(['#', '/']));
        above.any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    };
    lines.iter().enumerate().any(|(at, line)| is_named(line) && is_marked(at))
}

/// Whether a test is where its path says: in the file of its module, or in a module `tests` in or below it.
fn exists(files: &[File], test: &str) -> bool {
    let Some((module, name)) = test.rsplit_once("::") else { return false };
    let module = module.strip_suffix("::tests").unwrap_or(module).replace("::", "/");
    let places = [".rs", "/mod.rs", "/tests.rs"].map(|end| format!("/{module}{end}"));
    let mut own = files.iter().filter(|file| places.iter().any(|place| file.path.ends_with(place.as_str())));
    own.any(|file| has_test(file.text.as_deref().unwrap_or_default(), name))
}

/// The number of rows, and what is wrong with them.
fn faults(files: &[File]) -> (usize, Vec<String>) {
    let table = files.iter().find(|file| file.path == TABLE).and_then(|file| file.text.as_deref());
    let (mut rows, mut found) = (0, Vec::new());
    for line in table.unwrap_or_default().lines() {
        let Some(row) = line.strip_prefix("| ").filter(|row| row.starts_with(|c: char| c.is_ascii_digit()))
        else {
            continue;
        };
        rows += 1;
        let cells: Vec<&str> = row.trim_end_matches('|').split('|').map(str::trim).collect();
        let &[number, _, _, tests, open] = cells.as_slice() else {
            found.push(format!("{TABLE}: a row has {} cells and not 5: {line}", cells.len()));
            continue;
        };
        let tests: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        if tests.is_empty() && open.is_empty() {
            found.push(format!("{TABLE}: row {number} has no test and does not say what is open"));
        }
        let missing = tests.iter().filter(|test| !exists(files, test));
        found.extend(missing.map(|test| format!("{TABLE}: row {number} names `{test}`, which is no test")));
    }
    (rows, found)
}

#[test]
fn named_tests_exist() {
    let (rows, found) = faults(files::all());
    assert!(rows > 28, "{rows} rows: the table is gone");
    super::none(&found);
}

#[test]
fn a_test_that_is_gone_and_an_empty_row_are_seen() {
    let table = "| 2 | a | b | `a::there`, `a::helper`, `b::there` | |\n| 3 | a | b | | |\n| 4 | a | b | | none |\n| 5 | a |\n";
    let code = "#[tokio::test(flavor = \"x\")]\n// why\nasync fn there() {}\n\nfn helper() {}\n";
    let (rows, found) = faults(&[File::made(TABLE, table), File::made("x/tests/a.rs", code)]);
    assert_eq!((rows, found.len()), (4, 4), "{found:?}");
    for about in ["row 2 names `a::helper`", "row 2 names `b::there`", "row 3 has no test", "2 cells"] {
        super::seen(&found, about);
    }
}
