//! How an action is done at its upstream.

use super::name::{Name, Path};
use super::pin::{Expr, Int, Text};

/// A clause that begins with `http` or `mcp`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// `GET "/path/{argument}"`, without a value, or `query "name" is value as form`; `tool "name" is "sha256:…"`.
    Line {
        /// The method or the place.
        word: Name,
        /// The path, or the name of what stands there.
        text: Expr,
        /// What stands there.
        value: Option<Filler>,
    },
    /// `success 200, 201 where "/pointer" is value`; a tool's answer has no status.
    Success {
        /// The statuses.
        statuses: Vec<Int>,
        /// What the answer must say.
        condition: Option<(Text, Expr)>,
    },
    /// `result.field at header "name" as form`; without a place, at a pointer into what was answered.
    Result {
        /// The field; without segments, the result itself.
        field: Path,
        /// The word before the string.
        place: Option<Name>,
        /// Where it is; none where the place says all.
        at: Option<Text>,
        /// How it is written there.
        form: Option<Name>,
    },
    /// `key "header" kept 24h`.
    Key {
        /// The header, or a pointer.
        header: Text,
        /// How long it is kept, in seconds; none where that is too large a number.
        seconds: Option<i64>,
    },
    /// `marker json "/pointer"`.
    Marker {
        /// The place.
        place: Name,
        /// Where in it.
        at: Text,
    },
    /// `probe "/path" list "/pointer" max n marker "/pointer"`.
    Probe {
        /// The path.
        path: Expr,
        /// Where the list is, and the length of a full one.
        list: Option<(Text, Int)>,
        /// Where the identifier of the use is.
        marker: Text,
    },
    /// `probe query "name" is value`.
    ProbePair {
        /// The place; only a query can stand here.
        place: Name,
        /// Name of the pair.
        name: Text,
        /// What stands there.
        value: Filler,
    },
}

/// A value and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filler {
    /// The value.
    pub value: Expr,
    /// The word behind `as`.
    pub form: Option<Name>,
}
