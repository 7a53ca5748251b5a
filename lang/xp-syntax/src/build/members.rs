//! Workflows, steps and what stands in them.

use pest::iterators::Pair;

use super::cx::{Cx, Kids};
use crate::ast::{
    Allowance, Assumption, Condition, Distinct, Exhausted, Finish, Formula, Grant, How, Lease, Limit, Name,
    Outcome, Param, Per, RoleKind, Roles, Secret, Separation, Submission, Then, ThenKind, Use, Within,
};
use crate::grammar::Rule;

/// `use a.b`.
pub(crate) fn use_line(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Use> {
    let span = cx.span(&pair);
    Some(Use { path: cx.path(&Kids::of(pair).eat(Rule::module)?), span })
}

/// A workflow without its members.
pub(crate) struct WorkflowHead {
    pub name: Name,
    pub params: Vec<Param>,
}

pub(crate) fn workflow(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<WorkflowHead> {
    let mut kids = Kids::of(pair);
    let name = cx.name(&kids.eat(Rule::workflow_name)?);
    let params = match kids.eat(Rule::params) {
        Some(params) => Kids::of(params).all(Rule::param, |param| cx.param(param))?,
        None => Vec::new(),
    };
    Some(WorkflowHead { name, params })
}

pub(crate) fn roles(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Roles> {
    let span = cx.span(&pair);
    let mut kids = Kids::of(pair);
    let kind = role_kind(&mut kids)?;
    Some(Roles { kind, names: kids.all(Rule::role_name, |name| Some(cx.name(&name)))?, span })
}

/// `agent` or `human`, if one of them comes next.
fn role_kind(kids: &mut Kids<'_>) -> Option<RoleKind> {
    let word = kids.any(&[Rule::k_agent, Rule::k_human])?;
    Some(if word.as_rule() == Rule::k_human { RoleKind::Human } else { RoleKind::Agent })
}

pub(crate) fn separation(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Separation> {
    let span = cx.span(&pair);
    Some(Separation { roles: Kids::of(pair).all(Rule::role_name, |name| Some(cx.name(&name)))?, span })
}

pub(crate) fn assumption(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Assumption> {
    let span = cx.span(&pair);
    let mut kids = Kids::of(pair);
    let thing = cx.thing(kids.eat(Rule::thing)?)?;
    let because = cx.text(&kids.eat(Rule::string)?);
    Some(Assumption { thing, because, span })
}

pub(crate) fn lease(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Lease> {
    let span = cx.span(&pair);
    let thing = cx.thing(Kids::of(pair).eat(Rule::thing)?)?;
    Some(Lease { thing, span })
}

pub(crate) fn secret(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Secret> {
    let span = cx.span(&pair);
    let thing = cx.thing(Kids::of(pair).eat(Rule::thing)?)?;
    Some(Secret { thing, span })
}

pub(crate) fn allowance(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Allowance> {
    let span = cx.span(&pair);
    let mut kids = Kids::of(pair);
    let thing = cx.thing(kids.eat(Rule::thing)?)?;
    let uses = super::claims::uses(cx, kids.eat(Rule::uses)?)?;
    let because = cx.text(&kids.eat(Rule::string)?);
    Some(Allowance { thing, uses, because, span })
}

pub(crate) fn finish(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Finish> {
    let span = cx.span(&pair);
    Some(Finish { formula: cx.formula(Kids::of(pair).eat(Rule::formula)?)?, span })
}

/// A step without its members.
pub(crate) struct StepHead {
    pub name: Name,
    pub role: Name,
    pub declares_role: Option<RoleKind>,
    pub after: Option<Formula>,
    pub when: Option<Condition>,
}

pub(crate) fn step(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<StepHead> {
    let mut kids = Kids::of(pair);
    let name = cx.name(&kids.eat(Rule::step_name)?);
    let declares_role = role_kind(&mut kids);
    let role = cx.name(&kids.eat(Rule::role_name)?);
    let after = match kids.eat(Rule::after) {
        Some(after) => Some(cx.formula(Kids::of(after).eat(Rule::formula)?)?),
        None => None,
    };
    let when = match kids.eat(Rule::when) {
        Some(when) => Some(cx.condition(Kids::of(when).eat(Rule::condition)?)?),
        None => None,
    };
    Some(StepHead { name, role, declares_role, after, when })
}

pub(crate) fn grant(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Grant> {
    let span = cx.span(&pair);
    let mut kids = Kids::of(pair);
    let action = cx.path(&kids.eat(Rule::action_path)?);
    let args = kids.all(Rule::arg, |arg| cx.arg(arg))?;
    let limit = match kids.any(&[Rule::once, Rule::max_limit]) {
        Some(pair) => Some(limit(cx, pair)?),
        None => None,
    };
    let binder = match kids.eat(Rule::binder) {
        Some(pair) => Some(cx.name(&Kids::of(pair).eat(Rule::binder_name)?)),
        None => None,
    };
    Some(Grant { action, args, limit, binder, span })
}

fn limit(cx: &mut Cx<'_, '_>, form: Pair<'_, Rule>) -> Option<Limit> {
    let span = cx.span(&form);
    let once = form.as_rule() == Rule::once;
    let mut kids = Kids::of(form);
    let uses = if once {
        let word = cx.span(&kids.eat(Rule::k_once)?);
        crate::ast::Int { value: 1, span: word }
    } else {
        cx.int(&kids.eat(Rule::int)?)?
    };
    let per = kids.any(&[Rule::k_opening, Rule::k_run]).map(|word| match word.as_rule() {
        Rule::k_run => Per::Run,
        _ => Per::Opening,
    });
    Some(Limit { uses, per, span })
}

pub(crate) fn submission(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Submission> {
    let span = cx.span(&pair);
    let mut kids = Kids::of(pair);
    let name = cx.name(&kids.eat(Rule::submission_name)?);
    let ty = cx.type_expr(kids.eat(Rule::type_expr)?)?;
    let within = match kids.eat(Rule::within) {
        Some(within) => Some(cx.within(within)?),
        None => None,
    };
    let max = match kids.eat(Rule::max) {
        Some(max) => Some(cx.max(max)?),
        None => None,
    };
    Some(Submission { name, ty, within, max, span })
}

pub(crate) fn within(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Within> {
    let span = cx.span(&pair);
    let mut kids = Kids::of(pair);
    let seconds = cx.seconds(&kids.eat(Rule::duration)?)?;
    let name = cx.name(&kids.eat(Rule::outcome_name)?);
    let ends = kids.eat(Rule::ends).map(|ends| cx.span(&ends));
    Some(Within { seconds, late: Exhausted { name, ends }, span })
}

pub(crate) fn outcome(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Outcome> {
    let span = cx.span(&pair);
    let mut kids = Kids::of(pair);
    let name = cx.name(&kids.eat(Rule::outcome_name)?);
    let mut of = None;
    let mut how = How::Judged;
    let mut then = None;
    let (mut counts, mut distinct) = (None, None);
    let parts = [Rule::of, Rule::auto_when, Rule::if_evidence, Rule::distinct, Rule::counts, Rule::then];
    while let Some(part) = kids.any(&parts) {
        match part.as_rule() {
            Rule::of => of = Some(cx.path(&Kids::of(part).eat(Rule::datum)?)),
            Rule::distinct => {
                let span = cx.span(&part);
                distinct = Some(Distinct { people: cx.int(&Kids::of(part).eat(Rule::int)?)?, span });
            }
            Rule::then => then = Some(then_of(cx, part)?),
            Rule::counts => counts = Some(cx.text(&Kids::of(part).eat(Rule::string)?)),
            _ => how = how_of(cx, part)?,
        }
    }
    Some(Outcome { name, of, how, counts, distinct, then, span })
}

fn how_of(cx: &mut Cx<'_, '_>, form: Pair<'_, Rule>) -> Option<How> {
    let auto = form.as_rule() == Rule::auto_when;
    let condition = cx.condition(Kids::of(form).eat(Rule::condition)?)?;
    Some(if auto { How::Auto(condition) } else { How::If(condition) })
}

fn then_of(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Then> {
    let span = cx.span(&pair);
    let form = Kids::of(pair).next()?;
    if form.as_rule() == Rule::end {
        return Some(Then { kind: ThenKind::End, span });
    }
    let mut kids = Kids::of(form);
    let step = cx.name(&kids.eat(Rule::step_name)?);
    let notes = kids.eat(Rule::notes).is_some();
    let max = cx.int(&kids.eat(Rule::int)?)?;
    let name = cx.name(&kids.eat(Rule::outcome_name)?);
    let ends = kids.eat(Rule::ends).map(|ends| cx.span(&ends));
    Some(Then { kind: ThenKind::Reopen { step, notes, max, exhausted: Exhausted { name, ends } }, span })
}
