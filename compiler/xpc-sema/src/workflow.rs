//! One workflow, pass after pass: names, steps, order, duties, questions.

use xp_artifact::workflow::{
    Assumption, Atom, Formula, GrantIx, Guard, Lease, Loop, LoopId, OutcomeIx, Param, Role, RoleId,
    Separation, Step, StepId, SubmissionIx, Workflow,
};
use xp_diagnostics::{Diagnostic, Sources, codes};
use xp_syntax::ast;
use xpc_model::{Model, Place, ProofObligation, Spans};

use crate::connector::Connectors;
use crate::draft::Draft;
use crate::edges::Edges;
use crate::outcomes::LoopIds;
use crate::problems::Problems;
use crate::symbols::Context;
use crate::{
    assumptions, collect, conditions, cycles, formulas, grants, leases, limits, loops, obligations, outcomes,
    overlaps, people, separations, submissions, tables, tools, unused,
};

/// The model of a workflow, or none with the faults reported.
pub fn lower(
    sources: &Sources,
    connectors: &Connectors,
    ast: &ast::Workflow,
    problems: &mut Problems,
) -> Option<Model> {
    let before = problems.errors();
    let context = Context { sources, connectors, ast, names: collect::symbols(connectors, ast, problems) };
    let mut spans = Spans::new(ast.name.span);
    spans.put(Place::Workflow, ast.name.span);
    for (index, name) in context.names.roles.iter().enumerate() {
        spans.put(Place::Role(RoleId::of(index)), name.span);
    }
    if ast.steps.is_empty() && !ast.damaged {
        problems.push(
            Diagnostic::error(codes::NO_STEPS, format!("workflow `{}` has no steps", ast.name.text))
                .at(ast.name.span),
        );
    }
    let mut edges = Edges::new(context.names.steps.len());
    let loop_ids = outcomes::loop_ids(&context);
    let mut drafts = Vec::with_capacity(context.names.steps.len());
    for index in 0..context.names.steps.len() {
        drafts.push(step(&context, StepId::of(index), &loop_ids, &mut edges, &mut spans, problems));
    }
    let lowered_loops = all_loops(&context, &loop_ids, &mut spans, problems);
    let finish = finish(&context, &mut spans, problems);
    let separate = separations::declared(&context, &mut spans, problems);
    let assumptions = assumptions::lower(&context, &mut spans, problems);
    let leases = leases::lower(&context, problems);
    let order = edges.order();
    // What comes from where cannot be told on a cycle.
    if cycles::check(&context, &edges, &order, problems) {
        // Steps that were not understood may be the way there.
        if !ast.damaged {
            loops::check(&context, &edges, &lowered_loops, problems);
        }
    }
    let (obligations, guards) = obligations::of(&context, problems);
    let whole = !ast.damaged && ast.steps.iter().all(|step| !step.damaged);
    if problems.errors() > before || !whole {
        return None;
    }
    for step in &ast.steps {
        problems.extend(step.grants.iter().filter_map(limits::implied));
        problems.extend(step.submissions.iter().filter_map(submissions::implied));
    }
    let steps: Vec<Step> = drafts.into_iter().map(Draft::finish).collect::<Option<_>>()?;
    let loops: Vec<Loop> = lowered_loops.into_iter().collect::<Option<_>>()?;
    let mut model = assemble(
        &context,
        Parts { steps, loops, separate, assumptions, leases, finish: finish?, guards, spans, obligations },
    )?;
    separations::imply(&context, &mut model.workflow, &mut model.spans, problems);
    tools::check(&model, problems);
    overlaps::warn(&model, problems);
    unused::secrets(ast, &model, problems);
    (problems.errors() == before).then_some(model)
}

/// What the passes made.
struct Parts {
    steps: Vec<Step>,
    loops: Vec<Loop>,
    separate: Vec<Separation>,
    assumptions: Vec<Assumption>,
    leases: Vec<Lease>,
    finish: Formula,
    guards: Vec<Guard>,
    spans: Spans,
    obligations: Vec<ProofObligation>,
}

fn assemble(context: &Context<'_>, parts: Parts) -> Option<Model> {
    let params: Vec<Param> = context
        .names
        .params
        .iter()
        .map(|(name, ty)| ty.clone().map(|ty| Param { name: name.text.clone(), ty }))
        .collect::<Option<_>>()?;
    let actions = tables::actions(context)?;
    let kinds = tables::kinds(context, &actions, (&parts.assumptions, &parts.leases), &parts.obligations)?;
    let records = tables::records(context, &params, &actions, &parts.steps);
    let roles = context
        .names
        .roles
        .iter()
        .zip(&context.names.role_kinds)
        .map(|(name, kind)| Role { name: name.text.clone(), kind: *kind })
        .collect();
    let workflow = Workflow {
        name: context.ast.name.text.clone(),
        doc: context.ast.doc.as_ref().map(|doc| doc.text.clone()),
        params,
        roles,
        separations: parts.separate,
        records,
        kinds,
        actions,
        steps: parts.steps,
        loops: parts.loops,
        finish: parts.finish,
        assumptions: parts.assumptions,
        leases: parts.leases,
        guards: parts.guards,
    };
    Some(Model { workflow, spans: parts.spans, obligations: parts.obligations })
}

fn step(
    context: &Context<'_>,
    id: StepId,
    loops: &LoopIds,
    edges: &mut Edges,
    spans: &mut Spans,
    problems: &mut Problems,
) -> Draft {
    let Some(symbols) = context.names.step(id) else { return Draft::default() };
    let ast = symbols.ast;
    spans.put(Place::Step(id), ast.name.span);
    let mut draft = Draft { name: ast.name.text.clone(), role: symbols.role, ..Draft::default() };
    draft.after = match &ast.after {
        None => {
            spans.put(Place::After(id), ast.name.span);
            Some(Formula::All(Vec::new()))
        }
        Some(formula) => {
            spans.put(Place::After(id), formula.span);
            let (mut named, mut atoms) = (Vec::new(), Vec::new());
            let lowered = formulas::lower(context, formula, &mut named, &mut atoms, problems);
            for edge in named {
                edges.put(id, edge);
            }
            for written in atoms {
                spans.put(Place::AfterAtom(id, written.atom), written.span);
            }
            lowered
        }
    };
    if let Some(condition) = &ast.when {
        spans.put(Place::When(id), condition.span);
        let when = conditions::guard(context, id, condition, edges, problems);
        draft.after = draft.after.zip(when).map(|(after, when)| both(after, when));
    }
    for index in 0..ast.grants.len() {
        draft.grants.push(grants::lower(context, id, GrantIx::of(index), edges, spans, problems));
    }
    for index in 0..ast.submissions.len() {
        draft.submissions.push(submissions::lower(context, id, SubmissionIx::of(index), spans, problems));
    }
    if symbols.outcomes.is_empty() && !ast.damaged {
        problems.push(
            Diagnostic::error(
                codes::NO_OUTCOMES,
                format!("step `{}` has no outcome, so it never ends", ast.name.text),
            )
            .at(ast.name.span)
            .help("add `outcome done`, or `outcome done auto when …`"),
        );
    }
    for index in 0..symbols.outcomes.len() {
        let at = Atom { step: id, outcome: OutcomeIx::of(index) };
        draft.outcomes.push(outcomes::lower(context, at, loops, edges, spans, problems));
    }
    people::only_judge(context, id, problems);
    draft.within = people::within(symbols, problems);
    draft
}

/// Both hold, as one conjunction.
fn both(after: Formula, when: Formula) -> Formula {
    let parts = |formula: Formula| match formula {
        Formula::All(parts) => parts,
        other => vec![other],
    };
    let mut all = parts(after);
    all.extend(parts(when));
    Formula::All(all)
}

fn all_loops(
    context: &Context<'_>,
    ids: &LoopIds,
    spans: &mut Spans,
    problems: &mut Problems,
) -> Vec<Option<Loop>> {
    let mut sorted: Vec<(LoopId, Atom)> = ids.iter().map(|(atom, id)| (*id, *atom)).collect();
    sorted.sort_unstable();
    sorted
        .into_iter()
        .map(|(id, at)| {
            let then = context
                .names
                .step(at.step)
                .and_then(|step| step.outcome(at.outcome))
                .and_then(outcomes::reopening);
            if let Some((then, _)) = then {
                spans.put(Place::Loop(id), then.span);
            }
            outcomes::lower_loop(context, at, problems)
        })
        .collect()
}

/// When the run is over: as the source says, or when every step is settled.
fn finish(context: &Context<'_>, spans: &mut Spans, problems: &mut Problems) -> Option<Formula> {
    let Some(finish) = &context.ast.finish else {
        spans.put(Place::Finish, context.ast.name.span);
        let all = context.names.steps.iter().enumerate().map(|(step, symbols)| {
            let settled =
                symbols.continuing.iter().map(|outcome| Atom { step: StepId::of(step), outcome: *outcome });
            let mut settled: Vec<Formula> = settled.map(Formula::Is).collect();
            match settled.pop() {
                Some(only) if settled.is_empty() => only,
                Some(last) => {
                    settled.push(last);
                    Formula::Any(settled)
                }
                None => Formula::Any(Vec::new()),
            }
        });
        return Some(Formula::All(all.collect()));
    };
    spans.put(Place::Finish, finish.span);
    let formula = formulas::lower(context, &finish.formula, &mut Vec::new(), &mut Vec::new(), problems)?;
    if formula.tests().is_empty() {
        return Some(formula);
    }
    problems.push(
        Diagnostic::error(codes::INCOMPARABLE, "a run is over by outcomes, not by values")
            .at(finish.formula.span)
            .help(
                "let an outcome say it: `outcome small auto when amount <= 1000`, and name that outcome here",
            ),
    );
    None
}
