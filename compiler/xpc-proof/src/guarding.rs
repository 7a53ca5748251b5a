//! What the guards of a workflow mean for live maps.
//!
//! A guard `A requires F` whose formula speaks of steps before the grant's own is one more condition of its uses: whatever resets
//! one of those steps resets the grant's step too, so `F` stays true while a result of the use lives. Live maps with that
//! condition are exact. Of all other guards it is only known which uses they may refuse: live maps are then a superset of
//! what happens.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::question::{Question, Uses};
use xp_artifact::workflow::{Formula, GrantIx, StepId, Workflow};

type GrantAt = (StepId, GrantIx);

/// What guards say of the grants.
#[derive(Debug, Default)]
pub(crate) struct Guarding<'m> {
    required: BTreeMap<GrantAt, Vec<&'m Formula>>,
    refusable: BTreeSet<GrantAt>,
}

impl<'m> Guarding<'m> {
    /// `parents` has, for each step, those that it depends on directly.
    pub fn of(w: &'m Workflow, parents: &[Vec<StepId>]) -> Self {
        let mut guarding = Self::default();
        if w.guards.is_empty() {
            return guarding;
        }
        for (number, step) in w.steps.iter().enumerate() {
            let id = StepId::of(number);
            let before = before(parents, id);
            for (index, grant) in step.grants.iter().enumerate() {
                let at = (id, GrantIx::of(index));
                let Some(action) = w.actions.get(grant.action.index()) else { continue };
                for guard in &w.guards {
                    let mut spoken_of = xp_monitor::spoken_of(&guard.question).into_iter();
                    if !spoken_of.any(|uses| xp_monitor::means(uses, action)) {
                        continue;
                    }
                    match &guard.question {
                        Question::Requires(uses, formula)
                            if is_whole(uses) && formula.steps().iter().all(|step| before.contains(step)) =>
                        {
                            guarding.required.entry(at).or_default().push(formula);
                        }
                        _ => {
                            guarding.refusable.insert(at);
                        }
                    }
                }
            }
        }
        guarding
    }

    /// What is in force whenever the grant is used, and as long as its result lives.
    pub fn required(&self, at: GrantAt) -> &[&'m Formula] {
        self.required.get(&at).map(Vec::as_slice).unwrap_or_default()
    }

    /// A use that its pins and what is required let through may be refused all the same.
    pub fn may_refuse(&self, at: GrantAt) -> bool {
        self.refusable.contains(&at)
    }

    /// Nothing is refused that live maps admit.
    pub fn is_exact(&self) -> bool {
        self.refusable.is_empty()
    }
}

/// The guard speaks of every use of the action.
fn is_whole(uses: &Uses) -> bool {
    match uses {
        Uses::Effect(_) => true,
        Uses::Action { args, .. } => args.is_empty(),
    }
}

/// All that a step depends on, itself aside.
fn before(parents: &[Vec<StepId>], step: StepId) -> BTreeSet<StepId> {
    let mut found = BTreeSet::new();
    let mut open = vec![step];
    while let Some(here) = open.pop() {
        let direct = parents.get(here.index()).map(Vec::as_slice).unwrap_or_default();
        open.extend(direct.iter().filter(|parent| found.insert(**parent)));
    }
    found
}
