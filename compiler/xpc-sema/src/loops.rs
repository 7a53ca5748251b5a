//! A reopening goes back: its target must be upstream of the step it belongs to.

use std::collections::HashSet;

use xp_artifact::workflow::{Atom, Loop, StepId};
use xp_diagnostics::{Diagnostic, codes};

use crate::edges::Edges;
use crate::outcomes;
use crate::problems::Problems;
use crate::symbols::Context;

/// Reports the loops whose target is not upstream. `order` holds each step after all it waits for.
pub fn check(
    context: &Context<'_>,
    edges: &Edges,
    order: &[StepId],
    loops: &[Option<Loop>],
    problems: &mut Problems,
) {
    // Positions let the search stop early: nothing upstream of a step stands behind it.
    let mut positions: Vec<usize> = vec![0; edges.len()];
    for (position, step) in order.iter().enumerate() {
        if let Some(slot) = positions.get_mut(step.index()) {
            *slot = position;
        }
    }
    for found in loops.iter().flatten() {
        if !upstream(edges, &positions, found.step, found.target) {
            problems.extend(fault(context, found));
        }
    }
}

fn upstream(edges: &Edges, positions: &[usize], step: StepId, target: StepId) -> bool {
    let least = positions.get(target.index()).copied().unwrap_or(0);
    let mut seen: HashSet<StepId> = HashSet::new();
    let mut left = vec![step];
    while let Some(here) = left.pop() {
        for edge in edges.of(here) {
            if edge.from == target {
                return true;
            }
            let position = positions.get(edge.from.index()).copied().unwrap_or(0);
            if position > least && seen.insert(edge.from) {
                left.push(edge.from);
            }
        }
    }
    false
}

fn fault(context: &Context<'_>, found: &Loop) -> Option<Diagnostic> {
    let at = Atom { step: found.step, outcome: found.outcome };
    let outcome = context.names.step(at.step)?.outcome(at.outcome)?;
    let (_, target) = outcomes::reopening(outcome)?;
    let step = context.names.step_name(found.step);
    if found.step == found.target {
        return Some(
            Diagnostic::error(codes::NOT_UPSTREAM, format!("step `{step}` cannot reopen itself"))
                .at(target.span)
                .because("a step that is to go on is simply not settled")
                .help("reopen a step that it waits for"),
        );
    }
    let declared = context.names.step(found.target)?.ast.name.span;
    Some(
        Diagnostic::error(codes::NOT_UPSTREAM, format!("step `{step}` does not wait for `{}`", target.text))
            .at(target.span)
            .label(declared, "this step")
            .label(context.names.step(found.step)?.ast.name.span, "does not come after it")
            .because("only what is upstream can be opened again")
            .help(format!("reopen a step that `{step}` comes after, or let it come after `{}`", target.text)),
    )
}
