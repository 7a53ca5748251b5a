//! Which things the arguments of an action name, and so what is made final, removed or read with them.

use std::collections::BTreeSet;

use xp_scope::Type;
use xp_scope::thing::{Immutable, Kind};

use crate::content::holds;
use crate::declaration::{KeyExpr, Source, ThingExpr};
use crate::filled::is_filled;
use crate::passing::{naming_argument, picks};
use crate::workflow::{Action, Workflow};

/// The arguments that say which thing a key means: where the upstream names it, whatever that name is made of.
pub(crate) fn arguments_naming(workflow: &Workflow, action: &Action, key: &KeyExpr) -> Vec<u32> {
    match (naming_argument(action, key), key) {
        (Some((index, _)), _) => vec![index],
        (None, KeyExpr::Field(fields)) => arguments_in(workflow, action, fields),
        (None, _) => Vec::new(),
    }
}

/// The arguments of which a field of the result may be made, or that name a thing of which it may be.
#[must_use]
pub fn arguments_in(workflow: &Workflow, action: &Action, fields: &[String]) -> Vec<u32> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    let mut open = vec![fields.to_vec()];
    while let Some(here) = open.pop() {
        if !seen.insert(here.clone()) {
            continue;
        }
        for source in workflow.sources(action, &here) {
            match &source {
                Source::Argument { index, .. } => found.push(*index),
                Source::Field(next) => open.push(next.clone()),
                Source::Thing(expr) => {
                    found.extend(picks(workflow, action, expr).into_iter().map(|(index, _)| index));
                    for key in expr.keys() {
                        match (naming_argument(action, key), key) {
                            (Some((index, _)), _) => found.push(index),
                            (None, KeyExpr::Field(next)) => open.push(next.clone()),
                            (None, _) => {}
                        }
                    }
                }
            }
        }
    }
    found
}

/// The clauses whose things a final argument names and that are more than their name says: it is their own key, or that of
/// what encloses them where they are read. What is only changed is not read.
#[must_use]
pub fn named_by<'a>(workflow: &Workflow, action: &'a Action, number: u32) -> Vec<&'a ThingExpr> {
    let clauses = &action.clauses;
    // What is changed or made counts as read, too, where it is not said what is read.
    let said = clauses.reads.is_some().then(|| clauses.said_read().chain(clauses.subjects()));
    let unsaid = clauses.reads.is_none().then(|| clauses.meant());
    let named = Naming { workflow, action, number };
    let meant = said.into_iter().flatten().chain(unsaid.into_iter().flatten());
    let mut found: Vec<&ThingExpr> = meant.filter(|expr| named.by_own_key(expr)).collect();
    found.extend(clauses.said_read().filter(|expr| named.anywhere(expr)));
    found.retain(|expr| is_filled(workflow, expr));
    found
}

/// Every clause whose thing the argument names, by its own key, or by any where it is read: with what is only changed or removed, and
/// with what is what its name says.
pub(crate) fn all_named_by<'a>(workflow: &Workflow, action: &'a Action, number: u32) -> Vec<&'a ThingExpr> {
    let named = Naming { workflow, action, number };
    let mut found: Vec<&ThingExpr> = action.clauses.meant().filter(|expr| named.by_own_key(expr)).collect();
    found.extend(action.clauses.said_read().filter(|expr| named.anywhere(expr)));
    found
}

/// Which things an argument of an action names.
struct Naming<'a> {
    workflow: &'a Workflow,
    action: &'a Action,
    number: u32,
}

impl Naming<'_> {
    /// Where the upstream names it, whatever that name is made of says which one it is.
    fn says(&self, key: &KeyExpr) -> bool {
        match key {
            KeyExpr::Argument { index, .. } => *index == self.number,
            KeyExpr::Field(fields) if self.action.clauses.identity(fields).is_none() => {
                arguments_in(self.workflow, self.action, fields).contains(&self.number)
            }
            KeyExpr::Field(_) | KeyExpr::Literal(_) | KeyExpr::Every(_) | KeyExpr::Some => false,
        }
    }

    /// The argument is made final, or what it names is removed.
    fn is_final(&self) -> bool {
        let clauses = &self.action.clauses;
        clauses.finals.contains(&self.number)
            || clauses.removes.iter().any(|expr| expr.keys().any(|key| self.says(key)))
    }

    fn by_own_key(&self, expr: &ThingExpr) -> bool {
        self.is_final() && expr.own_keys().iter().any(|key| self.says(key))
    }

    /// By its own key or that of what it lies in; or, as one of several, by an argument of the key's type or a list of them.
    fn anywhere(&self, expr: &ThingExpr) -> bool {
        if expr.keys().any(|key| self.says(key)) {
            return true;
        }
        let param = self.action.params.get(self.number as usize);
        self.is_final()
            && expr.levels().iter().any(|level| {
                let kind = self.workflow.kinds.named(&level.kind);
                let kind = kind.and_then(|kind| self.workflow.kinds.get(kind));
                let parts = kind.map(|kind| kind.key.as_slice()).unwrap_or_default();
                level.keys.iter().zip(parts).any(|(key, part)| {
                    matches!(key, KeyExpr::Every(_) | KeyExpr::Some)
                        && param.is_some_and(|param| holds(self.workflow, &param.ty, &part.ty))
                })
            })
    }
}

/// The things that a use reads under a name into which it turns an argument.
#[must_use]
pub fn turned_into<'a>(workflow: &Workflow, action: &'a Action, number: u32) -> Vec<&'a ThingExpr> {
    let clauses = &action.clauses;
    let turned = |key: &KeyExpr| match key {
        KeyExpr::Field(fields) if clauses.identity(fields).is_none() => {
            arguments_in(workflow, action, fields).contains(&number)
        }
        _ => false,
    };
    clauses.said_read().chain(clauses.subjects()).filter(|expr| expr.keys().any(turned)).collect()
}

/// The declaration does not say what is read, and the argument may name a thing that is more than its name says.
#[must_use]
pub fn is_open(workflow: &Workflow, action: &Action, number: u32) -> bool {
    let param = action.params.get(number as usize);
    action.clauses.reads.is_none() && param.is_some_and(|param| may_name(workflow, &param.ty))
}

fn may_name(workflow: &Workflow, ty: &Type) -> bool {
    match ty {
        Type::Bool => false,
        // Names of git, and of nothing else.
        Type::Commit | Type::Tree => {
            let named = |kind: &Kind| kind.key.iter().any(|part| part.ty == *ty);
            workflow.kinds.iter().any(|kind| {
                named(kind)
                    && (kind.immutable != Some(Immutable::Content)
                        || workflow
                            .kinds
                            .named(&kind.name)
                            .is_none_or(|kind| workflow.kinds.is_container(kind)))
            })
        }
        Type::List(of) | Type::Set(of) => may_name(workflow, of),
        Type::Int
        | Type::Text
        | Type::Path
        | Type::Branch
        | Type::Decimal { .. }
        | Type::Time
        | Type::Duration
        | Type::Url
        | Type::Enum(_)
        | Type::Record(_) => true,
    }
}
