//! Which step waits for which, and where the source says so.

use xp_artifact::workflow::StepId;
use xp_diagnostics::Span;

/// A reason for a step to wait.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The step waited for.
    pub from: StepId,
    /// Where the source says so.
    pub span: Span,
    /// What it says there, `triage.ticket`.
    pub text: String,
}

/// For each step, why it waits.
#[derive(Clone, Debug)]
pub struct Edges {
    into: Vec<Vec<Edge>>,
}

impl Edges {
    /// None yet, for so many steps.
    pub fn new(steps: usize) -> Self {
        Self { into: vec![Vec::new(); steps] }
    }

    /// Records that `to` waits for the edge's step.
    pub fn put(&mut self, to: StepId, edge: Edge) {
        if let Some(into) = self.into.get_mut(to.index()) {
            into.push(edge);
        }
    }

    /// Why a step waits, in source order.
    pub fn of(&self, step: StepId) -> &[Edge] {
        self.into.get(step.index()).map_or(&[], Vec::as_slice)
    }

    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.into.len()
    }

    /// The steps, each after all it waits for, as far as that is possible: steps on cycles and those behind them are
    /// left out.
    pub fn order(&self) -> Vec<StepId> {
        let mut waits: Vec<usize> = self.into.iter().map(Vec::len).collect();
        let mut onward: Vec<Vec<StepId>> = vec![Vec::new(); self.into.len()];
        for (to, edges) in self.into.iter().enumerate() {
            for edge in edges {
                if let Some(next) = onward.get_mut(edge.from.index()) {
                    next.push(StepId::of(to));
                }
            }
        }
        let mut ready: Vec<StepId> = waits
            .iter()
            .enumerate()
            .filter(|(_, count)| **count == 0)
            .map(|(step, _)| StepId::of(step))
            .rev()
            .collect();
        let mut order = Vec::with_capacity(self.into.len());
        while let Some(step) = ready.pop() {
            order.push(step);
            for next in onward.get(step.index()).map_or(&[][..], Vec::as_slice) {
                if let Some(count) = waits.get_mut(next.index()) {
                    *count -= 1;
                    if *count == 0 {
                        ready.push(*next);
                    }
                }
            }
        }
        order
    }
}
