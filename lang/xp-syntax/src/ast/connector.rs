//! Connectors: types and actions.

use xp_diagnostics::Span;

use super::name::{Doc, Name, Path};
use super::pin::Expr;
use super::thing::{Making, Resource, Source, Thing};

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

/// `name: type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// Both.
    pub span: Span,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    /// Which.
    pub kind: TypeKind,
    /// Where.
    pub span: Span,
}

/// The forms of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeKind {
    /// A built-in type, a record, or an enumeration of this one word: resolving tells.
    Named(Path),
    /// `list of T`.
    List(Box<Type>),
    /// `set of T`.
    Set(Box<Type>),
    /// `{ f: T, … }`.
    Record(Vec<Field>),
    /// `a | b`; at least two words.
    Enum(Vec<Name>),
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
    /// `changes …`; empty for `nothing`.
    Changes(Vec<Thing>),
    /// `reads …`; empty for `nothing`.
    Reads(Vec<Thing>),
    /// `makes T valid while … from …`.
    Makes(Making),
    /// `removes …`.
    Removes(Vec<Thing>),
    /// `final p, q`.
    Final(Vec<Name>),
    /// `expects T at …`.
    Expects(Thing, Option<Source>),
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
}
