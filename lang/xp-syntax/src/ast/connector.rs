//! Connectors: types and actions.

use xp_diagnostics::Span;

use super::name::{Doc, Name, Path};
use super::pin::Expr;
use super::thing::{Making, Resource, Source, Thing};
use super::transport::Transport;
use super::ty::{Field, Type};

/// `connector name { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connector {
    /// What its doc comment says.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// Kinds of things.
    pub resources: Vec<Resource>,
    /// Record types.
    pub types: Vec<TypeDecl>,
    /// Actions.
    pub actions: Vec<Action>,
    /// A member was not understood.
    pub damaged: bool,
    /// From `connector` to the closing brace.
    pub span: Span,
}

/// `type Name { field: type, … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeDecl {
    /// What its doc comment says.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// Its fields.
    pub fields: Vec<Field>,
    /// From `type` to the closing brace.
    pub span: Span,
}

/// `action name(params) -> result { clauses }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What its doc comment says.
    pub doc: Option<Doc>,
    /// Its name inside the connector, `issues.search`.
    pub name: Path,
    /// Its arguments.
    pub params: Vec<ActionParam>,
    /// Type of its result; none when there is no `->`.
    pub result: Option<Type>,
    /// What it does, in source order; each kind at most once.
    pub clauses: Vec<Clause>,
    /// A clause was not understood.
    pub damaged: bool,
    /// From `action` to the closing brace.
    pub span: Span,
}

/// `name: type = value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionParam {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// Its value when left out: a literal, a word of its enumeration, or a field of another argument.
    pub default: Option<Expr>,
    /// All of it.
    pub span: Span,
}

/// A clause of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Which.
    pub kind: ClauseKind,
    /// Where.
    pub span: Span,
}

/// The forms of a clause. Words that later passes must know are kept as names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClauseKind {
    /// `effect write`.
    Effect(Name),
    /// `irreversible`.
    Irreversible,
    /// `reveals untrusted, private`.
    Reveals(Vec<Name>),
    /// `publishes`.
    Publishes,
    /// `attests`.
    Attests,
    /// `shows f, g`.
    Shows(Vec<Name>),
    /// `repeat probe`.
    Repeat(Name),
    /// `changes … from …`: the things, empty for `nothing`, and what goes into them, where that is said.
    Changes(Vec<Thing>, Option<Vec<Source>>),
    /// `reads …`; empty for `nothing`.
    Reads(Vec<Thing>),
    /// `makes T valid while … from …`.
    Makes(Making),
    /// `removes …`.
    Removes(Vec<Thing>),
    /// `final p, q`.
    Final(Vec<Name>),
    /// `expects T at … or reports f`.
    Expects(Thing, Option<Source>, Option<Name>),
    /// `version of T is result.f`.
    Version(Thing, Path),
    /// `measured by …`; empty for `nothing`.
    MeasuredBy(Vec<Source>),
    /// `about T`, and `result.f about T` with the field.
    About(Option<Path>, Vec<Thing>),
    /// `result.f from …`; empty for `nothing`.
    From(Path, Vec<Source>),
    /// `result.f is p`.
    Is(Path, Path),
    /// `http …`.
    Http(Transport),
    /// `mcp …`.
    Mcp(Transport),
}

impl Clause {
    /// The kinds it names, as they are written.
    #[must_use]
    pub fn kinds(&self) -> Vec<&Path> {
        let mut found = Vec::new();
        match &self.kind {
            ClauseKind::Changes(things, from) => {
                things.iter().for_each(|thing| thing.kinds(&mut found));
                from.iter().flatten().for_each(|source| source.kinds(&mut found));
            }
            ClauseKind::Reads(things) | ClauseKind::Removes(things) | ClauseKind::About(_, things) => {
                things.iter().for_each(|thing| thing.kinds(&mut found))
            }
            ClauseKind::Makes(making) => {
                making.thing.kinds(&mut found);
                making.valid_while.iter().for_each(|thing| thing.kinds(&mut found));
                making.from.iter().flatten().for_each(|source| source.kinds(&mut found));
            }
            ClauseKind::Expects(thing, at, _) => {
                thing.kinds(&mut found);
                at.iter().for_each(|source| source.kinds(&mut found));
            }
            ClauseKind::Version(thing, _) => thing.kinds(&mut found),
            ClauseKind::MeasuredBy(sources) | ClauseKind::From(_, sources) => {
                sources.iter().for_each(|source| source.kinds(&mut found));
            }
            ClauseKind::Effect(_)
            | ClauseKind::Irreversible
            | ClauseKind::Reveals(_)
            | ClauseKind::Publishes
            | ClauseKind::Attests
            | ClauseKind::Shows(_)
            | ClauseKind::Repeat(_)
            | ClauseKind::Final(_)
            | ClauseKind::Is(..)
            | ClauseKind::Http(_)
            | ClauseKind::Mcp(_) => {}
        }
        found
    }
}
