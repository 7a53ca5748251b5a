//! What can happen: most of it is seen on a few walks through the workflow, the solver is asked for the rest.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use xp_artifact::workflow::{Atom, Formula, How, LoopId, StepId, Then};

use crate::evidence;
use crate::facts::{Facts, GrantAt, steps_of};
use crate::map::Map;
use crate::need::Need;
use crate::plan;
use crate::refute::{Setting, Stage};
use crate::session::Session;
use crate::violation::Violation;

/// Walks taken before the solver is asked.
const WALKS: usize = 8;

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
    /// Loops that may not be used up for a limit per run.
    scarce: BTreeSet<LoopId>,
}

impl Cover {
    pub fn opens(&self, step: StepId) -> Chance {
        self.opens.get(step.index()).cloned().unwrap_or(Chance::Never)
    }

    pub fn happens(&self, atom: Atom) -> Chance {
        self.happens.get(&atom).cloned().unwrap_or(Chance::Never)
    }

    /// Some loop may not be used up for a limit per run.
    pub fn has_scarce_loops(&self) -> bool {
        !self.scarce.is_empty()
    }

    /// The map lies behind the end of such a loop.
    pub fn needs_scarce_loop(&self, facts: &Facts<'_>, map: &Map) -> bool {
        needs_scarce(facts, map, &self.scarce)
    }
}

/// Finds out for every step and outcome.
pub(crate) fn cover(session: &Session<'_, '_>, stage: &Stage<'_, '_>) -> Cover {
    let facts = session.facts;
    let finish = Finish::of(facts);
    let scarce: BTreeSet<LoopId> =
        facts.loops().map(|(by, _)| by).filter(|by| is_scarce(facts, *by)).collect();
    let mut seen = Seen { opens: BTreeSet::new(), happens: BTreeSet::new() };
    let mut taken: HashMap<Atom, usize> = HashMap::new();
    for _ in 0..WALKS {
        let before = (seen.opens.len(), seen.happens.len());
        walk(facts, &finish, &scarce, &mut seen, &mut taken);
        if before == (seen.opens.len(), seen.happens.len()) {
            break;
        }
    }
    let mut cover = Cover { opens: Vec::new(), happens: HashMap::new(), fireable: Vec::new(), scarce };
    ask(session, stage, &seen, &mut cover);
    cover.fireable = facts
        .loops()
        .filter(|(_, l)| cover.happens(Atom { step: l.step, outcome: l.outcome }).conceivable())
        .map(|(by, _)| by)
        .collect();
    cover
}

struct Seen {
    opens: BTreeSet<StepId>,
    happens: BTreeSet<Atom>,
}

/// One walk in dependency order: everything that opens is settled with the outcome taken least often so far.
fn walk(
    facts: &Facts<'_>,
    finish: &Finish<'_>,
    scarce: &BTreeSet<LoopId>,
    seen: &mut Seen,
    taken: &mut HashMap<Atom, usize>,
) {
    let mut map = Map::default();
    let mut left = finish.start();
    for step in &facts.order {
        if !map.begun(facts, *step) {
            continue;
        }
        seen.opens.insert(*step);
        let mut choice: Option<(usize, Atom)> = None;
        for (atom, outcome) in facts.atoms(*step) {
            let exhausts_scarce = matches!(&outcome.how, How::Exhausted(by) if scarce.contains(by));
            if exhausts_scarce || !facts.possible(atom) || !evidence::obtainable(facts, atom, &map) {
                continue;
            }
            seen.happens.insert(atom);
            if outcome.then == Then::Settle && !facts.over_at_once {
                let count = taken.get(&atom).copied().unwrap_or(0);
                if choice.is_none_or(|(least, _)| count < least) {
                    choice = Some((count, atom));
                }
            }
        }
        let Some((count, atom)) = choice else { continue };
        map.settled.insert(*step, atom.outcome);
        if finish.reached(&map, *step, &mut left) {
            map.settled.remove(step);
            continue;
        }
        taken.insert(atom, count + 1);
        let way = evidence::way_now(facts, atom, &map).unwrap_or_default();
        for (index, grant) in facts.step(*step).grants.iter().enumerate() {
            let at: GrantAt = crate::values::grant_at(*step, index);
            // Results that the condition does not read may be there as well.
            if grant.binder.is_some() && (way.contains_key(&at.1) || evidence::pinned(facts, at, &map)) {
                map.bound.insert(at);
            }
        }
    }
}

/// Keeps track of `finish` without evaluating all of it each time.
struct Finish<'m> {
    parts: Vec<&'m Formula>,
    of: BTreeMap<StepId, Vec<usize>>,
}

impl<'m> Finish<'m> {
    fn of(facts: &Facts<'m>) -> Self {
        let parts: Vec<&Formula> = match &facts.w.finish {
            Formula::All(parts) => parts.iter().collect(),
            other => vec![other],
        };
        let mut of: BTreeMap<StepId, Vec<usize>> = BTreeMap::new();
        for (index, part) in parts.iter().enumerate() {
            let mut steps = Vec::new();
            steps_of(part, &mut steps);
            steps.sort_unstable();
            steps.dedup();
            for step in steps {
                of.entry(step).or_default().push(index);
            }
        }
        Self { parts, of }
    }

    fn start(&self) -> BTreeSet<usize> {
        let nothing = Map::default();
        (0..self.parts.len())
            .filter(|index| self.parts.get(*index).is_some_and(|part| !nothing.truth(part)))
            .collect()
    }

    /// Whether the step, just settled in the map, ends the run; the open conjuncts are updated only if not.
    fn reached(&self, map: &Map, step: StepId, left: &mut BTreeSet<usize>) -> bool {
        let done: Vec<usize> = self
            .of
            .get(&step)
            .into_iter()
            .flatten()
            .copied()
            .filter(|index| {
                left.contains(index) && self.parts.get(*index).is_some_and(|part| map.truth(part))
            })
            .collect();
        if done.len() == left.len() {
            return true;
        }
        for index in done {
            left.remove(&index);
        }
        false
    }
}

/// Whether using the loop up may run into a limit per run: then only a replay shows that it can be used up.
fn is_scarce(facts: &Facts<'_>, by: LoopId) -> bool {
    let Some(l) = facts.the_loop(by) else { return false };
    let rebuilt = facts.cone([l.step]).into_iter().filter(|step| facts.resets(by, *step));
    rebuilt.into_iter().any(|step| {
        facts.step(step).grants.iter().enumerate().any(|(index, grant)| {
            facts.per_run(crate::values::grant_at(step, index))
                && (grant.binder.is_some() || !facts.action(grant.action).shows.is_empty())
        })
    })
}

/// Asks the solver about what no walk has seen; what hangs on a scarce loop is carried out.
fn ask(session: &Session<'_, '_>, stage: &Stage<'_, '_>, seen: &Seen, cover: &mut Cover) {
    let scarce = cover.scarce.clone();
    let facts = session.facts;
    let steps: Vec<StepId> = facts.steps().filter(|step| !seen.opens.contains(step)).collect();
    let atoms: Vec<Atom> = facts
        .steps()
        .flat_map(|step| facts.atoms(step))
        .map(|(atom, _)| atom)
        .filter(|atom| !seen.happens.contains(atom))
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
                if !needs_scarce(facts, map, &scarce)
                    && last.is_none_or(|atom| !exhausts(facts, atom, &scarce)) =>
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
    cover.happens = seen.happens.iter().map(|atom| (*atom, Chance::Happens)).collect();
    for (index, atom) in atoms.iter().enumerate() {
        cover.happens.insert(*atom, chance(steps.len() + index, atom.step, Some(*atom)));
    }
}

fn needs_scarce(facts: &Facts<'_>, map: &Map, scarce: &BTreeSet<LoopId>) -> bool {
    let mut atoms = map.settled.iter().map(|(step, outcome)| Atom { step: *step, outcome: *outcome });
    atoms.any(|atom| exhausts(facts, atom, scarce))
}

fn exhausts(facts: &Facts<'_>, atom: Atom, scarce: &BTreeSet<LoopId>) -> bool {
    matches!(facts.outcome(atom).map(|outcome| &outcome.how), Some(How::Exhausted(by)) if scarce.contains(by))
}

/// The outcome can come about: an exhausted one when its reopening one can and it is not ruled out itself.
fn enabled(facts: &Facts<'_>, atom: Atom) -> Need {
    if facts.possible(atom) { Need::Enabled(atom) } else { Need::Not(Formula::All(Vec::new())) }
}
