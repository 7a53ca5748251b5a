//! Grants that no run can use: what they make is called like a parameter, and the machine makes nothing new that the run was
//! given.

use std::collections::{BTreeSet, HashSet};

use xp_artifact::declaration::KeyExpr;
use xp_artifact::things::Terms;
use xp_artifact::workflow::{Action, GrantIx, StepId, Workflow};
use xp_scope::Type;
use xp_scope::thing::{Key, KindIx, Term};

use crate::taken::by_name;

type GrantAt = (StepId, GrantIx);

pub(crate) fn refused(w: &Workflow) -> BTreeSet<GrantAt> {
    if w.actions.iter().all(|action| action.clauses.makes.is_empty()) {
        return BTreeSet::new();
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
    let mut found = BTreeSet::new();
    for (at, action) in grants {
        for making in &action.clauses.makes {
            let term = by_name(terms.term(at.0, at.1, &making.thing));
            // A name of git is compared with every parameter of its type.
            let git = own(&term).is_some_and(|(kind, keys)| {
                let decls = w.kinds.get(kind).map(|kind| kind.key.as_slice()).unwrap_or_default();
                let exprs =
                    making.thing.levels().last().map(|level| level.keys.as_slice()).unwrap_or_default();
                keys.iter().zip(decls).zip(exprs).any(|((key, decl), expr)| {
                    matches!(decl.ty, Type::Branch | Type::Commit | Type::Tree)
                        && is_given(key)
                        && argument_type(action, expr) == Some(&decl.ty)
                })
            });
            if git || given.contains(&term) {
                found.insert(at);
            }
        }
    }
    found
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
