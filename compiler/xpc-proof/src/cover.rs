//! What can happen: most of it is seen on a few walks through the workflow, the solver is asked for the rest.

use std::collections::HashMap;

use xp_artifact::workflow::{Atom, Formula, LoopId, StepId};

use crate::facts::Facts;
use crate::need::Need;
use crate::plan;
use crate::refute::{Setting, Stage};
use crate::session::Session;
use crate::violation::Violation;
use crate::walk::Walks;

/// What the question "can it happen" got for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chance {
    /// It can.
    Happens,
    /// It cannot.
    Never,
    /// Not settled.
    Unsure(String),
}

impl Chance {
    /// Nothing shows that it cannot happen.
    pub fn conceivable(&self) -> bool {
        *self != Self::Never
    }
}

/// What can happen in a workflow.
pub(crate) struct Cover {
    opens: Vec<Chance>,
    happens: HashMap<Atom, Chance>,
    /// Loops that may fire.
    pub fireable: Vec<LoopId>,
}

impl Cover {
    pub fn opens(&self, step: StepId) -> Chance {
        self.opens.get(step.index()).cloned().unwrap_or(Chance::Never)
    }

    pub fn happens(&self, atom: Atom) -> Chance {
        self.happens.get(&atom).cloned().unwrap_or(Chance::Never)
    }
}

/// Finds out for every step and outcome.
pub(crate) fn cover(session: &Session<'_, '_>, stage: &Stage<'_, '_>) -> Cover {
    let facts = session.facts;
    let walks = session.walks();
    let mut cover = Cover { opens: Vec::new(), happens: HashMap::new(), fireable: Vec::new() };
    ask(session, stage, walks, &mut cover);
    cover.fireable = facts
        .loops()
        .filter(|(_, l)| cover.happens(Atom { step: l.step, outcome: l.outcome }).conceivable())
        .map(|(by, _)| by)
        .collect();
    cover
}

/// Asks the solver about what no walk has seen; what hangs on a scarce loop is carried out.
fn ask(session: &Session<'_, '_>, stage: &Stage<'_, '_>, walks: &Walks, cover: &mut Cover) {
    let facts = session.facts;
    let steps: Vec<StepId> = facts.steps().filter(|step| !walks.opens.contains(step)).collect();
    let atoms: Vec<Atom> = facts
        .steps()
        .flat_map(|step| facts.atoms(step))
        .map(|(atom, _)| atom)
        .filter(|atom| !walks.happens.contains(atom))
        .collect();
    let goals: Vec<_> = steps
        .iter()
        .map(|step| vec![Need::Open(*step)])
        .chain(atoms.iter().map(|atom| vec![enabled(facts, *atom)]))
        .collect();
    let answers = session.sort(&goals, None);
    let chance = |index: usize, step: StepId, last: Option<Atom>| match &answers {
        Err(why) => Chance::Unsure(why.clone()),
        Ok(answers) => match answers.get(index).and_then(Option::as_ref) {
            None => Chance::Never,
            Some(map)
                if !walks.needs_scarce(facts, map)
                    && last.is_none_or(|atom| {
                        !walks.exhausts_scarce(facts, atom)
                            && !facts.taken.needs_run(&map.bound, Some(atom.step))
                    }) =>
            {
                Chance::Happens
            }
            Some(map) => {
                let acts = match last {
                    Some(atom) => plan::to_outcome(facts, map, atom),
                    None => plan::to_map(facts, map, &[]),
                };
                let end = last.map_or(Violation::Reached, Violation::Taken);
                match acts.map(|acts| stage.can(&acts, &end)) {
                    Some(Ok(())) => Chance::Happens,
                    _ if stage
                        .search(
                            &last.map_or(Violation::Open(step), Violation::Taken),
                            &Setting::default(),
                            "",
                        )
                        .is_ok() =>
                    {
                        Chance::Happens
                    }
                    Some(Err(why)) => {
                        Chance::Unsure(format!("a limit per run stands in the way of the loops: {why}"))
                    }
                    None => Chance::Unsure("it takes too many events to show".to_owned()),
                }
            }
        },
    };
    cover.opens = vec![Chance::Happens; facts.w.steps.len()];
    for (index, step) in steps.iter().enumerate() {
        if let Some(place) = cover.opens.get_mut(step.index()) {
            *place = chance(index, *step, None);
        }
    }
    cover.happens = walks.happens.iter().map(|atom| (*atom, Chance::Happens)).collect();
    for (index, atom) in atoms.iter().enumerate() {
        cover.happens.insert(*atom, chance(steps.len() + index, atom.step, Some(*atom)));
    }
}

/// The outcome can come about: an exhausted one when its reopening one can and it is not ruled out itself.
fn enabled(facts: &Facts<'_>, atom: Atom) -> Need {
    if facts.possible(atom) { Need::Enabled(atom) } else { Need::Not(Formula::All(Vec::new())) }
}
