//! Which uses let something of a secret leave, and what of it is read.

use std::collections::BTreeSet;

use xp_artifact::question::Secret;
use xp_scope::thing::{Class, Key, Kind, KindIx, Kinds, Level, Term, audience_within, covers, relate};

use super::graph::Graph;
use crate::fact::GrantAt;

/// Ways in which kinds lie in one thing that are looked at.
const MAX_INSIDE: usize = 256;

/// What of the things in which ways begin may leave by a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    Nothing,
    /// What lies elsewhere than at its place in what is copied.
    Copies,
    Everything,
}

impl Graph<'_> {
    /// A use of the grant publishes, or writes what somebody may read who is not shown to be a reader of the things in which ways
    /// begin, or of what is read inside of them; where they are narrowed, nobody is. What changes may be anything that lies in it.
    /// Only what is read to this worth counts.
    pub fn leaves(&mut self, at: GrantAt, worth: Class) -> bool {
        self.leaving(at, worth) != Leaving::Nothing
    }

    pub(super) fn leaving(&mut self, at: GrantAt, worth: Class) -> Leaving {
        let (Some(secret), Some((_, action))) = (self.secret.clone(), self.workflow.granted(at)) else {
            return Leaving::Everything;
        };
        if action.publishes {
            return Leaving::Everything;
        }
        let (kinds, clauses) = (&self.workflow.kinds, &action.clauses);
        let params = action.params.len();
        let (mut places, mut copies) = (Vec::new(), Vec::new());
        let says = |term: &Term| worth == Class::Silent || says_who_reads(kinds, term);
        for expr in &clauses.changes {
            let changed = self.terms.term(at.0, at.1, expr);
            let from = clauses.says_what_is_put_into(expr).then(|| clauses.put_into(params, expr));
            let is_copy = self.copied(at, (&changed, from.as_deref())).is_some();
            let list = if is_copy { &mut copies } else { &mut places };
            list.extend(inside(kinds, &changed));
            list.push(changed);
        }
        for making in &clauses.makes {
            let made = self.terms.term(at.0, at.1, &making.thing);
            let is_copy = self.copied(at, (&made, making.from.as_deref())).is_some();
            let list = if is_copy { &mut copies } else { &mut places };
            // What it is made of is in what lies in it; what never changes stands for itself alone.
            let alone = own_kind(kinds, &made).is_some_and(|kind| kind.immutable.is_some());
            if !alone && making.from.as_ref().is_none_or(|from| !from.is_empty()) {
                list.extend(inside(kinds, &made).into_iter().filter(says));
            }
            list.push(made);
        }
        let narrow = self.narrowed.then_some(&secret);
        let mut sources = self.read_inside(&secret, worth);
        sources.push(secret.clone());
        let leave = |places: &[Term]| {
            places
                .iter()
                .any(|place| sources.iter().any(|source| !audience_within(kinds, place, source, narrow)))
        };
        match (leave(&places), leave(&copies)) {
            (true, _) => Leaving::Everything,
            (false, true) => Leaving::Copies,
            (false, false) => Leaving::Nothing,
        }
    }

    /// All the things in which ways begin are certainly among these.
    pub fn is_among(&mut self, things: &Secret) -> bool {
        let written = self.terms.written(&things.thing, &things.given);
        // Now and at another time, if that makes a difference.
        let whole = self.terms.at_another_time(&written, self.order.reopened());
        self.secret.as_ref().is_some_and(|secret| covers(&self.workflow.kinds, &whole, secret))
    }

    /// Some grant may read what is in the things in which ways begin.
    pub fn is_read(&mut self) -> bool {
        let workflow = self.workflow;
        workflow.grants().any(|at| {
            let read = workflow.granted(at).map(|(_, action)| action.clauses.read()).unwrap_or_default();
            read.iter().any(|expr| {
                let term = self.terms.term(at.0, at.1, expr);
                self.is_secret(&term, Class::Silent)
            })
        })
    }

    /// Things inside these that some use reads: who reads them need not be who reads what they lie in. Whoever reads a thing reads
    /// all that lies in it; where a kind does not say who reads it, that is worth no more than silence.
    fn read_inside(&mut self, secret: &Term, worth: Class) -> Vec<Term> {
        let (Term::Path(outer), kinds) = (secret, &self.workflow.kinds) else { return Vec::new() };
        let mut found = Vec::new();
        let mut add = |term: Term| {
            if !found.contains(&term) {
                found.push(term);
            }
        };
        for at in self.workflow.grants() {
            let Some((_, action)) = self.workflow.granted(at) else { continue };
            for expr in action.clauses.read() {
                let read = self.terms.term(at.0, at.1, &expr);
                if self.holds(&read, secret).is_none_or(|class| class > worth) {
                    continue;
                }
                let deeper = expr.levels().len() > outer.len();
                // What never changes stands for itself alone.
                let alone = own_kind(kinds, &read).is_some_and(|kind| kind.immutable.is_some());
                let within = match (alone, deeper) {
                    (true, _) => Vec::new(),
                    (false, true) => inside(kinds, &read),
                    (false, false) => inside(kinds, secret),
                };
                let says = |term: &Term| worth == Class::Silent || says_who_reads(kinds, term);
                within.into_iter().filter(says).for_each(&mut add);
                if deeper {
                    add(read);
                }
            }
        }
        found
    }

    pub(super) fn is_secret(&self, term: &Term, worth: Class) -> bool {
        self.secret.as_ref().and_then(|secret| self.holds(term, secret)).is_some_and(|class| class <= worth)
    }

    /// What it is worth that something of these things is in what is read; none if nothing is. Where it is not said what is
    /// read, that can be what never changes, too; and `anything` is also what never changes.
    fn holds(&self, read: &Term, things: &Term) -> Option<Class> {
        match (read, things) {
            (Term::Undescribed(_), _) => Some(Class::Silent),
            (Term::Path(_), Term::Undescribed(_)) => Some(Class::Chosen),
            (Term::Path(levels), Term::Path(_)) => {
                relate(&self.workflow.kinds, &self.by_name.of_read(levels), things).class()
            }
        }
    }
}

/// The kind of the thing says who reads it.
fn says_who_reads(kinds: &Kinds, term: &Term) -> bool {
    own_kind(kinds, term).is_some_and(|kind| kind.audience.is_some())
}

fn own_kind<'k>(kinds: &'k Kinds, term: &Term) -> Option<&'k Kind> {
    let Term::Path(levels) = term else { return None };
    kinds.get(levels.last()?.kind)
}

/// All that can lie in a thing, by kind.
fn inside(kinds: &Kinds, term: &Term) -> Vec<Term> {
    let Term::Path(levels) = term else { return Vec::new() };
    let all = || (0..kinds.iter().count()).filter_map(|at| u32::try_from(at).ok()).map(KindIx);
    let (mut found, mut open): (Vec<Term>, Vec<Vec<Level>>) = (Vec::new(), vec![levels.clone()]);
    let mut seen = BTreeSet::new();
    // Who reads a thing depends on its kind and on what it lies in: where a kind can be reached by several, each counts.
    while let Some(outer) = open.pop() {
        let Some(own) = outer.last().map(|level| level.kind) else { continue };
        for kind in all().filter(|kind| kinds.parents(*kind).contains(&own)) {
            let parts = kinds.get(kind).map_or(0, |declared| declared.key.len());
            let mut levels = outer.clone();
            levels.push(Level { kind, keys: vec![Key::Every(None); parts], deep: false });
            let way: Vec<KindIx> = levels.iter().map(|level| level.kind).collect();
            if seen.len() >= MAX_INSIDE {
                // Nobody is shown to read what is not looked at.
                return vec![Term::Undescribed("what lies in it".to_owned())];
            }
            if seen.insert(way) {
                found.push(Term::Path(levels.clone()));
                open.push(levels);
            }
        }
    }
    found
}
