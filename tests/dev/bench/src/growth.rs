//! Growth of the cost of a check: families of workflows that grow in one dimension each.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::families::{FAMILIES, Family};
use crate::figures::{heading, row};
use crate::usage::{self, Usage};
use crate::{Done, peer};

pub fn measure(xpc: &Path, scratch: &Path) -> Done {
    heading(
        "growth of xpc check with its prover: seconds of processor time, peak MB of either; exponents without the floor",
    );
    let file = scratch.join("family.xp");
    // The cost of checking a minimal workflow.
    std::fs::write(&file, (FAMILIES.first().ok_or("no families")?.source)(2))?;
    let floor = best(xpc, &file, &[0])?;
    row("a workflow of two steps: the floor", &text(floor));
    for family in FAMILIES {
        family_of(xpc, &file, family, floor.seconds)?;
    }
    peer::measure(scratch)?;
    Ok(())
}

fn family_of(xpc: &Path, file: &Path, family: &Family, floor: f64) -> Done {
    let mut points = Vec::new();
    for size in family.sizes {
        std::fs::write(file, (family.source)(*size))?;
        let usage = best(xpc, file, if family.refuted { &[3] } else { &[0] })?;
        row(&format!("{}: {size} {}", family.name, family.unit), &text(usage));
        // Differences below the variance of the minimal cost carry no information.
        points.push((*size, (usage.seconds - floor).max(0.001)));
    }
    let last = points.iter().rev().take(2).rev().copied().collect::<Vec<_>>();
    row(
        family.name,
        &format!("exponent {:.2}; between the last two {:.2}", exponent(&points), exponent(&last)),
    );
    Ok(())
}

/// The exponent of growth: the slope of the least squares line through the logarithms.
fn exponent(points: &[(usize, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(size, cost)| ((*size as f64).ln(), cost.ln())).collect();
    let count = logs.len().max(1) as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let over: f64 = logs.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    over / logs.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}

/// The minimum of three measurements, since other load on the host can only increase them.
fn best(xpc: &Path, file: &Path, exits: &[i32]) -> Done<Usage> {
    let mut best = run(xpc, file, exits)?;
    for _ in 0..2 {
        let again = run(xpc, file, exits)?;
        if again.seconds < best.seconds {
            best = again;
        }
    }
    Ok(best)
}

fn run(xpc: &Path, file: &Path, exits: &[i32]) -> Done<Usage> {
    let mut command = Command::new(xpc);
    command.arg("check").arg(file).stdout(Stdio::null()).stderr(Stdio::null());
    let (exit, usage) = usage::of(command)?;
    if exits.contains(&exit) {
        Ok(usage)
    } else {
        Err(format!("xpc check of a generated workflow: exit {exit}").into())
    }
}

fn text(usage: Usage) -> String {
    format!("{:.3} s, {} MB", usage.seconds, usage.peak_kb / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_of_a_power_is_its_own() {
        for power in [0.5, 1.0, 2.0] {
            let points = [10, 100, 1_000].map(|size: usize| (size, 3.0 * (size as f64).powf(power)));
            assert!((exponent(&points) - power).abs() < 1e-9, "{power}");
        }
    }
}
