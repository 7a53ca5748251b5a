//! Conditions over the evidence of the own step.

use xp_artifact::workflow::{Condition, StepId};
use xp_diagnostics::{Diagnostic, codes};
use xp_scope::Type;
use xp_syntax::ast;

use crate::data;
use crate::problems::Problems;
use crate::symbols::Context;

/// The condition, or none with the faults reported.
pub fn lower(
    context: &Context<'_>,
    step: StepId,
    ast: &ast::Condition,
    problems: &mut Problems,
) -> Option<Condition> {
    as_meant(context, step, ast, true, problems)
}

/// The condition, or with `is` false its opposite. `not` is pushed down to the literals (De Morgan), because a literal on
/// data that is not there is false either way: `not (a.x and b.y)` needs a result that says no, not the lack of one.
fn as_meant(
    context: &Context<'_>,
    step: StepId,
    ast: &ast::Condition,
    is: bool,
    problems: &mut Problems,
) -> Option<Condition> {
    match &ast.kind {
        ast::ConditionKind::Is(path) => evidence(context, step, path, is, problems),
        ast::ConditionKind::Not(path) => evidence(context, step, path, !is, problems),
        ast::ConditionKind::NotGroup(inner) => as_meant(context, step, inner, !is, problems),
        ast::ConditionKind::All(parts) | ast::ConditionKind::Any(parts) => {
            let all = matches!(ast.kind, ast::ConditionKind::All(_)) == is;
            // Every part is looked at, so that each fault in it is found.
            let lowered: Vec<Option<Condition>> =
                parts.iter().map(|part| as_meant(context, step, part, is, problems)).collect();
            let lowered = lowered.into_iter().collect::<Option<Vec<_>>>()?;
            Some(if all { Condition::All(lowered) } else { Condition::Any(lowered) })
        }
    }
}

fn evidence(
    context: &Context<'_>,
    step: StepId,
    path: &ast::Path,
    is: bool,
    problems: &mut Problems,
) -> Option<Condition> {
    let (name, rest) = path.segments.split_first()?;
    // `step.result` of the own step is a slip that can be read.
    let (grant, ty) = data::own_result(context, step, name, problems)?;
    if rest.is_empty() {
        if !is {
            problems.push(
                Diagnostic::error(
                    codes::NOT_A_FLAG,
                    format!("`not {}` asks whether something has not happened yet", name.text),
                )
                .at(path.span)
                .because("that changes while the step is open; `not` needs a Boolean of a result"),
            );
            return None;
        }
        return Some(Condition::Bound(grant));
    }
    let mut ty = ty?;
    for field in rest {
        ty = data::field(context, &ty, field, problems)?;
    }
    if ty != Type::Bool {
        problems.push(
            Diagnostic::error(
                codes::NOT_A_FLAG,
                format!("`{}` is `{ty}`, and a condition wants a Boolean", path.text()),
            )
            .at(path.span),
        );
        return None;
    }
    let symbols = context.names.step(step)?;
    let action = symbols.grants.get(grant.index()).copied().flatten()?.lowered.as_ref()?;
    if !action.attests {
        let cause = symbols.ast.grants.get(grant.index()).map_or(path.span, |grant| grant.action.span);
        problems.push_once(
            cause,
            Diagnostic::error(
                codes::NOT_EVIDENCE,
                format!(
                    "`{}.{}` does not attest, so `{}` is no evidence",
                    action.connector,
                    action.name,
                    path.text()
                ),
            )
            .at(path.span)
            .because("only what a connector measures itself can decide how a step ends"),
        );
        return None;
    }
    Some(Condition::Flag { grant, fields: rest.iter().map(|field| field.text.clone()).collect(), is })
}
