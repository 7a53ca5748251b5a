//! No irreversible effect is repeated by a loop: no live uses of one grant in two openings of its step, unless the limit
//! counts over all of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xp_artifact::workflow::{Per, Workflow};

use crate::breach::{Breach, UseNo};
use crate::fact::Use;

/// By grant, as step and number: openings of its step in which it was used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    used: BTreeMap<(u32, u32), Openings>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Openings {
    /// An opening in which it was used; any other one breaks it.
    over: Option<u32>,
    under_way: BTreeMap<UseNo, u32>,
}

impl State {
    pub(crate) fn claimed(&mut self, workflow: &Workflow, (number, used): (UseNo, &Use)) -> Vec<Breach> {
        let Some((grant, action)) = workflow.granted(used.at) else { return Vec::new() };
        if !action.irreversible || grant.limit.per == Per::Run {
            return Vec::new();
        }
        let entry = self.used.entry((used.at.0.0, used.at.1.0)).or_default();
        let over = entry.over.is_some_and(|opening| opening != used.opening);
        let others = entry.under_way.iter().filter(|(_, opening)| **opening != used.opening);
        let breaches = if over {
            vec![Breach::of([number])]
        } else {
            others.map(|(other, _)| Breach::of([*other, number])).collect()
        };
        entry.under_way.insert(number, used.opening);
        breaches
    }

    pub(crate) fn done(&mut self, number: UseNo) {
        for openings in self.used.values_mut() {
            openings.over = openings.over.or(openings.under_way.remove(&number));
        }
    }

    pub(crate) fn given_back(&mut self, number: UseNo) {
        for openings in self.used.values_mut() {
            openings.under_way.remove(&number);
        }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = UseNo> + '_ {
        self.used.values().flat_map(|openings| openings.under_way.keys().copied())
    }
}
