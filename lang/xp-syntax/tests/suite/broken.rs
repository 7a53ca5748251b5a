//! Small wrong programs: what is said about each, as it is drawn.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use xp_diagnostics::{Sources, render};

use super::common::{BUG_FIX, errors, read};

/// What is drawn for a text.
fn drawn(name: &str, text: &str) -> String {
    let mut sources = Sources::new();
    let id = sources.add(name, text);
    let parsed = xp_syntax::parse(id, text);
    let parts: Vec<String> = parsed
        .diagnostics
        .iter()
        .map(|fault| {
            let fix = fault.fix.as_ref().map_or(String::new(), |fix| {
                let place = sources.position(fix.span.source, fix.span.start);
                format!("fix at {}:{}: {}: {:?}\n", place.line, place.column, fix.title, fix.replacement)
            });
            render::human::render(&sources, fault, false) + &fix
        })
        .collect();
    parts.join("\n")
}

#[test]
fn every_broken_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut names: Vec<String> = fs::read_dir(folder.clone())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() >= 25);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../broken/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for name in names.iter().filter(|name| name.ends_with(".xp")) {
            let text = fs::read_to_string(folder.join(name)).unwrap();
            assert!(!read(&text).diagnostics.is_empty(), "{name} is right");
            insta::assert_snapshot!(
                name.trim_end_matches(".xp"),
                format!("{text}\n--------\n{}", drawn(name, &text))
            );
        }
    });
}

/// A fix that a tool applies takes its fault away and brings no other.
#[test]
fn fixes_cure() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut applied = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "xp") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let before = read(&text).diagnostics;
        for fix in before.iter().filter_map(|fault| fault.fix.as_ref()) {
            let mut cured = text.clone();
            cured.replace_range(fix.span.range(), &fix.replacement);
            let after = read(&cured).diagnostics;
            assert!(
                after.len() < before.len(),
                "{}: {} leaves {:?}",
                path.display(),
                fix.title,
                errors(&cured)
            );
            applied += 1;
        }
    }
    assert!(applied > 30, "only {applied} fixes");
}

/// The page of XP0113 names every construct that is called unsupported.
#[test]
fn what_is_planned_is_on_the_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("../reference/errors/XP0113.md")).unwrap();
    let mut met = BTreeSet::new();
    for entry in fs::read_dir(root.join("tests/broken")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "xp") {
            let faults = read(&fs::read_to_string(&path).unwrap()).diagnostics;
            let unsupported = faults.iter().filter(|fault| fault.code.id == "XP0113");
            met.extend(unsupported.filter_map(|fault| fault.message.split('`').nth(1).map(str::to_owned)));
        }
    }
    assert!(met.len() >= 11, "{met:?}");
    for construct in met {
        assert!(page.contains(&format!("`{construct}`")), "`{construct}` is not on the page");
    }
}

/// Faults in different steps neither hide nor breed one another.
#[test]
fn three_faults_in_three_steps() {
    let cuts = [
        ("step propose by developer", "step propose developer"),
        ("outcome agreed of propose.files", "outcome of propose.files"),
        ("start.branch, path: one of propose.files,", "start.branch, path: one propose.files,"),
    ];
    let mut text = BUG_FIX.to_owned();
    for (right, wrong) in cuts {
        assert!(text.contains(right));
        text = text.replacen(right, wrong, 1);
    }
    insta::assert_snapshot!("three_faults_in_the_example", drawn("bug_fix.xp", &text));
    assert_eq!(errors(&text).len(), 3);
}

/// The same, for every kind of lost token, in all triples of neighbouring steps.
#[test]
fn one_fault_in_each_step() {
    let losses = ["may ", "(", ")", " max", "outcome ", "after ", "by ", "[", "]", ":", "{", "}"];
    for loss in losses {
        let mut expected = 0;
        let mut out = String::new();
        for (index, part) in BUG_FIX.split_inclusive("\n  }\n").enumerate() {
            let mut part = part.to_owned();
            if index % 2 == 1 && part.contains("  step ") {
                let from = part.find("step ").unwrap();
                if let Some(at) = part[from..].find(loss) {
                    part.replace_range(from + at..from + at + loss.len(), " ");
                    expected += 1;
                }
            }
            out.push_str(&part);
        }
        let found = errors(&out);
        assert!(
            expected == 0 || found.len() == expected,
            "without `{loss}`: {expected} faults made, found {found:#?}"
        );
    }
}

#[test]
fn bytes_that_are_no_text() {
    let fault = xp_syntax::decode(b"workflow w {\n  \xff }\n").unwrap_err();
    assert_eq!(
        (fault.code.id, fault.notes[0].as_str()),
        ("XP0121", "line 2 holds the byte 0xFF at offset 15")
    );
    assert_eq!(xp_syntax::decode(b"\xef\xbb\xbfuse a\n").unwrap(), "use a\n");
    assert!(xp_syntax::decode(b"\xff\xfeu\0").unwrap_err().help[0].contains("UTF-16"));
}

#[test]
fn a_file_that_is_too_large() {
    let text = "// padding\n".repeat(xp_syntax::MAX_BYTES / 11 + 1);
    let parsed = read(&text);
    assert_eq!(parsed.diagnostics.len(), 1);
    assert_eq!(parsed.diagnostics[0].code.id, "XP0120");
    assert!(parsed.tree.damaged);
}
