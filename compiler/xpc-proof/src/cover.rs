//! What can happen: most of it is seen on a few walks through the workflow, the solver is asked for the rest.

use std::collections::{HashMap, HashSet};

use xp_artifact::workflow::{Atom, Formula, LoopId, StepId};

use crate::facts::Facts;
use crate::map::Map;
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
    to: HashMap<StepId, Vec<LoopId>>,
    /// Steps that one of those resets.
    reset: HashSet<StepId>,
}

impl Cover {
    fn set(&mut self, asked: Asked, chance: Chance) {
        match asked {
            Asked::Opens(step) => {
                if let Some(place) = self.opens.get_mut(step.index()) {
                    *place = chance;
                }
            }
            Asked::Happens(atom) => {
                self.happens.insert(atom, chance);
            }
        }
    }

    pub fn opens(&self, step: StepId) -> Chance {
        self.opens.get(step.index()).cloned().unwrap_or(Chance::Never)
    }

    /// Loops that may fire and open this step again as their target.
    pub fn fireable_to(&self, target: StepId) -> &[LoopId] {
        self.to.get(&target).map(Vec::as_slice).unwrap_or_default()
    }

    /// Some loop that may fire resets the step.
    pub fn is_reset(&self, step: StepId) -> bool {
        self.reset.contains(&step)
    }

    pub fn happens(&self, atom: Atom) -> Chance {
        self.happens.get(&atom).cloned().unwrap_or(Chance::Never)
    }
}

/// Finds out for every step and outcome.
pub(crate) fn cover(session: &Session<'_, '_>, stage: &Stage<'_, '_>) -> Cover {
    let facts = session.facts;
    let walks = session.walks();
    let (happens, to, reset) = (HashMap::new(), HashMap::new(), HashSet::new());
    let mut cover = Cover { opens: Vec::new(), happens, fireable: Vec::new(), to, reset };
    ask(session, stage, walks, &mut cover);
    cover.fireable = facts
        .loops()
        .filter(|(_, l)| cover.happens(Atom { step: l.step, outcome: l.outcome }).conceivable())
        .map(|(by, _)| by)
        .collect();
    for (by, l) in facts.loops().filter(|(by, _)| cover.fireable.binary_search(by).is_ok()) {
        cover.to.entry(l.target).or_default().push(by);
    }
    cover.reset = facts.reset_by_any(&cover.fireable).into_iter().collect();
    cover
}

/// Asks the solver about what no walk has seen; what hangs on a scarce loop is carried out.
fn ask(session: &Session<'_, '_>, stage: &Stage<'_, '_>, walks: &Walks, cover: &mut Cover) {
    let facts = session.facts;
    // Where guards may refuse uses, what leads somewhere is carried out on the machine, whatever the walks have seen.
    let exact = facts.guarding().is_exact();
    let steps: Vec<StepId> = facts.steps().filter(|step| !(exact && walks.opens.contains(step))).collect();
    let atoms: Vec<Atom> = facts
        .steps()
        .flat_map(|step| facts.atoms(step))
        .map(|(atom, _)| atom)
        .filter(|atom| !(exact && walks.happens.contains(atom)))
        .collect();
    let goals: Vec<_> = steps
        .iter()
        .map(|step| vec![Need::Open(*step)])
        .chain(atoms.iter().map(|atom| vec![enabled(facts, *atom)]))
        .collect();
    cover.opens = vec![Chance::Happens; facts.w.steps.len()];
    cover.happens = walks.happens.iter().map(|atom| (*atom, Chance::Happens)).collect();
    let asked =
        steps.iter().map(|step| Asked::Opens(*step)).chain(atoms.iter().map(|atom| Asked::Happens(*atom)));
    let answers = session.sort(&goals, None);
    let mut open = Vec::new();
    for (index, asked) in asked.enumerate() {
        let chance = match &answers {
            Err(why) => Chance::Unsure(why.clone()),
            Ok(answers) => match answers.get(index).and_then(Option::as_ref) {
                None => Chance::Never,
                Some(map) => match asked.shown(session, stage, walks, map) {
                    Ok(()) => Chance::Happens,
                    Err(why) => {
                        open.push(asked);
                        Chance::Unsure(why)
                    }
                },
            },
        };
        cover.set(asked, chance);
    }
    // One search for all that no plan shows.
    let violations: Vec<Violation> = open.iter().map(|asked| asked.violation()).collect();
    if !open.is_empty() {
        for (asked, _) in open.into_iter().zip(stage.meets(&violations)).filter(|(_, met)| *met) {
            cover.set(asked, Chance::Happens);
        }
    }
}

/// What is asked.
#[derive(Clone, Copy)]
enum Asked {
    Opens(StepId),
    Happens(Atom),
}

impl Asked {
    /// Whether a live map stands for a run: surely, or because the machine carries a plan out.
    fn shown(
        self,
        session: &Session<'_, '_>,
        stage: &Stage<'_, '_>,
        walks: &Walks,
        map: &Map,
    ) -> Result<(), String> {
        let facts = session.facts;
        let exact = facts.guarding().is_exact();
        let (acts, end) = match self {
            Self::Opens(_) if exact && !walks.needs_scarce(facts, map) => return Ok(()),
            Self::Happens(atom)
                if exact
                    && !walks.needs_scarce(facts, map)
                    && !walks.exhausts_scarce(facts, atom)
                    && !facts.taken.needs_run(&map.bound, Some(atom.step))
                    && !facts.needs_run(std::iter::once(atom.step)) =>
            {
                return Ok(());
            }
            Self::Opens(_) => (plan::to_map(facts, map, &[]), Violation::Reached),
            Self::Happens(atom) => (plan::to_outcome(facts, map, atom), Violation::Taken(atom)),
        };
        let acts = acts.ok_or_else(|| {
            let contested =
                matches!(self, Self::Happens(atom) if facts.taken.needs_run(&map.bound, Some(atom.step)));
            match contested {
                true => "a name that it needs may be taken already, and no run was found that shows it",
                false => "it takes too many events to show",
            }
            .to_owned()
        })?;
        stage.can(&acts, &end, &Setting::default()).map_err(|why| match exact {
            true => format!("no run was found that leads there: {why}"),
            false => format!("no run was found in which no guard refuses what leads there: {why}"),
        })
    }

    fn violation(self) -> Violation {
        match self {
            Self::Opens(step) => Violation::Open(step),
            Self::Happens(atom) => Violation::Taken(atom),
        }
    }
}

/// The outcome can come about: an exhausted one when its reopening one can and it is not ruled out itself.
fn enabled(facts: &Facts<'_>, atom: Atom) -> Need {
    if facts.possible(atom) { Need::Enabled(atom) } else { Need::Not(Formula::All(Vec::new())) }
}
