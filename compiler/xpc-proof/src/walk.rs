//! Walks through the workflow in dependency order, without the solver: each shows much of what can happen at once.
//!
//! A walk only finds examples. What it shows is checked against the rules of live maps before it counts; what no walk
//! shows is left to the solver.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use xp_artifact::workflow::{Atom, Formula, How, Loop, LoopId, StepId, Then};

use crate::evidence;
use crate::facts::{Facts, GrantAt};
use crate::live::live;
use crate::map::Map;
use crate::need::Need;
use crate::scarce;
use crate::support;
use crate::values::grant_at;

/// Walks taken at most.
const WALKS: usize = 8;

/// What the walks have seen.
pub(crate) struct Walks {
    pub opens: BTreeSet<StepId>,
    pub happens: BTreeSet<Atom>,
    /// Grants that could be used where the walk came by, each with the first such walk.
    uses: HashMap<GrantAt, usize>,
    /// Loops that could fire, with the walks on which they could.
    fires: HashMap<LoopId, Vec<usize>>,
    /// Loops that may run into a limit per run before they are used up. No walk uses one of them up.
    scarce: BTreeSet<LoopId>,
    /// Where each walk ended, with everything it settled on the way. What was settled when it came to a step is the part
    /// of it that stands before the step in the order of dependencies.
    ends: Vec<Rc<Map>>,
}

impl Walks {
    pub fn of(facts: &Facts<'_>) -> Self {
        let finish = Finish::of(facts);
        let (opens, happens) = (BTreeSet::new(), BTreeSet::new());
        let (uses, fires) = (HashMap::new(), HashMap::new());
        let mut walks = Self { opens, happens, uses, fires, scarce: scarce::loops(facts), ends: Vec::new() };
        let mut taken: HashMap<Atom, usize> = HashMap::new();
        for _ in 0..WALKS {
            let before = (walks.opens.len(), walks.happens.len(), walks.uses.len());
            let (seen, end) = walks.walk(facts, &finish, &mut taken);
            // What was so on the way was so in a part of the end, and a part of a live map is one.
            if !live(facts, &end) {
                break;
            }
            let number = walks.ends.len();
            walks.opens.extend(seen.opens);
            for at in seen.uses {
                walks.uses.entry(at).or_insert(number);
            }
            for atom in seen.happens {
                if let Some(Then::Reopen(by)) = facts.outcome(atom).map(|outcome| outcome.then) {
                    walks.fires.entry(by).or_default().push(number);
                }
                walks.happens.insert(atom);
            }
            if before == (walks.opens.len(), walks.happens.len(), walks.uses.len()) {
                break;
            }
            walks.ends.push(Rc::new(end));
        }
        walks
    }

    /// An example of the goal on one of the walks: the part of it that the goal rests on. Checked by the definitions of
    /// live maps and of the goal, so it does not matter how the walk came by it.
    pub fn example(&self, facts: &Facts<'_>, goal: &[Need]) -> Option<Map> {
        if !goal.iter().all(Need::decidable) || goal.iter().filter(|need| need.about_luck()).count() > 1 {
            return None;
        }
        let begun = |end: &&Rc<Map>| goal.iter().filter_map(Need::begins).all(|step| end.begun(facts, step));
        self.ends.iter().filter(begun).find_map(|end| {
            let map = support::shrink(facts, end, &[goal]);
            (goal.iter().all(|need| need.holds(facts, &map)) && live(facts, &map)).then_some(map)
        })
    }

    /// The end of a walk on which the grant could be used.
    pub fn use_of(&self, at: GrantAt) -> Option<Rc<Map>> {
        self.uses.get(&at).and_then(|walk| self.ends.get(*walk)).map(Rc::clone)
    }

    /// On some walk the loop could fire while the step was open or settled.
    pub fn fires_with(&self, facts: &Facts<'_>, by: LoopId, step: StepId) -> bool {
        let before = |l: &Loop| facts.rank(step) <= facts.rank(l.step);
        // What does not come before the source, other examples may show.
        facts.the_loop(by).is_some_and(before)
            && self
                .fires
                .get(&by)
                .into_iter()
                .flatten()
                .any(|walk| self.ends.get(*walk).is_some_and(|end| end.begun(facts, step)))
    }

    /// Some loop may run into a limit per run before it is used up.
    pub fn any_scarce(&self) -> bool {
        !self.scarce.is_empty()
    }

    /// The map lies behind the end of such a loop, or rests on names that may be taken.
    pub fn needs_scarce(&self, facts: &Facts<'_>, map: &Map) -> bool {
        if facts.taken.needs_run(&map.bound, None) || facts.needs_run(map.settled.keys().copied()) {
            return true;
        }
        let mut atoms = map.settled.iter().map(|(step, outcome)| Atom { step: *step, outcome: *outcome });
        atoms.any(|atom| self.exhausts_scarce(facts, atom))
    }

    /// The outcome is the end of such a loop.
    pub fn exhausts_scarce(&self, facts: &Facts<'_>, atom: Atom) -> bool {
        let how = facts.outcome(atom).map(|outcome| &outcome.how);
        matches!(how, Some(How::Exhausted(by)) if self.scarce.contains(by))
    }

    /// One walk: everything that opens is settled with the outcome taken least often so far.
    fn walk(&self, facts: &Facts<'_>, finish: &Finish<'_>, taken: &mut HashMap<Atom, usize>) -> (Seen, Map) {
        let mut map = Map::default();
        let mut seen = Seen { opens: Vec::new(), happens: Vec::new(), uses: Vec::new() };
        let mut left = finish.start();
        for step in &facts.order {
            if !map.begun(facts, *step) {
                continue;
            }
            seen.opens.push(*step);
            let here = (0..facts.step(*step).grants.len()).map(|index| grant_at(*step, index));
            seen.uses.extend(here.filter(|at| evidence::pinned(facts, *at, &map)));
            let mut choice: Option<(usize, Atom)> = None;
            for (atom, outcome) in facts.atoms(*step) {
                // What one use returns decides what another may: the solver keeps account of that, and no walk does.
                if self.exhausts_scarce(facts, atom)
                    || facts.is_tied(*step) && facts.evidence(atom).is_some()
                    || !facts.possible(atom)
                    || !evidence::obtainable(facts, atom, &map)
                {
                    continue;
                }
                seen.happens.push(atom);
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
                let at: GrantAt = grant_at(*step, index);
                // Results that the condition does not read may be there as well.
                if grant.binder.is_some()
                    && (way.results.contains_key(&at.1) || evidence::pinned(facts, at, &map))
                {
                    map.bound.insert(at);
                }
            }
        }
        (seen, map)
    }
}

struct Seen {
    opens: Vec<StepId>,
    happens: Vec<Atom>,
    uses: Vec<GrantAt>,
}

/// Keeps track of `finish` without evaluating all of it each time.
struct Finish<'m> {
    parts: Vec<&'m Formula>,
    of: BTreeMap<StepId, Vec<usize>>,
}

impl<'m> Finish<'m> {
    fn of(facts: &Facts<'m>) -> Self {
        let parts: Vec<&Formula> = facts.w.finish.conjuncts().iter().collect();
        let mut of: BTreeMap<StepId, Vec<usize>> = BTreeMap::new();
        for (index, part) in parts.iter().enumerate() {
            for step in part.steps() {
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
