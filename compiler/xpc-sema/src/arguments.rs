//! Arguments by position and by name, matched with the parameters they are for.

use xp_diagnostics::{Diagnostic, Span, codes};
use xp_syntax::ast;

use crate::connector::ActionDecl;
use crate::problems::{Problems, quoted};

/// Which argument is for which parameter.
pub struct Matched {
    /// For each parameter the position of its argument, if it has one.
    pub by_param: Vec<Option<usize>>,
    /// Parameters that a faulty argument was probably for: that they are missing is no fault of its own.
    pub excused: Vec<usize>,
    /// Some faulty argument could have been for any parameter.
    pub excuse_all: bool,
}

/// Matches arguments, given as name and place, with the parameters of an action.
pub fn matched(action: &ActionDecl, args: &[(Option<&ast::Name>, Span)], problems: &mut Problems) -> Matched {
    let mut found =
        Matched { by_param: vec![None; action.params.len()], excused: Vec::new(), excuse_all: false };
    let mut named: Option<Span> = None;
    for (position, (name, span)) in args.iter().enumerate() {
        let param = match name {
            Some(name) => {
                named = named.or(Some(name.span));
                by_name(action, name, &mut found, problems)
            }
            None => by_position(action, position, *span, named, &mut found, problems),
        };
        let Some(param) = param else { continue };
        let Some(slot) = found.by_param.get_mut(param) else { continue };
        match slot.and_then(|first: usize| args.get(first)) {
            Some((_, first)) => {
                let name = action.params.get(param).map_or("", |param| param.name.as_str());
                problems.push(
                    Diagnostic::error(codes::ARGUMENT_TWICE, format!("the argument `{name}` is given twice"))
                        .at(*span)
                        .label(*first, "the first one"),
                );
            }
            None => *slot = Some(position),
        }
    }
    found
}

fn by_name(
    action: &ActionDecl,
    name: &ast::Name,
    found: &mut Matched,
    problems: &mut Problems,
) -> Option<usize> {
    if let Some(param) = action.param(&name.text) {
        return Some(param);
    }
    let fault = Diagnostic::error(
        codes::UNKNOWN_PARAMETER,
        format!("`{}` has no argument `{}`", action.qualified, name.text),
    )
    .at(name.span);
    let known = || action.params.iter().map(|param| param.name.as_str());
    match problems.nearest(&name.text, known()).and_then(|near| action.param(near)) {
        Some(near) => found.excused.push(near),
        None => found.excuse_all = true,
    }
    problems.push(problems.propose(fault, name.span, &name.text, "its arguments", known()));
    None
}

fn by_position(
    action: &ActionDecl,
    position: usize,
    span: Span,
    named: Option<Span>,
    found: &mut Matched,
    problems: &mut Problems,
) -> Option<usize> {
    if let Some(named) = named {
        problems.push(
            Diagnostic::error(
                codes::POSITIONAL_AFTER_NAMED,
                "an argument without a name follows one with a name",
            )
            .at(span)
            .label(named, "from here on arguments need their names"),
        );
        found.excuse_all = true;
        return None;
    }
    if position < action.params.len() {
        return Some(position);
    }
    // The rest of a list that is too long is one fault.
    if position == action.params.len() {
        let names: Vec<&str> = action.params.iter().map(|param| param.name.as_str()).collect();
        let wants = if names.is_empty() { "none".to_owned() } else { quoted(&names) };
        problems.push(
            Diagnostic::error(
                codes::TOO_MANY_ARGUMENTS,
                format!("`{}` has no such argument", action.qualified),
            )
            .at(span)
            .help(format!("its arguments: {wants}")),
        );
    }
    None
}
