//! What is declared or used and then never named.

use std::collections::{BTreeSet, HashSet};

use xp_artifact::question::{Question, Secret, Sinks};
use xp_diagnostics::{Diagnostic, codes};
use xp_monitor::influence::{Graph, Origin};
use xp_syntax::ast;
use xpc_model::Model;

use crate::problems::Problems;

/// Warns of roles that no step has.
pub fn roles(ast: &ast::Workflow, problems: &mut Problems) {
    let acting: HashSet<&str> = ast.steps.iter().map(|step| step.role.text.as_str()).collect();
    for name in ast.roles.iter().flat_map(|line| &line.names) {
        if !acting.contains(name.text.as_str()) {
            problems.push(
                Diagnostic::warning(codes::UNUSED, format!("no step is by `{}`", name.text)).at(name.span),
            );
        }
    }
}

/// Warns of secrets that no use reads, and of allowances for no secret.
pub fn secrets(ast: &ast::Workflow, model: &Model, problems: &mut Problems) {
    let mut used = BTreeSet::new();
    for asked in &model.obligations {
        let Question::Private(secret, Sinks::Anybody(allowed), _) = &asked.question else { continue };
        let mut graph = Graph::of(&model.workflow, &Origin::Things(Secret::clone(secret)));
        if !graph.is_read() {
            problems.push(
                Diagnostic::warning(codes::UNUSED, format!("no step may read what is in `{}`", secret.text))
                    .at(asked.span),
            );
        }
        let among = allowed.iter().enumerate().filter(|(_, one)| graph.is_among(&one.things));
        used.extend(among.map(|(number, _)| number));
    }
    for (_, line) in ast.allowances.iter().enumerate().filter(|(number, _)| !used.contains(number)) {
        problems.push(
            Diagnostic::warning(codes::UNUSED, "no `secret` is among these things, so nothing needs this")
                .at(line.span),
        );
    }
}

/// Warns of `use` lines whose connector is never named.
pub fn uses(file: &ast::File, problems: &mut Problems) {
    let mut named: HashSet<&str> = HashSet::new();
    for connector in &file.connectors {
        named.extend(crate::scope::named(connector));
    }
    for workflow in &file.workflows {
        let grants = workflow.steps.iter().flat_map(|step| step.grants.iter().map(|grant| &grant.action));
        named.extend(grants.filter_map(first));
        for clause in &workflow.proves {
            named.extend(claimed(&clause.claim).into_iter().filter_map(first));
        }
        named.extend(workflow.allowances.iter().filter_map(|line| action(&line.uses)).filter_map(first));
        let params = workflow.params.iter().map(|param| &param.ty);
        let submissions =
            workflow.steps.iter().flat_map(|step| step.submissions.iter().map(|found| &found.ty));
        named.extend(crate::scope::type_connectors(params.chain(submissions)));
    }
    for line in &file.uses {
        let Some(last) = line.path.segments.last() else { continue };
        if !named.contains(last.text.as_str()) {
            problems.push(
                Diagnostic::warning(codes::UNUSED, format!("nothing names `{}`", last.text))
                    .at(line.span)
                    .fix(line.span, "", "remove the line"),
            );
        }
    }
}

fn first(path: &ast::Path) -> Option<&str> {
    path.segments.first().map(|name| name.text.as_str())
}

fn claimed(claim: &ast::Claim) -> Vec<&ast::Path> {
    let uses = match &claim.kind {
        ast::ClaimKind::NoRole(first, second) | ast::ClaimKind::NoPrincipal(first, second) => {
            vec![first, second]
        }
        ast::ClaimKind::Requires(uses, _)
        | ast::ClaimKind::Never(uses)
        | ast::ClaimKind::OnlyWithin(uses, _)
        | ast::ClaimKind::AtMost(uses, _)
        | ast::ClaimKind::Through { uses, .. } => vec![uses],
        ast::ClaimKind::Private { sinks, .. } => sinks.iter().collect(),
    };
    uses.into_iter().filter_map(action).collect()
}

fn action(uses: &ast::Uses) -> Option<&ast::Path> {
    match &uses.kind {
        ast::UsesKind::Action { action, .. } => Some(action),
        ast::UsesKind::Effect(_) => None,
    }
}
