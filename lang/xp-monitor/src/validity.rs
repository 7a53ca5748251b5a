//! What evidence about a thing is evidence about, too: what the thing was made valid while, and so on from there.

use std::collections::{BTreeSet, HashSet};

use xp_artifact::declaration::{KeyExpr, LevelExpr, Making, ThingExpr};
use xp_artifact::order::Order;
use xp_artifact::things::Terms;
use xp_artifact::workflow::{Datum, Expr, Pin, Root, StepId, Workflow};
use xp_scope::thing::{Key, Meeting, Term, relate};

use crate::fact::GrantAt;

/// Identities followed from one datum at most; a checked workflow has no circle.
const MAX_FOLLOWED: usize = 64;
/// Things of one evidence.
const MAX_THINGS: usize = 64;

/// A thing as the clause of a grant's action means it.
pub(crate) type Subject = (GrantAt, ThingExpr);

/// Things with all that they are valid while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Valid {
    pub about: Vec<Subject>,
    /// Those that follow from what another grant may have made, in any opening.
    pub perhaps: Vec<Subject>,
}

/// Which things of a workflow are valid while others are.
pub(crate) struct Validity<'w> {
    workflow: &'w Workflow,
    /// Grants that make something which is valid while something else is.
    makers: Vec<(GrantAt, &'w Making)>,
    /// What actions make that is valid while something else is, whoever uses them.
    makings: Vec<&'w Making>,
    terms: Terms<'w>,
    reopened: BTreeSet<StepId>,
}

impl<'w> Validity<'w> {
    pub fn of(workflow: &'w Workflow) -> Self {
        let makers: Vec<(GrantAt, &Making)> = workflow
            .grants()
            .filter_map(|at| Some((at, workflow.granted(at)?.1)))
            .flat_map(|(at, action)| action.clauses.makes.iter().map(move |making| (at, making)))
            .filter(|(_, making)| !making.valid_while.is_empty())
            .collect();
        let makings = workflow.actions.iter().flat_map(|action| &action.clauses.makes);
        let makings = makings.filter(|making| !making.valid_while.is_empty()).collect();
        let reopened =
            if makers.is_empty() { BTreeSet::new() } else { Order::of(workflow).reopened().clone() };
        Self { workflow, makers, makings, terms: Terms::of(workflow), reopened }
    }

    /// The things with all that they are valid while: one list where it is known which uses made them, if any did; else also one
    /// for each grant that may have made one of them.
    pub fn lists(&mut self, subjects: Vec<Subject>) -> Vec<Valid> {
        let mut lists = vec![Valid { about: self.with_all(subjects), perhaps: Vec::new() }];
        let (mut next, mut taken) = (0, HashSet::new());
        while let Some(list) = lists.get(next).filter(|_| !self.makers.is_empty()).cloned() {
            next += 1;
            for subject in &list.about {
                if self.exactly(subject).is_some() {
                    continue;
                }
                for (by, making) in self.perhaps(subject.0, &subject.1) {
                    if !taken.insert((by, making.thing.clone())) {
                        continue;
                    }
                    let valid = making.valid_while.iter().map(|expr| (by, expr.clone()));
                    let about = self.with_all(list.about.iter().cloned().chain(valid.clone()).collect());
                    let mut perhaps = list.perhaps.clone();
                    perhaps.extend(about.iter().skip(list.about.len()).cloned());
                    // What is named in one way for certain may be so in another opening as well.
                    perhaps.extend(valid.filter(|subject| list.about.contains(subject)));
                    let longer = Valid { about, perhaps };
                    if !lists.contains(&longer) {
                        lists.push(longer);
                    }
                }
            }
        }
        lists
    }

    fn with_all(&mut self, mut found: Vec<Subject>) -> Vec<Subject> {
        let mut next = 0;
        while let Some(here) = found.get(next).cloned() {
            if found.len() > MAX_THINGS {
                // What else it is about is not looked at.
                found.push((here.0, ThingExpr::Anything));
                break;
            }
            next += 1;
            let Some((by, making)) = self.exactly(&here) else {
                for expr in self.elsewhere(&here) {
                    if !found.contains(&(here.0, expr.clone())) {
                        found.push((here.0, expr));
                    }
                }
                continue;
            };
            for expr in &making.valid_while {
                if !found.contains(&(by, expr.clone())) {
                    found.push((by, expr.clone()));
                }
            }
        }
        found
    }

    /// The use that made it: its own key is a datum which that use gave, and it lies in what that use made it in.
    fn exactly(&mut self, (by, expr): &Subject) -> Option<(GrantAt, &'w Making)> {
        let (grant, _) = self.workflow.granted(*by)?;
        let own = expr.own_keys();
        let (part, (at, making)) = own.iter().enumerate().find_map(|(part, key)| {
            let KeyExpr::Argument { index, fields } = key else { return None };
            let Some(Pin::Is(Expr::Datum(datum))) = grant.pins.get(*index as usize) else { return None };
            let fields = datum.fields.iter().chain(fields).cloned().collect();
            Some((part, self.maker(Datum { root: datum.root, fields })?))
        })?;
        let kind = |expr: &ThingExpr| expr.levels().last().map(|own| own.kind.clone());
        let same = kind(&making.thing) == kind(expr) && {
            let made = self.terms.term(at.0, at.1, &making.thing);
            let meant = self.terms.term(by.0, by.1, expr);
            // The name says which one it is only beside all other parts of its key.
            is_beside_the_same(&made, &meant, part)
                && match (outer(made), outer(meant)) {
                    (None, None) => true,
                    (Some(made), Some(meant)) => relate(&self.workflow.kinds, &made, &meant) == Meeting::One,
                    _ => false,
                }
        };
        same.then_some((at, making))
    }

    /// What a thing is valid while that the run need not have made: whichever thing it was made for, of the kinds that an action says
    /// which makes such things.
    fn elsewhere(&self, (by, expr): &Subject) -> Vec<ThingExpr> {
        let Some(own) = expr.levels().last() else { return Vec::new() };
        if own.keys.iter().any(|key| self.is_made_here(*by, key)) {
            return Vec::new();
        }
        let is_of_kind =
            |making: &&&Making| making.thing.levels().last().is_some_and(|made| made.kind == own.kind);
        let makings = self.makings.iter().filter(is_of_kind);
        makings.flat_map(|making| making.valid_while.iter().map(any_of)).collect()
    }

    /// The key is a datum by which a use of the run called what it made.
    fn is_made_here(&self, by: GrantAt, key: &KeyExpr) -> bool {
        match key {
            KeyExpr::Argument { index, fields } => {
                let pin = self.workflow.granted(by).and_then(|(grant, _)| grant.pins.get(*index as usize));
                let Some(Pin::Is(Expr::Datum(datum))) = pin else { return false };
                let fields = datum.fields.iter().chain(fields).cloned().collect();
                self.maker(Datum { root: datum.root, fields }).is_some()
            }
            KeyExpr::Field(fields) => {
                self.workflow.granted(by).is_some_and(|(_, action)| action.clauses.made_as(fields).is_some())
            }
            KeyExpr::Literal(_) | KeyExpr::Every(_) | KeyExpr::Some => false,
        }
    }

    fn maker(&self, mut here: Datum) -> Option<(GrantAt, &'w Making)> {
        for _ in 0..MAX_FOLLOWED {
            let Root::Result { step, grant } = here.root else { return None };
            let (declared, action) = self.workflow.granted((step, grant))?;
            if let Some(making) = action.clauses.made_as(&here.fields) {
                return Some(((step, grant), making));
            }
            let (index, fields) = action.clauses.identity(&here.fields)?;
            let Some(Pin::Is(Expr::Datum(next))) = declared.pins.get(index as usize) else { return None };
            here = Datum { root: next.root, fields: next.fields.iter().chain(&fields).cloned().collect() };
        }
        None
    }

    /// Grants that may have made it, in any opening.
    fn perhaps(&mut self, by: GrantAt, expr: &ThingExpr) -> Vec<(GrantAt, &'w Making)> {
        let term = self.terms.term(by.0, by.1, expr);
        let term = self.terms.at_another_time(&term, &self.reopened);
        let kind = expr.levels().last().map(|level| level.kind.as_str());
        let mut found = self.makers.clone();
        found.retain(|(at, making)| {
            let same = making.thing.levels().last().map(|level| level.kind.as_str()) == kind;
            same && *at != by && {
                let made = self.terms.made(at.0, at.1, making);
                !relate(&self.workflow.kinds, &term, &made).is_apart()
            }
        });
        found
    }
}

/// Every thing that the clause may mean in some use.
fn any_of(expr: &ThingExpr) -> ThingExpr {
    let ThingExpr::Path(levels) = expr else { return ThingExpr::Anything };
    let any = |key: &KeyExpr| match key {
        KeyExpr::Literal(_) => key.clone(),
        KeyExpr::Argument { .. } | KeyExpr::Field(_) | KeyExpr::Every(_) | KeyExpr::Some => {
            KeyExpr::Every(None)
        }
    };
    let levels =
        levels.iter().map(|level| LevelExpr { keys: level.keys.iter().map(any).collect(), ..level.clone() });
    ThingExpr::Path(levels.collect())
}

/// The parts of both own keys beside one are the same values.
fn is_beside_the_same(made: &Term, meant: &Term, part: usize) -> bool {
    others(made, part)
        .is_some_and(|others_made| others(meant, part).is_some_and(|others| others == others_made))
}

/// The parts of its own key beside one; none where some are chosen anew.
fn others(term: &Term, part: usize) -> Option<Vec<&Key>> {
    let Term::Path(levels) = term else { return None };
    let keys = levels.last()?.keys.iter().enumerate().filter(|(other, _)| *other != part);
    let one = |key: &Key| !matches!(key, Key::Every(_) | Key::Chosen { .. });
    keys.map(|(_, key)| one(key).then_some(key)).collect()
}

/// What a thing lies in.
fn outer(term: Term) -> Option<Term> {
    let Term::Path(mut levels) = term else { return None };
    levels.pop();
    (!levels.is_empty()).then_some(Term::Path(levels))
}
