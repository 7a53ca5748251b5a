//! The things that grants alter and that evidence is about, and how they meet: all of it from the contract.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use xp_artifact::declaration::ThingExpr;
use xp_artifact::judgement::{is_judged_with, is_named_by_content, meant};
use xp_artifact::named::is_open;
use xp_artifact::things::Terms;
use xp_artifact::workflow::Assumption;
use xp_monitor::Evidence;
use xp_scope::thing::{Class, Level, Meeting, Term, covers, is_several, relate};

use crate::facts::{Facts, GrantAt};

/// Number of a term; equal terms have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TermIx(usize);

/// Terms of a workflow in one live map, made when they are asked for.
pub(crate) struct Things<'f, 'm> {
    facts: &'f Facts<'m>,
    terms: RefCell<Terms<'m>>,
    table: RefCell<(Vec<Term>, HashMap<Term, TermIx>)>,
    met: RefCell<HashMap<(TermIx, TermIx), Option<Class>>>,
}

impl<'f, 'm> Things<'f, 'm> {
    pub fn new(facts: &'f Facts<'m>) -> Self {
        Self {
            facts,
            terms: RefCell::new(Terms::of(facts.w)),
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

    /// Whoever was shown the one was shown the other: it is that thing, is among those, or lies in it and counts as read with it, as all that lies in a
    /// thing that can change.
    pub fn is_shown_with(&self, shown: TermIx, thing: TermIx) -> bool {
        let table = self.table.borrow();
        match (table.0.get(shown.0), table.0.get(thing.0)) {
            (Some(shown), Some(thing)) => {
                let kinds = &self.facts.w.kinds;
                let own = last(shown).and_then(|level| kinds.get(level.kind));
                let all = own.is_some_and(|own| own.immutable.is_none()) && covers(kinds, shown, thing);
                all || is_judged_with(kinds, shown, thing)
            }
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

    /// Somebody else may change it: this run did not make it, or others may make something in it.
    pub fn is_shared(&self, term: TermIx) -> bool {
        let table = self.table.borrow();
        let Some(term) = table.0.get(term.0) else { return true };
        let own = last(term).map(|level| level.kind);
        own.is_none_or(|own| self.facts.w.kinds.is_container(own)) || !self.terms.borrow_mut().is_own(term)
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
