//! The text of a draft says what its tree says. It is compared once more after parsing, so that no text of others can have
//! become anything but a text.

use xp_diagnostics::{Severity, SourceId};
use xp_syntax::ast;

use super::text::Typed;

/// The parts of an action, one after another. Names and texts are separate from the words about them.
pub type Parts = Vec<(&'static str, Vec<String>)>;

/// The text is read without a fault, and as these actions of a connector of this name.
pub fn is(name: &str, actions: &[Parts], text: &str) -> bool {
    let parsed = xp_syntax::parse(SourceId(0), text);
    let tree = &parsed.tree;
    let sound = !tree.damaged && parsed.diagnostics.iter().all(|fault| fault.severity != Severity::Error);
    let [connector] = tree.connectors.as_slice() else { return false };
    let alone = tree.uses.is_empty()
        && tree.workflows.is_empty()
        && !connector.damaged
        && connector.doc.is_none()
        && connector.resources.is_empty()
        && connector.types.is_empty();
    sound
        && alone
        && connector.name.text == name
        && connector.actions.len() == actions.len()
        && connector.actions.iter().zip(actions).all(|(found, meant)| read(found) == *meant)
}

/// The parts of the first line of an action.
pub fn signature(name: &str, params: &[Typed<'_>], fields: &[Typed<'_>]) -> Parts {
    let part =
        |what, of: &Typed<'_>| (what, vec![of.name.to_owned(), of.optional.to_string(), of.ty.to_string()]);
    let mut parts: Parts = vec![("action", vec![name.to_owned()])];
    parts.extend(params.iter().map(|param| part("param", param)));
    parts.extend(fields.iter().map(|field| part("field", field)));
    parts
}

/// A field of the result, read at a pointer, or from the whole text.
pub fn result(field: &str, at: Option<&str>) -> Vec<String> {
    let mut parts = vec!["result".to_owned(), field.to_owned()];
    parts.extend(at.map(str::to_owned));
    parts
}

fn read(action: &ast::Action) -> Parts {
    let mut parts: Parts = vec![("action", vec![action.name.text()])];
    if action.damaged || action.doc.is_some() {
        parts.push(("more", Vec::new()));
    }
    for param in &action.params {
        parts.push((if param.default.is_some() { "more" } else { "param" }, typed(&param.name, &param.ty)));
    }
    match action.result.as_ref().map(|result| &result.kind) {
        None => {}
        Some(ast::TypeKind::Record(fields)) => {
            parts.extend(fields.iter().map(|field| ("field", typed(&field.name, &field.ty))));
        }
        Some(_) => parts.push(("more", Vec::new())),
    }
    parts.extend(action.clauses.iter().map(|clause| match &clause.kind {
        ast::ClauseKind::Effect(word) => ("effect", vec![word.text.clone()]),
        ast::ClauseKind::Changes(things, None) if things.is_empty() => {
            ("changes", vec!["nothing".to_owned()])
        }
        ast::ClauseKind::Reveals(words) => ("reveals", words.iter().map(|word| word.text.clone()).collect()),
        ast::ClauseKind::Repeat(word) => ("repeat", vec![word.text.clone()]),
        ast::ClauseKind::Http(clause) => ("http", transport(clause)),
        ast::ClauseKind::Mcp(clause) => ("mcp", transport(clause)),
        _ => ("more", Vec::new()),
    }));
    parts
}

fn transport(clause: &ast::Transport) -> Vec<String> {
    let more = || vec!["more".to_owned()];
    match clause {
        ast::Transport::Line { word, text, value } => {
            let mut line = vec!["line".to_owned(), word.text.clone()];
            match &text.kind {
                ast::ExprKind::Literal(ast::LiteralKind::Text(text)) => line.push(text.clone()),
                ast::ExprKind::Template(pieces) => line.extend(pieces.iter().map(|piece| match piece {
                    ast::TemplatePart::Text(text) => text.clone(),
                    ast::TemplatePart::Datum(path) => format!("{{{}}}", path.text()),
                })),
                ast::ExprKind::Literal(_) | ast::ExprKind::Path(_) => return more(),
            }
            match value {
                None => {}
                Some(ast::Filler { value, form: None }) => match &value.kind {
                    ast::ExprKind::Path(path) => line.push(format!("is {}", path.text())),
                    ast::ExprKind::Literal(ast::LiteralKind::Text(text)) => {
                        line.extend(["is text".to_owned(), text.clone()]);
                    }
                    ast::ExprKind::Literal(_) | ast::ExprKind::Template(_) => return more(),
                },
                Some(_) => return more(),
            }
            line
        }
        ast::Transport::Success { statuses, condition: None } => {
            let statuses = statuses.iter().map(|status| status.value.to_string());
            std::iter::once("success".to_owned()).chain(statuses).collect()
        }
        ast::Transport::Result { field, place: None, at: Some(at), form: None } => {
            result(&field.text(), Some(&at.value))
        }
        ast::Transport::Result { field, place: Some(place), at: None, form: None }
            if place.text == "text" =>
        {
            result(&field.text(), None)
        }
        _ => more(),
    }
}

fn typed(name: &ast::Name, ty: &ast::Type) -> Vec<String> {
    let (optional, ty) = match &ty.kind {
        ast::TypeKind::Optional(ty) => (true, ty.as_ref()),
        _ => (false, ty),
    };
    vec![name.text.clone(), optional.to_string(), written(ty)]
}

fn written(ty: &ast::Type) -> String {
    match &ty.kind {
        ast::TypeKind::Named(path) => path.text(),
        ast::TypeKind::List(of) => format!("list of {}", written(of)),
        ast::TypeKind::Enum(words) => {
            let words: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
            words.join(" | ")
        }
        ast::TypeKind::Record(fields) => {
            let written = |field: &ast::Field| match &field.ty.kind {
                ast::TypeKind::Optional(ty) => format!("{}: optional {}", field.name.text, written(ty)),
                _ => format!("{}: {}", field.name.text, written(&field.ty)),
            };
            format!("{{ {} }}", fields.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        ast::TypeKind::Set(_) | ast::TypeKind::Optional(_) | ast::TypeKind::Decimal { .. } => {
            "more".to_owned()
        }
    }
}
