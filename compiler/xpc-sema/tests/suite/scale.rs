//! Large workflows: as many steps again take as much time again.

use std::fmt::Write;
use std::time::{Duration, Instant};

use xp_diagnostics::Sources;
use xpc_sema::Library;

use super::Checked;

/// Lanes of steps, each step naming data of the one before and reopening the one before that; every seventh judges. With
/// `judges`, a lane must be shorter than there are roles, since in a longer one every role has had a part in what is judged.
fn lanes(lanes: usize, length: usize, judges: bool) -> String {
    let mut text = "use std.github\n\nworkflow big(repo: github.Repo) {\n".to_owned();
    for role in 0..20 {
        writeln!(text, "  agent r{role}").unwrap();
    }
    for lane in 0..lanes {
        for at in 0..length {
            let role = (lane + at) % 20;
            write!(text, "  step s{lane}x{at} by r{role}").unwrap();
            if at == 0 {
                writeln!(text, " {{\n    may github.issues.read(repo, 1) max 2 as issue").unwrap();
            } else {
                let before = at - 1;
                writeln!(text, " after s{lane}x{before}.done {{").unwrap();
                writeln!(
                    text,
                    "    may github.issues.read(repo, s{lane}x{before}.issue.number) max 2 as issue"
                )
                .unwrap();
                let of = if judges && at % 7 == 0 {
                    format!(" of s{lane}x{before}.issue.title")
                } else {
                    String::new()
                };
                let first = at.saturating_sub(2);
                writeln!(text, "    outcome back{of} -> reopen s{lane}x{first} (max 2, then over -> end)")
                    .unwrap();
            }
            writeln!(text, "    outcome done if issue\n  }}").unwrap();
        }
    }
    text.push_str("}\n");
    text
}

fn timed(text: &str, steps: usize) -> Duration {
    let mut sources = Sources::new();
    let library = Library::standard(&mut sources);
    let id = sources.add("big.xp", text);
    let parsed = xp_syntax::parse(id, text);
    let start = Instant::now();
    let analysis = xpc_sema::analyse(&parsed.tree, &sources, &library);
    let took = start.elapsed();
    assert_eq!(analysis.models.first().map(|model| model.workflow.steps.len()), Some(steps));
    took
}

#[test]
fn ten_thousand_steps() {
    for (width, length, judges) in [(500, 20, true), (1, 10_000, false)] {
        let took = timed(&lanes(width, length, judges), 10_000);
        println!("{width} lanes of {length}: {took:?}");
        // Far above what it takes, far below what anything quadratic takes.
        assert!(took < Duration::from_secs(20), "{took:?}");
    }
}

#[test]
fn ten_thousand_faults() {
    let text = lanes(500, 20, false).replace(".done", ".doen").replace(".issue.", ".isue.");
    let start = Instant::now();
    let checked = Checked::of(&text);
    assert!(checked.diagnostics.len() > 10_000);
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_cycle_as_long_as_the_workflow() {
    let text = lanes(1, 10_000, false).replace("step s0x0 by r0 {", "step s0x0 by r0 after s0x9999.done {");
    let text: String =
        text.lines().filter(|line| !line.contains("outcome back")).map(|line| format!("{line}\n")).collect();
    let checked = Checked::of(&text);
    assert_eq!(checked.codes(), ["XP0401"], "{}", checked.drawn());
}
