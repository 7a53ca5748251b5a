//! The walls of the house. Each is a function from facts to violations, tried on the house as it stands and on made
//! facts that break it: a wall that cannot fall is no wall.

mod codes;
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
mod walls;
mod words;

/// Fails with every violation on a line of its own.
#[track_caller]
fn none(violations: &[String]) {
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
}

/// A made violation must be seen, and named by what it is about.
#[track_caller]
fn seen(violations: &[String], about: &str) {
    assert!(
        violations.iter().any(|violation| violation.contains(about)),
        "not seen: {about}\n{violations:?}"
    );
}
