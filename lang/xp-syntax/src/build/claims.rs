//! `prove` and `guard` clauses.

use pest::iterators::Pair;

use super::cx::{Cx, Kids};
use crate::ast::{Claim, ClaimKind, Extent, Prove, Uses, UsesKind};
use crate::grammar::Rule;

pub(crate) fn prove(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Prove> {
    let span = cx.span(&pair);
    let guard = pair.as_rule() == Rule::guard_piece;
    let mut kids = Kids::of(pair);
    let claim = claim(cx, kids.eat(Rule::claim)?)?;
    let vacuous = kids.eat(Rule::vacuous).map(|vacuous| cx.span(&vacuous));
    Some(Prove { guard, claim, vacuous, span })
}

fn claim(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Claim> {
    let span = cx.span(&pair);
    let form = Kids::of(pair).next()?;
    let rule = form.as_rule();
    let mut kids = Kids::of(form);
    if rule == Rule::private {
        let thing = cx.thing(kids.eat(Rule::thing)?)?;
        let sink = Kids::of(kids.eat(Rule::sink)?).eat(Rule::uses);
        let sinks = match sink {
            Some(sink) => Some(uses(cx, sink)?),
            None => None,
        };
        let through = kids.eat(Rule::role_name).map(|name| cx.name(&name));
        return Some(Claim { kind: ClaimKind::Private { thing, sinks, through }, span });
    }
    let first = uses(cx, kids.eat(Rule::uses)?)?;
    let kind = match rule {
        Rule::no_role => ClaimKind::NoRole(first, uses(cx, kids.eat(Rule::uses)?)?),
        Rule::no_principal => ClaimKind::NoPrincipal(first, uses(cx, kids.eat(Rule::uses)?)?),
        Rule::never => ClaimKind::Never(first),
        Rule::through => {
            let unexposed = kids.eat(Rule::unexposed).map(|word| cx.span(&word));
            ClaimKind::Through { uses: first, unexposed, role: cx.name(&kids.eat(Rule::role_name)?) }
        }
        Rule::about_uses => {
            let rest = kids.next()?;
            let rule = rest.as_rule();
            let mut kids = Kids::of(rest);
            match rule {
                Rule::requires => ClaimKind::Requires(first, cx.formula(kids.eat(Rule::formula)?)?),
                Rule::only_within => ClaimKind::OnlyWithin(first, extent(cx, kids.next()?)?),
                Rule::at_most => ClaimKind::AtMost(first, cx.int(&kids.eat(Rule::int)?)?),
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(Claim { kind, span })
}

fn extent(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Extent> {
    match pair.as_rule() {
        Rule::datum => Some(Extent::Datum(cx.path(&pair))),
        _ => Some(Extent::Patterns(cx.patterns(pair)?)),
    }
}

pub(super) fn uses(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Uses> {
    let span = cx.span(&pair);
    let form = Kids::of(pair).next()?;
    let effect = form.as_rule() == Rule::effect_uses;
    let mut kids = Kids::of(form);
    let kind = if effect {
        UsesKind::Effect(cx.name(&kids.eat(Rule::effect_name)?))
    } else {
        let action = cx.path(&kids.eat(Rule::action_path)?);
        UsesKind::Action { action, args: kids.all(Rule::uses_arg, |arg| cx.uses_arg(arg))? }
    };
    Some(Uses { kind, span })
}
