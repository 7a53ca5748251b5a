//! Formulas over outcomes, and the comparisons of data that formulas and conditions are made of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use xp_scope::{Type, Value, rank};

use crate::parts::{Atom, Datum};

/// A positive formula over settled outcomes and comparisons of data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Formula {
    /// The step ended with the outcome.
    Is(Atom),
    /// The comparison holds of values that are there.
    Test(Box<Test>),
    /// All hold; the empty one is true.
    All(Vec<Formula>),
    /// Any holds; the empty one is false.
    Any(Vec<Formula>),
}

/// `left RELATION right`. False if a value is not there: a comparison and its opposite are then both false.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// The datum that is compared.
    pub left: Datum,
    /// How.
    pub relation: Relation,
    /// With what.
    pub right: Operand,
    /// The type of both.
    pub ty: Type,
}

/// What a datum is compared with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operand {
    /// A literal.
    Literal(Value),
    /// Another datum.
    Datum(Datum),
}

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// `is`: they are equal.
    Is,
    /// `is not`.
    IsNot,
    /// `<`, of ordered types only, as those below.
    Less,
    /// `<=`.
    AtMost,
    /// `>`.
    More,
    /// `>=`.
    AtLeast,
}

impl Relation {
    /// The relation that holds exactly when this one does not.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Is => Self::IsNot,
            Self::IsNot => Self::Is,
            Self::Less => Self::AtLeast,
            Self::AtMost => Self::More,
            Self::More => Self::AtMost,
            Self::AtLeast => Self::Less,
        }
    }

    /// Values need an order for it.
    #[must_use]
    pub fn needs_order(self) -> bool {
        !matches!(self, Self::Is | Self::IsNot)
    }

    /// As the language writes it.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::IsNot => "is not",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }

    /// Whether it holds of two values of a type.
    #[must_use]
    pub fn holds(self, left: &Value, right: &Value, ty: &Type) -> bool {
        match self {
            Self::Is => left == right,
            Self::IsNot => left != right,
            Self::Less | Self::AtMost | Self::More | Self::AtLeast => {
                let (Some(left), Some(right)) = (rank::rank(left, ty), rank::rank(right, ty)) else {
                    return false;
                };
                match self {
                    Self::Less => left < right,
                    Self::AtMost => left <= right,
                    Self::More => left > right,
                    _ => left >= right,
                }
            }
        }
    }
}

impl Test {
    /// A Boolean datum has this value.
    #[must_use]
    pub fn flag(left: Datum, is: bool) -> Self {
        Self { left, relation: Relation::Is, right: Operand::Literal(Value::Bool(is)), ty: Type::Bool }
    }

    /// The data it compares: one or two.
    pub fn data(&self) -> impl Iterator<Item = &Datum> {
        let other = match &self.right {
            Operand::Literal(_) => None,
            Operand::Datum(datum) => Some(datum),
        };
        std::iter::once(&self.left).chain(other)
    }

    /// Whether it holds where data have these values; false where one has none.
    pub fn holds(&self, value: &dyn Fn(&Datum) -> Option<Value>) -> bool {
        let Some(left) = value(&self.left) else { return false };
        match &self.right {
            Operand::Literal(right) => self.relation.holds(&left, right, &self.ty),
            Operand::Datum(right) => {
                value(right).is_some_and(|right| self.relation.holds(&left, &right, &self.ty))
            }
        }
    }

    /// It holds of values that are there exactly when this one does not.
    #[must_use]
    pub fn opposite(&self) -> Self {
        Self { relation: self.relation.opposite(), ..self.clone() }
    }
}
