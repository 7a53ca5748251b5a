//! Types as they are written.

use xp_diagnostics::Span;

use super::name::{Name, Path};
use super::pin::Int;

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
    /// `optional T`.
    Optional(Box<Type>),
    /// `decimal(2) EUR`.
    Decimal {
        /// Fraction digits.
        scale: Int,
        /// The unit, when there is one.
        unit: Option<Name>,
    },
    /// `{ f: T, … }`.
    Record(Vec<Field>),
    /// `a | b`; at least two words.
    Enum(Vec<Name>),
}
