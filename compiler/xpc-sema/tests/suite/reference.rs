//! The page of the standard connectors is made from their texts; `XP_BLESS=1` writes it.

use std::fmt::Write;
use std::path::Path;

use xp_diagnostics::{SourceId, Span};
use xp_syntax::ast;

const HEAD: &str = "# The standard connectors\n\nMade from the texts in `stdlib/std`; [connectors](connectors.md) says what each line means.\n";

/// A declaration as it stands in the text, without the indentation of its connector.
fn declaration(text: &str, span: Span) -> String {
    let lines: Vec<&str> =
        text[span.range()].lines().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
    lines.join("\n")
}

fn doc(doc: Option<&ast::Doc>) -> String {
    doc.map(|doc| format!("\n{}\n", doc.text)).unwrap_or_default()
}

fn block(declarations: &[String]) -> String {
    format!("\n```xp fragment\n{}\n```\n", declarations.join("\n"))
}

/// The clauses that say what becomes of things, for the table.
fn alters(text: &str, action: &ast::Action) -> String {
    let clauses = action.clauses.iter().filter(|clause| match &clause.kind {
        ast::ClauseKind::Changes(things, _) => !things.is_empty(),
        ast::ClauseKind::Makes(_) | ast::ClauseKind::Removes(_) => true,
        _ => false,
    });
    let said: Vec<String> = clauses
        .map(|clause| {
            let text = &text[clause.span.range()];
            // Content is for the declaration below.
            format!("`{}`", text.split(" from ").next().unwrap_or(text))
        })
        .collect();
    if said.is_empty() { "nothing".to_owned() } else { said.join(", ") }
}

fn effect(action: &ast::Action) -> &str {
    let found = action.clauses.iter().find_map(|clause| match &clause.kind {
        ast::ClauseKind::Effect(word) => Some(word.text.as_str()),
        _ => None,
    });
    found.unwrap()
}

fn page() -> String {
    let mut out = HEAD.to_owned();
    for module in xp_stdlib::MODULES {
        let tree = xp_syntax::parse(SourceId(0), module.text).tree;
        for connector in &tree.connectors {
            let name = &connector.name.text;
            write!(out, "\n## `{name}` (`use {}`)\n{}", module.name, doc(connector.doc.as_ref())).unwrap();
            out.push_str("\n| action | effect | makes, changes or removes |\n|---|---|---|\n");
            for action in &connector.actions {
                let called = action.name.text();
                let anchor = format!("{name}{called}").replace('.', "");
                let alters = alters(module.text, action);
                writeln!(out, "| [`{called}`](#{anchor}) | {} | {alters} |", effect(action)).unwrap();
            }
            let declared = |spans: Vec<Span>| -> Vec<String> {
                spans.into_iter().map(|span| declaration(module.text, span)).collect()
            };
            let resources = declared(connector.resources.iter().map(|resource| resource.span).collect());
            let types = declared(connector.types.iter().map(|ty| ty.span).collect());
            for declarations in [resources, types].iter().filter(|list| !list.is_empty()) {
                out.push_str(&block(declarations));
            }
            for action in &connector.actions {
                write!(out, "\n### `{name}.{}`\n{}", action.name.text(), doc(action.doc.as_ref())).unwrap();
                out.push_str(&block(&[declaration(module.text, action.span)]));
            }
        }
    }
    out
}

#[test]
fn the_page_of_the_standard_connectors_is_theirs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lang/reference/std.md");
    let page = page();
    if std::env::var_os("XP_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page, "lang/reference/std.md is not what the library declares; XP_BLESS=1 writes it");
}
