//! Terms: things by what is known of their keys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chooser::Chooser;
use super::kind::KindIx;
use crate::pattern::PatternSet;
use crate::types::Type;
use crate::value::Value;

/// One or several things.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    /// What is in no described realm: it may be any thing that can change. The text names the clause that would say more.
    Undescribed(String),
    /// Kinds with keys, outermost first; the last one is the thing's own. Invariant: never empty, each kind a parent of the next, or of one that
    /// encloses it where the next is deep.
    Path(Vec<Level>),
}

/// A kind with a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// The kind.
    pub kind: KindIx,
    /// One for each part of the kind's key.
    pub keys: Vec<Key>,
    /// What lies deeper in the enclosing thing counts, too. Only of the last level.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deep: bool,
}

/// What is known of one part of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// This value.
    Value(Value),
    /// One value of the run that is not known before it.
    Symbol(Symbol),
    /// Text with values in it.
    Template(Vec<Piece>),
    /// Whatever somebody chooses at the time, inside the patterns if there are any.
    Chosen {
        /// Who chooses.
        by: Chooser,
        /// For paths.
        within: Option<PatternSet>,
        /// It is one of several values that were there before the run made anything: of a parameter.
        given: bool,
    },
    /// The name of something that did not exist before a use of the run made it; the machine checks that.
    Minted {
        /// Of which grant, in which opening.
        mint: MintId,
        /// Which of its uses.
        by: MadeBy,
        /// How it is called, where the run chooses that; the upstream does otherwise.
        name: Option<Box<Key>>,
        /// The run may remove it, so that another use can make something of the same name.
        again: bool,
    },
    /// Every one there is or will be, inside the patterns if there are any.
    Every(Option<PatternSet>),
}

/// Which use of a grant made something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MadeBy {
    /// The only one there can be in an opening.
    Only,
    /// The last one of several, whose result stands.
    Last,
    /// Any one of several.
    Any,
}

/// A value of the run: two terms with one symbol have one value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Symbol {
    /// Which value. Whoever makes terms gives one number to one datum in one opening.
    pub id: SymbolId,
    /// Who decides what it is.
    pub by: Chooser,
    /// It had its value before the run made anything: a parameter.
    pub given: bool,
    /// For paths: its value is inside the patterns.
    pub within: Option<PatternSet>,
}

/// Number of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SymbolId(pub u32);

/// Number of one making of new names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct MintId(pub u32);

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// As it stands.
    Text(String),
    /// A value, printed.
    Hole {
        /// Which.
        symbol: Symbol,
        /// Its type bounds what can be printed.
        ty: Type,
    },
}
