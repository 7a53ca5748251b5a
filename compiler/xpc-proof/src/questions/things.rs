//! The things that grants alter and that evidence is about, and how they meet: all of it from the contract.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use xp_artifact::Test;
use xp_artifact::content::{depth, placing};
use xp_artifact::declaration::{Source, ThingExpr};
use xp_artifact::judgement::{is_named_by_content, meant};
use xp_artifact::looks::is_shown_with;
use xp_artifact::named::is_open;
use xp_artifact::order::{Moment, Order};
use xp_artifact::rests::{needs_one_of, rests};
use xp_artifact::things::Terms;
use xp_artifact::workflow::{Assumption, Atom, Grant, StepId};
use xp_monitor::Evidence;
use xp_scope::Value;
use xp_scope::thing::{Class, Level, Meeting, Side, Term, covers, is_several, relate};

use crate::facts::{Facts, GrantAt};

/// Number of a term; equal terms have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TermIx(usize);

/// Terms of a workflow in one live map, made when they are asked for.
pub(crate) struct Things<'f, 'm> {
    facts: &'f Facts<'m>,
    terms: RefCell<Terms<'m>>,
    order: RefCell<Order<'m>>,
    table: RefCell<(Vec<Term>, HashMap<Term, TermIx>)>,
    met: RefCell<HashMap<(TermIx, TermIx), Option<Class>>>,
}

impl<'f, 'm> Things<'f, 'm> {
    pub fn new(facts: &'f Facts<'m>) -> Self {
        Self {
            facts,
            terms: RefCell::new(Terms::of(facts.w)),
            order: RefCell::new(Order::of(facts.w)),
            table: RefCell::default(),
            met: RefCell::default(),
        }
    }

    fn number(&self, term: Term) -> TermIx {
        let mut table = self.table.borrow_mut();
        let (all, numbers) = &mut *table;
        *numbers.entry(term.clone()).or_insert_with(|| {
            all.push(term);
            TermIx(all.len() - 1)
        })
    }

    /// What a clause of a grant's action means.
    pub fn term(&self, at: GrantAt, expr: &ThingExpr) -> TermIx {
        let term = meant(self.facts.w, &mut self.terms.borrow_mut(), at, expr);
        self.number(term)
    }

    /// What is made is content in which the other thing lies: made again, it is there already, with all that lies in it.
    pub fn is_content_around(&self, made: TermIx, inner: TermIx) -> bool {
        let table = self.table.borrow();
        let (Some(made), Some(inner)) = (table.0.get(made.0), table.0.get(inner.0)) else { return false };
        let depth = |term: &Term| match term {
            Term::Path(levels) => levels.len(),
            Term::Undescribed(_) => 0,
        };
        is_named_by_content(&self.facts.w.kinds, made) && depth(inner) > depth(made)
    }

    /// What the grant changes, makes or removes.
    pub fn altered(&self, at: GrantAt) -> Vec<TermIx> {
        let clauses = &self.facts.action_of(at).clauses;
        let made = clauses.makes.iter().map(|making| {
            let term = self.terms.borrow_mut().made(at.0, at.1, making);
            self.number(term)
        });
        let others = clauses.changes.iter().chain(&clauses.removes).map(|expr| self.term(at, expr));
        distinct(made.chain(others))
    }

    /// What evidence given by the grant is about, as far as it can change.
    pub fn about(&self, evidence: &Evidence) -> Vec<TermIx> {
        let terms = self.subjects(evidence);
        distinct(terms.into_iter().filter(|term| self.can_change(*term)))
    }

    /// What evidence is about, in the order of its clauses. What a judge looked at has the name that was judged.
    fn subjects(&self, evidence: &Evidence) -> Vec<TermIx> {
        evidence.about.iter().map(|subject| self.subject(evidence, subject)).collect()
    }

    pub fn subject(&self, evidence: &Evidence, subject: &(GrantAt, ThingExpr)) -> TermIx {
        let term = evidence.meant(self.facts.w, &mut self.terms.borrow_mut(), subject);
        self.number(term)
    }

    /// The two are certainly one thing.
    pub fn one(&self, a: TermIx, b: TermIx) -> bool {
        let table = self.table.borrow();
        match (table.0.get(a.0), table.0.get(b.0)) {
            (Some(a), Some(b)) => relate(&self.facts.w.kinds, a, b) == Meeting::One,
            _ => false,
        }
    }

    /// What the one alters may be what the other reads, or lie in it or enclose it, as far as somebody can choose that.
    pub fn feeds(
        &self,
        (writer, altered): (GrantAt, &ThingExpr),
        (reader, read): (GrantAt, &ThingExpr),
    ) -> bool {
        let altered = self.term(writer, altered);
        let read = self.terms.borrow_mut().term(reader.0, reader.1, read);
        self.meet(altered, self.number(read)) == Some(Class::Chosen)
    }

    /// The arguments that say where in one of the things a use of the grant alters something: which of those that lie in it, or that it
    /// stands for.
    pub fn placed_by(&self, at: GrantAt, expr: &ThingExpr, things: &[TermIx]) -> Vec<Source> {
        let altered = self.term(at, expr);
        let inside = things.iter().filter(|thing| self.meet(altered, **thing).is_some());
        let depths = inside.map(|thing| self.table.borrow().0.get(thing.0).map_or(0, depth));
        let Some(depth) = depths.min() else { return Vec::new() };
        placing(self.facts.w, self.facts.action_of(at), expr, depth).collect()
    }

    /// Whoever was shown the one was shown the other: it is that thing, is among those, or lies in it and counts as read with it, as all that lies in a
    /// thing that can change.
    pub fn is_shown_with(&self, shown: TermIx, thing: TermIx) -> bool {
        let table = self.table.borrow();
        match (table.0.get(shown.0), table.0.get(thing.0)) {
            (Some(shown), Some(thing)) => is_shown_with(&self.facts.w.kinds, shown, thing),
            _ => false,
        }
    }

    /// A final argument of the grant certainly is what the evidence is about.
    pub fn spends(&self, grant: GrantAt, evidence: &Evidence) -> bool {
        let mut finals = self.facts.action_of(grant).clauses.spent_on();
        let certain = evidence.about.iter().filter(|subject| !evidence.perhaps.contains(subject));
        let about: Vec<TermIx> = certain.map(|subject| self.subject(evidence, subject)).collect();
        finals.any(|thing| {
            let thing = self.term(grant, thing);
            about.iter().any(|about| self.one(thing, *about))
        })
    }

    /// What it is worth that a final argument of the grant may be what the evidence is about, as far as that can change.
    pub fn reaches(&self, grant: GrantAt, evidence: &Evidence) -> Option<Class> {
        if self.spends(grant, evidence) {
            return Some(Class::Chosen);
        }
        let about = self.about(evidence);
        let action = self.facts.action_of(grant);
        let finals = action.clauses.spent_on().map(|thing| self.term(grant, thing));
        let met = finals.flat_map(|thing| about.iter().filter_map(move |about| self.meet(thing, *about)));
        let mut open = action.clauses.finals.iter().map(|number| is_open(self.facts.w, action, *number));
        let silent = (!about.is_empty() && open.any(|open| open)).then_some(Class::Silent);
        met.chain(silent).min()
    }

    /// What a meeting of the two is worth; none if they are apart.
    pub fn meet(&self, a: TermIx, b: TermIx) -> Option<Class> {
        let pair = (a.min(b), a.max(b));
        if let Some(known) = self.met.borrow().get(&pair) {
            return *known;
        }
        let table = self.table.borrow();
        let class = match (table.0.get(a.0), table.0.get(b.0)) {
            (Some(a), Some(b)) => relate(&self.facts.w.kinds, a, b).class(),
            _ => Some(Class::Silent),
        };
        self.met.borrow_mut().insert(pair, class);
        class
    }

    /// Not immutable.
    pub fn can_change(&self, term: TermIx) -> bool {
        let table = self.table.borrow();
        let Some(Term::Path(levels)) = table.0.get(term.0) else { return true };
        !self.facts.w.kinds.never_change(levels.iter().map(|level| Some(level.kind)), is_several(levels))
    }

    /// The assumption that nobody else changes the thing, or all that it lies in.
    pub fn assumed(&self, term: TermIx) -> Option<&'m Assumption> {
        let table = self.table.borrow();
        let thing = table.0.get(term.0)?;
        self.facts.w.assumptions.iter().find(|assumption| {
            let assumed = self.terms.borrow_mut().assumed(assumption);
            covers(&self.facts.w.kinds, &assumed, thing)
        })
    }

    /// Something in the step may be under way at or after a use of the grant.
    pub fn may_follow(&self, by: GrantAt, step: StepId) -> bool {
        self.order.borrow_mut().may_follow(Moment::used(by), step)
    }

    /// At this moment somebody else may have changed it: this run did not make it, or may have removed it since, so that others can make
    /// it again, or others may make something in it.
    pub fn is_shared(&self, term: TermIx, when: Moment) -> bool {
        let table = self.table.borrow();
        let Some(term) = table.0.get(term.0) else { return true };
        let own = last(term).map(|level| level.kind);
        if own.is_none_or(|own| self.facts.w.kinds.is_container(own)) {
            return true;
        }
        let maker = self.terms.borrow_mut().maker(term);
        maker.is_none_or(|maker| self.may_be_gone(term, maker.0, when))
    }

    /// A use may have removed the thing, or what it lies in, before the moment and after the step has made it.
    fn may_be_gone(&self, thing: &Term, made_in: StepId, when: Moment) -> bool {
        let facts = self.facts;
        let removes = |by: GrantAt| {
            facts.action_of(by).clauses.removes.iter().any(|expr| {
                let removed = meant(facts.w, &mut self.terms.borrow_mut(), by, expr);
                // The removal of what lies in it leaves the thing.
                let met = relate(&facts.w.kinds, &removed, thing);
                !met.is_apart() && met != Meeting::Within(Side::Left)
            })
        };
        let precedes = |by: GrantAt, removal: &Grant| {
            let (used, mut order) = (Moment::used(by), self.order.borrow_mut());
            let is_same = when == used && removal.limit.uses == 1;
            let at_once =
                !is_same && !order.is_settled_at(used, when.step) && !self.precludes(by.0, when.step);
            let first = |source: StepId| !self.precludes(by.0, source);
            at_once || order.may_be_reopened_from(used, when.step, Some(made_in), &first)
        };
        facts.grants().any(|(by, removal)| facts.usable(by) && removes(by) && precedes(by, removal))
    }

    /// While no loop opens anything again, `then` is not open once `first` has begun before it: each needs another outcome of some step,
    /// or another value of some datum that is compared, where `then` has not settled yet.
    fn precludes(&self, first: StepId, then: StepId) -> bool {
        let workflow = self.facts.w;
        let outcomes = |step: StepId| self.facts.atoms(step).map(|(atom, _)| atom).collect::<Vec<Atom>>();
        let later = outcomes(then);
        let by_outcome = || {
            self.facts.steps().any(|deciding| {
                let all = outcomes(deciding);
                let begins_with = |step: StepId, outcome: &Atom| {
                    let others = all.iter().filter(|one| *one != outcome).chain(&later);
                    let others: Vec<Atom> = others.copied().collect();
                    !needs_one_of(workflow, step, &others)
                };
                !all.is_empty()
                    && !all.iter().any(|outcome| begins_with(first, outcome) && begins_with(then, outcome))
            })
        };
        let compared = &self.facts.compared;
        let by_value = || {
            compared.all_values().any(|(datum, values)| {
                let begins_with = |step: StepId, value: &Value| {
                    let may_hold = |test: &Test| compared.may_hold(test, (datum, value));
                    !rests(workflow, &|_| true, &may_hold, step, &later)
                };
                !values.is_empty()
                    && !values.iter().any(|value| begins_with(first, value) && begins_with(then, value))
            })
        };
        by_outcome() || by_value()
    }

    /// The thing in words: its kind.
    pub fn words(&self, term: TermIx) -> String {
        self.kind(term).map_or_else(
            || "a thing that no declaration describes".to_owned(),
            |kind| format!("the `{kind}`"),
        )
    }

    /// The qualified name of its kind.
    pub fn kind(&self, term: TermIx) -> Option<&str> {
        let table = self.table.borrow();
        let kind = table.0.get(term.0).and_then(last).and_then(|level| self.facts.w.kinds.get(level.kind));
        kind.map(|kind| kind.name.as_str())
    }
}

fn last(term: &Term) -> Option<&Level> {
    match term {
        Term::Path(levels) => levels.last(),
        Term::Undescribed(_) => None,
    }
}

fn distinct(terms: impl Iterator<Item = TermIx>) -> Vec<TermIx> {
    terms.collect::<BTreeSet<_>>().into_iter().collect()
}
