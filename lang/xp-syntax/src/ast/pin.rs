//! Arguments of grants, and the values in them.

use xp_diagnostics::Span;

use super::name::{Name, Path};

/// An argument of a grant, by position or by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arg {
    /// The parameter, when named.
    pub name: Option<Name>,
    /// What it may be.
    pub pin: Pin,
    /// Both.
    pub span: Span,
}

/// What an argument may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Which.
    pub kind: PinKind,
    /// Where.
    pub span: Span,
}

/// The forms of a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinKind {
    /// Exactly this. A path of one word may also be a word of an enumeration.
    Is(Expr),
    /// `one of a.b within […]`.
    OneOf {
        /// The list.
        set: Path,
        /// Patterns it is narrowed by.
        within: Option<Patterns>,
    },
    /// `within […]`.
    Within(Patterns),
    /// `content max n`.
    Content {
        /// Length bound in characters.
        max: Option<Int>,
    },
    /// `any`.
    Any,
}

/// `["src/**", "tests/**"]`; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patterns {
    /// The patterns, escapes resolved, not interpolated.
    pub items: Vec<Text>,
    /// With the brackets.
    pub span: Span,
}

/// A string without interpolation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Its value, escapes resolved.
    pub value: String,
    /// With the quotes.
    pub span: Span,
}

/// A whole number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Int {
    /// Its value.
    pub value: i64,
    /// Where.
    pub span: Span,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    /// Which.
    pub kind: ExprKind,
    /// Where.
    pub span: Span,
}

/// The forms of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExprKind {
    /// A datum, or (one word) a word of an enumeration.
    Path(Path),
    /// A literal.
    Literal(LiteralKind),
    /// A string with at least one `{datum}` in it.
    Template(Vec<TemplatePart>),
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplatePart {
    /// As it stands, escapes resolved.
    Text(String),
    /// `{a.b.c}`.
    Datum(Path),
}

/// The forms of a literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiteralKind {
    /// `"text"`.
    Text(String),
    /// `12`, `-3`.
    Int(i64),
    /// `1000.00`, `1000.00 EUR`, `5 EUR`.
    Decimal {
        /// The digits as written, with the sign and the point.
        number: String,
        /// The unit, when there is one.
        unit: Option<String>,
    },
    /// `30s`, `15m`, `2h`, `7d`: seconds.
    Duration(i64),
    /// `true`, `false`.
    Bool(bool),
}
