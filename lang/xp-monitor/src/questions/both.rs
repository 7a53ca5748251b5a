//! No controller, or no role, has live uses of both in one run. One use that is both counts as both.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use xp_artifact::question::Uses;
use xp_artifact::workflow::{Per, Workflow};

use crate::breach::{Breach, UseNo};
use crate::fact::{GrantAt, Use};
use crate::obligation::{Builder, Label, Node, Obligation};
use crate::sight::Sight;
use crate::uses::matches;

/// By who used: what of the first and of the second kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    used: BTreeMap<String, (Side, Side)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Side {
    over: bool,
    under_way: BTreeSet<UseNo>,
}

impl Side {
    /// The ways in which there was a use: none needed, or one of those under way.
    fn ways(&self) -> Vec<Vec<UseNo>> {
        if self.over { vec![Vec::new()] } else { self.under_way.iter().map(|number| vec![*number]).collect() }
    }
}

impl State {
    pub(crate) fn claimed(
        &mut self,
        workflow: &Workflow,
        (a, b): (&Uses, &Uses),
        principals: bool,
        (number, used): (UseNo, &Use),
        sight: &dyn Sight,
    ) -> Vec<Breach> {
        let (first, second) = (matches(workflow, a, used, sight), matches(workflow, b, used, sight));
        if !first && !second {
            return Vec::new();
        }
        let entry = self.used.entry(who(workflow, used, principals)).or_default();
        let sides = [(first, &mut entry.0), (second, &mut entry.1)];
        for (_, side) in sides.into_iter().filter(|(meant, _)| *meant) {
            side.under_way.insert(number);
        }
        let pairs = entry.0.ways().into_iter().flat_map(|one| {
            entry.1.ways().into_iter().map(move |other| one.iter().chain(&other).copied().collect::<Vec<_>>())
        });
        pairs.map(|uses| Breach::of(uses.into_iter().chain([number]))).collect()
    }

    pub(crate) fn done(&mut self, number: UseNo, _by: &str) {
        for (first, second) in self.used.values_mut() {
            for side in [first, second] {
                side.over |= side.under_way.remove(&number);
                if side.over {
                    side.under_way.clear();
                }
            }
        }
    }

    pub(crate) fn given_back(&mut self, number: UseNo) {
        for (first, second) in self.used.values_mut() {
            first.under_way.remove(&number);
            second.under_way.remove(&number);
        }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = UseNo> + '_ {
        self.used
            .values()
            .flat_map(|(first, second)| first.under_way.iter().chain(&second.under_way).copied())
    }
}

fn who(workflow: &Workflow, used: &Use, principals: bool) -> String {
    if principals {
        return used.by.clone();
    }
    let role = workflow.steps.get(used.at.0.index()).map(|step| step.role.index());
    role.and_then(|role| workflow.roles.get(role)).map(|role| role.name.clone()).unwrap_or_default()
}

/// A grant of each kind.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// The first.
    pub a: GrantAt,
    /// The second.
    pub b: GrantAt,
    /// Of one grant: a use of it can be both at once.
    pub at_once: bool,
}

/// The obligation over two maps: a use of the one grant by the first, of the other by the second, in either order.
#[must_use]
pub fn obligation(workflow: &Workflow, pairs: &[Pair]) -> Obligation {
    let mut builder = Builder::new(2);
    for pair in pairs {
        let orders =
            if pair.a == pair.b { vec![(pair.a, pair.b)] } else { vec![(pair.a, pair.b), (pair.b, pair.a)] };
        for (first, second) in orders {
            let mut parts = vec![builder.node(Node::Used(0, first)), builder.node(Node::Used(1, second))];
            let uses = vec![(0, first), (1, second)];
            if first == second && !pair.at_once {
                let Some((grant, _)) = workflow.granted(first) else { continue };
                // A second use of it, then: in the same opening or in another one.
                if grant.limit.uses < 2 {
                    if grant.limit.per == Per::Run {
                        continue;
                    }
                    let same = builder.node(Node::SameOpening(0, 1, first.0));
                    parts.push(builder.not(same));
                }
            }
            let node = builder.all(parts);
            builder.case(node, Label { uses, ..Label::default() });
        }
    }
    builder.end()
}
