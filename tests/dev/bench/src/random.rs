//! The cost of `xpc check` for random workflows of a typical size.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::figures::{heading, row};
use crate::{Done, usage};

const STEPS: usize = 14;
const WORKFLOWS: usize = 400;
/// Upper bound on generated texts; those that name data that nothing makes are skipped.
const MOST_DRAWN: u64 = 4_000;

pub fn measure(xpc: &Path, scratch: &Path) -> Done {
    heading(&format!(
        "xpc check of random workflows of {STEPS} steps, with its prover: seconds of processor time"
    ));
    let file = scratch.join("random.xp");
    let mut times: Vec<(f64, u64)> = Vec::new();
    let (mut open, mut properties) = (0, 0);
    for seed in 0..MOST_DRAWN {
        if times.len() >= WORKFLOWS {
            break;
        }
        let drawn = xp_drawn::sized(seed, STEPS);
        std::fs::write(&file, &drawn.text)?;
        let mut check = Command::new(xpc);
        check.arg("check").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        let (exit, usage) = usage::of(check)?;
        match exit {
            // Proved or refuted.
            0 | 3 => {}
            // Unknown or conditional.
            4 => open += 1,
            // Rejected.
            2 => continue,
            _ => return Err(format!("xpc check of the workflow drawn from {seed}: exit {exit}").into()),
        }
        properties += drawn.text.matches("\n  prove ").count();
        times.push((usage.seconds, seed));
    }
    if times.len() < WORKFLOWS {
        return Err(format!("only {} of {MOST_DRAWN} drawn texts are workflows", times.len()).into());
    }
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    let at = |percent: usize| {
        times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
    };
    let ((median, _), (p99, _), (most, seed)) = (at(50), at(99), at(100));
    row(
        &format!("{WORKFLOWS} workflows with {properties} written properties"),
        &format!("median {median:.3} s, p99 {p99:.3} s, most {most:.3} s (drawn from {seed})"),
    );
    row("of them with an answer that is unknown or conditional, and nothing refuted", &open.to_string());
    Ok(())
}
