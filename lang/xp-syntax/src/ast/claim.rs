//! What is to be proved.

use xp_diagnostics::Span;

use super::name::{Name, Path};
use super::pin::{Expr, Int, Patterns};
use super::step::Formula;
use super::thing::Thing;

/// `prove claim or vacuous`, or `guard claim`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prove {
    /// `guard`: it is enforced, not proved.
    pub guard: bool,
    /// What is claimed.
    pub claim: Claim,
    /// `or vacuous`: accepted that the situation cannot occur.
    pub vacuous: Option<Span>,
    /// The line.
    pub span: Span,
}

/// What is claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Which.
    pub kind: ClaimKind,
    /// Without `prove` or `guard`, and `or vacuous`.
    pub span: Span,
}

/// The forms of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimKind {
    /// `no role can A and B`.
    NoRole(Uses, Uses),
    /// `no principal can A and B`.
    NoPrincipal(Uses, Uses),
    /// `A requires formula`.
    Requires(Uses, Formula),
    /// `never A`.
    Never(Uses),
    /// `A only within extent`.
    OnlyWithin(Uses, Extent),
    /// `A at most n per run`.
    AtMost(Uses, Int),
    /// `untrusted text reaches A only through role`, or `only through unexposed role`.
    Through {
        /// Which uses.
        uses: Uses,
        /// `unexposed`.
        unexposed: Option<Span>,
        /// Whose judgement lets it pass.
        role: Name,
    },
    /// `private T never reaches A`, or `reaches A only through role`.
    Private {
        /// The things.
        thing: Thing,
        /// Which uses; none for all by which it comes to outsiders.
        sinks: Option<Uses>,
        /// Whose judgement lets it pass.
        through: Option<Name>,
    },
}

/// Some uses of actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uses {
    /// Which.
    pub kind: UsesKind,
    /// Where.
    pub span: Span,
}

/// The forms of uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsesKind {
    /// `effect write`.
    Effect(Name),
    /// `github.contents.write` or `github.contents.write(branch: repo.default_branch)`.
    Action {
        /// The action.
        action: Path,
        /// Arguments that must have a value; empty for the bare action.
        args: Vec<UsesArg>,
    },
}

/// An argument that must have this value, by position or by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsesArg {
    /// The parameter, when named.
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
    /// Both.
    pub span: Span,
}

/// A set of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The paths in this list.
    Datum(Path),
    /// The paths that match.
    Patterns(Patterns),
}
