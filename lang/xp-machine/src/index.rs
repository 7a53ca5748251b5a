//! What the machine looks up instead of searching: who waits for whom, and what lies downstream.

use std::collections::HashMap;

use xp_artifact::workflow::{Datum, Expr, Formula, Pin, Root, StepId, TemplatePart, Workflow};

use crate::check::Malformed;

/// Tables computed once per workflow.
#[derive(Debug)]
pub(crate) struct Index {
    /// Steps by name.
    pub by_name: HashMap<String, StepId>,
    /// Steps whose `after` mentions the step.
    pub waiting: Vec<Vec<StepId>>,
    /// By loop: the target and everything downstream of it, sorted.
    pub reset_by: Vec<Vec<StepId>>,
    /// The conjuncts of `finish`.
    pub finish: Vec<Formula>,
    /// By step: conjuncts of `finish` that mention it.
    pub finish_of: Vec<Vec<usize>>,
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
        let mut waiting = vec![Vec::new(); count];
        let mut dependents = vec![Vec::new(); count];
        for (index, step) in workflow.steps.iter().enumerate() {
            let mut guards = steps_of(&step.after);
            guards.sort_unstable();
            guards.dedup();
            for source in &guards {
                push(&mut waiting, *source, StepId::of(index));
            }
            let mut sources = guards;
            sources.extend(named_steps(workflow, index));
            sources.sort_unstable();
            sources.dedup();
            for source in sources {
                push(&mut dependents, source, StepId::of(index));
            }
        }
        acyclic(&dependents)?;
        let mut reset_by = Vec::with_capacity(workflow.loops.len());
        for l in &workflow.loops {
            let reset = reach(&dependents, l.target);
            if l.target != l.step && reset.binary_search(&l.step).is_err() {
                return Err(Malformed("a loop reopens a step that is not upstream".to_owned()));
            }
            reset_by.push(reset);
        }
        let finish = match &workflow.finish {
            Formula::All(parts) => parts.clone(),
            other => vec![other.clone()],
        };
        let mut finish_of = vec![Vec::new(); count];
        for (conjunct, formula) in finish.iter().enumerate() {
            let mut steps = steps_of(formula);
            steps.sort_unstable();
            steps.dedup();
            for step in steps {
                if let Some(list) = finish_of.get_mut(step.index()) {
                    list.push(conjunct);
                }
            }
        }
        Ok(Self { by_name, waiting, reset_by, finish, finish_of })
    }
}

fn push(table: &mut [Vec<StepId>], at: StepId, step: StepId) {
    if let Some(list) = table.get_mut(at.index()) {
        list.push(step);
    }
}

fn steps_of(formula: &Formula) -> Vec<StepId> {
    let mut found = Vec::new();
    let mut stack = vec![formula];
    while let Some(here) = stack.pop() {
        match here {
            Formula::Is(atom) => found.push(atom.step),
            Formula::All(parts) | Formula::Any(parts) => stack.extend(parts),
        }
    }
    found
}

/// Steps whose data a step names.
fn named_steps(workflow: &Workflow, index: usize) -> Vec<StepId> {
    let Some(step) = workflow.steps.get(index) else { return Vec::new() };
    let pins = step.grants.iter().flat_map(|grant| &grant.pins).flat_map(|pin| match pin {
        Pin::Is(expr) | Pin::OneOf { set: expr, .. } => data_of(expr),
        Pin::Within(_) | Pin::Content { .. } | Pin::Any => Vec::new(),
    });
    let judged = step.outcomes.iter().filter_map(|outcome| outcome.of.as_ref());
    pins.chain(judged).filter_map(|datum| datum.root.step()).collect()
}

/// The data an expression names.
pub(crate) fn data_of(expr: &Expr) -> Vec<&Datum> {
    match expr {
        Expr::Literal(_) => Vec::new(),
        Expr::Datum(datum) => vec![datum],
        Expr::Template(parts) => parts
            .iter()
            .filter_map(|part| match part {
                TemplatePart::Text(_) => None,
                TemplatePart::Datum(datum) => Some(datum),
            })
            .collect(),
    }
}

/// The data a step lets its role see: what its pins and judgements name. Parameters are open to all.
pub(crate) fn visible(workflow: &Workflow, step: StepId, datum: &Datum) -> bool {
    if matches!(datum.root, Root::Param(_)) {
        return true;
    }
    let Some(step) = workflow.steps.get(step.index()) else { return false };
    let pinned = step.grants.iter().flat_map(|grant| &grant.pins).any(|pin| match pin {
        Pin::Is(expr) | Pin::OneOf { set: expr, .. } => data_of(expr).contains(&datum),
        Pin::Within(_) | Pin::Content { .. } | Pin::Any => false,
    });
    pinned || step.outcomes.iter().any(|outcome| outcome.of.as_ref() == Some(datum))
}

/// A step and everything downstream of it, sorted.
fn reach(dependents: &[Vec<StepId>], from: StepId) -> Vec<StepId> {
    let mut seen = std::collections::BTreeSet::from([from]);
    let mut stack = vec![from];
    while let Some(here) = stack.pop() {
        for next in dependents.get(here.index()).into_iter().flatten() {
            if seen.insert(*next) {
                stack.push(*next);
            }
        }
    }
    seen.into_iter().collect()
}

fn acyclic(dependents: &[Vec<StepId>]) -> Result<(), Malformed> {
    let mut incoming = vec![0_usize; dependents.len()];
    for next in dependents.iter().flatten() {
        if let Some(count) = incoming.get_mut(next.index()) {
            *count += 1;
        }
    }
    let mut ready: Vec<usize> =
        incoming.iter().enumerate().filter(|(_, count)| **count == 0).map(|(index, _)| index).collect();
    let mut done = 0;
    while let Some(here) = ready.pop() {
        done += 1;
        for next in dependents.get(here).into_iter().flatten() {
            if let Some(count) = incoming.get_mut(next.index()) {
                *count -= 1;
                if *count == 0 {
                    ready.push(next.index());
                }
            }
        }
    }
    if done == dependents.len() { Ok(()) } else { Err(Malformed("dependencies run in a circle".to_owned())) }
}
