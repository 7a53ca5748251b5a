//! A run as it is drawn: its steps, and what the outcomes of a request lead to.

use std::sync::Arc;

use xp_artifact::print;
use xp_artifact::workflow::{Atom, Formula, OutcomeIx, Step, StepId, Then, Workflow};
use xp_machine::state::StepState;
use xp_machine::{Machine, Offer, State, Status};

/// What an outcome leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leads {
    /// The step ends with it.
    On,
    /// An earlier step is opened again.
    Back {
        /// The reason is left there as a note.
        notes: bool,
    },
    /// The run ends.
    End,
}

/// An outcome that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Its name.
    pub outcome: String,
    /// The datum that it is about.
    pub of: Option<String>,
    /// Whether the evidence that it needs is there.
    pub evidence: bool,
    /// Who has judged so already; their judgements wait for more.
    pub judged: Vec<String>,
    /// How many people have to judge so.
    pub needed: u32,
    /// What it leads to.
    pub leads: Leads,
    /// The steps that wait for it, or that it opens again.
    pub next: Vec<String>,
}

/// The time limit of an open step.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// When it passes, milliseconds since 1970.
    pub ends: u64,
    /// The outcome that is taken then.
    pub outcome: String,
    /// What that leads to.
    pub leads: Leads,
    /// The steps that wait for it, or that it opens again.
    pub next: Vec<String>,
}

/// A step of the run as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: String,
    /// Whether it is open.
    pub open: bool,
    /// Ordinal of its latest opening.
    pub opening: u32,
    /// The outcome with which it settled.
    pub outcome: Option<String>,
    /// Judgements that wait for more of them: outcome, how many, how many are needed.
    pub judged: Vec<(String, u32, u32)>,
    /// The steps that it waits for, by index.
    pub after: Vec<usize>,
}

pub(super) fn choices(workflow: &Workflow, offer: &Offer) -> Vec<Choice> {
    let Some(index) = workflow.steps.iter().position(|step| step.name == offer.step) else {
        return Vec::new();
    };
    let declared = workflow.steps.get(index).map(|step| step.outcomes.as_slice()).unwrap_or_default();
    let one = |offered: &xp_machine::OfferedOutcome| {
        let at = declared.iter().position(|outcome| outcome.name == offered.outcome)?;
        let (leads, next) = leads(workflow, StepId::of(index), OutcomeIx::of(at))?;
        let xp_machine::OfferedOutcome { outcome, of, evidence, judged, needed } = offered.clone();
        Some(Choice { outcome, of, evidence, judged, needed, leads, next })
    };
    offer.outcomes.iter().filter_map(one).collect()
}

/// What an outcome leads to, and the steps concerned.
fn leads(workflow: &Workflow, step: StepId, outcome: OutcomeIx) -> Option<(Leads, Vec<String>)> {
    let declared = workflow.steps.get(step.index())?.outcomes.get(outcome.index())?;
    Some(match declared.then {
        Then::Settle => {
            let atom = Atom { step, outcome };
            let waits = workflow.steps.iter().filter(|step| mentions(&step.after, atom));
            (Leads::On, waits.map(|step| step.name.clone()).collect())
        }
        Then::End => (Leads::End, Vec::new()),
        Then::Reopen(by) => {
            let declared = workflow.loops.get(by.index());
            let notes = declared.is_some_and(|declared| declared.notes);
            let target = declared.and_then(|declared| workflow.steps.get(declared.target.index()));
            (Leads::Back { notes }, target.map(|step| step.name.clone()).into_iter().collect())
        }
    })
}

/// The time limit of an open step.
pub(super) fn limit(machine: &Machine, state: &State, step: &str) -> Option<Limit> {
    let id = machine.step_named(step)?;
    let ends = machine.deadline(state, id)?;
    let declared = machine.workflow().steps.get(id.index())?;
    let then = declared.within?.then;
    let (leads, next) = leads(machine.workflow(), id, then)?;
    let outcome = declared.outcomes.get(then.index())?.name.clone();
    Some(Limit { ends, outcome, leads, next })
}

fn atoms(formula: &Formula, found: &mut Vec<Atom>) {
    match formula {
        Formula::Is(atom) => found.push(*atom),
        Formula::Test(_) => {}
        Formula::All(all) | Formula::Any(all) => all.iter().for_each(|one| atoms(one, found)),
    }
}

fn mentions(formula: &Formula, atom: Atom) -> bool {
    let mut found = Vec::new();
    atoms(formula, &mut found);
    found.contains(&atom)
}

/// How often people have judged each way in this opening, where more of them are needed.
fn judged(step: &Step, now: &StepState) -> Vec<(String, u32, u32)> {
    let all = step.outcomes.iter().enumerate().filter_map(|(index, outcome)| {
        let cast = now.votes.iter().filter(|vote| vote.outcome == OutcomeIx::of(index)).count();
        let cast = u32::try_from(cast).unwrap_or(u32::MAX);
        (cast > 0).then(|| (outcome.name.clone(), cast, outcome.votes()))
    });
    all.collect()
}

pub(super) fn nodes(machine: &Arc<Machine>, state: &State) -> Vec<Node> {
    let workflow = machine.workflow();
    let all = workflow.steps.iter().zip(state.steps()).enumerate().map(|(index, (step, now))| {
        let mut waits = Vec::new();
        atoms(&step.after, &mut waits);
        let mut after: Vec<usize> = waits.iter().map(|atom| atom.step.index()).collect();
        after.sort_unstable();
        after.dedup();
        let named = |outcome| print::atom(workflow, Atom { step: StepId::of(index), outcome });
        Node {
            name: step.name.clone(),
            role: workflow.roles.get(step.role.index()).map(|role| role.name.clone()).unwrap_or_default(),
            open: now.open && state.status() == Status::Running,
            opening: now.opening,
            outcome: now.settled.map(named),
            judged: judged(step, now),
            after,
        }
    });
    all.collect()
}
