//! Comparisons of data with literals and with each other, in conditions and formulas.

use xp_artifact::workflow::{Datum, Root, StepId};
use xp_artifact::{Operand, Relation, Test};
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_scope::{Type, Value, rank};
use xp_syntax::ast;

use crate::edges::{Edge, Edges};
use crate::problems::Problems;
use crate::symbols::Context;
use crate::{data, literal, types};

/// Resolves a name that is compared.
pub type Resolve<'r> = dyn FnMut(&ast::Path, &mut Problems) -> Option<(Datum, Type)> + 'r;

/// The comparison, or none with the faults reported.
pub fn lower(
    context: &Context<'_>,
    ast: &ast::Comparison,
    span: Span,
    resolve: &mut Resolve<'_>,
    problems: &mut Problems,
) -> Option<Test> {
    let left = resolve(&ast.left, problems);
    let relation = match ast.relation {
        ast::Relation::Is => Relation::Is,
        ast::Relation::IsNot => Relation::IsNot,
        ast::Relation::Less => Relation::Less,
        ast::Relation::AtMost => Relation::AtMost,
        ast::Relation::More => Relation::More,
        ast::Relation::AtLeast => Relation::AtLeast,
    };
    let (left, ty) = left?;
    if !ty.is_single() {
        let fault = Diagnostic::error(
            codes::INCOMPARABLE,
            format!("`{}` is `{ty}`, and only single values are compared", ast.left.text()),
        );
        let fields = context.connectors.fields(&ty);
        let fault = fault.at(ast.left.span);
        problems.push(match fields.first() {
            Some(field) => fault.help(format!("name a field of it, such as `{}.{field}`", ast.left.text())),
            None => fault,
        });
        return None;
    }
    if relation.needs_order() && !rank::is_ordered(&ty) {
        let fault = Diagnostic::error(
            codes::INCOMPARABLE,
            format!("values of type `{ty}` have no order, so `{}` does not compare them", relation.sign()),
        );
        problems.push(fault.at(span).help("compare them with `is` or `is not`"));
        return None;
    }
    let right = match &ast.right.kind {
        ast::ExprKind::Literal(kind) => {
            Operand::Literal(literal::value(kind, ast.right.span, &ty, problems)?)
        }
        ast::ExprKind::Path(path) => match word(context, path, &ty) {
            Some(word) => Operand::Literal(word),
            None => {
                let (right, other) = resolve(path, problems)?;
                if !types::fits(&other, &ty) || !types::fits(&ty, &other) {
                    problems.push(literal::mismatch(path.span, &other.to_string(), &ty));
                    return None;
                }
                Operand::Datum(right)
            }
        },
        ast::ExprKind::Template(_) => {
            let fault = Diagnostic::error(codes::INCOMPARABLE, "a text with data in it is not compared");
            problems.push(fault.at(ast.right.span).help("compare with a literal, or with a name"));
            return None;
        }
    };
    Some(Test { left, relation, right, ty })
}

/// A word of the enumeration that the left side is; a parameter of that name comes first.
fn word(context: &Context<'_>, path: &ast::Path, ty: &Type) -> Option<Value> {
    let (Type::Enum(words), [word]) = (ty, path.segments.as_slice()) else { return None };
    let is_word = words.contains(&word.text) && !context.names.param_ids.contains_key(word.text.as_str());
    is_word.then(|| Value::Text(word.text.clone()))
}

/// A Boolean datum must have this value.
pub fn flag(path: &ast::Path, named: (Datum, Type), is: bool, problems: &mut Problems) -> Option<Test> {
    let (datum, ty) = named;
    if ty == Type::Bool {
        return Some(Test::flag(datum, is));
    }
    let fault = Diagnostic::error(
        codes::NOT_A_FLAG,
        format!("`{}` is `{ty}`, and a condition wants a Boolean", path.text()),
    )
    .at(path.span);
    problems.push(if ty.is_single() {
        fault.help(format!(
            "compare it: `{} is …`, or `<`, `<=`, `>`, `>=` where it has an order",
            path.text()
        ))
    } else {
        fault
    });
    None
}

/// A parameter, or what an action of an earlier step attests. In a step, that comes to wait for the earlier one.
pub fn earlier(
    context: &Context<'_>,
    path: &ast::Path,
    at: Option<(StepId, &mut Edges)>,
    problems: &mut Problems,
) -> Option<(Datum, Type)> {
    let (datum, ty) = data::resolve(context, path, at, problems)?;
    match datum.root {
        Root::Param(_) => Some((datum, ty)),
        Root::Submission { .. } => {
            problems.push(
                Diagnostic::error(
                    codes::NOT_EVIDENCE,
                    format!("`{}` is handed in, so it is no evidence", path.text()),
                )
                .at(path.span)
                .because("what an agent says decides nothing by its value"),
            );
            None
        }
        Root::Result { step, grant } => {
            attested(context, (step, grant), path, problems).then_some((datum, ty))
        }
    }
}

/// As [`earlier`], where the steps that are waited for are listed.
pub fn listed(
    context: &Context<'_>,
    path: &ast::Path,
    edges: &mut Vec<Edge>,
    problems: &mut Problems,
) -> Option<(Datum, Type)> {
    let (datum, ty) = earlier(context, path, None, problems)?;
    if let Some(from) = datum.root.step() {
        edges.push(Edge { from, span: path.span, text: path.text() });
    }
    Some((datum, ty))
}

/// The action of the grant attests; if not, this is reported.
pub fn attested(
    context: &Context<'_>,
    (step, grant): (StepId, xp_artifact::workflow::GrantIx),
    path: &ast::Path,
    problems: &mut Problems,
) -> bool {
    let Some(symbols) = context.names.step(step) else { return false };
    let lowered =
        symbols.grants.get(grant.index()).copied().flatten().and_then(|action| action.lowered.as_ref());
    let Some(action) = lowered else { return false };
    if action.attests {
        return true;
    }
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
    false
}
