//! The help text. Commands whose program is not in the workspace are omitted.

use crate::place::Place;

pub fn text(place: &Place) -> String {
    let mut lines = vec![
        ("setup", "report what is missing, and install it as root; does nothing if all is present"),
        ("test", "setup, build, fmt, clippy, all tests, doctests  [--workflows N] [--seed S] [-- FILTER…]"),
    ];
    let build = place.build().ok();
    let has = |name: &str| build.as_ref().is_some_and(|build| build.has(name));
    if has("xp-demo") {
        lines.push((
            "demo",
            "run the bug-fix workflow with five agents and verify its evidence  [-- ARGUMENTS…]",
        ));
    }
    if has("xp-bench") {
        lines.push((
            "bench",
            "measure performance with a release build  [-- compiler|growth|random|machine|server …]",
        ));
    }
    lines.push(("bless", "run the tests and accept their snapshots; review the difference before a commit"));
    if place.root.join("tests/dev/mutations").is_dir() {
        lines.push(("mutate", "apply known bugs one at a time; the tests must fail for each"));
        lines.push((
            "",
            "[--list] [--only NAME] [--room machine|encoding|runtime] [--seconds N] [-- CARGO TEST ARGUMENTS…]",
        ));
    }
    let mut text = String::from("cargo dev COMMAND\n\n");
    for (name, does) in lines {
        text.push_str(&format!("  {name:<8} {does}\n"));
    }
    text
}
