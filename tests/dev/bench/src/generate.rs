//! A workflow of any size: parallel lanes of twenty steps, of which every fifth is a review that may reopen
//! the step four before it, one effect of another kind at the end of the first lane, and four properties
//! about it.

use std::fmt::Write as _;

/// Steps per lane.
pub const LANE: usize = 20;
/// Interval of reviews, in steps.
const REVIEW: usize = 5;

/// The source, in normal form.
pub fn source(steps: usize) -> String {
    let mut text = String::from(
        "use std.github\n\nworkflow generated(repo: github.Repo, issue: int) {\n  \
         agent maker, checker, publisher\n  separate roles maker, checker, publisher\n",
    );
    let publish = steps.min(LANE).saturating_sub(1);
    for number in 0..steps {
        let (lane, place) = (number / LANE, number % LANE);
        let after = before(lane, place).map_or_else(String::new, |atom| format!(" after {atom}"));
        text.push('\n');
        // Writing to a string cannot fail.
        let _ = if number == publish {
            write!(text, "  step publish by publisher{after} {{\n{PUBLISH}")
        } else if place % REVIEW == REVIEW - 1 {
            let back = place + 1 - REVIEW;
            write!(
                text,
                "  step {} by checker{after} {{\n    may github.issues.read(repo, issue) max 10\n    outcome ok\n    \
                 outcome back -> reopen {} with notes (max 3, then no)\n    outcome no -> end\n  }}\n",
                name(lane, place),
                name(lane, back)
            )
        } else {
            write!(text, "  step {} by maker{after} {{\n{MAKE}", name(lane, place))
        };
    }
    let approved = before(0, publish).unwrap_or_default();
    let _ = write!(
        text,
        "\n  prove no role can effect write and effect discuss\n  \
         prove no principal can effect write and effect discuss\n  \
         prove effect write requires {approved}\n  prove effect write at most 1 per run\n}}\n"
    );
    text
}

const MAKE: &str = "    may github.issues.comment(repo, issue, body: content) max 100 as said\n    \
                    outcome done if said\n  }\n";
const PUBLISH: &str = "    may github.branches.create(repo, name: \"fix-{issue}\", from: repo.default_branch)\n        \
                       once per run as branch\n    outcome done auto when branch\n  }\n";

/// The name of a step.
pub fn name(lane: usize, place: usize) -> String {
    format!("lane{lane}_step{place}")
}

/// The step that this one waits for.
fn before(lane: usize, place: usize) -> Option<String> {
    let place = place.checked_sub(1)?;
    let outcome = if place % REVIEW == REVIEW - 1 { "ok" } else { "done" };
    Some(format!("{}.{outcome}", name(lane, place)))
}
