//! Things of a run, with the values their keys have.

use serde::{Deserialize, Serialize};

use super::key::{canonical, lies_in};
use super::kind::{KindIx, Kinds};
use crate::digest::Digest;
use crate::value::Value;

/// A thing as a running machine knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thing {
    /// Kinds with the values of their keys, outermost first, as they were given.
    pub levels: Vec<(KindIx, Vec<Value>)>,
}

/// A thing by its canonical keys: equal for all spellings that the upstream takes for one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Canonical(Thing);

/// Why values make no thing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThingError {
    /// The kinds do not enclose one another, or are not declared.
    #[error("the kinds do not enclose one another")]
    Kinds,
    /// A key has too many or too few parts, or one of the wrong type.
    #[error("part {part} of the key of `{kind}` {why}")]
    Key {
        /// Qualified name of the kind.
        kind: String,
        /// Which part, from 0.
        part: usize,
        /// What is wrong with it.
        why: String,
    },
}

impl Thing {
    /// Checks kinds and keys.
    ///
    /// # Errors
    /// Kinds that do not enclose one another; a key of another shape or type than its kind's.
    pub fn check(&self, kinds: &Kinds) -> Result<(), ThingError> {
        let mut outer: Option<KindIx> = None;
        for (kind, keys) in &self.levels {
            let declared = kinds.get(*kind).ok_or(ThingError::Kinds)?;
            let encloses = match outer {
                None => declared.parents.is_empty(),
                Some(outer) => kinds.parents(*kind).contains(&outer),
            };
            if !encloses {
                return Err(ThingError::Kinds);
            }
            let wrong = |part, why: String| ThingError::Key { kind: declared.name.clone(), part, why };
            if keys.len() != declared.key.len() {
                return Err(wrong(
                    keys.len().min(declared.key.len()),
                    "is missing or one too many".to_owned(),
                ));
            }
            for (part, (decl, value)) in declared.key.iter().zip(keys).enumerate() {
                crate::types::check(value, &decl.ty, &()).map_err(|error| wrong(part, error.to_string()))?;
            }
            outer = Some(*kind);
        }
        if outer.is_none() { Err(ThingError::Kinds) } else { Ok(()) }
    }

    /// With canonical keys.
    #[must_use]
    pub fn canonical(&self, kinds: &Kinds) -> Canonical {
        let levels = self.levels.iter().map(|(kind, keys)| {
            let decls = kinds.get(*kind).map(|kind| kind.key.as_slice()).unwrap_or_default();
            let keys = keys.iter().enumerate().map(|(part, value)| match decls.get(part) {
                Some(decl) => canonical(decl, value),
                None => value.clone(),
            });
            (*kind, keys.collect())
        });
        Canonical(Self { levels: levels.collect() })
    }
}

impl Canonical {
    /// Whether one is the other or lies inside it.
    #[must_use]
    pub fn meets(&self, other: &Self, kinds: &Kinds) -> bool {
        let (short, long) = if self.0.levels.len() <= other.0.levels.len() {
            (&self.0.levels, &other.0.levels)
        } else {
            (&other.0.levels, &self.0.levels)
        };
        let Some(((kind, keys), enclosing)) = short.split_last() else { return false };
        let Some(same) = long.get(..enclosing.len()) else { return false };
        let Some((other_kind, other_keys)) = long.get(enclosing.len()) else { return false };
        if enclosing != same || kind != other_kind || keys.len() != other_keys.len() {
            return false;
        }
        let trees = kinds.get(*kind).map(|kind| kind.key.as_slice()).unwrap_or_default();
        let longer = long.len() > short.len();
        keys.iter().zip(other_keys).enumerate().all(|(part, (a, b))| {
            let tree = trees.get(part).is_some_and(super::kind::KeyDecl::is_tree);
            a == b
                || match (tree, a, b) {
                    // `src` encloses `src/a` and all inside it; `src/a` encloses nothing of another thing in `src`.
                    (true, Value::Text(a), Value::Text(b)) => lies_in(b, a) || !longer && lies_in(a, b),
                    _ => false,
                }
        })
    }

    /// A text for it and each thing that encloses it, outermost first; each begins with the one before. Things whose keys are
    /// paths enclose one another by these, so their texts end before such a key: what differs only there has one text.
    #[must_use]
    pub fn lines(&self, kinds: &Kinds) -> Vec<String> {
        let mut lines = Vec::with_capacity(self.0.levels.len());
        let mut text = String::new();
        for (kind, keys) in &self.0.levels {
            let Some(declared) = kinds.get(*kind) else { break };
            let tree = declared.key.iter().any(super::kind::KeyDecl::is_tree);
            let keys = if tree { Vec::new() } else { keys.clone() };
            let line = Value::List(vec![Value::Text(declared.name.clone()), Value::List(keys)]);
            text.push_str(&String::from_utf8_lossy(&line.canonical()));
            text.push('\n');
            lines.push(text.clone());
            if tree {
                break;
            }
        }
        lines
    }

    /// Whether it is the other, or lies inside it.
    #[must_use]
    pub fn is_in(&self, other: &Self, kinds: &Kinds) -> bool {
        let deep = self.0.levels.len() >= other.0.levels.len();
        let keys = |thing: &Self| thing.0.levels.last().map(|(_, keys)| keys.clone()).unwrap_or_default();
        let below = |part: (&Value, &Value)| match part {
            (Value::Text(inner), Value::Text(outer)) => inner == outer || lies_in(inner, outer),
            (inner, outer) => inner == outer,
        };
        let equal = self.0.levels.len() == other.0.levels.len();
        deep && self.meets(other, kinds) && (!equal || keys(self).iter().zip(&keys(other)).all(below))
    }

    /// One of its kinds, counted from the outermost.
    #[must_use]
    pub fn kind_at(&self, level: usize) -> Option<KindIx> {
        self.0.levels.get(level).map(|(kind, _)| *kind)
    }

    /// A part of the key of one of its kinds, counted from the outermost.
    #[must_use]
    pub fn key(&self, level: usize, part: usize) -> Option<&Value> {
        self.0.levels.get(level).and_then(|(_, keys)| keys.get(part))
    }

    /// How many kinds it has, itself and what encloses it.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.levels.len()
    }

    /// Its kind; a thing without any has none.
    #[must_use]
    pub fn kind(&self) -> Option<KindIx> {
        self.0.levels.last().map(|(kind, _)| *kind)
    }

    /// SHA-256 over `xp-thing-v1`, a zero byte and the canonical bytes of kinds and keys.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let levels =
            self.0.levels.iter().map(|(kind, keys)| {
                Value::List(vec![Value::Int(i64::from(kind.0)), Value::List(keys.clone())])
            });
        Digest::of_parts(&[b"xp-thing-v1\0", &Value::List(levels.collect()).canonical()])
    }
}
