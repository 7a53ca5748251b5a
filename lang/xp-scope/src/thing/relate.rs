//! How two terms relate.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::key::{self, KeyMeeting};
use super::kind::Kinds;
use super::term::{Level, Term};

/// Who decides a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Chooser {
    /// An agent of the run.
    Agent,
    /// Whoever starts the run.
    Starter,
    /// The upstream, within its declaration.
    World,
    /// Nobody: how the upstream spells, folds or redirects names.
    Nobody,
    /// Nobody knows: a declaration is silent.
    Unsaid,
}

/// What an assignment is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Somebody can choose it against us: it refutes.
    Chosen,
    /// Nobody chooses it: what rests on it is conditional.
    Spelling,
    /// It exists only because a declaration is silent: unknown.
    Silent,
}

impl Chooser {
    /// What an assignment by this chooser is worth.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::Agent | Self::Starter | Self::World => Class::Chosen,
            Self::Nobody => Class::Spelling,
            Self::Unsaid => Class::Silent,
        }
    }
}

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

    /// Whether the terms meet for certain.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        matches!(self, Self::One | Self::Within(_) | Self::Overlap)
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

/// How two terms relate. Symmetric up to [`Meeting::mirrored`].
///
/// Two things meet if and only if one is the other or lies inside it. Terms of kinds the table does not have are taken
/// for things that may be anything.
#[must_use]
pub fn relate(kinds: &Kinds, a: &Term, b: &Term) -> Meeting {
    match (a, b) {
        (Term::Path(a), Term::Path(b)) => paths(kinds, a, b),
        (Term::Undescribed(clause), Term::Path(path)) | (Term::Path(path), Term::Undescribed(clause)) => {
            let last = path.last().and_then(|level| kinds.get(level.kind));
            if last.is_some_and(|kind| kind.immutable.is_some()) {
                return Meeting::Apart(Because::Immutable);
            }
            silent(clause)
        }
        (Term::Undescribed(clause), Term::Undescribed(_)) => silent(clause),
    }
}

fn silent(clause: &str) -> Meeting {
    let clause = Some(clause.to_owned());
    Meeting::Perhaps(vec![Assignment { level: None, part: 0, by: Chooser::Unsaid, clause }])
}

fn paths(kinds: &Kinds, a: &[Level], b: &[Level]) -> Meeting {
    let mut so_far = SoFar::default();
    for (number, (left, right)) in a.iter().zip(b).enumerate() {
        let (Some(kind), Some(other)) = (kinds.get(left.kind), kinds.get(right.kind)) else {
            return silent("resource");
        };
        if kind.realm != other.realm {
            return Meeting::Apart(Because::Realm);
        }
        if left.kind != right.kind {
            return Meeting::Apart(Because::Kind);
        }
        // A key that lies inside another's is a thing inside a thing only where the enclosing term ends.
        let ends = Ends { left: number + 1 == a.len(), right: number + 1 == b.len() };
        for (part, decl) in kind.key.iter().enumerate() {
            let (Some(l), Some(r)) = (left.keys.get(part), right.keys.get(part)) else {
                return silent("resource");
            };
            if let Err(because) = so_far.add((number, part), key::meet(decl, l, r), ends) {
                return Meeting::Apart(because);
            }
        }
    }
    so_far.end(a.len(), b.len())
}

/// Which of two terms end at the key being compared.
#[derive(Clone, Copy)]
struct Ends {
    left: bool,
    right: bool,
}

impl Ends {
    fn on(self, side: Side) -> bool {
        match side {
            Side::Left => self.left,
            Side::Right => self.right,
        }
    }
}

#[derive(Default)]
struct SoFar {
    needed: Vec<Assignment>,
    several: bool,
    within: Option<Side>,
}

impl SoFar {
    fn add(&mut self, at: (usize, usize), meeting: KeyMeeting, ends: Ends) -> Result<(), Because> {
        match meeting {
            KeyMeeting::Apart(because) => return Err(because),
            KeyMeeting::One => {}
            // `src` encloses `src/a`: the side with the longer path lies inside, if the other term ends here.
            KeyMeeting::Inside(side) if ends.on(side.other()) => match self.within {
                // Parts of one key that enclose each other crosswise: neither thing is the larger.
                Some(before) if before != side => self.perhaps(at, Chooser::Nobody),
                _ => self.within = Some(side),
            },
            KeyMeeting::Inside(_) => return Err(Because::Spelling),
            KeyMeeting::Several => self.several = true,
            KeyMeeting::Perhaps(by) => self.perhaps(at, by),
        }
        Ok(())
    }

    fn perhaps(&mut self, (level, part): (usize, usize), by: Chooser) {
        self.needed.push(Assignment { level: Some(level), part, by, clause: None });
    }

    fn end(self, left: usize, right: usize) -> Meeting {
        if !self.needed.is_empty() {
            return Meeting::Perhaps(self.needed);
        }
        if self.several {
            return Meeting::Overlap;
        }
        match left.cmp(&right) {
            std::cmp::Ordering::Greater => Meeting::Within(Side::Left),
            std::cmp::Ordering::Less => Meeting::Within(Side::Right),
            std::cmp::Ordering::Equal => self.within.map_or(Meeting::One, Meeting::Within),
        }
    }
}
