//! The things that grants alter and that evidence is about, and how they meet: all of it from the contract.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use xp_artifact::declaration::{Source, ThingExpr};
use xp_artifact::things::Terms;
use xp_artifact::workflow::{Datum, Expr, Pin, Root, TemplatePart};
use xp_scope::thing::{Class, Level, Term, relate};

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

    fn term(&self, at: GrantAt, expr: &ThingExpr) -> TermIx {
        let term = self.terms.borrow_mut().term(at.0, at.1, expr);
        self.number(term)
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

    /// What a field of the grant's result is evidence about, as far as it can change; each with the data that name it.
    pub fn told(&self, at: GrantAt, field: &[String]) -> Vec<(TermIx, Vec<&'m Datum>)> {
        let action = self.facts.action_of(at);
        let clauses = &action.clauses;
        let made = clauses.makes.iter().flat_map(|making| &making.valid_while);
        // A measurement that does not say of what may be of all that it reads.
        let all = clauses.reads();
        let read = all.iter().filter(|_| clauses.about.is_empty() && action.attests);
        let about: Vec<&ThingExpr> = clauses.subjects_of(field).chain(made).chain(read).collect();
        let told = about.into_iter().map(|expr| (self.term(at, expr), self.named_by(at, expr)));
        told.filter(|(term, _)| self.can_change(*term)).collect()
    }

    /// The data that say which thing it is.
    fn named_by(&self, at: GrantAt, expr: &ThingExpr) -> Vec<&'m Datum> {
        let named = self.facts.grant(at).into_iter().flat_map(xp_artifact::workflow::Grant::data);
        named.filter(|(number, _)| expr.names_argument(*number)).map(|(_, datum)| datum).collect()
    }

    /// The things whose content a datum is, or that it names, as far as they can change.
    pub fn of_datum(&self, datum: &Datum) -> Vec<TermIx> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![datum.clone()];
        while let Some(here) = open.pop() {
            let Root::Result { step, grant } = here.root else { continue };
            if !seen.insert(here.clone()) {
                continue;
            }
            let at = (step, grant);
            let action = self.facts.action_of(at);
            if let Some(making) = action.clauses.made_as(&here.fields) {
                found.insert(self.term(at, &making.thing));
            }
            for source in action.sources(&here.fields) {
                match source {
                    Source::Thing(expr) => {
                        found.insert(self.term(at, &expr));
                    }
                    Source::Field(fields) => open.push(Datum { root: here.root, fields }),
                    Source::Argument { index, fields } => {
                        let pin = self.facts.grant(at).and_then(|grant| grant.pins.get(index as usize));
                        open.extend(pin.into_iter().flat_map(|pin| contents(pin, &fields)));
                    }
                }
            }
        }
        found.into_iter().filter(|term| self.can_change(*term)).collect()
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

    fn can_change(&self, term: TermIx) -> bool {
        let table = self.table.borrow();
        let own = table.0.get(term.0).and_then(last);
        own.and_then(|level| self.facts.w.kinds.get(level.kind)).is_none_or(|kind| kind.immutable.is_none())
    }

    /// Another run may change it: this one did not make it, nor what it lies in.
    pub fn is_shared(&self, term: TermIx) -> bool {
        self.table.borrow().0.get(term.0).is_none_or(|term| !self.terms.borrow_mut().is_own(term))
    }

    /// The thing in words: its kind.
    pub fn words(&self, term: TermIx) -> String {
        let table = self.table.borrow();
        let kind = table.0.get(term.0).and_then(last).and_then(|level| self.facts.w.kinds.get(level.kind));
        kind.map_or_else(
            || "a thing that no declaration describes".to_owned(),
            |kind| format!("the `{}`", kind.name),
        )
    }
}

/// The data whose content a field of what a pin admits may have.
fn contents(pin: &Pin, fields: &[String]) -> Vec<Datum> {
    match pin {
        Pin::Is(Expr::Datum(datum)) => {
            let fields = datum.fields.iter().chain(fields).cloned().collect();
            vec![Datum { root: datum.root, fields }]
        }
        Pin::Is(Expr::Template(parts)) => {
            let data = parts.iter().filter_map(|part| match part {
                TemplatePart::Datum(datum) => Some(datum.clone()),
                TemplatePart::Text(_) => None,
            });
            data.collect()
        }
        Pin::OneOf { set: Expr::Datum(datum), .. } => vec![datum.clone()],
        _ => Vec::new(),
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
