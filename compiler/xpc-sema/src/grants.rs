//! Grants: every argument pinned, by the grant or by a default that the declaration gives.

use xp_artifact::workflow::{ActionId, Datum, Expr, Grant, GrantIx, Pin, StepId};
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_syntax::ast;
use xpc_model::{Place, Spans};

use crate::connector::{ActionDecl, Default};
use crate::edges::Edges;
use crate::problems::{Problems, quoted};
use crate::symbols::Context;
use crate::{arguments, limits, pins};

/// Seconds that a token for a grant lives.
const TTL_SECONDS: u32 = 60;

/// The grant, or none with the faults reported.
pub fn lower(
    context: &Context<'_>,
    step: StepId,
    index: GrantIx,
    edges: &mut Edges,
    spans: &mut Spans,
    problems: &mut Problems,
) -> Option<Grant> {
    let symbols = context.names.step(step)?;
    let ast = symbols.ast.grants.get(index.index())?;
    spans.put(Place::Grant(step, index), ast.span);
    spans.put(Place::Limit(step, index), ast.limit.as_ref().map_or(ast.action.span, |limit| limit.span));
    let Some(action) = symbols.grants.get(index.index()).copied().flatten() else {
        // Nobody can tell the types; that the names in it exist can still be told.
        names_only(context, step, ast, edges, problems);
        return None;
    };
    let args: Vec<(Option<&ast::Name>, Span)> =
        ast.args.iter().map(|arg| (arg.name.as_ref(), arg.span)).collect();
    let matched = arguments::matched(action, &args, problems);
    let mut pins: Vec<Option<Pin>> = Vec::with_capacity(action.params.len());
    for (at, position) in matched.by_param.iter().enumerate() {
        let arg = position.and_then(|position| ast.args.get(position));
        let wanted = action.params.get(at).and_then(|param| Some((param.ty.as_ref()?, param.optional)));
        let span = arg.map_or(ast.action.span, |arg| arg.pin.span);
        spans.put(Place::Pin(step, index, u32::try_from(at).unwrap_or(u32::MAX)), span);
        pins.push(match (arg, wanted) {
            (Some(arg), Some(wanted)) => {
                pins::pin(context, &arg.pin, wanted, Some((step, &mut *edges)), problems)
            }
            (Some(_), None) | (None, _) => None,
        });
    }
    let limit = limits::of_grant(context.sources, ast, action, problems);
    let complete = defaults(context, ast, action, &matched, &mut pins, problems);
    let id = context.names.actions.get(action.qualified.as_str()).map(|(id, _)| *id)?;
    action.lowered.as_ref()?;
    complete?;
    Some(Grant {
        action: ActionId(id.0),
        pins: pins.into_iter().collect::<Option<Vec<_>>>()?,
        limit: limit?,
        binder: ast.binder.as_ref().map(|name| name.text.clone()),
        ttl_seconds: TTL_SECONDS,
    })
}

/// Fills in what the grant leaves out; none with the fault reported when an argument stays free.
fn defaults(
    context: &Context<'_>,
    ast: &ast::Grant,
    action: &ActionDecl,
    matched: &arguments::Matched,
    pins: &mut [Option<Pin>],
    problems: &mut Problems,
) -> Option<()> {
    let mut free: Vec<&str> = Vec::new();
    let mut why: Option<String> = None;
    for (at, param) in action.params.iter().enumerate() {
        if matched.by_param.get(at).is_some_and(Option::is_some) {
            continue;
        }
        let pin = match &param.default {
            Some(Default::Value(value)) => Some(Pin::Is(Expr::Literal(value.clone()))),
            Some(Default::Field { param: other, fields }) => {
                let given = matched.by_param.get(*other).is_some_and(Option::is_some);
                let pin = pins.get(*other).and_then(Option::as_ref);
                let field = pin.and_then(|pin| field_of(pin, fields));
                // An argument that is free or faulty itself is reported as such.
                if field.is_none() && given && pin.is_some() {
                    let other = action.params.get(*other).map_or("", |param| param.name.as_str());
                    why = Some(format!(
                        "`{}` would be `{other}.{}`, but `{other}` is not pinned to one value",
                        param.name,
                        fields.join(".")
                    ));
                    free.push(&param.name);
                }
                field
            }
            Some(Default::Faulty) => None,
            None if param.optional => Some(Pin::Absent),
            None => {
                if !matched.excuse_all && !matched.excused.contains(&at) {
                    free.push(&param.name);
                }
                None
            }
        };
        if let Some(slot) = pins.get_mut(at) {
            *slot = pin;
        }
    }
    if free.is_empty() {
        return Some(());
    }
    problems.push(free_arguments(context, ast, action, &free, why));
    None
}

fn free_arguments(
    context: &Context<'_>,
    ast: &ast::Grant,
    action: &ActionDecl,
    free: &[&str],
    why: Option<String>,
) -> Diagnostic {
    let (noun, verb) = if free.len() == 1 { ("the argument", "is") } else { ("the arguments", "are") };
    let all: Vec<String> = free.iter().map(|name| format!("{name}: any")).collect();
    let text = all.join(", ");
    let mut fault = Diagnostic::error(
        codes::FREE_ARGUMENT,
        format!("{noun} {} of `{}` {verb} not pinned", quoted(free), action.qualified),
    )
    .at(ast.action.span)
    .help(format!("say what {} may be, or write `{text}`", if free.len() == 1 { "it" } else { "they" }));
    if let Some(why) = why {
        fault = fault.because(why);
    }
    match insertion(context, ast) {
        Some((at, first)) => {
            let text = if first { text } else { format!(", {text}") };
            fault.fix(at, text, if free.len() == 1 { "let it be anything" } else { "let them be anything" })
        }
        None => fault,
    }
}

/// Where another argument goes, and whether it is the first.
fn insertion(context: &Context<'_>, ast: &ast::Grant) -> Option<(Span, bool)> {
    if let Some(last) = ast.args.last() {
        return Some((Span { start: last.span.end, end: last.span.end, ..last.span }, false));
    }
    let after = Span { start: ast.action.span.end, end: ast.span.end, ..ast.span };
    let open = context.sources.slice(after).find('(')?;
    let at = after.start + u32::try_from(open).ok()? + 1;
    Some((Span { start: at, end: at, ..ast.span }, true))
}

/// The pin to a field of what another argument is pinned to.
fn field_of(pin: &Pin, fields: &[String]) -> Option<Pin> {
    match pin {
        Pin::Is(Expr::Datum(datum)) => {
            let fields = datum.fields.iter().chain(fields).cloned().collect();
            Some(Pin::Is(Expr::Datum(Datum { root: datum.root, fields })))
        }
        Pin::Is(Expr::Literal(value)) => value.at(fields).map(|value| Pin::Is(Expr::Literal(value.clone()))),
        _ => None,
    }
}

fn names_only(
    context: &Context<'_>,
    step: StepId,
    ast: &ast::Grant,
    edges: &mut Edges,
    problems: &mut Problems,
) {
    for arg in &ast.args {
        let paths: Vec<&ast::Path> = match &arg.pin.kind {
            ast::PinKind::Is(ast::Expr { kind: ast::ExprKind::Path(path), .. })
                if path.segments.len() > 1 =>
            {
                vec![path]
            }
            ast::PinKind::Is(ast::Expr { kind: ast::ExprKind::Template(parts), .. }) => parts
                .iter()
                .filter_map(|part| match part {
                    ast::TemplatePart::Datum(path) => Some(path),
                    ast::TemplatePart::Text(_) => None,
                })
                .collect(),
            ast::PinKind::OneOf { set, .. } => vec![set],
            _ => Vec::new(),
        };
        for path in paths {
            crate::data::resolve(context, path, Some((step, &mut *edges)), problems);
        }
    }
}
