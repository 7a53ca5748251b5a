//! Checks of the repository's structure. Each is a function from facts to violations, applied to the
//! repository and to synthetic facts that violate it, which shows that the check can fail.

mod codes;
mod egress;
mod examples;
mod files;
mod layout;
mod licences;
mod lines;
mod machine_paths;
mod modules;
mod mutations;
mod names;
mod packages;
mod paths;
mod rust_text;
mod threats;
mod walls;
mod words;

/// Asserts that there are no violations.
#[track_caller]
fn none(violations: &[String]) {
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
}

/// Asserts that a synthetic violation is found and names its subject.
#[track_caller]
fn seen(violations: &[String], about: &str) {
    assert!(
        violations.iter().any(|violation| violation.contains(about)),
        "not seen: {about}\n{violations:?}"
    );
}
