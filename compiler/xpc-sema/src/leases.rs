//! `lease T`: what a run holds from its start.

use std::collections::BTreeSet;

use xp_artifact::workflow::{Datum, Expr, Lease, TemplatePart};
use xp_diagnostics::{Diagnostic, codes};
use xp_syntax::ast;

use crate::assumptions;
use crate::problems::Problems;
use crate::symbols::Context;

/// All of them; the faulty ones are reported and left out.
pub fn lower(context: &Context<'_>, problems: &mut Problems) -> Vec<Lease> {
    context.ast.leases.iter().filter_map(|line| one(context, line, problems)).collect()
}

fn one(context: &Context<'_>, line: &ast::Lease, problems: &mut Problems) -> Option<Lease> {
    let (thing, given, text) = assumptions::written(context, &line.thing, problems)?;
    let steps: BTreeSet<_> = given.iter().flat_map(data).filter_map(|datum| datum.root.step()).collect();
    if let Some(step) = steps.first().and_then(|step| context.ast.steps.get(step.index())) {
        problems.push(
            Diagnostic::error(
                codes::LEASE,
                "a lease is taken when a run starts, and this is only known later",
            )
            .at(line.thing.span)
            .label(step.name.span, "it comes from this step")
            .help("name the thing by parameters of the workflow and literals, or what it lies in"),
        );
        return None;
    }
    let mut kinds = context.connectors.loaded.values().flat_map(|connector| &connector.kinds);
    let own = thing.levels().last().and_then(|own| kinds.find(|kind| kind.name == own.kind));
    if own.is_some_and(|own| own.immutable.is_some()) {
        problems.push(
            Diagnostic::error(
                codes::LEASE,
                "what this names never changes, so nobody needs it for themselves",
            )
            .at(line.thing.span)
            .help("lease what can change, or leave the line out"),
        );
        return None;
    }
    Some(Lease { thing, given, text })
}

fn data(expr: &Expr) -> Vec<&Datum> {
    match expr {
        Expr::Literal(_) => Vec::new(),
        Expr::Datum(datum) => vec![datum],
        Expr::Template(parts) => parts
            .iter()
            .filter_map(|part| if let TemplatePart::Datum(datum) = part { Some(datum) } else { None })
            .collect(),
    }
}
