//! Formulas and conditions.

use pest::iterators::Pair;
use xp_diagnostics::{Diagnostic, Span, codes};

use super::cx::{Cx, Kids};
use crate::ast::{Atom, AtomOutcome, Comparison, Condition, ConditionKind, Formula, FormulaKind, Relation};
use crate::grammar::Rule;

impl Cx<'_, '_> {
    pub(super) fn formula(&mut self, pair: Pair<'_, Rule>) -> Option<Formula> {
        let span = self.span(&pair);
        let (terms, ors) = self.terms(pair, |cx, term| {
            if term.as_rule() == Rule::formula_group {
                return cx.formula(Kids::of(term).eat(Rule::formula)?);
            }
            let span = cx.span(&term);
            if term.as_rule() == Rule::comparison {
                return Some(Formula { kind: FormulaKind::Test(cx.comparison(term)?), span });
            }
            let mut kids = Kids::of(term);
            let step = cx.name(&kids.eat(Rule::step_name)?);
            let outcome = match kids.eat(Rule::result_outcome) {
                None => AtomOutcome::Only,
                Some(word) if word.as_str() == "any" => AtomOutcome::Any(cx.span(&word)),
                Some(word) => AtomOutcome::Named(cx.name(&word)),
            };
            Some(Formula { kind: FormulaKind::Atom(Atom { step, outcome }), span })
        })?;
        let mut groups = group(terms, &ors, |list| {
            let span = outer(list.first().map(|one| one.span), list.last().map(|one| one.span), span);
            Formula { kind: FormulaKind::All(list), span }
        });
        if groups.len() == 1 {
            let mut only = groups.pop()?;
            if matches!(only.kind, FormulaKind::All(_)) && !ors.is_empty() {
                only.span = span;
            }
            return Some(only);
        }
        Some(Formula { kind: FormulaKind::Any(groups), span })
    }

    pub(super) fn condition(&mut self, pair: Pair<'_, Rule>) -> Option<Condition> {
        let span = self.span(&pair);
        let (terms, ors) = self.terms(pair, |cx, term| {
            let span = cx.span(&term);
            let rule = term.as_rule();
            if rule == Rule::comparison {
                return Some(Condition { kind: ConditionKind::Test(cx.comparison(term)?), span });
            }
            let mut kids = Kids::of(term);
            let kind = match rule {
                Rule::condition_group => return cx.condition(kids.eat(Rule::condition)?),
                Rule::negated => match kids.eat(Rule::condition_group) {
                    Some(group) => {
                        let inner = cx.condition(Kids::of(group).eat(Rule::condition)?)?;
                        ConditionKind::NotGroup(Box::new(inner))
                    }
                    None => ConditionKind::Not(cx.path(&kids.eat(Rule::datum)?)),
                },
                _ => ConditionKind::Is(cx.path(&kids.eat(Rule::datum)?)),
            };
            Some(Condition { kind, span })
        })?;
        let mut groups = group(terms, &ors, |list| {
            let span = outer(list.first().map(|one| one.span), list.last().map(|one| one.span), span);
            Condition { kind: ConditionKind::All(list), span }
        });
        if groups.len() == 1 {
            let mut only = groups.pop()?;
            if matches!(only.kind, ConditionKind::All(_)) && !ors.is_empty() {
                only.span = span;
            }
            return Some(only);
        }
        Some(Condition { kind: ConditionKind::Any(groups), span })
    }

    fn comparison(&mut self, pair: Pair<'_, Rule>) -> Option<Comparison> {
        let mut kids = Kids::of(pair);
        let left = self.path(&kids.eat(Rule::datum)?);
        let mut sign = Kids::of(kids.eat(Rule::relation)?);
        let signs = [Rule::k_is, Rule::less, Rule::at_most_sign, Rule::more, Rule::at_least];
        let relation = match sign.any(&signs)?.as_rule() {
            Rule::k_is if sign.eat(Rule::k_not).is_some() => Relation::IsNot,
            Rule::k_is => Relation::Is,
            Rule::less => Relation::Less,
            Rule::at_most_sign => Relation::AtMost,
            Rule::more => Relation::More,
            _ => Relation::AtLeast,
        };
        Some(Comparison { left, relation, right: self.expr(kids.eat(Rule::expr)?)? })
    }

    /// The terms of a formula or condition, and for each connective between them whether it is `or`. Reports a mixture.
    fn terms<T>(
        &mut self,
        pair: Pair<'_, Rule>,
        mut build: impl FnMut(&mut Self, Pair<'_, Rule>) -> Option<T>,
    ) -> Option<(Vec<T>, Vec<bool>)> {
        let mut terms = Vec::new();
        let mut ors = Vec::new();
        let mut first: Option<(bool, Span)> = None;
        let mut told = false;
        for kid in pair.into_inner() {
            let is_or = match kid.as_rule() {
                Rule::k_and => false,
                Rule::or_op | Rule::k_or => true,
                _ => {
                    terms.push(build(self, kid)?);
                    continue;
                }
            };
            let span = self.span(&kid);
            match first {
                Some((other, at)) if other != is_or && !told => {
                    told = true;
                    self.faults.push(
                        Diagnostic::error(
                            codes::MIXED_CONNECTIVES,
                            "`and` and `or` are mixed without parentheses",
                        )
                        .at(span)
                        .label(at, format!("the other is `{}`", if other { "or" } else { "and" }))
                        .help("say which belongs together: `(a and b) or c`, or `a and (b or c)`"),
                    );
                }
                Some(_) => {}
                None => first = Some((is_or, span)),
            }
            ors.push(is_or);
        }
        Some((terms, ors))
    }
}

fn outer(first: Option<Span>, last: Option<Span>, whole: Span) -> Span {
    match (first, last) {
        (Some(first), Some(last)) => first.to(last),
        _ => whole,
    }
}

/// Terms that `and` joins become one; `or` stands between what is returned.
fn group<T>(terms: Vec<T>, ors: &[bool], all: impl Fn(Vec<T>) -> T) -> Vec<T> {
    let mut groups = Vec::new();
    let mut current = Vec::new();
    let mut breaks = ors.iter().copied();
    let seal = |mut list: Vec<T>, groups: &mut Vec<T>| {
        if list.len() > 1 {
            groups.push(all(list));
        } else {
            groups.extend(list.pop());
        }
    };
    for term in terms {
        current.push(term);
        if breaks.next() == Some(true) {
            seal(std::mem::take(&mut current), &mut groups);
        }
    }
    seal(current, &mut groups);
    groups
}
