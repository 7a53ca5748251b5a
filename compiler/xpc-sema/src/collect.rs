//! First pass over a workflow: every name that is declared, before any is resolved.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use xp_artifact::workflow::{ActionId, GrantIx, OutcomeIx, ParamId, RoleId, StepId, SubmissionIx};
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_syntax::ast;

use crate::connector::{ActionDecl, Connectors};
use crate::problems::Problems;
use crate::symbols::{OutcomeSource, OutcomeSymbol, Product, ProductKind, StepSymbols, Symbols};
use crate::{names, people, types};

/// What has a name that nothing else in the workflow may have.
type Taken<'a> = HashMap<&'a str, (&'static str, Span)>;

/// The names of a workflow.
pub fn symbols<'a>(
    connectors: &'a Connectors,
    ast: &'a ast::Workflow,
    problems: &mut Problems,
) -> Symbols<'a> {
    let mut found = Symbols::default();
    let mut taken: Taken<'a> = HashMap::new();
    for (name, span) in &connectors.visible {
        taken.insert(name, ("connector", *span));
    }
    for param in &ast.params {
        take(&mut taken, "parameter", &param.name, problems);
        let mut place = types::Place { connectors, own: None, damaged: false, inline: None };
        let ty = types::resolve(&mut place, &param.ty, &param.name.text, None, problems);
        found.param_ids.entry(&param.name.text).or_insert(ParamId::of(found.params.len()));
        found.params.push((&param.name, ty));
    }
    roles(&mut found, &mut taken, ast, problems);
    for step in &ast.steps {
        take(&mut taken, "step", &step.name, problems);
        found.step_ids.entry(&step.name.text).or_insert(StepId::of(found.steps.len()));
        let symbols = collect_step(connectors, step, problems);
        found.steps.push(symbols);
    }
    for (index, step) in found.steps.iter_mut().enumerate() {
        step.role = role(&found.role_ids, ast, &step.ast.role, problems);
        for name in step.products.keys() {
            let home = found.makers.entry(name).or_insert(StepId::of(index));
            *home = (*home).min(StepId::of(index));
        }
        for (name, span) in product_names(step.ast) {
            if let Some((what, first)) = taken.get(name) {
                problems.push(
                    Diagnostic::error(
                        codes::DUPLICATE_NAME,
                        format!("`{name}` is the name of {} {what} and of what a step makes", article(what)),
                    )
                    .at(span)
                    .label(*first, format!("the {what}"))
                    .because("a name says by itself what it means")
                    .help(format!(
                        "call the result something else, and name it so: `{}.NAME`",
                        step.ast.name.text
                    )),
                );
            }
        }
        for action in step.grants.iter().flatten() {
            found.actions.entry(&action.qualified).or_insert((ActionId(0), action));
        }
    }
    let makers = makers(connectors, &found);
    found.actions.extend(makers.into_iter().map(|action| (action.qualified.as_str(), (ActionId(0), action))));
    for (index, (id, _)) in found.actions.values_mut().enumerate() {
        *id = ActionId::of(index);
    }
    found
}

/// Actions of which no step has a grant, and which make things of the granted actions' kinds that are valid while others are: a thing
/// that another run made with them is so, too.
fn makers<'a>(connectors: &'a Connectors, found: &Symbols<'a>) -> Vec<&'a ActionDecl> {
    let granted = found.actions.values().filter_map(|(_, action)| action.lowered.as_ref());
    let kinds: BTreeSet<&str> = granted.flat_map(|action| action.clauses.kinds()).collect();
    let makes = |action: &&ActionDecl| {
        let makes = action.lowered.iter().flat_map(|action| &action.clauses.makes);
        makes
            .filter(|making| !making.valid_while.is_empty())
            .any(|making| making.thing.levels().last().is_some_and(|own| kinds.contains(own.kind.as_str())))
    };
    let all = connectors.loaded.values().flat_map(|connector| connector.actions.values());
    all.filter(makes).filter(|action| !found.actions.contains_key(action.qualified.as_str())).collect()
}

/// The role a name means, or none with the fault reported.
pub fn role(
    roles: &HashMap<&str, RoleId>,
    ast: &ast::Workflow,
    name: &ast::Name,
    problems: &mut Problems,
) -> Option<RoleId> {
    let found = roles.get(name.text.as_str()).copied();
    if found.is_none() && !(ast.damaged && problems.may_be_lost(&name.text)) {
        let fault =
            Diagnostic::error(codes::UNKNOWN_ROLE, format!("there is no role `{}`", name.text)).at(name.span);
        problems.push(problems.propose(fault, name.span, &name.text, "roles", roles.keys().copied()));
    }
    found
}

fn roles<'a>(
    found: &mut Symbols<'a>,
    taken: &mut Taken<'a>,
    ast: &'a ast::Workflow,
    problems: &mut Problems,
) {
    let declared = ast.roles.iter().flat_map(|line| &line.names);
    let at_use = ast.steps.iter().filter(|step| step.declares_role.is_some()).map(|step| &step.role);
    let mut names: Vec<&ast::Name> = declared.chain(at_use).collect();
    names.sort_by_key(|name| name.span.start);
    for name in names {
        take(taken, "role", name, problems);
        if let Entry::Vacant(entry) = found.role_ids.entry(&name.text) {
            entry.insert(RoleId::of(found.roles.len()));
            found.roles.push(name);
        }
    }
    found.role_kinds = people::kinds(ast, &found.role_ids, found.roles.len());
}

fn take<'a>(taken: &mut Taken<'a>, what: &'static str, name: &'a ast::Name, problems: &mut Problems) {
    match taken.entry(&name.text) {
        Entry::Vacant(entry) => {
            entry.insert((what, name.span));
        }
        Entry::Occupied(entry) => {
            let (other, first) = *entry.get();
            let message = if other == what {
                format!("the {what} `{}` is declared twice", name.text)
            } else {
                format!(
                    "`{}` is the name of {} {other} and of {} {what}",
                    name.text,
                    article(other),
                    article(what)
                )
            };
            let fault = Diagnostic::error(codes::DUPLICATE_NAME, message).at(name.span);
            problems.push(fault.label(
                first,
                if other == what { "the first one".to_owned() } else { format!("the {other}") },
            ));
        }
    }
}

fn collect_step<'a>(
    connectors: &'a Connectors,
    ast: &'a ast::Step,
    problems: &mut Problems,
) -> StepSymbols<'a> {
    let mut step = StepSymbols {
        ast,
        role: None,
        grants: Vec::with_capacity(ast.grants.len()),
        products: HashMap::new(),
        outcomes: Vec::new(),
        outcome_ids: HashMap::new(),
        continuing: Vec::new(),
        sure: Vec::new(),
        unsure: ast.damaged,
    };
    let mut taken: Taken<'a> = HashMap::new();
    for (index, grant) in ast.grants.iter().enumerate() {
        let action = names::action(connectors, &grant.action, problems);
        step.grants.push(action);
        if let Some(binder) = &grant.binder {
            take(&mut taken, "result", binder, problems);
            step.products.entry(&binder.text).or_insert(Product {
                kind: ProductKind::Result(GrantIx::of(index)),
                ty: action.and_then(|action| action.result.clone()),
                span: binder.span,
            });
        }
    }
    for (index, submission) in ast.submissions.iter().enumerate() {
        take(&mut taken, "submission", &submission.name, problems);
        let mut place = types::Place { connectors, own: None, damaged: false, inline: None };
        let ty = types::resolve(&mut place, &submission.ty, &submission.name.text, None, problems);
        step.products.entry(&submission.name.text).or_insert(Product {
            kind: ProductKind::Submission(SubmissionIx::of(index)),
            ty,
            span: submission.name.span,
        });
    }
    outcomes(&mut step, &mut taken, problems);
    sureness(&mut step);
    step
}

fn product_names(step: &ast::Step) -> impl Iterator<Item = (&str, Span)> {
    let binders = step.grants.iter().filter_map(|grant| grant.binder.as_ref());
    let submissions = step.submissions.iter().map(|submission| &submission.name);
    binders.chain(submissions).map(|name| (name.text.as_str(), name.span))
}

fn outcomes<'a>(step: &mut StepSymbols<'a>, taken: &mut Taken<'a>, problems: &mut Problems) {
    let mut exhausting: Vec<(OutcomeIx, &'a ast::Exhausted)> = Vec::new();
    for line in &step.ast.outcomes {
        let index = OutcomeIx::of(step.outcomes.len());
        add_outcome(step, taken, &line.name, OutcomeSource::Line(line), problems);
        let Some(ast::Then { kind: ast::ThenKind::Reopen { exhausted, .. }, .. }) = &line.then else {
            continue;
        };
        exhausting.push((index, exhausted));
        if exhausted.ends.is_some() {
            add_outcome(step, taken, &exhausted.name, OutcomeSource::Then(exhausted), problems);
        }
    }
    if let Some(within) = &step.ast.within {
        if within.late.ends.is_some() {
            add_outcome(step, taken, &within.late.name, OutcomeSource::Late(&within.late), problems);
        }
        let late = step.outcome_ids.get(within.late.name.text.as_str()).copied();
        if let Some(outcome) = late.and_then(|late| step.outcomes.get_mut(late.index())) {
            outcome.late = true;
        }
    }
    for (index, exhausted) in exhausting {
        let target = step.outcome_ids.get(exhausted.name.text.as_str()).copied();
        if let Some(outcome) = target.and_then(|target| step.outcomes.get_mut(target.index()))
            && outcome.exhausts.is_none()
            && target != Some(index)
        {
            outcome.exhausts = Some(index);
        }
    }
}

fn add_outcome<'a>(
    step: &mut StepSymbols<'a>,
    taken: &mut Taken<'a>,
    name: &'a ast::Name,
    source: OutcomeSource<'a>,
    problems: &mut Problems,
) {
    take(taken, "outcome", name, problems);
    let index = OutcomeIx::of(step.outcomes.len());
    step.outcome_ids.entry(&name.text).or_insert(index);
    step.outcomes.push(OutcomeSymbol { name, source, exhausts: None, late: false });
    if source.continues() {
        step.continuing.push(index);
    }
}

/// Which results some continuing outcome makes sure of.
fn sureness(step: &mut StepSymbols<'_>) {
    let mut sure: BTreeSet<GrantIx> = BTreeSet::new();
    let mut unsure = step.unsure || step.outcomes.is_empty();
    for index in &step.continuing {
        let Some(outcome) = step.outcome(*index) else { continue };
        // An outcome taken by a loop that is used up carries the condition of the loop's own outcome.
        let source = outcome.exhausts.and_then(|by| step.outcome(by)).map_or(outcome.source, |by| by.source);
        let OutcomeSource::Line(line) = source else { continue };
        if let ast::How::If(condition) | ast::How::Auto(condition) = &line.how {
            for name in implied(condition, true) {
                match step.products.get(name) {
                    Some(Product { kind: ProductKind::Result(grant), .. }) => {
                        sure.insert(*grant);
                    }
                    Some(_) | None => unsure = true,
                }
            }
        }
    }
    step.sure = sure.into_iter().collect();
    step.unsure = unsure;
}

/// The names without which a condition (with `is` false: its opposite) cannot be true.
fn implied(condition: &ast::Condition, is: bool) -> BTreeSet<&str> {
    match &condition.kind {
        ast::ConditionKind::Is(path) | ast::ConditionKind::Not(path) => {
            path.segments.first().map(|name| name.text.as_str()).into_iter().collect()
        }
        ast::ConditionKind::Test(comparison) => {
            let right = match &comparison.right.kind {
                ast::ExprKind::Path(path) => Some(path),
                ast::ExprKind::Literal(_) | ast::ExprKind::Template(_) => None,
            };
            let names = std::iter::once(&comparison.left).chain(right);
            names.filter_map(|path| path.segments.first()).map(|name| name.text.as_str()).collect()
        }
        ast::ConditionKind::NotGroup(inner) => implied(inner, !is),
        ast::ConditionKind::All(parts) | ast::ConditionKind::Any(parts) => {
            let mut parts = parts.iter().map(|part| implied(part, is));
            if matches!(condition.kind, ast::ConditionKind::All(_)) == is {
                return parts.flatten().collect();
            }
            let first = parts.next().unwrap_or_default();
            parts.fold(first, |all, part| all.intersection(&part).copied().collect())
        }
    }
}

/// Of a word for something that has a name.
fn article(what: &str) -> &'static str {
    if what.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" }
}
