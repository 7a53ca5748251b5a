//! What an argument says as a name: values that an upstream takes for one name are one.

use xp_scope::Value;
use xp_scope::thing::{KeyDecl, canonical};

use crate::declaration::KeyExpr;
use crate::workflow::{Action, Workflow};

/// The parts of keys that an argument of an action, or a member of it, gives.
#[derive(Clone, Debug, Default)]
pub struct Spelling<'w>(Vec<(&'w [String], &'w KeyDecl)>);

impl<'w> Spelling<'w> {
    /// Of the argument of this number, in everything that the clauses of the action mean.
    #[must_use]
    pub fn of(workflow: &'w Workflow, action: &'w Action, number: u32) -> Self {
        let levels = action.clauses.meant().flat_map(|expr| expr.levels());
        let parts = levels.flat_map(|level| {
            let kind = workflow.kinds.named(&level.kind).and_then(|kind| workflow.kinds.get(kind));
            level.keys.iter().zip(kind.map(|kind| kind.key.as_slice()).unwrap_or_default())
        });
        let parts = parts.filter_map(|(key, decl)| match key {
            KeyExpr::Argument { index, fields } if *index == number => Some((fields.as_slice(), decl)),
            _ => None,
        });
        let mut found: Vec<_> = parts.collect();
        found.dedup();
        Self(found)
    }

    /// The two values are one name, of this argument.
    #[must_use]
    pub fn is_one(&self, a: &Value, b: &Value) -> bool {
        a == b || !self.0.is_empty() && self.canonical(a) == self.canonical(b)
    }

    /// Names that differ in more than this may be one all the same: that they are not, no declaration says.
    #[must_use]
    pub fn is_inexact(&self) -> bool {
        self.0.iter().any(|(_, decl)| !decl.exact)
    }

    /// The upstream takes names for one that are spelled differently.
    #[must_use]
    pub fn folds(&self) -> bool {
        self.0.iter().any(|(_, decl)| decl.fold)
    }

    fn canonical(&self, value: &Value) -> Value {
        let mut found = value.clone();
        for (fields, decl) in &self.0 {
            put(&mut found, fields, decl);
        }
        found
    }
}

/// The part of a value, canonical.
fn put(value: &mut Value, fields: &[String], decl: &KeyDecl) {
    match (fields.split_first(), value) {
        (None, value) => *value = canonical(decl, value),
        (Some((field, rest)), Value::Record(members)) => {
            if let Some(member) = members.get_mut(field) {
                put(member, rest, decl);
            }
        }
        (Some(_), _) => {}
    }
}
