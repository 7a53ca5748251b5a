//! The text of a draft says what its tree says. It is compared once more after parsing, so that no text of a description can
//! have become anything but a text.

use xp_diagnostics::{Severity, SourceId};
use xp_syntax::ast;

use super::draft::{Action, Draft, Segment};
use super::text;

/// The text is read without a fault, and as the draft.
pub fn is(draft: &Draft, text: &str) -> bool {
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
        && connector.name.text == draft.name
        && connector.actions.len() == draft.actions.len()
        && connector.actions.iter().zip(&draft.actions).all(|(found, action)| read(found) == meant(action))
}

/// The parts of an action, one after another. Names and texts are separate from the words about them.
type Parts = Vec<(&'static str, Vec<String>)>;

fn meant(action: &Action) -> Parts {
    let typed = |name: &str, optional: bool, ty: &super::schema::Type| {
        vec![name.to_owned(), optional.to_string(), ty.to_string()]
    };
    let mut parts: Parts = vec![("action", vec![action.name.clone()])];
    parts.extend(action.params.iter().map(|param| ("param", typed(&param.name, param.optional, &param.ty))));
    parts.extend(action.fields.iter().map(|field| ("field", typed(&field.name, field.optional, &field.ty))));
    let harmless: &[(&str, &str)] = if action.method.as_str() == "GET" {
        &[("effect", "read"), ("changes", "nothing"), ("reveals", "untrusted"), ("repeat", "idempotent")]
    } else {
        &[("reveals", "untrusted"), ("repeat", "manual")]
    };
    parts.extend(harmless.iter().map(|(what, word)| (*what, vec![(*word).to_owned()])));
    let mut line = vec![action.method.as_str().to_owned()];
    let mut open = String::new();
    for segment in &action.path {
        open.push('/');
        match segment {
            Segment::Literal(piece) => open.push_str(piece),
            Segment::Argument(name) => line.extend([std::mem::take(&mut open), format!("{{{name}}}")]),
        }
    }
    if action.path.is_empty() {
        open.push('/');
    }
    if !open.is_empty() {
        line.push(open);
    }
    parts.push(("line", line));
    for param in &action.params {
        if let Some((place, name)) = &param.sent {
            parts.push((
                "line",
                vec![text::word(*place).to_owned(), name.clone(), format!("is {}", param.name)],
            ));
        }
    }
    if !action.success.is_empty() {
        parts.push(("success", action.success.iter().map(u16::to_string).collect()));
    }
    parts.extend(action.fields.iter().map(|field| ("result", vec![field.name.clone(), field.at.clone()])));
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
        ast::ClauseKind::Http(http) => request(http),
        _ => ("more", Vec::new()),
    }));
    parts
}

fn request(http: &ast::Http) -> (&'static str, Vec<String>) {
    let more = || ("more", Vec::new());
    match http {
        ast::Http::Line { word, text, value } => {
            let mut line = vec![word.text.clone()];
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
                Some(ast::Filler {
                    value: ast::Expr { kind: ast::ExprKind::Path(path), .. },
                    form: None,
                }) => {
                    line.push(format!("is {}", path.text()));
                }
                Some(_) => return more(),
            }
            ("line", line)
        }
        ast::Http::Success { statuses, condition: None } => {
            ("success", statuses.iter().map(|status| status.value.to_string()).collect())
        }
        ast::Http::Result { field, place: None, at, form: None } => {
            ("result", vec![field.text(), at.value.clone()])
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
        ast::TypeKind::Set(_)
        | ast::TypeKind::Optional(_)
        | ast::TypeKind::Decimal { .. }
        | ast::TypeKind::Record(_) => "more".to_owned(),
    }
}
