//! Conditions: over the evidence of the own step, parameters, and what earlier steps attest.

use xp_artifact::workflow::{Condition, Datum, Formula, Root, StepId};
use xp_diagnostics::{Diagnostic, codes};
use xp_scope::Type;
use xp_syntax::ast;

use crate::edges::Edges;
use crate::problems::Problems;
use crate::symbols::{Context, ProductKind};
use crate::{comparisons, data};

/// The condition of an outcome, or none with the faults reported.
pub fn lower(
    context: &Context<'_>,
    step: StepId,
    ast: &ast::Condition,
    edges: &mut Edges,
    problems: &mut Problems,
) -> Option<Condition> {
    Lowering { context, step, edges, guard: false }.as_meant(ast, true, problems)
}

/// The condition in the head of a step as a formula, or none with the faults reported.
pub fn guard(
    context: &Context<'_>,
    step: StepId,
    ast: &ast::Condition,
    edges: &mut Edges,
    problems: &mut Problems,
) -> Option<Formula> {
    let condition = Lowering { context, step, edges, guard: true }.as_meant(ast, true, problems)?;
    formula(condition)
}

/// Without results of the own step, a condition is a formula.
fn formula(condition: Condition) -> Option<Formula> {
    let many = |parts: Vec<Condition>| parts.into_iter().map(formula).collect::<Option<Vec<_>>>();
    match condition {
        Condition::Bound(_) => None,
        Condition::Test(test) => Some(Formula::Test(Box::new(test))),
        Condition::All(parts) => many(parts).map(Formula::All),
        Condition::Any(parts) => many(parts).map(Formula::Any),
    }
}

struct Lowering<'c, 'a, 'e> {
    context: &'c Context<'a>,
    step: StepId,
    edges: &'e mut Edges,
    /// It stands in the head of the step, which has no results yet.
    guard: bool,
}

impl Lowering<'_, '_, '_> {
    /// The condition, or with `is` false its opposite. `not` is pushed down to the literals (De Morgan), because a literal on
    /// data that is not there is false either way: `not (a.x and b.y)` needs a result that says no, not the lack of one.
    fn as_meant(&mut self, ast: &ast::Condition, is: bool, problems: &mut Problems) -> Option<Condition> {
        match &ast.kind {
            ast::ConditionKind::Is(path) => self.evidence(path, is, problems),
            ast::ConditionKind::Not(path) => self.evidence(path, !is, problems),
            ast::ConditionKind::NotGroup(inner) => self.as_meant(inner, !is, problems),
            ast::ConditionKind::Test(comparison) => {
                let context = self.context;
                let mut resolve = |path: &ast::Path, problems: &mut Problems| self.named(path, problems);
                let test = comparisons::lower(context, comparison, ast.span, &mut resolve, problems)?;
                Some(Condition::Test(if is { test } else { test.opposite() }))
            }
            ast::ConditionKind::All(parts) | ast::ConditionKind::Any(parts) => {
                let all = matches!(ast.kind, ast::ConditionKind::All(_)) == is;
                // Every part is looked at, so that each fault in it is found.
                let lowered: Vec<Option<Condition>> =
                    parts.iter().map(|part| self.as_meant(part, is, problems)).collect();
                let lowered = lowered.into_iter().collect::<Option<Vec<_>>>()?;
                Some(if all { Condition::All(lowered) } else { Condition::Any(lowered) })
            }
        }
    }

    fn evidence(&mut self, path: &ast::Path, is: bool, problems: &mut Problems) -> Option<Condition> {
        let (name, rest) = path.segments.split_first()?;
        if !self.guard && rest.is_empty() && !self.is_earlier(name) {
            // `step.result` of the own step is a slip that can be read.
            let (grant, _) = data::own_result(self.context, self.step, name, problems)?;
            if is {
                return Some(Condition::Bound(grant));
            }
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
        let named = self.named(path, problems)?;
        comparisons::flag(path, named, is, problems).map(Condition::Test)
    }

    /// The name is no result of the step, and one of a parameter or of another step.
    fn is_earlier(&self, name: &ast::Name) -> bool {
        let names = &self.context.names;
        let own = names.step(self.step).and_then(|step| step.products.get(name.text.as_str()));
        let is_own = own.is_some_and(|product| matches!(product.kind, ProductKind::Result(_)));
        let is_other = names.step_ids.get(name.text.as_str()).is_some_and(|step| *step != self.step);
        !is_own && (names.param_ids.contains_key(name.text.as_str()) || is_other)
    }

    /// What a name in a condition is: a result of the step, a parameter, or what an earlier step has.
    fn named(&mut self, path: &ast::Path, problems: &mut Problems) -> Option<(Datum, Type)> {
        let (context, step) = (self.context, self.step);
        let (name, rest) = path.segments.split_first()?;
        if self.guard || self.is_earlier(name) {
            return comparisons::earlier(context, path, Some((step, self.edges)), problems);
        }
        let (grant, ty) = data::own_result(context, step, name, problems)?;
        let mut ty = ty?;
        for field in rest {
            ty = data::field(context, &ty, field, problems)?;
        }
        let fields = rest.iter().map(|field| field.text.clone()).collect();
        let datum = Datum { root: Root::Result { step, grant }, fields };
        comparisons::attested(context, (step, grant), path, problems).then_some((datum, ty))
    }
}
