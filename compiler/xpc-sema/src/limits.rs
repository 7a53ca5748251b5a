//! How often: limits of grants, bounds of loops and of submissions.

use xp_artifact::workflow::{Limit, Per};
use xp_diagnostics::{Diagnostic, Sources, Span, codes};
use xp_syntax::ast;

use crate::connector::ActionDecl;
use crate::effects;
use crate::problems::Problems;

/// Uses of an opening when a grant does not say.
const IMPLIED: u32 = 100;

/// A number of times, or none with the fault reported.
pub fn times(number: &ast::Int, what: &str, problems: &mut Problems) -> Option<u32> {
    match u32::try_from(number.value) {
        Ok(times) if times > 0 => Some(times),
        Ok(_) | Err(_) => {
            let fault = Diagnostic::error(
                codes::BAD_LIMIT,
                format!("{what} is a number from 1 to {}, not {}", u32::MAX, number.value),
            )
            .at(number.span);
            problems.push(match number.value {
                0 => fault.help(
                    "take the line out: what is never to be used, handed in or repeated is not written",
                ),
                _ => fault,
            });
            None
        }
    }
}

/// The limit of a grant, or none with the fault reported.
pub fn of_grant(
    sources: &Sources,
    ast: &ast::Grant,
    action: &ActionDecl,
    problems: &mut Problems,
) -> Option<Limit> {
    if let Some(limit) = &ast.limit {
        let uses = times(&limit.uses, "a limit", problems)?;
        let per = match limit.per {
            Some(ast::Per::Run) => Per::Run,
            Some(ast::Per::Opening) | None => Per::Opening,
        };
        return Some(Limit { uses, per });
    }
    let effect = action.lowered.as_ref()?.effect;
    if effects::needs_limit(effect) {
        let word = effect.as_str();
        let fault = Diagnostic::error(
            codes::NO_LIMIT,
            format!("`{}` has effect `{word}` and no limit", action.qualified),
        )
        .at(ast.action.span)
        .because("actions that publish, pay, merge, deploy or delete must say how often")
        .help("add `once per run`, `once per opening` or `max n`");
        problems.push(match end_of_call(sources, ast) {
            Some(end) => fault.fix(end, " once per run", "add `once per run`"),
            None => fault,
        });
        return None;
    }
    Some(Limit { uses: IMPLIED, per: Per::Opening })
}

/// The note that a limit is implied.
pub fn implied(ast: &ast::Grant) -> Option<Diagnostic> {
    if ast.limit.is_some() {
        return None;
    }
    Some(
        Diagnostic::note(
            codes::IMPLIED_LIMIT,
            format!("`{}` may be used {IMPLIED} times per opening", ast.action.text()),
        )
        .at(ast.action.span)
        .help(format!("write `max {IMPLIED}` or less to say so")),
    )
}

/// The place after the closing parenthesis: where a limit goes.
fn end_of_call(sources: &Sources, ast: &ast::Grant) -> Option<Span> {
    let start = ast.args.last().map_or(ast.action.span.end, |arg| arg.span.end);
    let rest = Span { start, end: ast.span.end, ..ast.span };
    let at = start + u32::try_from(sources.slice(rest).find(')')?).ok()? + 1;
    Some(Span { start: at, end: at, ..ast.span })
}
