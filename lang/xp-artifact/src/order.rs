//! Which moment of a run may come after which: the order in which content and knowledge can travel.
//!
//! From guards and loops alone, without a solver. What is said not to follow never does; what is said to follow may be
//! impossible for other reasons.

use std::collections::{BTreeSet, HashMap};

use crate::depends::{self, Resets};
use crate::workflow::{Formula, GrantIx, LoopId, StepId, Workflow};

/// Something that happens while a step is open: a use of a grant, or anything else in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// The step.
    pub step: StepId,
    /// The grant that is used; none for whatever else is done or shown there.
    pub grant: Option<GrantIx>,
}

impl Moment {
    /// While a step is open.
    #[must_use]
    pub fn open(step: StepId) -> Self {
        Self { step, grant: None }
    }

    /// A use of a grant.
    #[must_use]
    pub fn used((step, grant): (StepId, GrantIx)) -> Self {
        Self { step, grant: Some(grant) }
    }
}

/// The order of moments in the runs of a workflow.
#[derive(Debug)]
pub struct Order<'w> {
    workflow: &'w Workflow,
    /// Steps, each after all that it depends on; none where they depend on each other in a circle.
    sorted: Option<Vec<StepId>>,
    resets: Resets,
    /// The steps that some loop opens again.
    opened_again: BTreeSet<StepId>,
    /// By step: which steps can begin while it has never settled.
    without: HashMap<StepId, Vec<bool>>,
    /// By moment: the steps that a loop may open again after it, while no loop opens this step again.
    reopened: HashMap<(Moment, Option<StepId>), BTreeSet<StepId>>,
}

impl<'w> Order<'w> {
    /// Of a workflow.
    #[must_use]
    pub fn of(workflow: &'w Workflow) -> Self {
        let needs = depends::needs(workflow);
        let sorted = depends::order(&needs, &depends::dependents(&needs));
        let resets = Resets::of(workflow, needs);
        let opened_again = resets.by_any((0..workflow.loops.len()).map(LoopId::of)).into_iter().collect();
        Self { workflow, sorted, resets, opened_again, without: HashMap::new(), reopened: HashMap::new() }
    }

    /// The steps that some loop may open again: data of one have other values at another time.
    #[must_use]
    pub fn reopened(&self) -> &BTreeSet<StepId> {
        &self.opened_again
    }

    /// Whether something in the step `then` may be under way at or after the moment. A moment of its own step may be followed
    /// by another one there.
    pub fn may_follow(&mut self, moment: Moment, then: StepId) -> bool {
        self.may_be_unsettled(moment, then) || self.may_be_reopened(moment, then, None)
    }

    /// Whether some loop may open the step again after the moment, while none opens `kept` again.
    pub fn may_be_reopened(&mut self, moment: Moment, step: StepId, kept: Option<StepId>) -> bool {
        self.reopened_after(moment, kept).contains(&step)
    }

    /// As [`Self::may_be_reopened`], where the first loop that fires after the moment does so from one of certain steps.
    pub fn may_be_reopened_from(
        &mut self,
        moment: Moment,
        step: StepId,
        kept: Option<StepId>,
        first: &dyn Fn(StepId) -> bool,
    ) -> bool {
        self.reopens(moment, kept, first).contains(&step)
    }

    /// Whether the step is settled at every such moment: what its uses gave is older.
    pub fn is_settled_at(&mut self, moment: Moment, step: StepId) -> bool {
        !self.may_be_unsettled(moment, step)
    }

    fn may_be_unsettled(&mut self, moment: Moment, step: StepId) -> bool {
        let declared = self.workflow.steps.get(moment.step.index());
        let grant = moment.grant.and_then(|grant| declared?.grants.get(grant.index()));
        let begins = self.begins_without(step);
        let can_begin = |step: StepId| begins.get(step.index()).copied().unwrap_or(true);
        // What a pin names is settled when the grant is used.
        let pinned =
            grant.into_iter().flat_map(|grant| grant.data()).filter_map(|(_, datum)| datum.root.step());
        can_begin(moment.step) && pinned.into_iter().all(|named| named != step && can_begin(named))
    }

    fn begins_without(&mut self, step: StepId) -> &[bool] {
        let (workflow, sorted) = (self.workflow, &self.sorted);
        self.without.entry(step).or_insert_with(|| {
            let mut begins = vec![true; workflow.steps.len()];
            for here in sorted.iter().flatten() {
                let Some(declared) = workflow.steps.get(here.index()) else { continue };
                let settled = |of: StepId| of != step && begins.get(of.index()).copied().unwrap_or(true);
                let can = can_hold(&declared.after, &settled);
                if let Some(begins) = begins.get_mut(here.index()) {
                    *begins = can;
                }
            }
            begins
        })
    }

    fn reopened_after(&mut self, moment: Moment, kept: Option<StepId>) -> &BTreeSet<StepId> {
        if !self.reopened.contains_key(&(moment, kept)) {
            let again = self.reopens(moment, kept, &|_| true);
            self.reopened.insert((moment, kept), again);
        }
        self.reopened.entry((moment, kept)).or_default()
    }

    /// Loops fire from a step that is open. The first to fire has one that need not be settled at the moment; what it opens
    /// again, others may fire from.
    fn reopens(
        &mut self,
        moment: Moment,
        kept: Option<StepId>,
        first: &dyn Fn(StepId) -> bool,
    ) -> BTreeSet<StepId> {
        let mut again = BTreeSet::new();
        let all = self.workflow.loops.iter().enumerate().map(|(ix, by)| (LoopId::of(ix), by.step));
        let keeps = |by: LoopId| kept.is_none_or(|kept| !self.resets.has(by, kept));
        let mut idle: Vec<(LoopId, StepId)> = all.filter(|(by, _)| keeps(*by)).collect();
        let mut has_fired = false;
        loop {
            let (fires, rest): (Vec<_>, Vec<_>) = idle.into_iter().partition(|(_, source)| {
                again.contains(source)
                    || (has_fired || first(*source)) && self.may_be_unsettled(moment, *source)
            });
            if fires.is_empty() {
                break;
            }
            has_fired = true;
            again.extend(self.resets.by_any(fires.into_iter().map(|(by, _)| by)));
            idle = rest;
        }
        again
    }
}

fn can_hold(formula: &Formula, settled: &impl Fn(StepId) -> bool) -> bool {
    formula.can_hold(&|atom| settled(atom.step))
}
