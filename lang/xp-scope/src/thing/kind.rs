//! Kinds of things, as connectors declare them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::audience::Audience;
use crate::types::Type;

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in the table it indexes.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index!(
    /// Indexes the table of realms: the upstreams a deployment binds.
    RealmIx
);
index!(
    /// Indexes [`Kinds`].
    KindIx
);

/// Kinds a table may have.
const MAX_KINDS: usize = 4_096;
/// Kinds that may enclose one another.
const MAX_DEPTH: usize = 16;

/// A kind of thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Qualified name, `github.Branch`.
    pub name: String,
    /// The upstream its things lie in.
    pub realm: RealmIx,
    /// Kinds that may enclose it; none for an outermost kind. Earlier in the table than this one.
    pub parents: Vec<KindIx>,
    /// What tells its things apart within their enclosing thing; at least one.
    pub key: Vec<KeyDecl>,
    /// Why its things never change, if they do not.
    pub immutable: Option<Immutable>,
    /// Who can read its things; unsaid, nobody knows.
    pub audience: Option<Audience>,
}

/// Why the things of a kind never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Immutable {
    /// The upstream mints the key and never uses it again.
    Minted,
    /// The key is derived from the content.
    Content,
}

/// A part of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyDecl {
    /// Its name, `number`.
    pub name: String,
    /// Its type: text, an integer, a path, a branch, a commit, a tree, or words.
    pub ty: Type,
    /// The upstream takes upper and lower case, and compatible characters, for one.
    pub fold: bool,
    /// Two different spellings never name one thing: no folding, redirect, link or renaming at the upstream.
    pub exact: bool,
}

impl KeyDecl {
    /// Whether `a` encloses `a/b` as keys of one kind.
    #[must_use]
    pub fn is_tree(&self) -> bool {
        self.ty == Type::Path
    }
}

/// Every kind that a workflow's connectors declare.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Kinds(Vec<Kind>);

/// Why a table of kinds is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the kind `{kind}` {fault}")]
pub struct KindError {
    /// Qualified name of the kind.
    pub kind: String,
    /// What is wrong with it.
    pub fault: &'static str,
}

impl Kinds {
    /// A checked table.
    ///
    /// # Errors
    /// The first kind that is named twice, has no key, a key of a composite type, or a parent that is not before it, in
    /// another realm, or nested too deeply.
    pub fn new(kinds: Vec<Kind>) -> Result<Self, KindError> {
        let mut depths: Vec<usize> = Vec::with_capacity(kinds.len());
        for (at, kind) in kinds.iter().enumerate() {
            let wrong = |fault| Err(KindError { kind: kind.name.clone(), fault });
            if at >= MAX_KINDS {
                return wrong("is one too many");
            }
            if kinds.iter().take(at).any(|other| other.name == kind.name) {
                return wrong("is declared twice");
            }
            if kind.key.is_empty() {
                return wrong("has no key");
            }
            if kind.key.iter().any(|part| !simple(&part.ty)) {
                return wrong("has a key of a composite type");
            }
            let mut depth = 1;
            for parent in &kind.parents {
                let Some((enclosing, nested)) = kinds.get(parent.index()).zip(depths.get(parent.index()))
                else {
                    return wrong("lies in a kind that is not declared before it");
                };
                if enclosing.realm != kind.realm {
                    return wrong("lies in a kind of another upstream");
                }
                depth = depth.max(nested + 1);
            }
            if depth > MAX_DEPTH {
                return wrong("is nested too deeply");
            }
            depths.push(depth);
        }
        Ok(Self(kinds))
    }

    /// A kind, if it is in the table.
    #[must_use]
    pub fn get(&self, kind: KindIx) -> Option<&Kind> {
        self.0.get(kind.index())
    }

    /// The kind with a qualified name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<(KindIx, &Kind)> {
        let (at, kind) = self.0.iter().enumerate().find(|(_, kind)| kind.name == name)?;
        Some((KindIx(u32::try_from(at).ok()?), kind))
    }

    /// All of them, in table order.
    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn simple(ty: &Type) -> bool {
    match ty {
        Type::Int | Type::Text | Type::Path | Type::Branch | Type::Commit | Type::Tree | Type::Enum(_) => {
            true
        }
        Type::Bool | Type::List(_) | Type::Record(_) => false,
    }
}
