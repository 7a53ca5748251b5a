//! A connector's declaration, from the tree to what later passes see.

use std::collections::BTreeMap;

use xp_artifact::workflow::{Action, ActionParam, Effect, Record, Repeat};
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_scope::Type;
use xp_syntax::ast;

use crate::connector::{ActionDecl, Connector, Connectors, Default, ParamDecl};
use crate::problems::Problems;
use crate::{effects, literal, types};

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
        let lowered = lower_action(&mut place, ast, action, &name, &records, problems);
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
    name: &str,
    records: &[Record],
    problems: &mut Problems,
) -> ActionDecl {
    let before = problems.errors();
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
    if let (Some(fresh), Some(Type::Record(_) | Type::List(_) | Type::Bool)) = (ast.fresh, &result) {
        problems.push(
            Diagnostic::error(codes::WRONG_TYPE, "only a name can be fresh, such as a branch")
                .at(fresh)
                .because("a fresh result names something that did not exist before"),
        );
    }
    let clauses = lower_clauses(ast, &params, result.as_ref(), place, records, problems);
    let lowered = match (clauses, &result) {
        (Some(clauses), Some(result)) if problems.errors() == before && !ast.damaged => {
            clauses.into_action(&connector.name.text, name, &params, result, ast.fresh.is_some())
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
        let ty = types::resolve(place, &param.ty, &inline_name, word, problems);
        params.push(ParamDecl { name: param.name.text.clone(), ty, default: None, span: param.span });
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

fn field_of(
    connectors: &Connectors,
    records: &[Record],
    ty: &Type,
    field: &ast::Name,
    problems: &mut Problems,
) -> Option<Type> {
    let Type::Record(name) = ty else {
        problems.push(
            Diagnostic::error(codes::UNKNOWN_FIELD, format!("a value of type `{}` has no fields", ty))
                .at(field.span),
        );
        return None;
    };
    let record =
        records.iter().find(|record| record.name == *name).or_else(|| connectors.records.get(name))?;
    let found = record.fields.iter().find(|known| known.name == field.text);
    if found.is_none() {
        let fault =
            Diagnostic::error(codes::UNKNOWN_FIELD, format!("`{name}` has no field `{}`", field.text))
                .at(field.span);
        let known = record.fields.iter().map(|field| field.name.as_str());
        problems.push(problems.propose(fault, field.span, &field.text, "its fields", known));
    }
    found.map(|field| field.ty.clone())
}

/// What the clauses of an action say.
struct Clauses {
    effect: Effect,
    repeat: Repeat,
    irreversible: bool,
    untrusted: bool,
    private: bool,
    publishes: bool,
    attests: bool,
    touches: Vec<u32>,
    about: Vec<u32>,
    shows: Vec<String>,
}

impl Clauses {
    fn into_action(
        self,
        connector: &str,
        name: &str,
        params: &[ParamDecl],
        result: &Type,
        fresh: bool,
    ) -> Option<Action> {
        let params = params
            .iter()
            .map(|param| {
                let default = match &param.default {
                    Some(Default::Value(value)) => Some(value.clone()),
                    Some(Default::Field { .. } | Default::Faulty) | None => None,
                };
                param.ty.clone().map(|ty| ActionParam { name: param.name.clone(), ty, default })
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Action {
            connector: connector.to_owned(),
            name: name.to_owned(),
            params,
            result: result.clone(),
            fresh,
            effect: self.effect,
            irreversible: self.irreversible,
            reveals_untrusted: self.untrusted,
            reveals_private: self.private,
            publishes: self.publishes,
            attests: self.attests,
            touches: self.touches,
            about: self.about,
            shows: self.shows,
            repeat: self.repeat,
        })
    }
}

fn lower_clauses(
    ast: &ast::Action,
    params: &[ParamDecl],
    result: Option<&Type>,
    place: &types::Place<'_>,
    records: &[Record],
    problems: &mut Problems,
) -> Option<Clauses> {
    let (mut effect, mut repeat) = (None, None);
    let (mut said_effect, mut said_repeat) = (false, false);
    let mut clauses = Clauses {
        effect: Effect::Read,
        repeat: Repeat::Manual,
        irreversible: false,
        untrusted: false,
        private: false,
        publishes: false,
        attests: false,
        touches: Vec::new(),
        about: Vec::new(),
        shows: Vec::new(),
    };
    for clause in &ast.clauses {
        match &clause.kind {
            ast::ClauseKind::Effect(word) => {
                said_effect = true;
                effect = one_of(word, "effect", &effects::EFFECTS, problems);
            }
            ast::ClauseKind::Repeat(word) => {
                said_repeat = true;
                repeat = one_of(word, "way to resolve a repeat", &effects::REPEATS, problems);
            }
            ast::ClauseKind::Irreversible => clauses.irreversible = true,
            ast::ClauseKind::Publishes => clauses.publishes = true,
            ast::ClauseKind::Attests => clauses.attests = true,
            ast::ClauseKind::Reveals(words) => {
                for word in words {
                    match one_of(word, "label", &[("untrusted", true), ("private", false)], problems) {
                        Some(true) => clauses.untrusted = true,
                        Some(false) => clauses.private = true,
                        None => {}
                    }
                }
            }
            ast::ClauseKind::Touches(names) => clauses.touches = indices(names, params, problems),
            ast::ClauseKind::About(names) => clauses.about = indices(names, params, problems),
            ast::ClauseKind::Shows(names) => {
                for name in names {
                    let found = result.and_then(|ty| shown(place, records, ty, name, problems));
                    clauses.shows.extend(found.map(|_| name.text.clone()));
                }
            }
        }
    }
    let missing: Vec<&str> = [(!said_effect, "effect"), (!said_repeat, "repeat")]
        .iter()
        .filter_map(|(missing, word)| missing.then_some(*word))
        .collect();
    if !missing.is_empty() && !ast.damaged {
        problems.push(
            Diagnostic::error(
                codes::MISSING_CLAUSE,
                format!("the action does not say its {}", crate::problems::quoted(&missing)),
            )
            .at(ast.name.span)
            .help(format!(
                "add {}",
                crate::problems::quoted(
                    &missing
                        .iter()
                        .map(|word| if *word == "effect" { "effect read" } else { "repeat manual" })
                        .collect::<Vec<_>>(),
                )
            )),
        );
    }
    clauses.effect = effect?;
    clauses.repeat = repeat?;
    Some(clauses)
}

/// A field of an inline result lies among the inline records, not yet among those of the connector.
fn shown(
    place: &types::Place<'_>,
    records: &[Record],
    ty: &Type,
    name: &ast::Name,
    problems: &mut Problems,
) -> Option<Type> {
    match place.inline.as_deref() {
        Some(inline) => {
            let all: Vec<Record> = records.iter().chain(inline.iter()).cloned().collect();
            field_of(place.connectors, &all, ty, name, problems)
        }
        None => field_of(place.connectors, records, ty, name, problems),
    }
}

fn one_of<T: Copy>(word: &ast::Name, what: &str, table: &[(&str, T)], problems: &mut Problems) -> Option<T> {
    let found = table.iter().find(|(name, _)| *name == word.text).map(|(_, value)| *value);
    if found.is_none() {
        let fault =
            Diagnostic::error(codes::UNKNOWN_WORD, format!("`{}` is no {what}", word.text)).at(word.span);
        let known = table.iter().map(|(name, _)| *name);
        problems.push(problems.propose(fault, word.span, &word.text, "known", known));
    }
    found
}

fn indices(names: &[ast::Name], params: &[ParamDecl], problems: &mut Problems) -> Vec<u32> {
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        match params.iter().position(|param| param.name == name.text) {
            Some(index) => found.extend(u32::try_from(index)),
            None => {
                let fault = Diagnostic::error(
                    codes::UNKNOWN_PARAMETER,
                    format!("the action has no argument `{}`", name.text),
                )
                .at(name.span);
                let known = params.iter().map(|param| param.name.as_str());
                problems.push(problems.propose(fault, name.span, &name.text, "its arguments", known));
            }
        }
    }
    found
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
        Type::List(item) => innermost(item),
        Type::Record(name) => name,
        _ => "",
    }
}
