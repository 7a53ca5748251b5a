//! What strangers wrote reaches a use only where a role judged it.
//!
//! The monitor carries what is tainted; the proof shows that the same edges lead from no stranger to a use, those left out at
//! which the role's judgement of what passes is always in force.

use serde::{Deserialize, Serialize};
use xp_artifact::question::Uses;
use xp_artifact::workflow::{Datum, RoleId, Workflow};

use crate::breach::{Breach, UseNo};
use crate::fact::{End, Fact, Use};
use crate::influence::{Claimed, Setting, Taint, judging};
use crate::sight::Sight;
use crate::uses::matches;

/// What is tainted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State(Taint);

impl State {
    pub(crate) fn claimed(
        &mut self,
        workflow: &Workflow,
        (uses, role): (&Uses, RoleId),
        (id, number, used): (&str, UseNo, &Use),
        sight: &dyn Sight,
    ) -> Vec<Breach> {
        let asked = matches(workflow, uses, used, sight);
        let claimed = Claimed { id, number, used, asked };
        let found = with(workflow, role, sight, |setting| self.0.claimed(setting, claimed));
        found.into_iter().map(Breach::of).collect()
    }

    /// Whatever else than a claim and its end happened.
    pub(crate) fn told(&mut self, workflow: &Workflow, role: RoleId, fact: &Fact<'_>, sight: &dyn Sight) {
        with(workflow, role, sight, |setting| match fact {
            Fact::Requested { id, of } => self.0.requested(setting, id, of),
            Fact::Dropped { id } => self.0.dropped(id),
            Fact::Submitted { step, submission, by } => self.0.submitted(setting, (*step, *submission), by),
            Fact::Noted { from, to, by } => self.0.noted(setting, *from, *to, by),
            Fact::Reset(steps) => self.0.reset(steps),
            Fact::Claimed { .. } | Fact::Ended { .. } | Fact::Settled(_) | Fact::Over => {}
        });
    }

    pub(crate) fn ended(
        &mut self,
        workflow: &Workflow,
        role: RoleId,
        (number, end): (UseNo, End<'_>),
        sight: &dyn Sight,
    ) -> Vec<Breach> {
        let found = with(workflow, role, sight, |setting| match end {
            End::Done { bound, .. } => self.0.done(setting, number, bound),
            End::Failed => {
                self.0.failed(setting, number);
                Vec::new()
            }
            End::GivenBack => {
                self.0.given_back(number);
                Vec::new()
            }
        });
        found.into_iter().map(Breach::of).collect()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = UseNo> + '_ {
        self.0.names()
    }
}

fn with<T>(workflow: &Workflow, role: RoleId, sight: &dyn Sight, then: impl FnOnce(&Setting<'_>) -> T) -> T {
    let in_force = |datum: &Datum| {
        let mut found = judging(workflow, &|by| by == role, datum);
        found.retain(|atom| sight.settled(*atom));
        found
    };
    let judged = |datum: &Datum| !in_force(datum).is_empty();
    let judged_in = |datum: &Datum, step| in_force(datum).iter().any(|atom| atom.step == step);
    then(&Setting { workflow, sight, judged: &judged, judged_in: &judged_in })
}
