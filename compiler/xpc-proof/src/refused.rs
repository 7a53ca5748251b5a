//! Grants that no run can use, or that some cannot: what they make is called like a parameter, and the machine makes nothing new
//! that the run was given.

use std::collections::{BTreeSet, HashSet};

use xp_artifact::content::holds;
use xp_artifact::declaration::KeyExpr;
use xp_artifact::things::Terms;
use xp_artifact::workflow::{Action, GrantIx, StepId, Workflow};
use xp_scope::Type;
use xp_scope::thing::{Key, KindIx, Term, relate};

use crate::taken::by_name;

type GrantAt = (StepId, GrantIx);

/// Grants whose uses the machine may refuse, since what they make would not be new.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    /// In every run.
    pub surely: BTreeSet<GrantAt>,
    /// If a parameter is called so. Whoever uses the grant cannot choose another name.
    pub perhaps: BTreeSet<GrantAt>,
}

pub(crate) fn refused(w: &Workflow) -> Refused {
    if w.actions.iter().all(|action| action.clauses.makes.is_empty()) {
        return Refused::default();
    }
    let mut terms = Terms::of(w);
    let grants: Vec<(GrantAt, &Action)> = w.grants().filter_map(|at| Some((at, w.granted(at)?.1))).collect();
    // What the workflow names by a parameter, apart from making it.
    let mut given: HashSet<Term> = HashSet::new();
    for (at, action) in &grants {
        let clauses = &action.clauses;
        let named = clauses.changes.iter().chain(&clauses.removes).chain(clauses.reads.iter().flatten());
        for expr in named.chain(clauses.subjects()) {
            let term = terms.term(at.0, at.1, expr);
            if own(&term).is_some_and(|(_, keys)| keys.iter().all(is_given)) {
                given.insert(term);
            }
        }
    }
    let mut found = Refused::default();
    for (at, action) in grants {
        for making in &action.clauses.makes {
            let term = by_name(terms.term(at.0, at.1, &making.thing));
            // A name of git is compared with every parameter of its type.
            let git = own(&term).is_some_and(|(kind, keys)| {
                let decls = w.kinds.get(kind).map(|kind| kind.key.as_slice()).unwrap_or_default();
                let exprs = making.thing.own_keys();
                keys.iter().zip(decls).zip(exprs).any(|((key, decl), expr)| {
                    matches!(decl.ty, Type::Branch | Type::Commit | Type::Tree)
                        && is_given(key)
                        && argument_type(action, expr) == Some(&decl.ty)
                })
            });
            if git || given.contains(&term) {
                found.surely.insert(at);
            } else if is_fixed(&term)
                && (is_of_a_parameter_s_type(w, &term)
                    || given.iter().any(|given| !relate(&w.kinds, &term, given).is_apart()))
            {
                found.perhaps.insert(at);
            }
        }
    }
    found
}

/// Neither whoever uses the grant chooses a part of the name, nor does the upstream, which gives new names.
fn is_fixed(term: &Term) -> bool {
    own(term).is_some_and(|(_, keys)| {
        !keys.iter().any(|key| matches!(key, Key::Chosen { .. } | Key::Every(_) | Key::Minted { .. }))
    })
}

/// A name of git is compared with every parameter of its type, or part of one.
fn is_of_a_parameter_s_type(w: &Workflow, term: &Term) -> bool {
    let decls = own(term).and_then(|(kind, _)| w.kinds.get(kind)).map(|kind| kind.key.as_slice());
    let mut git = decls
        .unwrap_or_default()
        .iter()
        .map(|decl| &decl.ty)
        .filter(|ty| matches!(ty, Type::Branch | Type::Commit | Type::Tree));
    git.any(|ty| w.params.iter().any(|param| holds(w, &param.ty, ty)))
}

fn argument_type<'a>(action: &'a Action, key: &KeyExpr) -> Option<&'a Type> {
    let KeyExpr::Argument { index, fields } = key else { return None };
    action.params.get(*index as usize).filter(|_| fields.is_empty()).map(|param| &param.ty)
}

fn own(term: &Term) -> Option<(KindIx, &[Key])> {
    match term {
        Term::Path(levels) => levels.last().map(|level| (level.kind, level.keys.as_slice())),
        Term::Undescribed(_) => None,
    }
}

fn is_given(key: &Key) -> bool {
    matches!(key, Key::Symbol(symbol) if symbol.given)
}
