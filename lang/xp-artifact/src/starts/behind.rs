//! What uses take, followed back to the parameters.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};

use xp_scope::thing::Term;

use super::GrantAt;
use super::asked::{Compared, Taken, compared};
use crate::content::{Contents, altering, depth, may_hold, placing};
use crate::declaration::{Source, ThingExpr};
use crate::judgement::{Finals, filling};
use crate::looks::{depends, is_shown_with, shows_all};
use crate::order::{Moment, Order};
use crate::passing::{Passing, choosing, identities, judges, naming, passing};
use crate::things::Terms;
use crate::workflow::{Atom, Datum, GrantIx, How, Root, Workflow};

/// What is known to be judged.
pub(super) struct Judging<'a, 'w> {
    /// The outcomes that judge, each with what.
    pub(super) all: &'a [(Atom, &'w Datum)],
    pub(super) is_judged: &'a dyn Fn(&Datum) -> bool,
    /// By one of these outcomes, which judge what is in the thing.
    pub(super) is_shown: &'a dyn Fn(&ThingExpr, &[Atom]) -> bool,
}

/// Follows what uses take back to the parameters.
pub(super) struct Behind<'w> {
    workflow: &'w Workflow,
    pub(super) contents: Contents<'w>,
    terms: Terms<'w>,
    order: Order<'w>,
    pub(super) finals: Finals<'w>,
    pub(super) read: Compared<'w>,
    /// What uses make, change or remove, with the clause and with what goes into it.
    altered: Vec<(GrantAt, Term, &'w ThingExpr, Vec<Source>)>,
    /// By term that is read: the altered ones that it may hold.
    met: HashMap<Term, Vec<usize>>,
}

impl<'w> Behind<'w> {
    pub(super) fn of(workflow: &'w Workflow) -> Self {
        let mut terms = Terms::of(workflow);
        let mut altered = Vec::new();
        for by in workflow.grants() {
            let Some((_, action)) = workflow.granted(by) else { continue };
            let of_use =
                altering(action).map(|(expr, sources)| (by, terms.term(by.0, by.1, expr), expr, sources));
            altered.extend(of_use);
            // Which of several things is gone decides what is left.
            let removed = action.clauses.removes.iter();
            altered.extend(removed.map(|expr| (by, terms.term(by.0, by.1, expr), expr, Vec::new())));
        }
        let (order, finals) = (Order::of(workflow), Finals::of(workflow));
        let contents = Contents::of(workflow);
        let read = compared(workflow);
        Self { workflow, contents, terms, order, finals, read, altered, met: HashMap::new() }
    }

    /// The parameters of which something may be made, or which it is; not by way of data that are judged. What is in a thing is
    /// what uses of the run put there before, and which thing it is, where that never changes, its name says.
    pub(super) fn given(&mut self, at: GrantAt, from: Taken, judging: &Judging<'_, 'w>) -> Vec<Datum> {
        let open = match from {
            Taken::Passing(passing) => vec![(at, passing)],
            Taken::Named { thing, number, by } => self.named(at, (&thing, number), by, judging),
        };
        self.followed(open, judging.is_judged)
    }

    /// What is in a thing that a final argument names. A judgement of the name that the run gave to the very thing is one of what is in
    /// it; where the run made it, nobody else says which thing it is.
    fn named(
        &mut self,
        at: GrantAt,
        (thing, number): (&ThingExpr, u32),
        by: Option<Datum>,
        judging: &Judging<'_, 'w>,
    ) -> Vec<(GrantAt, Passing)> {
        let same = by.map(|datum| identities(self.workflow, &datum)).unwrap_or_default();
        let mut made = same.iter().filter(|datum| self.finals.is_name_of(datum, at, number)).peekable();
        if made.peek().is_some() {
            return if made.any(judging.is_judged) { Vec::new() } else { self.put_in(at, thing) };
        }
        // Whoever judged it after a look at it has judged what was put in.
        let shown = self.shown(at, thing, judging.all);
        match self.workflow.granted(at) {
            Some((granted, action)) if (judging.is_shown)(thing, &shown) => {
                choosing(self.workflow, granted, action, thing).into_iter().map(|name| (at, name)).collect()
            }
            _ => vec![(at, Passing::Thing(thing.clone()))],
        }
    }

    /// The outcomes by which a role that made nothing of what is in the thing judged a name of it after a look at it, and after which
    /// no use may alter it.
    fn shown(&mut self, at: GrantAt, thing: &ThingExpr, judged: &[(Atom, &Datum)]) -> Vec<Atom> {
        let workflow = self.workflow;
        let term = self.finals.term(at, thing);
        let makers = self.contents.makers_of(at, thing);
        let mut found = Vec::new();
        for (atom, datum) in judged {
            let Some(step) = workflow.steps.get(atom.step.index()) else { continue };
            let by_role = step
                .outcomes
                .get(atom.outcome.index())
                .is_some_and(|outcome| matches!(outcome.how, How::Judged | How::JudgedIf(_)));
            if !by_role || !makers.keys().all(|maker| workflow.are_separate(step.role, *maker)) {
                continue;
            }
            let looks: Vec<GrantIx> = (0..step.grants.len())
                .map(GrantIx::of)
                .filter(|grant| self.looks_at((atom.step, *grant), datum, &term))
                .collect();
            if depends(workflow, *atom, &|grant| looks.contains(&grant))
                && !self.finals.may_be_altered_after(at, thing, atom.step)
            {
                found.push(*atom);
            }
        }
        found
    }

    /// Every use of the grant shows the thing, and names it by what is judged.
    fn looks_at(&mut self, look: GrantAt, judged: &Datum, thing: &Term) -> bool {
        let workflow = self.workflow;
        let Some((granted, action)) = workflow.granted(look) else { return false };
        let clauses = &action.clauses;
        clauses.said_read().chain(clauses.subjects()).any(|expr| {
            let by_name = naming(granted, action, expr).iter().any(|name| match name {
                Passing::Datum(datum) => judges(workflow, judged, &identities(workflow, datum)),
                Passing::Choice | Passing::Field(_) | Passing::Thing(_) => false,
            });
            by_name
                && shows_all(workflow, look, expr)
                && is_shown_with(&workflow.kinds, &self.finals.term(look, expr), thing)
        })
    }

    fn followed(
        &mut self,
        mut open: Vec<(GrantAt, Passing)>,
        is_judged: &dyn Fn(&Datum) -> bool,
    ) -> Vec<Datum> {
        let workflow = self.workflow;
        let (mut found, mut seen) = (BTreeSet::new(), HashSet::new());
        while let Some((at, passing)) = open.pop() {
            if !seen.insert((at, passing.clone())) {
                continue;
            }
            match passing {
                Passing::Choice => {}
                Passing::Field(fields) => {
                    open.push((
                        at,
                        Passing::Datum(Datum { root: Root::Result { step: at.0, grant: at.1 }, fields }),
                    ));
                }
                Passing::Datum(datum) if is_judged(&datum) => {}
                Passing::Datum(datum) => match datum.root {
                    Root::Param(_) => {
                        found.insert(datum);
                    }
                    Root::Submission { .. } => {}
                    Root::Result { step, grant } => {
                        let Some((_, action)) = workflow.granted((step, grant)) else { continue };
                        let made = action.clauses.all_made_as(&datum.fields);
                        // All that the use put into what it made, or into what that lies in.
                        let content: Vec<Source> = made
                            .into_iter()
                            .flat_map(|making| filling(workflow, &mut self.terms, (step, grant), making))
                            .collect();
                        let sources = workflow.sources(action, &datum.fields).into_iter().chain(content);
                        open.extend(passed(workflow, (step, grant), sources));
                    }
                },
                Passing::Thing(expr) => {
                    let Some((granted, action)) = workflow.granted(at) else { continue };
                    // Whoever names what is read has decided what that is.
                    open.extend(
                        choosing(workflow, granted, action, &expr).into_iter().map(|name| (at, name)),
                    );
                    open.extend(self.put_in(at, &expr));
                }
            }
        }
        found.into_iter().collect()
    }

    /// What uses of the run put into the thing before, and where in it.
    fn put_in(&mut self, at: GrantAt, expr: &ThingExpr) -> Vec<(GrantAt, Passing)> {
        let read = self.terms.term(at.0, at.1, expr);
        let depth = depth(&read);
        let mut found = Vec::new();
        for number in self.meeting(read) {
            let Some((by, _, altered, sources)) = self.altered.get(number) else { continue };
            let Some((_, action)) = self.workflow.granted(*by) else { continue };
            if self.order.may_follow(Moment::used(*by), at.0) {
                let sources = placing(self.workflow, action, altered, depth).chain(sources.iter().cloned());
                found.extend(passed(self.workflow, *by, sources));
            }
        }
        found
    }

    fn meeting(&mut self, read: Term) -> Vec<usize> {
        let (kinds, altered) = (&self.workflow.kinds, &self.altered);
        let meets = |term: &Term| {
            let all = altered.iter().enumerate();
            all.filter(|(_, (_, altered, ..))| may_hold(kinds, term, altered))
                .map(|(number, _)| number)
                .collect()
        };
        match self.met.entry(read) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(new) => {
                let found: Vec<usize> = meets(new.key());
                new.insert(found).clone()
            }
        }
    }
}

/// Where sources come from in the uses of a grant.
fn passed(
    workflow: &Workflow,
    at: GrantAt,
    sources: impl IntoIterator<Item = Source>,
) -> Vec<(GrantAt, Passing)> {
    let Some((granted, _)) = workflow.granted(at) else { return Vec::new() };
    let passing = |source: Source| passing(workflow, granted, &source);
    sources.into_iter().flat_map(passing).map(|passing| (at, passing)).collect()
}
