//! What there is to draw: nodes in layers, arrows forward, arrows back.

use xp_artifact::workflow::{Atom, Formula, StepId, Then, Workflow};

/// A drawing without a notation.
#[derive(Debug)]
pub struct Picture {
    /// The workflow's name.
    pub title: String,
    /// What whoever sees the drawing alone must know besides: that not all of its properties hold.
    pub note: Option<String>,
    /// One box a step, in source order.
    pub nodes: Vec<Node>,
    /// What waits for what, and what opens what again.
    pub arrows: Vec<Arrow>,
}

/// A step.
#[derive(Debug)]
pub struct Node {
    /// Its name.
    pub step: String,
    /// Who acts.
    pub role: String,
    /// How far from the start: all it waits for is in an earlier layer.
    pub layer: usize,
    /// Its strongest effects, for the second line.
    pub effects: String,
    /// Outcomes that end the run.
    pub endings: Vec<String>,
}

/// From one box to another.
#[derive(Debug)]
pub struct Arrow {
    /// Index of the box it leaves.
    pub from: usize,
    /// Index of the box it reaches.
    pub to: usize,
    /// The outcome.
    pub label: String,
    /// It opens the step again.
    pub back: bool,
}

impl Node {
    /// Its text: name, role, and effects where it has any.
    pub fn lines(&self) -> Vec<&str> {
        let mut lines = vec![self.step.as_str(), self.role.as_str()];
        lines.extend(Some(self.effects.as_str()).filter(|effects| !effects.is_empty()));
        lines
    }
}

impl Picture {
    /// Of a workflow whose dependencies are acyclic, with a note below it.
    pub fn of(workflow: &Workflow, note: Option<String>) -> Self {
        let layers = layers(workflow);
        let nodes = workflow
            .steps
            .iter()
            .zip(&layers)
            .map(|(step, layer)| {
                let mut effects: Vec<&'static str> = step
                    .grants
                    .iter()
                    .filter_map(|grant| workflow.actions.get(grant.action.index()))
                    .map(|action| action.effect.as_str())
                    .collect();
                effects.sort_unstable();
                effects.dedup();
                Node {
                    step: step.name.clone(),
                    role: workflow
                        .roles
                        .get(step.role.index())
                        .map(|role| role.name.clone())
                        .unwrap_or_default(),
                    layer: *layer,
                    effects: effects.join(", "),
                    endings: step
                        .outcomes
                        .iter()
                        .filter(|outcome| outcome.then == Then::End)
                        .map(|outcome| outcome.name.clone())
                        .collect(),
                }
            })
            .collect();
        let mut arrows = Vec::new();
        for (to, step) in workflow.steps.iter().enumerate() {
            for atom in atoms(&step.after) {
                let choice = if is_choice(&step.after, atom) { " (or)" } else { "" };
                let label = name(workflow, atom) + choice;
                arrows.push(Arrow { from: atom.step.index(), to, label, back: false });
            }
        }
        for (from, step) in workflow.steps.iter().enumerate() {
            for outcome in &step.outcomes {
                let Then::Reopen(by) = outcome.then else { continue };
                let Some(l) = workflow.loops.get(by.index()) else { continue };
                let label = format!("{} (max {})", outcome.name, l.max);
                arrows.push(Arrow { from, to: l.target.index(), label, back: true });
            }
        }
        Self { title: workflow.name.clone(), note, nodes, arrows }
    }
}

fn name(workflow: &Workflow, atom: Atom) -> String {
    let outcome =
        workflow.steps.get(atom.step.index()).and_then(|step| step.outcomes.get(atom.outcome.index()));
    outcome.map(|outcome| outcome.name.clone()).unwrap_or_default()
}

/// The atoms of a guard, each once, in order.
fn atoms(formula: &Formula) -> Vec<Atom> {
    let mut found = formula.atoms();
    found.sort_unstable();
    found.dedup();
    found
}

/// The atom stands in an `or`: the step does not need it.
fn is_choice(formula: &Formula, atom: Atom) -> bool {
    let mut stack = vec![(formula, false)];
    while let Some((here, choice)) = stack.pop() {
        match here {
            Formula::Is(found) if *found == atom && choice => return true,
            Formula::Is(_) | Formula::Test(_) => {}
            Formula::All(parts) => stack.extend(parts.iter().map(|part| (part, choice))),
            Formula::Any(parts) => stack.extend(parts.iter().map(|part| (part, choice || parts.len() > 1))),
        }
    }
    false
}

/// Longest way from the start, over guards alone.
fn layers(workflow: &Workflow) -> Vec<usize> {
    let mut layers = vec![0_usize; workflow.steps.len()];
    let waits: Vec<Vec<usize>> = workflow
        .steps
        .iter()
        .map(|step| step.after.steps().into_iter().map(StepId::index).collect())
        .collect();
    let order = xpc_model::Dependencies::of(workflow).order().unwrap_or_default();
    for step in order {
        let sources = waits.get(step.index()).map(Vec::as_slice).unwrap_or_default();
        let deepest = sources.iter().filter_map(|source| layers.get(*source)).max();
        let layer = deepest.map_or(0, |layer| layer + 1);
        if let Some(place) = layers.get_mut(step.index()) {
            *place = layer;
        }
    }
    layers
}
