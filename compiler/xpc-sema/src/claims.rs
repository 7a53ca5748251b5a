//! `prove` clauses, from what is claimed to the question that is asked.

use xp_artifact::question::{Allowance, Extent, Question, Secret, Sinks, Uses};
use xp_artifact::workflow::{Effect, Expr, Formula};
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_scope::Type;
use xp_syntax::ast;

use crate::connector::{ActionDecl, ParamDecl};
use crate::problems::Problems;
use crate::symbols::Context;
use crate::{arguments, assumptions, collect, data, effects, formulas, literal, names, pins, types};

/// A question with the parts of its name.
pub struct Asked {
    /// The question.
    pub question: Question,
    /// The name after the workflow's, `merge-requires`.
    pub slug: String,
}

/// The question, or none with the faults reported.
pub fn lower(context: &Context<'_>, claim: &ast::Claim, problems: &mut Problems) -> Option<Asked> {
    let (question, slug) = match &claim.kind {
        ast::ClaimKind::NoRole(first, second) => {
            let (first, second) = both(context, first, second, problems)?;
            let slug = format!("no-role-{}-{}", word(&first), word(&second));
            (Question::NoRole(first, second), slug)
        }
        ast::ClaimKind::NoPrincipal(first, second) => {
            let (first, second) = both(context, first, second, problems)?;
            let slug = format!("no-principal-{}-{}", word(&first), word(&second));
            (Question::NoPrincipal(first, second), slug)
        }
        ast::ClaimKind::Requires(uses, formula) => {
            let uses = lower_uses(context, uses, problems);
            let formula: Option<Formula> =
                formulas::lower(context, formula, &mut Vec::new(), &mut Vec::new(), problems);
            let (uses, formula) = (uses?, formula?);
            let slug = format!("{}-requires", word(&uses));
            (Question::Requires(uses, formula), slug)
        }
        ast::ClaimKind::Never(uses) => {
            let uses = lower_uses(context, uses, problems)?;
            let slug = format!("never-{}", word(&uses));
            (Question::Never(uses), slug)
        }
        ast::ClaimKind::OnlyWithin(uses, extent) => {
            let lowered = lower_uses(context, uses, problems);
            let extent = lower_extent(context, extent, problems);
            let lowered = lowered?;
            one_path(context, uses, &lowered, problems)?;
            let slug = format!("{}-within", word(&lowered));
            (Question::OnlyWithin(lowered, extent?), slug)
        }
        ast::ClaimKind::AtMost(uses, most) => {
            let lowered = lower_uses(context, uses, problems);
            let most = at_most(most, problems);
            let (lowered, most) = (lowered?, most?);
            let slug = format!("{}-at-most", word(&lowered));
            (Question::AtMost(lowered, most), slug)
        }
        ast::ClaimKind::Through { uses, unexposed, role } => {
            let lowered = lower_uses(context, uses, problems);
            let role_id = collect::role(&context.names.role_ids, context.ast, role, problems);
            let (lowered, role_id) = (lowered?, role_id?);
            let uses = word(&lowered);
            match unexposed {
                Some(_) => {
                    let slug = format!("{uses}-through-unexposed-{}", role.text);
                    (Question::Unexposed(lowered, role_id), slug)
                }
                None => (Question::Through(lowered, role_id), format!("{uses}-through-{}", role.text)),
            }
        }
        ast::ClaimKind::Private { thing, sinks, through } => {
            let written = assumptions::written(context, thing, problems);
            let lowered = match sinks {
                Some(uses) if let Some(path) = meant_outsiders(uses) => {
                    problems.push(
                        Diagnostic::error(
                            codes::UNKNOWN_ACTION,
                            format!("there is no action `{}`", path.text()),
                        )
                        .at(path.span)
                        .help("did you mean `outsiders`?")
                        .fix(path.span, "outsiders", "write `outsiders`"),
                    );
                    None
                }
                Some(uses) => lower_uses(context, uses, problems).map(Sinks::Uses),
                None => Some(Sinks::Outsiders),
            };
            let role = match through {
                Some(role) => collect::role(&context.names.role_ids, context.ast, role, problems).map(Some),
                None => Some(None),
            };
            let ((thing, given, text), sinks, role) = (written?, lowered?, role?);
            let to = match &sinks {
                Sinks::Uses(uses) => word(uses),
                Sinks::Outsiders | Sinks::Anybody(_) => "outsiders".to_owned(),
            };
            (Question::Private(Box::new(Secret { thing, given, text }), sinks, role), format!("private-{to}"))
        }
    };
    Some(Asked { question, slug })
}

/// What each `secret T` asks in every run.
pub fn secrets<'a>(context: &Context<'a>, problems: &mut Problems) -> Vec<(&'a ast::Secret, Question)> {
    let allowed = context.ast.allowances.iter().filter_map(|line| allowance(context, line, problems));
    let allowed: Vec<Allowance> = allowed.collect();
    let lines = context.ast.secrets.iter();
    let asked = lines.filter_map(|line| {
        let (thing, given, text) = assumptions::written(context, &line.thing, problems)?;
        let secret = Box::new(Secret { thing, given, text });
        Some((line, Question::Private(secret, Sinks::Anybody(allowed.clone()), None)))
    });
    asked.collect()
}

fn allowance(context: &Context<'_>, line: &ast::Allowance, problems: &mut Problems) -> Option<Allowance> {
    let because = literal::reason(&line.because, problems);
    let written = assumptions::written(context, &line.thing, problems);
    let uses = lower_uses(context, &line.uses, problems);
    let (thing, given, text) = written?;
    Some(Allowance { things: Secret { thing, given, text }, uses: uses?, because: because? })
}

/// A word alone that is nearly `outsiders`: no action has such a name.
fn meant_outsiders(uses: &ast::Uses) -> Option<&ast::Path> {
    match &uses.kind {
        ast::UsesKind::Action { action, args } if args.is_empty() && action.segments.len() == 1 => {
            xp_syntax::nearest(&action.text(), ["outsiders"]).map(|_| action)
        }
        ast::UsesKind::Action { .. } | ast::UsesKind::Effect(_) => None,
    }
}

fn both(
    context: &Context<'_>,
    first: &ast::Uses,
    second: &ast::Uses,
    problems: &mut Problems,
) -> Option<(Uses, Uses)> {
    let first = lower_uses(context, first, problems);
    let second = lower_uses(context, second, problems);
    Some((first?, second?))
}

/// How uses are called in a name: `merge`, `github-contents-write`.
fn word(uses: &Uses) -> String {
    match uses {
        Uses::Effect(effect) => effect.as_str().to_owned(),
        Uses::Action { name, .. } => name.replace(['.', '_'], "-"),
    }
}

fn lower_uses(context: &Context<'_>, uses: &ast::Uses, problems: &mut Problems) -> Option<Uses> {
    match &uses.kind {
        ast::UsesKind::Effect(name) => match effects::effect(&name.text) {
            Some(effect) => Some(Uses::Effect(effect)),
            None => {
                let fault = Diagnostic::error(codes::UNKNOWN_WORD, format!("`{}` is no effect", name.text))
                    .at(name.span);
                let known = Effect::ALL.iter().map(|effect| effect.as_str());
                problems.push(problems.propose(fault, name.span, &name.text, "effects", known));
                None
            }
        },
        ast::UsesKind::Action { action, args } => {
            let decl = names::action(context.connectors, action, problems)?;
            let args = lower_args(context, decl, args, problems)?;
            let id = context.names.actions.get(decl.qualified.as_str()).map(|(id, _)| *id);
            Some(Uses::Action { name: decl.qualified.clone(), id, args })
        }
    }
}

fn lower_args(
    context: &Context<'_>,
    action: &ActionDecl,
    args: &[ast::UsesArg],
    problems: &mut Problems,
) -> Option<Vec<(u32, Expr)>> {
    let given: Vec<(Option<&ast::Name>, Span)> =
        args.iter().map(|arg| (arg.name.as_ref(), arg.span)).collect();
    let before = problems.errors();
    let matched = arguments::matched(action, &given, problems);
    let mut lowered = Vec::with_capacity(args.len());
    for (index, position) in matched.by_param.iter().enumerate() {
        let Some(arg) = position.and_then(|position| args.get(position)) else { continue };
        let wanted = action.params.get(index).and_then(|param| param.ty.as_ref())?;
        let value = pins::expr(context, &arg.value, (wanted, false), None, problems);
        lowered.extend(value.map(|value| (u32::try_from(index).unwrap_or(u32::MAX), value)));
    }
    (problems.errors() == before).then_some(lowered)
}

/// `only within` speaks of the path that an action takes: there must be one, and no second.
fn one_path(context: &Context<'_>, uses: &ast::Uses, lowered: &Uses, problems: &mut Problems) -> Option<()> {
    let action = match (&uses.kind, lowered) {
        (_, Uses::Effect(effect)) => return some_path(context, uses, *effect, problems),
        (ast::UsesKind::Action { action, .. }, Uses::Action { .. }) => action,
        _ => return Some(()),
    };
    let decl = names::action(context.connectors, action, problems)?;
    let paths = || decl.params.iter().filter(|param| param.ty == Some(Type::Path));
    let what = match paths().count() {
        1 if paths().any(|param| param.optional) => "need not take a path",
        1 => return Some(()),
        0 => "takes no path",
        _ => "takes several paths",
    };
    problems.push(
        Diagnostic::error(
            codes::NO_PATH,
            format!("`{}` {what}, so `only within` says nothing of it", decl.qualified),
        )
        .at(uses.span)
        .label(decl.span, "declared here"),
    );
    None
}

/// Of an effect, every granted action must take a path.
fn some_path(context: &Context<'_>, uses: &ast::Uses, effect: Effect, problems: &mut Problems) -> Option<()> {
    let has = |action: &ActionDecl| action.lowered.as_ref().is_some_and(|lowered| lowered.effect == effect);
    // A parameter whose type is faulty may be one.
    let is_path = |param: &ParamDecl| match &param.ty {
        None => true,
        Some(ty) => !param.optional && (*ty == Type::Path || ty.element() == Some(&Type::Path)),
    };
    let granted = context.names.steps.iter().flat_map(|step| step.grants.iter().flatten());
    let mut granted = granted.copied().filter(|action| has(action));
    let Some(bare) = granted.find(|action| !action.params.iter().any(is_path)) else {
        return Some(());
    };
    problems.push(
        Diagnostic::error(
            codes::NO_PATH,
            format!(
                "`{}` is an effect {} and takes no path, so `only within` says nothing of it",
                bare.qualified,
                effect.as_str()
            ),
        )
        .at(uses.span)
        .label(bare.span, "declared here")
        .help("name the actions that take one, each in a claim of its own"),
    );
    None
}

fn lower_extent(context: &Context<'_>, extent: &ast::Extent, problems: &mut Problems) -> Option<Extent> {
    match extent {
        ast::Extent::Patterns(patterns) => literal::patterns(patterns, problems).map(Extent::Patterns),
        ast::Extent::Datum(path) => {
            let (datum, ty) = data::resolve(context, path, None, problems)?;
            let wanted = Type::List(Box::new(Type::Path));
            if types::fits(&ty, &wanted) {
                return Some(Extent::Datum(datum));
            }
            problems.push(literal::mismatch(path.span, &ty.to_string(), &wanted));
            None
        }
    }
}

fn at_most(most: &ast::Int, problems: &mut Problems) -> Option<u32> {
    let found = u32::try_from(most.value).ok();
    if found.is_none() {
        problems.push(
            Diagnostic::error(
                codes::BAD_LIMIT,
                format!("a bound is a number from 0 to {}, not {}", u32::MAX, most.value),
            )
            .at(most.span),
        );
    }
    found
}
