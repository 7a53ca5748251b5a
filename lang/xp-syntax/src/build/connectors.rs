//! Connectors.

use pest::iterators::Pair;

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
    pub result: Option<Type>,
}

pub(crate) fn action(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<ActionHead> {
    let mut kids = Kids::of(pair);
    let name = cx.path(&kids.eat(Rule::action_path)?);
    let params = kids.all(Rule::action_param, |param| action_param(cx, param))?;
    let result = match kids.eat(Rule::type_expr) {
        Some(ty) => Some(cx.type_expr(ty)?),
        None => None,
    };
    Some(ActionHead { name, params, result })
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
    let kind = match form.as_rule() {
        Rule::effect => ClauseKind::Effect(names(cx, form).into_iter().next()?),
        Rule::irreversible => ClauseKind::Irreversible,
        Rule::reveals => ClauseKind::Reveals(names(cx, form)),
        Rule::publishes => ClauseKind::Publishes,
        Rule::attests => ClauseKind::Attests,
        Rule::shows => ClauseKind::Shows(names(cx, form)),
        Rule::repeat => ClauseKind::Repeat(names(cx, form).into_iter().next()?),
        Rule::finals => ClauseKind::Final(names(cx, form)),
        Rule::http => ClauseKind::Http(super::transport::clause(cx, form)?),
        Rule::mcp => ClauseKind::Mcp(super::transport::clause(cx, form)?),
        _ => super::things::clause(cx, form)?,
    };
    Some(Clause { kind, span })
}

fn names(cx: &Cx<'_, '_>, form: Pair<'_, Rule>) -> Vec<Name> {
    Kids::of(form).pairs.filter(|kid| !super::cx::noise(kid.as_rule())).map(|kid| cx.name(&kid)).collect()
}
