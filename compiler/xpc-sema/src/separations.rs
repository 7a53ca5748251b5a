//! Which roles must have different controllers: those the source separates, and who judges from who made what is judged.

use std::collections::HashSet;

use xp_artifact::content::Contents;
use xp_artifact::workflow::{RoleId, Separation, SeparationReason, Step, StepId, Workflow};
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_syntax::ast;
use xpc_model::{Place, Spans};

use crate::collect;
use crate::problems::Problems;
use crate::symbols::{Context, OutcomeSource};

/// The `separate roles` lines; the faulty ones are reported and left out.
pub fn declared(context: &Context<'_>, spans: &mut Spans, problems: &mut Problems) -> Vec<Separation> {
    let mut found = Vec::new();
    for line in &context.ast.separations {
        let Some(roles) = line_roles(context, line, problems) else { continue };
        spans.put(Place::Separation(u32::try_from(found.len()).unwrap_or(u32::MAX)), line.span);
        found.push(Separation { roles, reason: SeparationReason::Declared });
    }
    found
}

fn line_roles(context: &Context<'_>, line: &ast::Separation, problems: &mut Problems) -> Option<Vec<RoleId>> {
    let mut seen: Vec<(RoleId, Span)> = Vec::with_capacity(line.roles.len());
    let mut known: HashSet<RoleId> = HashSet::new();
    let mut sound = true;
    for name in &line.roles {
        let Some(role) = collect::role(&context.names.role_ids, context.ast, name, problems) else {
            sound = false;
            continue;
        };
        if known.insert(role) {
            seen.push((role, name.span));
            continue;
        }
        sound = false;
        let first = seen.iter().find(|(other, _)| *other == role).map_or(name.span, |(_, span)| *span);
        problems.push(
            Diagnostic::error(codes::BAD_SEPARATION, format!("the role `{}` is named twice", name.text))
                .at(name.span)
                .label(first, "the first one")
                .because("a role cannot be separate from itself"),
        );
    }
    if sound && seen.len() < 2 {
        problems.push(
            Diagnostic::error(codes::BAD_SEPARATION, "a single role has nothing to be separate from")
                .at(line.span)
                .help("name another role"),
        );
        sound = false;
    }
    sound.then(|| seen.into_iter().map(|(role, _)| role).collect())
}

/// The separations that judgements imply, added to those declared: who judges made none of the content of what is judged.
pub fn imply(context: &Context<'_>, workflow: &mut Workflow, spans: &mut Spans, problems: &mut Problems) {
    let judged = |step: &Step| step.outcomes.iter().any(|outcome| outcome.of.is_some());
    if !workflow.steps.iter().any(judged) {
        return;
    }
    let mut contents = Contents::of(workflow);
    let mut found: Vec<Separation> = Vec::new();
    let mut known: HashSet<(RoleId, RoleId)> = HashSet::new();
    for (index, step) in workflow.steps.iter().enumerate() {
        let judge = StepId::of(index);
        let lines = context.names.step(judge).map_or(&[][..], |symbols| symbols.outcomes.as_slice());
        for (outcome, symbol) in step.outcomes.iter().zip(lines) {
            let span = match symbol.source {
                OutcomeSource::Line(ast::Outcome { of: Some(path), .. }) => path.span,
                _ => symbol.name.span,
            };
            // Evidence that stands for a judgement is nobody's: that it is independent is for the proofs.
            let Some(datum) = outcome.of.as_ref().filter(|_| outcome.counts.is_none()) else { continue };
            for (role, place) in contents.makers(datum, judge) {
                if role == step.role {
                    problems.push(judges_itself(context, role, place, span));
                } else if known.insert((step.role.min(role), step.role.max(role))) {
                    let number = workflow.separations.len() + found.len();
                    spans.put(Place::Separation(u32::try_from(number).unwrap_or(u32::MAX)), span);
                    let reason = SeparationReason::Judges(judge);
                    found.push(Separation { roles: vec![step.role, role], reason });
                }
            }
        }
    }
    workflow.separations.extend(found);
}

fn judges_itself(context: &Context<'_>, role: RoleId, maker: StepId, span: Span) -> Diagnostic {
    let name = context.names.role_name(role);
    let fault =
        Diagnostic::error(codes::JUDGES_ITSELF, format!("`{name}` judges what comes from `{name}` itself"))
            .at(span)
            .because("who judges is separate from everyone who chose some of the content of what is judged")
            .help("let another role judge, or let another role make it");
    match context.names.step(maker) {
        Some(symbols) => fault.label(symbols.ast.role.span, format!("`{name}` has a part in it here")),
        None => fault,
    }
}
