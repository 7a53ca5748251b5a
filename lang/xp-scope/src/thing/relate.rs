//! How two terms relate.

use super::chooser::Chooser;
use super::joint::{self, Pair};
use super::key::{self, KeyMeeting};
use super::kind::{KeyDecl, KindIx, Kinds};
use super::meeting::{Assignment, Because, Meeting, Side};
use super::term::{Key, Level, Term};
use crate::value::Value;

/// How two terms relate. Symmetric up to [`Meeting::mirrored`].
///
/// Two things meet if and only if one is the other or lies inside it. Terms of kinds the table does not have are taken
/// for things that may be anything.
#[must_use]
pub fn relate(kinds: &Kinds, a: &Term, b: &Term) -> Meeting {
    match (a, b) {
        (Term::Path(a), Term::Path(b)) => paths(kinds, a, b),
        (Term::Undescribed(clause), Term::Path(path)) | (Term::Path(path), Term::Undescribed(clause)) => {
            if kinds.never_change(path.iter().map(|level| Some(level.kind)), is_several(path)) {
                return Meeting::Apart(Because::Immutable);
            }
            silent(clause)
        }
        (Term::Undescribed(clause), Term::Undescribed(_)) => silent(clause),
    }
}

/// Everything that `part` may mean certainly is something that `whole` means, or lies in it.
#[must_use]
pub fn covers(kinds: &Kinds, whole: &Term, part: &Term) -> bool {
    let (Term::Path(whole), Term::Path(part)) = (whole, part) else { return false };
    let covers_key = |decl: &KeyDecl, whole: &Key, part: &Key, last: bool| match (whole, part) {
        (Key::Every(None), _) => true,
        // One value in both places.
        (Key::Symbol(_) | Key::Template(_), _) if whole == part => true,
        (Key::Every(Some(patterns)), Key::Value(Value::Text(text))) => patterns.matches(text),
        (Key::Every(Some(patterns)), Key::Every(Some(others)) | Key::Chosen { within: Some(others), .. }) => {
            others.within(patterns).is_ok()
        }
        _ => match key::meet(decl, whole, part) {
            KeyMeeting::One => true,
            KeyMeeting::Inside(side) => last && side == Side::Right,
            KeyMeeting::Apart(_) | KeyMeeting::Several | KeyMeeting::Perhaps(_) => false,
        },
    };
    // Every one of a kind in something is also every one that lies deeper there.
    if let Some((every, outer)) = whole.split_last()
        && every.deep
        && every.keys.iter().all(|key| matches!(key, Key::Every(None)))
        && part.get(outer.len()).is_some_and(|level| level.kind != every.kind)
        && part.iter().skip(outer.len()).any(|level| level.kind == every.kind)
    {
        let enclosing = part.get(..outer.len()).unwrap_or_default().to_vec();
        return outer.is_empty() || covers(kinds, &Term::Path(outer.to_vec()), &Term::Path(enclosing));
    }
    // What lies deeper is not among those that lie in the enclosing thing itself.
    if let (Some((inner, enclosing)), Some(outer)) =
        (part.split_last(), whole.get(part.len().saturating_sub(1)))
        && inner.deep
        && !outer.deep
        && lies_deeper(kinds, inner.kind, enclosing.last().map(|level| level.kind))
    {
        return false;
    }
    whole.len() <= part.len()
        && whole.iter().zip(part).enumerate().all(|(number, (outer, inner))| {
            let decls = kinds.get(outer.kind).filter(|_| outer.kind == inner.kind).map(|kind| &kind.key);
            decls.is_some_and(|decls| {
                let mut keys = decls.iter().zip(outer.keys.iter().zip(&inner.keys));
                keys.len() == decls.len()
                    && keys.all(|(decl, (outer, inner))| {
                        covers_key(decl, outer, inner, number + 1 == whole.len())
                    })
            })
        })
}

fn silent(clause: &str) -> Meeting {
    let clause = Some(clause.to_owned());
    Meeting::Perhaps(vec![Assignment { level: None, part: 0, by: Chooser::Unsaid, clause }])
}

fn paths(kinds: &Kinds, a: &[Level], b: &[Level]) -> Meeting {
    let mut so_far = SoFar::default();
    let mut pairs = Vec::new();
    for (number, (left, right)) in a.iter().zip(b).enumerate() {
        let (Some(kind), Some(other)) = (kinds.get(left.kind), kinds.get(right.kind)) else {
            return silent("resource");
        };
        if kind.realm != other.realm {
            return Meeting::Apart(Because::Realm);
        }
        if left.kind != right.kind {
            // Every one of a kind in something is also every one in what lies there, and some one may lie there.
            if !reaches(kinds, left, right.kind) && !reaches(kinds, right, left.kind) {
                return Meeting::Apart(Because::Kind);
            }
            so_far.several = true;
            return so_far.end(a.len(), b.len());
        }
        // A key that lies inside another's is a thing inside a thing only where the enclosing term ends.
        let ends = Ends { left: number + 1 == a.len(), right: number + 1 == b.len() };
        for (part, decl) in kind.key.iter().enumerate() {
            let (Some(l), Some(r)) = (left.keys.get(part), right.keys.get(part)) else {
                return silent("resource");
            };
            let meeting = match key::meet(decl, l, r) {
                // One part of a key is new only beside others that are given: the same number may exist elsewhere.
                KeyMeeting::Apart(Because::New) => key::is_new(kind, left, right),
                meeting => meeting,
            };
            if let Err(because) = so_far.add((number, part), meeting, ends) {
                return Meeting::Apart(because);
            }
            pairs.push(((number, part), Pair { decl, left: l, right: r, ends: (ends.left, ends.right) }));
        }
    }
    if let Err(because) = so_far.at_once(&pairs) {
        return Meeting::Apart(because);
    }
    so_far.end(a.len(), b.len())
}

/// The path stands for all things that have some key or other.
#[must_use]
pub fn is_several(path: &[Level]) -> bool {
    path.last().is_some_and(|level| level.keys.iter().any(|key| matches!(key, Key::Every(_))))
}

/// A thing of the kind can lie in such a thing otherwise than directly.
fn lies_deeper(kinds: &Kinds, kind: KindIx, outer: Option<KindIx>) -> bool {
    let parents = kinds.parents(kind);
    outer.map_or(!parents.is_empty(), |outer| parents.iter().any(|parent| kinds.lies_in(*parent, outer)))
}

/// The level is of a kind at any depth, which can lie, directly or not, in things of the other.
fn reaches(kinds: &Kinds, level: &Level, other: KindIx) -> bool {
    level.deep && kinds.lies_in(level.kind, other)
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

    /// The values that make each pair meet must be the same for all of them.
    fn at_once(&mut self, pairs: &[((usize, usize), Pair<'_>)]) -> Result<(), Because> {
        if self.needed.is_empty() {
            return Ok(());
        }
        let all: Vec<Pair<'_>> = pairs.iter().map(|(_, pair)| *pair).collect();
        if !joint::say_more(&all) || joint::may_meet(&all) {
            return Ok(());
        }
        let exact: Vec<Pair<'_>> = all.into_iter().filter(|pair| pair.decl.exact).collect();
        match pairs.iter().find(|(_, pair)| !pair.decl.exact) {
            Some((at, _)) if joint::may_meet(&exact) => self.perhaps(*at, Chooser::Nobody),
            _ => return Err(Because::Spelling),
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
