//! Kinds of things, as connectors declare them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::readers::Audience;
use crate::types::Type;

/// Indexes the kinds of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct KindIx(pub u32);

impl KindIx {
    /// The position in the table.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

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
    /// The upstream its things lie in, by the connector that declares the kind.
    pub realm: String,
    /// Qualified names of the kinds that may enclose it; none for an outermost kind.
    pub parents: Vec<String>,
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
    /// Its type: text, an integer, a path, a branch, a commit, a tree, a URL, or words.
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

    /// A name of git: the machine compares what is new with all that the run was given, also inside of lists.
    #[must_use]
    pub fn is_of_git(&self) -> bool {
        matches!(self.ty, Type::Branch | Type::Commit | Type::Tree)
    }
}

/// The kinds that a workflow's declarations speak of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Kind>", into = "Vec<Kind>")]
pub struct Kinds {
    kinds: Vec<Kind>,
    parents: Vec<Vec<KindIx>>,
}

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
    /// A kind that is there twice, has no key or one of a composite type, or lies in a kind that is not there, of
    /// another upstream, in itself, or nested too deeply.
    pub fn new(kinds: Vec<Kind>) -> Result<Self, KindError> {
        let mut by_name = BTreeMap::new();
        for (at, kind) in kinds.iter().enumerate() {
            let wrong = |fault| Err(KindError { kind: kind.name.clone(), fault });
            let Some(ix) = u32::try_from(at).ok().filter(|_| at < MAX_KINDS) else {
                return wrong("is one too many");
            };
            if by_name.insert(kind.name.as_str(), KindIx(ix)).is_some() {
                return wrong("is declared twice");
            }
            if kind.key.is_empty() {
                return wrong("has no key");
            }
            if kind.key.iter().any(|part| !simple(&part.ty)) {
                return wrong("has a key of a type that cannot be one");
            }
        }
        let mut parents = Vec::with_capacity(kinds.len());
        for kind in &kinds {
            let wrong = |fault| KindError { kind: kind.name.clone(), fault };
            let mut own = Vec::with_capacity(kind.parents.len());
            for parent in &kind.parents {
                let ix = by_name.get(parent.as_str()).copied();
                let ix = ix.ok_or_else(|| wrong("lies in a kind that is not declared"))?;
                if kinds.get(ix.index()).is_some_and(|enclosing| enclosing.realm != kind.realm) {
                    return Err(wrong("lies in a kind of another upstream"));
                }
                own.push(ix);
            }
            parents.push(own);
        }
        let table = Self { kinds, parents };
        match table.deepest() {
            Some(kind) => Err(KindError { kind, fault: "lies in itself, or is nested too deeply" }),
            None => Ok(table),
        }
    }

    /// A kind that has more enclosing kinds than there may be, as one does that lies in itself.
    fn deepest(&self) -> Option<String> {
        let mut open: Vec<KindIx> =
            (0..self.kinds.len()).filter_map(|at| u32::try_from(at).ok()).map(KindIx).collect();
        for _ in 0..MAX_DEPTH {
            let mut next: Vec<KindIx> = open.iter().flat_map(|kind| self.parents(*kind)).copied().collect();
            next.sort_unstable();
            next.dedup();
            open = next;
        }
        open.first().and_then(|kind| self.get(*kind)).map(|kind| kind.name.clone())
    }

    /// A kind, if it is in the table.
    #[must_use]
    pub fn get(&self, kind: KindIx) -> Option<&Kind> {
        self.kinds.get(kind.index())
    }

    /// Things of other kinds can lie in one of this kind.
    #[must_use]
    pub fn is_container(&self, kind: KindIx) -> bool {
        self.iter()
            .enumerate()
            .any(|(at, _)| u32::try_from(at).is_ok_and(|at| self.parents(KindIx(at)).contains(&kind)))
    }

    /// The kinds that may enclose a kind.
    #[must_use]
    pub fn parents(&self, kind: KindIx) -> &[KindIx] {
        self.parents.get(kind.index()).map(Vec::as_slice).unwrap_or_default()
    }

    /// Things of the one kind can lie, directly or not, in things of the other.
    #[must_use]
    pub fn lies_in(&self, inner: KindIx, outer: KindIx) -> bool {
        let (mut seen, mut open) = (BTreeSet::new(), self.parents(inner).to_vec());
        while let Some(kind) = open.pop() {
            if kind == outer {
                return true;
            }
            if seen.insert(kind) {
                open.extend(self.parents(kind));
            }
        }
        false
    }

    /// What lies where these kinds say, outermost first, never changes: its own kind is immutable. Of several it is known only
    /// where that content says which ones there are: more can be made of what is given a name, and elsewhere.
    #[must_use]
    pub fn never_change(&self, kinds: impl IntoIterator<Item = Option<KindIx>>, several: bool) -> bool {
        let (mut fixed, mut in_content) = (None, false);
        for kind in kinds {
            in_content |= fixed == Some(Immutable::Content);
            fixed = kind.and_then(|kind| self.get(kind)).and_then(|kind| kind.immutable);
        }
        fixed.is_some() && (!several || in_content && fixed == Some(Immutable::Content))
    }

    /// The kind with a qualified name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<KindIx> {
        let at = self.kinds.iter().position(|kind| kind.name == name)?;
        u32::try_from(at).ok().map(KindIx)
    }

    /// All of them, in table order.
    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }
}

impl JsonSchema for Kinds {
    fn schema_name() -> Cow<'static, str> {
        "Kinds".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Vec<Kind>>()
    }
}

impl TryFrom<Vec<Kind>> for Kinds {
    type Error = KindError;

    fn try_from(kinds: Vec<Kind>) -> Result<Self, KindError> {
        Self::new(kinds)
    }
}

impl From<Kinds> for Vec<Kind> {
    fn from(kinds: Kinds) -> Self {
        kinds.kinds
    }
}

fn simple(ty: &Type) -> bool {
    match ty {
        Type::Int
        | Type::Text
        | Type::Path
        | Type::Branch
        | Type::Commit
        | Type::Tree
        | Type::Url
        | Type::Enum(_) => true,
        Type::Bool
        | Type::Decimal { .. }
        | Type::Time
        | Type::Duration
        | Type::List(_)
        | Type::Set(_)
        | Type::Record(_) => false,
    }
}
