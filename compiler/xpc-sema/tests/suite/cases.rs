//! Small named files, each with the codes it must give in its first line, and a snapshot of what a user sees.

use std::path::Path;

use super::Checked;

#[test]
fn every_case() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.len() > 60, "the cases are gone");
    let mut wrong = Vec::new();
    for path in names {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let first = text.lines().next().unwrap();
        let expected: Vec<&str> =
            first.strip_prefix("// expect: ").unwrap().split(' ').filter(|code| *code != "nothing").collect();
        let checked = Checked::of(&text);
        if checked.codes() != expected {
            wrong.push(format!("{name}: wanted {expected:?}\n{}", checked.drawn()));
        }
        let errors = checked.diagnostics.iter().any(|d| d.severity == xp_diagnostics::Severity::Error);
        let workflows = text.lines().filter(|line| line.starts_with("workflow ")).count();
        assert_eq!(checked.models.len(), if errors { 0 } else { workflows }, "{name}");
        insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, format!("{text}\n----\n{}", checked.drawn()));
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The edit that a message offers takes the message away, and brings no syntax error.
#[test]
fn fixes_cure() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut tried = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let before = Checked::of(&text);
        for diagnostic in &before.diagnostics {
            let Some(fix) = &diagnostic.fix else { continue };
            let mut edited = text.clone();
            edited.replace_range(fix.span.range(), &fix.replacement);
            let after = Checked::of(&edited);
            let count =
                |checked: &Checked, code| checked.codes().iter().filter(|found| **found == code).count();
            let code = diagnostic.code.id;
            let name = path.display();
            assert!(
                count(&after, code) < count(&before, code),
                "{name}: {}\n{edited}\n{}",
                diagnostic.message,
                after.drawn()
            );
            let broken =
                |checked: &Checked| checked.codes().iter().filter(|code| code.starts_with("XP01")).count();
            assert!(broken(&after) <= broken(&before), "{name}: {}\n{edited}", diagnostic.message);
            tried += 1;
        }
    }
    assert!(tried > 20, "only {tried} messages offered an edit");
}
