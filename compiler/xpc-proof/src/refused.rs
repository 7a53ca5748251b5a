//! Grants that no run can use, or that some cannot: what they make is called like what the run was given, and the machine makes
//! nothing new of that name. What counts as given is said in [`xp_artifact::given`], for both.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use xp_artifact::content::holds;
use xp_artifact::declaration::{KeyExpr, Making};
use xp_artifact::given::{AllGiven, GivenKey, Levels, Made};
use xp_artifact::things::Terms;
use xp_artifact::workflow::{GrantIx, StepId, Workflow};
use xp_scope::thing::{Key, KeyDecl, KindIx, Level, Term, relate};

use crate::naming;
use crate::taken::by_name;

type GrantAt = (StepId, GrantIx);

/// Grants whose uses the machine may refuse, since what they make would not be new.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    /// In every run; each with the grant that names the thing, where it is not a parameter of git by itself.
    pub surely: BTreeMap<GrantAt, Option<GrantAt>>,
    /// If a parameter is called so. Whoever uses the grant cannot choose another name.
    pub perhaps: BTreeSet<GrantAt>,
}

pub(crate) fn refused(w: &Workflow) -> Refused {
    let mut found = Refused::default();
    if w.actions.iter().all(|action| action.clauses.makes.is_empty()) {
        return found;
    }
    let given = AllGiven::of(w);
    let mut names =
        Names { w, given: &given, terms: Terms::of(w), of_kinds: HashMap::new(), met: HashMap::new() };
    for at in w.grants() {
        let makes = w.granted(at).map(|(_, action)| action.clauses.makes.as_slice());
        for making in makes.unwrap_or_default() {
            let Some(made) = Made::of(w, at, making) else { continue };
            if let Some(given) = given.certainly(&made) {
                found.surely.insert(at, Some(given.by));
            } else if made.is_a_parameter_of_git(w) {
                found.surely.entry(at).or_default();
            } else {
                let term = by_name(names.terms.term(at.0, at.1, &making.thing));
                if is_fixed(w, at, making, &term)
                    && (is_of_a_parameter_s_type(w, &term) || names.may_be_given(term))
                {
                    found.perhaps.insert(at);
                }
            }
        }
    }
    found
}

/// What is named by parameters, as terms.
struct Names<'w> {
    w: &'w Workflow,
    given: &'w AllGiven,
    terms: Terms<'w>,
    /// By kinds, once they are asked for.
    of_kinds: HashMap<Vec<KindIx>, Vec<Term>>,
    met: HashMap<Term, bool>,
}

impl Names<'_> {
    /// Something of the name that the use gives may be there already.
    fn may_be_given(&mut self, term: Term) -> bool {
        if let Some(known) = self.met.get(&term) {
            return *known;
        }
        let Term::Path(levels) = &term else { return false };
        let kinds: Vec<KindIx> = levels.iter().map(|level| level.kind).collect();
        if !self.of_kinds.contains_key(&kinds) {
            // Whoever says the name means by a literal what is made.
            let given = self.given.against(&kinds, true);
            let named = given.map(|given| meant(&mut self.terms, &given.levels)).collect();
            self.of_kinds.insert(kinds.clone(), named);
        }
        let mut given = self.of_kinds.get(&kinds).into_iter().flatten();
        let met = given.any(|given| !relate(&self.w.kinds, &term, given).is_apart());
        self.met.insert(term, met);
        met
    }
}

fn meant(terms: &mut Terms<'_>, levels: &Levels) -> Term {
    let mut key = |key: &GivenKey| match key {
        GivenKey::Literal(value) => Key::Value(value.clone()),
        GivenKey::Param(datum) => terms.datum(datum),
        GivenKey::Element(..) | GivenKey::Any => Key::Every(None),
    };
    let level = |(kind, keys): &(KindIx, Vec<GivenKey>)| Level {
        kind: *kind,
        keys: keys.iter().map(&mut key).collect(),
        deep: false,
    };
    Term::Path(levels.iter().map(level).collect())
}

/// Neither can whoever uses the grant always choose another name, nor does the upstream, which gives new ones.
fn is_fixed(w: &Workflow, at: GrantAt, making: &Making, term: &Term) -> bool {
    let free = |key: &KeyExpr| w.granted(at).is_some_and(|granted| naming::is_free(w, granted, key));
    own(term).is_some_and(|(_, keys)| !keys.iter().any(|key| matches!(key, Key::Minted { .. })))
        && !making.thing.own_keys().iter().any(free)
}

/// A name of git is compared with every parameter of its type, or part of one.
fn is_of_a_parameter_s_type(w: &Workflow, term: &Term) -> bool {
    let decls = own(term).and_then(|(kind, _)| w.kinds.get(kind)).map(|kind| kind.key.as_slice());
    let mut git = decls.unwrap_or_default().iter().filter(|decl| decl.is_of_git());
    git.any(|decl: &KeyDecl| w.params.iter().any(|param| holds(w, &param.ty, &decl.ty)))
}

fn own(term: &Term) -> Option<(KindIx, &[Key])> {
    match term {
        Term::Path(levels) => levels.last().map(|level| (level.kind, level.keys.as_slice())),
        Term::Undescribed(_) => None,
    }
}
