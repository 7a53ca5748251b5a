//! The answers to how two terms relate.

use super::chooser::{Chooser, Class};

/// How two terms relate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// No thing of the one is, or lies inside, or encloses a thing of the other.
    Apart(Because),
    /// Both are the same single thing.
    One,
    /// All that this side stands for lies inside the one thing that the other stands for.
    Within(Side),
    /// They meet for certain, and at least one of them stands for several things.
    Overlap,
    /// They meet if all of these values are chosen so.
    Perhaps(Vec<Assignment>),
}

impl Meeting {
    /// Whether the terms can meet.
    #[must_use]
    pub fn is_apart(&self) -> bool {
        matches!(self, Self::Apart(_))
    }

    /// What a meeting is worth: certain ones and those somebody can choose refute.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        match self {
            Self::Apart(_) => None,
            Self::One | Self::Within(_) | Self::Overlap => Some(Class::Chosen),
            Self::Perhaps(needed) => {
                Some(needed.iter().map(|one| one.by.class()).max().unwrap_or(Class::Chosen))
            }
        }
    }

    /// The same meeting with the sides exchanged.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::Within(side) => Self::Within(side.other()),
            other => other,
        }
    }
}

/// A side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first term.
    Left,
    /// The second term.
    Right,
}

impl Side {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// A value that must be chosen so that two terms meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The kind, counted from the outermost, whose key it is in; none where a whole realm is undescribed.
    pub level: Option<usize>,
    /// The part of that key.
    pub part: usize,
    /// Who chooses.
    pub by: Chooser,
    /// The clause that would say more, where a declaration is silent.
    pub clause: Option<String>,
}

/// Why two terms never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// They lie at different upstreams.
    Realm,
    /// They are of kinds of which neither encloses the other.
    Kind,
    /// Things of the one kind never change, and the other is only what may change.
    Immutable,
    /// Their keys differ, and different spellings of this key are different things.
    Spelling,
    /// One of them is new, and the other existed before.
    New,
}
