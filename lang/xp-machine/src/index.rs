//! What the machine looks up instead of searching: who waits for whom, and what lies downstream.

use std::collections::HashMap;

use xp_artifact::depends::{self, Resets};
use xp_artifact::given::AllGiven;
use xp_artifact::workflow::{Datum, Formula, LoopId, Root, Step, StepId, Workflow};

use crate::check::Malformed;

/// Tables computed once per workflow.
#[derive(Debug)]
pub(crate) struct Index {
    /// Steps by name.
    pub by_name: HashMap<String, StepId>,
    /// Steps whose `after` mentions the step.
    pub waiting: Vec<Vec<StepId>>,
    /// What each loop opens again.
    pub resets: Resets,
    /// The conjuncts of `finish`.
    pub finish: Vec<Formula>,
    /// By step: conjuncts of `finish` that mention it.
    pub finish_of: Vec<Vec<usize>>,
    /// The things that the workflow names by literals and parameters.
    pub given: AllGiven,
}

impl Index {
    /// Of a checked workflow.
    ///
    /// # Errors
    /// Dependencies run in a circle, or a loop's target is not upstream of its step.
    pub fn of(workflow: &Workflow) -> Result<Self, Malformed> {
        let count = workflow.steps.len();
        let by_name =
            workflow.steps.iter().enumerate().map(|(i, step)| (step.name.clone(), StepId::of(i))).collect();
        let needs = depends::needs(workflow);
        acyclic(&needs)?;
        let resets = Resets::of(workflow, needs);
        for (index, l) in workflow.loops.iter().enumerate() {
            if !resets.has(LoopId::of(index), l.step) {
                return Err(Malformed("a loop reopens a step that is not upstream".to_owned()));
            }
        }
        let guards: Vec<Vec<StepId>> = workflow.steps.iter().map(|step| step.after.steps()).collect();
        let waiting = depends::dependents(&guards);
        let finish = workflow.finish.conjuncts().to_vec();
        let mut finish_of = vec![Vec::new(); count];
        for (conjunct, formula) in finish.iter().enumerate() {
            for step in formula.steps() {
                if let Some(list) = finish_of.get_mut(step.index()) {
                    list.push(conjunct);
                }
            }
        }
        Ok(Self { by_name, waiting, resets, finish, finish_of, given: AllGiven::of(workflow) })
    }
}

/// The step's role may be shown the datum. Parameters are open to all.
pub(crate) fn visible(step: &Step, datum: &Datum) -> bool {
    matches!(datum.root, Root::Param(_)) || step.data().any(|named| named == datum)
}

fn acyclic(needs: &[Vec<StepId>]) -> Result<(), Malformed> {
    let dependents = depends::dependents(needs);
    let mut open: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> =
        open.iter().enumerate().filter(|(_, count)| **count == 0).map(|(index, _)| index).collect();
    let mut done = 0;
    while let Some(here) = ready.pop() {
        done += 1;
        for next in dependents.get(here).into_iter().flatten() {
            if let Some(count) = open.get_mut(next.index()) {
                *count -= 1;
                if *count == 0 {
                    ready.push(next.index());
                }
            }
        }
    }
    if done == needs.len() { Ok(()) } else { Err(Malformed("dependencies run in a circle".to_owned())) }
}
