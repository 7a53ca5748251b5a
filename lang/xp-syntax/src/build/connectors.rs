//! Connectors.

use pest::iterators::Pair;
use xp_diagnostics::Span;

use super::cx::{Cx, Kids};
use crate::ast::{ActionParam, Clause, ClauseKind, Name, Path, Type, TypeDecl};
use crate::grammar::Rule;

/// `connector name`.
pub(crate) fn connector(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Name> {
    Some(cx.name(&Kids::of(pair).eat(Rule::connector_name)?))
}

/// `type Name { … }`, without its doc comment.
pub(crate) fn type_decl(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<TypeDecl> {
    let span = cx.span(&pair);
    let mut kids = Kids::of(pair);
    let name = cx.name(&kids.eat(Rule::type_name)?);
    let fields = kids.all(Rule::field, |field| cx.field(field))?;
    Some(TypeDecl { doc: None, name, fields, span })
}

/// An action without its clauses.
pub(crate) struct ActionHead {
    pub name: Path,
    pub params: Vec<ActionParam>,
    pub fresh: Option<Span>,
    pub result: Option<Type>,
}

pub(crate) fn action(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<ActionHead> {
    let mut kids = Kids::of(pair);
    let name = cx.path(&kids.eat(Rule::action_path)?);
    let params = kids.all(Rule::action_param, |param| action_param(cx, param))?;
    let fresh = kids.eat(Rule::k_fresh).map(|word| cx.span(&word));
    let result = match kids.eat(Rule::type_expr) {
        Some(ty) => Some(cx.type_expr(ty)?),
        None => None,
    };
    Some(ActionHead { name, params, fresh, result })
}

fn action_param(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<ActionParam> {
    let span = cx.span(&pair);
    let mut kids = Kids::of(pair);
    let name = cx.name(&kids.eat(Rule::label_name)?);
    let ty = cx.type_expr(kids.eat(Rule::type_expr)?)?;
    let default = match kids.eat(Rule::expr) {
        Some(value) => Some(cx.expr(value)?),
        None => None,
    };
    Some(ActionParam { name, ty, default, span })
}

pub(crate) fn clause(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Clause> {
    let form = Kids::of(pair).next()?;
    let span = cx.span(&form);
    let rule = form.as_rule();
    let names: Vec<Name> = Kids::of(form)
        .pairs
        .filter(|kid| !super::cx::noise(kid.as_rule()))
        .map(|kid| cx.name(&kid))
        .collect();
    let first = names.first().cloned();
    let kind = match rule {
        Rule::effect => ClauseKind::Effect(first?),
        Rule::irreversible => ClauseKind::Irreversible,
        Rule::reveals => ClauseKind::Reveals(names),
        Rule::publishes => ClauseKind::Publishes,
        Rule::attests => ClauseKind::Attests,
        Rule::touches => ClauseKind::Touches(names),
        Rule::about => ClauseKind::About(names),
        Rule::shows => ClauseKind::Shows(names),
        Rule::repeat => ClauseKind::Repeat(first?),
        _ => return None,
    };
    Some(Clause { kind, span })
}
