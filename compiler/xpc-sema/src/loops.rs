//! A reopening goes back: its target must be upstream of the step it belongs to.

use xp_artifact::depends::Reach;
use xp_artifact::workflow::{Atom, Loop, StepId};
use xp_diagnostics::{Diagnostic, codes};

use crate::edges::Edges;
use crate::outcomes;
use crate::problems::Problems;
use crate::symbols::Context;

/// Reports the loops whose target is not upstream.
pub fn check(context: &Context<'_>, edges: &Edges, loops: &[Option<Loop>], problems: &mut Problems) {
    let needs = |step: usize| edges.of(StepId::of(step)).iter().map(|edge| edge.from).collect();
    let reach = Reach::of((0..edges.len()).map(needs).collect());
    for found in loops.iter().flatten() {
        if found.step == found.target || !reach.depends(found.step, found.target) {
            problems.extend(fault(context, found));
        }
    }
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
