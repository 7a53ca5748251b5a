//! A connector's declaration, from the tree to what later passes see.

use std::collections::BTreeMap;

use xp_artifact::workflow::Record;
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_scope::Type;
use xp_syntax::ast;

use crate::clauses;
use crate::connector::{ActionDecl, Connector, Connectors, Default, ParamDecl};
use crate::fields::{field_of, may_be_absent};
use crate::kinds::Own;
use crate::problems::Problems;
use crate::things::Scope;
use crate::{kinds, literal, types};

/// The connector declared; the records and actions that are at fault are known but not usable.
pub fn connector(connectors: &Connectors, ast: &ast::Connector, problems: &mut Problems) -> Connector {
    let mut own: BTreeMap<String, Span> = BTreeMap::new();
    for ty in &ast.types {
        if let Some(first) = own.get(&ty.name.text) {
            problems.push(twice("type", &ty.name.text, ty.name.span, *first));
        } else {
            own.insert(ty.name.text.clone(), ty.name.span);
        }
    }
    let mut inline = Vec::new();
    let mut place = types::Place {
        connectors,
        own: Some((&ast.name.text, &own)),
        damaged: ast.damaged,
        inline: Some(&mut inline),
    };
    let kinds = kinds::lower(&mut place, ast, problems);
    let mut records: Vec<Record> = Vec::new();
    for ty in &ast.types {
        if own.get(&ty.name.text) == Some(&ty.name.span) {
            let name = format!("{}.{}", ast.name.text, ty.name.text);
            records.extend(types::record(&mut place, &ty.fields, &name, problems));
        }
    }
    let mut actions: BTreeMap<String, ActionDecl> = BTreeMap::new();
    for action in &ast.actions {
        let name = action.name.text();
        let lowered = lower_action(&mut place, ast, action, (&kinds, &records), problems);
        match actions.get(&name) {
            Some(first) => problems.push(twice("action", &name, action.name.span, first.span)),
            None => {
                actions.insert(name, lowered);
            }
        }
    }
    records.append(&mut inline);
    refuse_recursion(&mut records, &own, problems);
    Connector {
        name: ast.name.text.clone(),
        span: ast.name.span,
        types: own,
        records,
        faulty_kinds: kinds
            .iter()
            .filter(|(_, (_, kind))| kind.is_none())
            .map(|(name, _)| name.clone())
            .collect(),
        kinds: kinds.into_values().filter_map(|(_, kind)| kind).collect(),
        actions,
        uses: connectors.visible.keys().cloned().collect(),
        damaged: ast.damaged,
    }
}

fn twice(what: &str, name: &str, span: Span, first: Span) -> Diagnostic {
    Diagnostic::error(codes::DUPLICATE_NAME, format!("the {what} `{name}` is declared twice"))
        .at(span)
        .label(first, "the first one")
}

fn lower_action(
    place: &mut types::Place<'_>,
    connector: &ast::Connector,
    ast: &ast::Action,
    (kinds, records): (&Own, &[Record]),
    problems: &mut Problems,
) -> ActionDecl {
    let before = problems.errors();
    let name = ast.name.text();
    let qualified = format!("{}.{name}", connector.name.text);
    let params = lower_params(place, ast, &qualified, records, problems);
    let result_name = format!("{qualified}.result");
    let result = match &ast.result {
        Some(ty) => types::resolve(place, ty, &result_name, None, problems),
        None => {
            if let Some(inline) = place.inline.as_deref_mut() {
                inline.push(Record { name: result_name.clone(), fields: Vec::new() });
            }
            Some(Type::Record(result_name))
        }
    };
    // Inline results lie among the inline records, not yet among those of the connector.
    let inline = place.inline.as_deref().into_iter().flatten();
    let records: Vec<Record> = records.iter().chain(inline).cloned().collect();
    let scope = Scope {
        connectors: place.connectors,
        connector,
        kinds,
        params: &params,
        result: result.as_ref(),
        records: &records,
    };
    let clauses = clauses::lower(ast, &scope, problems);
    let lowered = match (clauses, &result) {
        (Some(clauses), Some(result)) if problems.errors() == before && !ast.damaged => {
            clauses.into_action(&connector.name.text, &name, &params, result)
        }
        _ => None,
    };
    ActionDecl { qualified, params, result, lowered, span: ast.name.span }
}

fn lower_params(
    place: &mut types::Place<'_>,
    ast: &ast::Action,
    qualified: &str,
    records: &[Record],
    problems: &mut Problems,
) -> Vec<ParamDecl> {
    let mut params: Vec<ParamDecl> = Vec::with_capacity(ast.params.len());
    for param in &ast.params {
        if let Some(first) = params.iter().find(|known| known.name == param.name.text) {
            problems.push(twice("argument", &param.name.text, param.name.span, first.span));
        }
        let word = param.default.as_ref().and_then(literal::default_word);
        let inline_name = format!("{qualified}.{}", param.name.text);
        let found = types::resolve_optional(place, &param.ty, &inline_name, word, problems);
        let (ty, optional) = found.map_or((None, false), |(ty, optional)| (Some(ty), optional));
        if let (true, Some(default)) = (optional, &param.default) {
            problems.push(
                Diagnostic::error(codes::BAD_TYPE, "an optional argument has no default")
                    .at(default.span)
                    .because("left out, it is absent"),
            );
        }
        let name = param.name.text.clone();
        params.push(ParamDecl { name, ty, optional, default: None, span: param.span });
    }
    for (index, param) in ast.params.iter().enumerate() {
        let Some(default) = &param.default else { continue };
        let lowered = lower_default(place.connectors, &params, index, default, records, problems);
        if let Some(param) = params.get_mut(index) {
            param.default = Some(lowered.unwrap_or(Default::Faulty));
        }
    }
    params
}

fn lower_default(
    connectors: &Connectors,
    params: &[ParamDecl],
    index: usize,
    default: &ast::Expr,
    records: &[Record],
    problems: &mut Problems,
) -> Option<Default> {
    let wanted = params.get(index)?.ty.as_ref()?;
    if let (ast::ExprKind::Path(path), false) = (&default.kind, matches!(wanted, Type::Enum(_))) {
        let (root, fields) = path.segments.split_first()?;
        let Some(other) =
            params.iter().position(|param| param.name == root.text).filter(|other| *other != index)
        else {
            let fault = Diagnostic::error(
                codes::UNKNOWN_PARAMETER,
                format!("the action has no other argument `{}`", root.text),
            )
            .at(root.span);
            let others =
                params.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, p)| p.name.as_str());
            problems.push(problems.propose(fault, root.span, &root.text, "its other arguments", others));
            return None;
        };
        if params.get(other)?.optional {
            problems.push(may_be_absent(root.span, &root.text));
            return None;
        }
        let mut ty = params.get(other)?.ty.clone()?;
        for field in fields {
            ty = field_of(connectors, records, &ty, field, problems)?;
        }
        if !types::fits(&ty, wanted) {
            problems.push(literal::mismatch(path.span, &ty.to_string(), wanted));
            return None;
        }
        let fields = fields.iter().map(|field| field.text.clone()).collect();
        return Some(Default::Field { param: other, fields });
    }
    match &default.kind {
        ast::ExprKind::Literal(kind) => {
            literal::value(kind, default.span, wanted, problems).map(Default::Value)
        }
        ast::ExprKind::Path(path) => literal::word(path, wanted, problems).map(Default::Value),
        ast::ExprKind::Template(_) => {
            problems.push(
                Diagnostic::error(codes::NOT_YET, "a default cannot be put together from data yet")
                    .at(default.span),
            );
            None
        }
    }
}

/// A record that holds itself has no values; those found are reported and taken out.
fn refuse_recursion(records: &mut Vec<Record>, own: &BTreeMap<String, Span>, problems: &mut Problems) {
    let mut done: BTreeMap<String, bool> = BTreeMap::new();
    let names: Vec<String> = records.iter().map(|record| record.name.clone()).collect();
    let mut faulty = Vec::new();
    for name in names {
        if done.contains_key(&name) {
            continue;
        }
        // Depth first with an explicit stack of (record, next field): declarations can nest as deep as they like.
        let mut stack = vec![(name.clone(), 0_usize)];
        done.insert(name, false);
        while let Some((here, at)) = stack.pop() {
            let held = records
                .iter()
                .find(|record| record.name == here)
                .and_then(|record| record.fields.get(at).map(|field| innermost(&field.ty).to_owned()));
            let Some(held) = held else {
                done.insert(here, true);
                continue;
            };
            stack.push((here.clone(), at + 1));
            match done.get(&held) {
                Some(false) => faulty.push(held),
                Some(true) => {}
                None if !held.is_empty() => {
                    done.insert(held.clone(), false);
                    stack.push((held, 0));
                }
                None => {}
            }
        }
    }
    faulty.sort();
    faulty.dedup();
    for name in &faulty {
        let short = name.rsplit('.').next().unwrap_or(name);
        if let Some(span) = own.get(short) {
            problems.push(
                Diagnostic::error(
                    codes::RECURSIVE_TYPE,
                    format!("a value of type `{short}` would hold another `{short}`"),
                )
                .at(*span),
            );
        }
    }
    records.retain(|record| !faulty.contains(&record.name));
}

/// The record inside lists; empty for other types.
fn innermost(ty: &Type) -> &str {
    match ty {
        Type::List(item) | Type::Set(item) => innermost(item),
        Type::Record(name) => name,
        _ => "",
    }
}
