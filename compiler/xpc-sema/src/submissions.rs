//! Submissions: what a role hands in.

use xp_artifact::workflow::{StepId, Submission, SubmissionIx};
use xp_diagnostics::{Diagnostic, codes};
use xp_scope::{MAX_LIST, Type};
use xpc_model::{Place, Spans};

use crate::problems::Problems;
use crate::symbols::{Context, ProductKind};
use crate::{limits, literal};

/// Elements of a list when a submission does not say.
pub const IMPLIED: u32 = 100;

/// The submission, or none with the faults reported.
pub fn lower(
    context: &Context<'_>,
    step: StepId,
    index: SubmissionIx,
    spans: &mut Spans,
    problems: &mut Problems,
) -> Option<Submission> {
    let symbols = context.names.step(step)?;
    let ast = symbols.ast.submissions.get(index.index())?;
    spans.put(Place::Submission(step, index), ast.span);
    let product = symbols.products.get(ast.name.text.as_str())?;
    let ty = product.ty.as_ref().filter(|_| product.kind == ProductKind::Submission(index))?;
    let (list, item) = ty.element().map_or((false, ty), |item| (true, item));
    let within = match &ast.within {
        None => Some(None),
        Some(patterns) if *item == Type::Path => literal::patterns(patterns, problems).map(Some),
        Some(patterns) => {
            problems.push(
                Diagnostic::error(
                    codes::PIN_DOES_NOT_FIT,
                    format!("`within` narrows paths, and this is `{ty}`"),
                )
                .at(patterns.span),
            );
            None
        }
    };
    let most = u32::try_from(MAX_LIST).unwrap_or(u32::MAX);
    let max = match &ast.max {
        None if list => Some(IMPLIED),
        None => Some(1),
        Some(max) if !list => {
            problems.push(
                Diagnostic::error(
                    codes::BAD_LIMIT,
                    format!("`max` counts the elements of a list, and this is `{ty}`"),
                )
                .at(max.span),
            );
            None
        }
        Some(max) => match limits::times(max, "the length of a list", problems) {
            Some(times) if times > most => {
                problems.push(
                    Diagnostic::error(
                        codes::BAD_LIMIT,
                        format!("a list has {most} elements at most, not {times}"),
                    )
                    .at(max.span),
                );
                None
            }
            times => times,
        },
    };
    Some(Submission { name: ast.name.text.clone(), ty: ty.clone(), within: within?, max: max? })
}

/// The note that a length is implied.
pub fn implied(ast: &xp_syntax::ast::Submission) -> Option<Diagnostic> {
    let list = matches!(ast.ty.kind, xp_syntax::ast::TypeKind::List(_) | xp_syntax::ast::TypeKind::Set(_));
    if !list || ast.max.is_some() {
        return None;
    }
    Some(
        Diagnostic::note(codes::IMPLIED_LIMIT, format!("`{}` may have {IMPLIED} elements", ast.name.text))
            .at(ast.name.span)
            .help(format!("write `max {IMPLIED}` or less to say so")),
    )
}
