//! At most so many live uses in a run.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use xp_artifact::question::Uses;
use xp_artifact::workflow::Workflow;

use crate::breach::{Breach, UseNo};
use crate::fact::Use;
use crate::sight::Sight;
use crate::uses::matches;

/// The uses so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    over: u32,
    under_way: BTreeSet<UseNo>,
}

impl State {
    pub(crate) fn claimed(
        &mut self,
        workflow: &Workflow,
        uses: &Uses,
        most: u32,
        (number, used): (UseNo, &Use),
        sight: &dyn Sight,
    ) -> Vec<Breach> {
        if !matches(workflow, uses, used, sight) {
            return Vec::new();
        }
        self.under_way.insert(number);
        // As many as it takes: no more than that have to happen.
        let needed = most.saturating_add(1).saturating_sub(self.over);
        let under_way = u32::try_from(self.under_way.len()).unwrap_or(u32::MAX);
        if under_way < needed {
            return Vec::new();
        }
        let others = self.under_way.iter().copied().filter(|other| *other != number);
        let others: Vec<UseNo> = others.collect();
        let needed = usize::try_from(needed.saturating_sub(1)).unwrap_or(usize::MAX);
        // Which of the others happen does not matter: any so many of them.
        combinations(&others, needed)
            .into_iter()
            .map(|some| Breach::of(some.into_iter().chain([number])))
            .collect()
    }

    pub(crate) fn done(&mut self, number: UseNo) {
        if self.under_way.remove(&number) {
            self.over = self.over.saturating_add(1);
        }
    }

    pub(crate) fn given_back(&mut self, number: UseNo) {
        self.under_way.remove(&number);
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = UseNo> + '_ {
        self.under_way.iter().copied()
    }
}

/// Choices looked at, of uses under way at once.
const MOST_CHOICES: usize = 64;

/// So many of these, in every way, up to [`MOST_CHOICES`].
fn combinations(of: &[UseNo], count: usize) -> Vec<Vec<UseNo>> {
    let mut found = vec![(Vec::new(), 0_usize)];
    for _ in 0..count {
        found = found
            .into_iter()
            .flat_map(|(chosen, from)| {
                of.iter().enumerate().skip(from).map(move |(index, one)| {
                    let mut longer = chosen.clone();
                    longer.push(*one);
                    (longer, index + 1)
                })
            })
            .take(MOST_CHOICES)
            .collect();
    }
    found.into_iter().map(|(chosen, _)| chosen).collect()
}
