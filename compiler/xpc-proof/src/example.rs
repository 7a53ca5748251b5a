//! An example of a use, written out only when it is shown.

use std::rc::Rc;

use xp_artifact::workflow::Atom;

use crate::facts::{Facts, GrantAt};
use crate::map::Map;
use crate::need::Need;
use crate::support;

/// A live map in which a grant can be used.
pub(crate) struct Example<'f, 'm> {
    facts: &'f Facts<'m>,
    from: From,
}

enum From {
    /// It itself.
    Map(Map),
    /// A part of this, before the grant's step settled in it.
    Walk(Rc<Map>, GrantAt),
}

impl<'f, 'm> Example<'f, 'm> {
    pub fn of(facts: &'f Facts<'m>, map: Map) -> Self {
        Self { facts, from: From::Map(map) }
    }

    pub fn on_walk(facts: &'f Facts<'m>, end: Rc<Map>, at: GrantAt) -> Self {
        Self { facts, from: From::Walk(end, at) }
    }

    /// What the use rests on, and nothing else.
    pub fn map(&self) -> Map {
        match &self.from {
            From::Map(map) => map.clone(),
            From::Walk(end, at) => support::shrink(self.facts, end, &[&[Need::Use(*at)]]),
        }
    }

    /// Its outcomes in an order in which they can come about.
    pub fn in_order(&self, facts: &Facts<'_>) -> Vec<Atom> {
        self.map().in_order(facts)
    }
}
