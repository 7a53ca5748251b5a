//! Connectors and actions by name, with what was meant where there is none.

use xp_diagnostics::{Diagnostic, codes};
use xp_syntax::ast;

use crate::connector::{ActionDecl, Connector, Connectors};
use crate::problems::Problems;

/// The connector of this name, or none with the fault reported.
pub fn connector<'a>(
    connectors: &'a Connectors,
    name: &ast::Name,
    problems: &mut Problems,
) -> Option<&'a Connector> {
    if let Some(found) = connectors.get(&name.text) {
        return Some(found);
    }
    // A name in use that is not loaded stands for a faulty declaration or `use`, which was reported.
    if connectors.damaged || connectors.visible.contains_key(&name.text) {
        return None;
    }
    let fault = Diagnostic::error(codes::UNKNOWN_CONNECTOR, format!("there is no connector `{}`", name.text))
        .at(name.span);
    if let Some(module) = connectors.unused.get(&name.text) {
        // One line cures every use of the name.
        let (span, line) = connectors.use_line(module);
        let cured = fault.help(format!("add `use {module}`")).fix(span, line, format!("add `use {module}`"));
        problems.push_once_for(&name.text, cured);
        return None;
    }
    problems.push(problems.propose(
        fault,
        name.span,
        &name.text,
        "connectors",
        connectors.visible.keys().map(String::as_str),
    ));
    None
}

/// The action a path names, or none with the fault reported.
pub fn action<'a>(
    connectors: &'a Connectors,
    path: &ast::Path,
    problems: &mut Problems,
) -> Option<&'a ActionDecl> {
    let (first, rest) = path.segments.split_first()?;
    if rest.is_empty()
        || !(connectors.visible.contains_key(&first.text) || connectors.unused.contains_key(&first.text))
    {
        // Perhaps the connector's name was left out: then the whole path is the name of an action.
        let short = path.text();
        let whole = connectors.visible.keys().find_map(|name| {
            let found = connectors.get(name)?;
            found.actions.contains_key(&short).then(|| format!("{name}.{short}"))
        });
        if let Some(whole) = whole {
            problems.push(
                Diagnostic::error(codes::UNKNOWN_ACTION, format!("there is no action `{short}`"))
                    .at(path.span)
                    .help(format!("did you mean `{whole}`?"))
                    .fix(path.span, whole.clone(), format!("write `{whole}`")),
            );
            return None;
        }
    }
    let found = connector(connectors, first, problems)?;
    let (Some(start), Some(end)) = (rest.first(), rest.last()) else {
        let fault = Diagnostic::error(
            codes::UNKNOWN_ACTION,
            format!("`{}` is a connector, not an action", first.text),
        )
        .at(path.span);
        problems.push(problems.propose(
            fault,
            path.span,
            "",
            "its actions",
            found.actions.keys().map(String::as_str),
        ));
        return None;
    };
    let name = rest.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(".");
    if let Some(action) = found.actions.get(&name) {
        return Some(action);
    }
    if !connectors.partial(found) || !rest.iter().all(|part| problems.may_be_lost(&part.text)) {
        let span = start.span.to(end.span);
        let fault =
            Diagnostic::error(codes::UNKNOWN_ACTION, format!("`{}` has no action `{name}`", first.text))
                .at(span);
        problems.push(problems.propose(
            fault,
            span,
            &name,
            "its actions",
            found.actions.keys().map(String::as_str),
        ));
    }
    None
}
