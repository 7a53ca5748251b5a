//! What this tool can do in this clone; a command whose program is not in the workspace is not listed.

use crate::place::Place;

pub fn text(place: &Place) -> String {
    let mut lines = vec![
        ("setup", "name what is missing, install it where this is root; nothing the second time"),
        ("test", "setup, build, fmt, clippy, all tests, doctests  [--workflows N] [--seed S] [-- FILTER…]"),
    ];
    let build = place.build().ok();
    let has = |name: &str| build.as_ref().is_some_and(|build| build.has(name));
    if has("xp-demo") {
        lines.push(("demo", "the whole chain on the bug-fix workflow  [-- ARGUMENTS…]"));
    }
    if has("xp-bench") {
        lines
            .push(("bench", "the figures, on a release build  [-- compiler|growth|random|machine|server …]"));
    }
    lines.push(("bless", "run the tests and accept what they draw; read the difference before you commit"));
    if place.root.join("tests/dev/mutations").is_dir() {
        lines.push(("mutate", "plant known bugs, one at a time; the tests must fail on each"));
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
