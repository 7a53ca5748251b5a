//! Values in the places of a request.

use std::collections::BTreeMap;

use xp_artifact::RecordTable;
use xp_artifact::http::{Argument, Filler, Form, Part};
use xp_artifact::workflow::Action;
use xp_json::{Tree, pointer};
use xp_scope::{Type, Value};
use xpd_proxy::ActError;

use super::written;

/// An action with the arguments of one call and the identifier of its use.
pub(crate) struct Filling<'a> {
    pub action: &'a Action,
    pub args: &'a BTreeMap<String, Value>,
    pub marker: &'a str,
    pub records: &'a RecordTable,
}

impl Filling<'_> {
    /// The value of an argument with the type it has at the end of its fields. `None` if it is absent.
    pub fn argument(&self, argument: &Argument) -> Option<(&Value, &Type)> {
        let param = self.action.params.get(usize::try_from(argument.index).ok()?)?;
        let value = self.args.get(&param.name)?.at(&argument.fields)?;
        let (ty, _) = self.records.followed(&param.ty, &argument.fields)?;
        Some((value, ty))
    }

    /// A value as text.
    ///
    /// # Errors
    /// It cannot be written in one place.
    pub fn text(&self, value: &Value, ty: &Type, form: Form) -> Result<String, ActError> {
        let tree = written::tree(value, ty, form, self.records);
        tree.and_then(written::text).ok_or_else(|| unfit("an argument cannot be written in its place"))
    }

    /// A JSON text with these leaves, and with the identifier of the use at a pointer. It is read back before it is given out.
    ///
    /// # Errors
    /// A value does not fit in its place.
    pub fn json(&self, parts: &[Part], marker: Option<(String, String)>) -> Result<String, ActError> {
        let mut leaves: Vec<(&str, Tree)> = Vec::new();
        for Part { name, value } in parts {
            let tree = match value {
                Filler::Literal(value) => written::literal(value),
                Filler::Argument(argument) => match self.argument(argument) {
                    None => continue,
                    Some((value, ty)) => written::tree(value, ty, argument.form, self.records),
                },
            };
            leaves.push((name, tree.ok_or_else(|| unfit("an argument cannot be written in its place"))?));
        }
        let marker = marker.map(|(at, marker)| (at, Tree::Text(marker)));
        leaves.extend(marker.iter().map(|(at, marker)| (at.as_str(), marker.clone())));
        let mut body = if leaves.is_empty() { Tree::Record(Vec::new()) } else { Tree::Null };
        for (at, leaf) in &leaves {
            let put = pointer(at).and_then(|tokens| body.put(&tokens, leaf.clone()));
            put.ok_or_else(|| unfit("the places of the body are in each other's way"))?;
        }
        let text = body.to_string();
        // An element of an array that was left out would move those after it.
        let read = Tree::read(text.as_bytes());
        let arrives = read.as_ref().is_ok_and(|read| {
            *read == body && leaves.iter().all(|(at, leaf)| read.at(at) == Some(leaf)) && !has_gap(read)
        });
        if arrives { Ok(text) } else { Err(unfit("the body would not arrive as it was given")) }
    }
}

/// A place that was made on the way to another and holds nothing.
fn has_gap(tree: &Tree) -> bool {
    match tree {
        Tree::Null => true,
        Tree::List(elements) => elements.iter().any(has_gap),
        Tree::Record(members) => members.iter().any(|(_, value)| has_gap(value)),
        Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) => false,
    }
}

/// Nothing is sent, since it would not arrive as it was given.
pub(crate) fn unfit(why: &str) -> ActError {
    ActError::NotSent(why.to_owned())
}
