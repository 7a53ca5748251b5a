//! Things: their kinds, and clauses that speak of them.

use xp_diagnostics::Span;

use super::name::{Doc, Name, Path};
use super::pin::{Patterns, TemplatePart};
use super::ty::Type;

/// `resource Name in A | B { key: type fold exact } immutable minted audience readers of A`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// What its doc comment says.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// Kinds that may enclose it.
    pub parents: Vec<Path>,
    /// The parts of its key; at least one.
    pub key: Vec<KeyPart>,
    /// What stands behind the key, in source order.
    pub marks: Vec<Mark>,
    /// From `resource` to its end.
    pub span: Span,
}

/// `name: type fold exact`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPart {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// The word `fold`.
    pub fold: Option<Span>,
    /// The word `exact`.
    pub exact: Option<Span>,
    /// All of it.
    pub span: Span,
}

/// A mark of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Which.
    pub kind: MarkKind,
    /// Where.
    pub span: Span,
}

/// The forms of a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// `immutable`, with whether `minted` follows.
    Immutable(bool),
    /// `audience public`.
    Public,
    /// `audience staff, readers of Repo`.
    Audience(Vec<Readers>),
}

/// `group of Kind`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readers {
    /// The group.
    pub group: Name,
    /// Of which enclosing kind.
    pub of: Option<Path>,
}

/// One or several things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    /// Which.
    pub kind: ThingKind,
    /// Where.
    pub span: Span,
}

/// The forms of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ThingKind {
    /// `anything`, or `anything in T`.
    Anything(Option<OneThing>),
    /// `every Kind in T`, with patterns behind the kind.
    Every {
        /// The kind.
        kind: Path,
        /// Which of them.
        patterns: Option<Patterns>,
        /// In what.
        inside: Option<OneThing>,
    },
    /// `some Kind in T`.
    Some {
        /// The kind.
        kind: Path,
        /// In what.
        inside: Option<OneThing>,
    },
    /// `Kind(key, …)`.
    One(OneThing),
}

/// `Kind(key, …)`: first what encloses it, then its own key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneThing {
    /// The kind.
    pub kind: Path,
    /// At least one.
    pub keys: Vec<ThingKey>,
    /// All of it.
    pub span: Span,
}

/// A key, or an enclosing thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThingKey {
    /// Which.
    pub kind: ThingKeyKind,
    /// Where.
    pub span: Span,
}

/// The forms of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ThingKeyKind {
    /// What encloses it.
    Thing(OneThing),
    /// Every one that matches.
    Patterns(Patterns),
    /// Every one.
    Any,
    /// A text.
    Text(String),
    /// A text with data in it.
    Template(Vec<TemplatePart>),
    /// A number.
    Int(i64),
    /// An argument, or `result` with fields.
    Path(Path),
}

/// Where content comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An argument, or `result` with fields.
    Path(Path),
    /// What is in a thing.
    Thing(Thing),
}

/// `makes T valid while S from …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Making {
    /// What is made.
    pub thing: Thing,
    /// What it takes effect on.
    pub valid_while: Vec<Thing>,
    /// What goes into it; none where that is not said, empty for `nothing`.
    pub from: Option<Vec<Source>>,
}

impl Thing {
    /// The keys in it, those of what encloses it among them.
    pub fn keys(&mut self) -> Vec<&mut ThingKey> {
        let mut found = Vec::new();
        match &mut self.kind {
            ThingKind::Anything(Some(one)) | ThingKind::One(one) => one.own_keys(&mut found),
            ThingKind::Every { inside: Some(one), .. } | ThingKind::Some { inside: Some(one), .. } => {
                one.own_keys(&mut found);
            }
            ThingKind::Anything(None) | ThingKind::Every { .. } | ThingKind::Some { .. } => {}
        }
        found
    }

    /// The kinds it names.
    pub(super) fn kinds<'t>(&'t self, found: &mut Vec<&'t Path>) {
        let inside = match &self.kind {
            ThingKind::Anything(inside) => inside.as_ref(),
            ThingKind::Every { kind, inside, .. } | ThingKind::Some { kind, inside } => {
                found.push(kind);
                inside.as_ref()
            }
            ThingKind::One(one) => Some(one),
        };
        if let Some(one) = inside {
            one.kinds(found);
        }
    }
}

impl OneThing {
    fn own_keys<'t>(&'t mut self, found: &mut Vec<&'t mut ThingKey>) {
        for key in &mut self.keys {
            match key {
                ThingKey { kind: ThingKeyKind::Thing(inner), .. } => inner.own_keys(found),
                key => found.push(key),
            }
        }
    }

    pub(super) fn kinds<'t>(&'t self, found: &mut Vec<&'t Path>) {
        found.push(&self.kind);
        for key in &self.keys {
            if let ThingKeyKind::Thing(inner) = &key.kind {
                inner.kinds(found);
            }
        }
    }
}

impl Source {
    pub(super) fn kinds<'t>(&'t self, found: &mut Vec<&'t Path>) {
        if let Self::Thing(thing) = self {
            thing.kinds(found);
        }
    }
}
