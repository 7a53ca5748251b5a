//! The clauses of an action: what it does, touches, shows, and how a repeat is resolved.

use xp_artifact::workflow::{Action, ActionParam, Effect, Record, Repeat};
use xp_diagnostics::{Diagnostic, codes};
use xp_scope::Type;
use xp_syntax::ast;

use crate::connector::{Connectors, Default, ParamDecl};
use crate::problems::Problems;
use crate::{effects, types};

/// What the clauses of an action say.
pub struct Clauses {
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
    /// The action, or none when an argument is faulty.
    pub fn into_action(
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

/// The clauses, or none with the faults reported.
pub fn lower(
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
                effect = one_of(word, "effect", &effects::words(), problems);
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

/// The type of a field, or none with the fault reported.
pub fn field_of(
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
