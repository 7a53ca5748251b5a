//! Whether a clause certainly means what evidence is about.

use xp_artifact::declaration::ThingExpr;
use xp_artifact::judgement::meant;
use xp_artifact::things::Terms;
use xp_artifact::workflow::Workflow;
use xp_scope::thing::{Meeting, relate};

use crate::evidence::Evidence;
use crate::fact::GrantAt;

/// Compares the things that clauses mean in one live map.
#[derive(Debug)]
pub(crate) struct Same<'w> {
    workflow: &'w Workflow,
    terms: Terms<'w>,
}

impl<'w> Same<'w> {
    /// In a workflow.
    pub fn of(workflow: &'w Workflow) -> Self {
        Self { workflow, terms: Terms::of(workflow) }
    }

    /// A clause means what the evidence is about by one of its clauses, whatever values there are.
    pub(crate) fn is_subject(
        &mut self,
        a: (GrantAt, &ThingExpr),
        evidence: &Evidence,
        of: &(GrantAt, ThingExpr),
    ) -> bool {
        let a = meant(self.workflow, &mut self.terms, a.0, a.1);
        let about = evidence.meant(self.workflow, &mut self.terms, of);
        relate(&self.workflow.kinds, &a, &about) == Meeting::One
    }
}
