//! Exhaustive exploration of a small workflow's runs on the machine.
//!
//! This is the oracle of the differential tests: it uses no formulas or solvers and shares no code with the
//! encoder. Roles behave as adversaries, with one principal per role unless stated otherwise; claims may stay
//! in flight; actions have sampled arguments and results. Time advances only when the time limit of
//! a step passes, so expiry and limits on tries are not covered.

mod moves;
mod sample;
pub mod things;

use std::collections::{BTreeMap, HashMap};

use xp_artifact::workflow::{Atom, GrantIx, StepId, Workflow};
use xp_monitor::Fact;
use xp_scope::Value;

pub use moves::Move;
pub use things::{Judge, World};

use xp_machine::event::Principal;
use xp_machine::{Actor, Machine, Refusal, Start, State, Status};

/// Options of an exploration.
#[derive(Clone, Debug)]
pub struct Options {
    /// Stop after this many states; the exploration is then incomplete.
    pub max_states: usize,
    /// The principal of each role; by default a different one per role.
    pub staff: Option<Vec<Principal>>,
    /// Values to try where a pin admits any value.
    pub probes: Vec<Value>,
    /// Number of claims that may be in flight while other moves are made.
    pub in_flight: usize,
    /// Whether a claim in flight may fail and return its use.
    pub faults: bool,
    /// Whether every request is also made without naming its grant and the answers are compared.
    pub unnamed: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_states: 50_000,
            staff: None,
            probes: Vec::new(),
            in_flight: 1,
            faults: false,
            unnamed: false,
        }
    }
}

/// A use, as reported to an observer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// The step.
    pub step: StepId,
    /// The grant.
    pub grant: GrantIx,
    /// The arguments.
    pub args: BTreeMap<String, Value>,
}

/// State that an observer derives from a run in addition to the machine's; part of a situation's identity.
pub trait Observer: Clone + Eq + std::hash::Hash {
    /// A use was claimed; `before` is the state before it.
    fn used(&mut self, _machine: &Machine, _before: &State, _used: &Used, _by: &Principal) {}

    /// The machine accepted an input.
    fn accepted(&mut self, _at: &At<'_>, _fact: &Fact<'_>) {}

    /// What the observer looks for is found, so the exploration may stop, which leaves it incomplete.
    fn is_decided(&self) -> bool {
        false
    }
}

/// The context of a report.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// Compares things.
    pub judge: &'a Judge<'a>,
    /// The state after it.
    pub state: &'a State,
    /// What the run had made before it.
    pub world: &'a World,
}

/// An observer without state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Forgetful;

impl Observer for Forgetful {}

/// A situation: state of the machine, claims in flight, state of the environment, state of the observer.
#[derive(Clone, Debug)]
pub struct Situation<O> {
    /// The machine's state.
    pub state: State,
    /// The claims in flight.
    pub flying: Vec<moves::Flying>,
    /// What the run has made, and the origins of values.
    pub world: World,
    /// State of the observer.
    pub observer: O,
}

/// A transition.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The move.
    pub by: Move,
    /// Index of the resulting situation.
    pub to: usize,
    /// Steps with a new opening.
    pub renewed: Vec<StepId>,
}

/// The result of an exploration.
#[derive(Debug)]
pub struct Explored<O> {
    /// The situations; the first are those that runs start in, one for each way to start.
    pub situations: Vec<Situation<O>>,
    /// How many of them runs start in.
    pub starts: usize,
    /// Transitions by situation.
    pub next: Vec<Vec<Edge>>,
    /// Whether every reachable situation is included.
    pub complete: bool,
}

impl<O> Explored<O> {
    /// Situations of a running run from which no end is reachable. Meaningful only if `complete`.
    #[must_use]
    pub fn stuck(&self) -> Vec<usize> {
        let over = |here: &Situation<O>| here.state.status() != Status::Running;
        self.cannot_reach(over, |_| false)
    }

    /// Situations in which the step is open and neither an outcome of its own nor a reopening is reachable.
    /// An end of the run through another step does not count. Meaningful only if `complete`.
    #[must_use]
    pub fn stranded(&self, step: StepId) -> Vec<usize> {
        let open = |here: &Situation<O>| {
            here.state.status() == Status::Running && here.state.step(step).is_some_and(|step| step.open)
        };
        let closed = |here: &Situation<O>| here.state.status() == Status::Running && !open(here);
        let own = |edge: &Edge| {
            edge.renewed.contains(&step)
                || matches!(&edge.by, Move::Judge(atom) | Move::Settle(atom) | Move::TimeOut(atom) if atom.step == step)
        };
        let mut found = self.cannot_reach(closed, own);
        // While an accepted outcome waits for claims to be resolved, steps are closing; the following
        // situations are considered instead.
        let still = |here: &Situation<O>| open(here) && here.state.pending().is_empty();
        found.retain(|index| self.situations.get(*index).is_some_and(still));
        found
    }

    /// Situations from which neither a situation in `good` nor a transition in `by` is reachable.
    fn cannot_reach(&self, good: impl Fn(&Situation<O>) -> bool, by: impl Fn(&Edge) -> bool) -> Vec<usize> {
        let mut before = vec![Vec::new(); self.situations.len()];
        for (from, moves) in self.next.iter().enumerate() {
            for edge in moves {
                if let Some(list) = before.get_mut(edge.to) {
                    list.push(from);
                }
            }
        }
        let mut ends = vec![false; self.situations.len()];
        let here = |index: &usize| {
            self.situations.get(*index).is_some_and(&good)
                || self.next.get(*index).is_some_and(|edges| edges.iter().any(&by))
        };
        let mut stack: Vec<usize> = (0..self.situations.len()).filter(here).collect();
        while let Some(here) = stack.pop() {
            let Some(seen) = ends.get_mut(here) else { continue };
            if std::mem::replace(seen, true) {
                continue;
            }
            stack.extend(before.get(here).into_iter().flatten());
        }
        ends.iter().enumerate().filter(|(_, ends)| !**ends).map(|(index, _)| index).collect()
    }

    /// The moves from a start to a situation.
    #[must_use]
    pub fn path(&self, to: usize) -> Vec<Move> {
        let mut from: HashMap<usize, (usize, Move)> = HashMap::new();
        let mut queue: std::collections::VecDeque<usize> = (0..self.starts).collect();
        while let Some(here) = queue.pop_front() {
            if here == to {
                break;
            }
            for edge in self.next.get(here).into_iter().flatten() {
                if edge.to >= self.starts && !from.contains_key(&edge.to) {
                    from.insert(edge.to, (here, edge.by.clone()));
                    queue.push_back(edge.to);
                }
            }
        }
        let mut path = Vec::new();
        let mut here = to;
        while let Some((before, by)) = from.get(&here) {
            path.push(by.clone());
            here = *before;
        }
        path.reverse();
        path
    }
}

/// Explores all runs of a machine.
///
/// # Errors
/// The run cannot be started with sampled parameters or the given staff.
pub fn explore<O: Observer>(
    machine: &Machine,
    observer: O,
    options: &Options,
) -> Result<Explored<O>, Refusal> {
    let staff = options.staff.clone().unwrap_or_else(|| everybody(machine.workflow()));
    let instances =
        machine.workflow().actions.iter().map(|action| (action.connector.clone(), "sampled".to_owned()));
    let instances: BTreeMap<String, String> = instances.collect();
    let mut situations = Vec::new();
    let mut seen: HashMap<u64, Vec<usize>> = HashMap::new();
    for params in sample::starts(machine, &options.probes) {
        let starter = Some(Principal::agent("starter", "starter"));
        let start = Start { at: 0, params, instances: instances.clone(), staff: BTreeMap::new(), starter };
        let state = machine.start(&start)?;
        let first =
            Situation { state, flying: Vec::new(), world: World::default(), observer: observer.clone() };
        seen.entry(key(&first)).or_default().push(situations.len());
        situations.push(first);
    }
    let Some(first) = situations.first() else {
        return Ok(Explored { situations, starts: 0, next: Vec::new(), complete: false });
    };
    let judge = Judge::of(machine, &first.state);
    // Time passes only when a limit does. With several limits, how they lie to each other would have to be tried.
    let limited = machine.workflow().steps.iter().filter(|step| step.within.is_some()).count();
    let mut explored = Explored {
        starts: situations.len(),
        situations,
        next: Vec::new(),
        complete: !sample::is_shown_by_chance(machine.workflow()) && limited <= 1,
    };
    let mut here = 0;
    while here < explored.situations.len() {
        let Some(situation) = explored.situations.get(here).cloned() else { break };
        let mut next = Vec::new();
        for (by, then) in moves::all(machine, &judge, &situation, &staff, options) {
            let renewed = renewed(&situation.state, &then.state);
            let bucket = seen.entry(key(&then)).or_default();
            let known = bucket
                .iter()
                .find(|index| explored.situations.get(**index).is_some_and(|other| alike(other, &then)));
            let index = match known {
                Some(index) => *index,
                None if explored.situations.len() >= options.max_states => {
                    explored.complete = false;
                    continue;
                }
                None => {
                    let index = explored.situations.len();
                    bucket.push(index);
                    explored.situations.push(then);
                    index
                }
            };
            next.push(Edge { by, to: index, renewed });
            if explored.situations.get(index).is_some_and(|found| found.observer.is_decided()) {
                explored.complete = false;
                explored.next.push(next);
                return Ok(explored);
            }
        }
        explored.next.push(next);
        here += 1;
    }
    Ok(explored)
}

/// Steps whose opening differs.
fn renewed(before: &State, after: &State) -> Vec<StepId> {
    let pairs = before.steps().iter().zip(after.steps()).enumerate();
    pairs.filter(|(_, (a, b))| a.opening != b.opening).map(|(index, _)| StepId::of(index)).collect()
}

/// A principal with a controller of its own for every role.
#[must_use]
pub fn everybody(workflow: &Workflow) -> Vec<Principal> {
    let of = |name: &String| Principal::agent(format!("{name}-1"), format!("team-{name}"));
    workflow.roles.iter().map(|role| of(&role.name)).collect()
}

/// Hash of the part of a situation that determines its behaviour.
fn key<O: Observer>(situation: &Situation<O>) -> u64 {
    use std::hash::{Hash as _, Hasher as _};
    let mut hasher = std::hash::DefaultHasher::new();
    let state = &situation.state;
    state.loops().hash(&mut hasher);
    state.pending().len().hash(&mut hasher);
    state.params().hash(&mut hasher);
    state.watch().hash(&mut hasher);
    for step in state.steps() {
        (step.settled, step.open, step.in_flight, &step.submissions, &step.shown).hash(&mut hasher);
        for grant in &step.grants {
            (grant.spent, grant.spent_in_run, &grant.result).hash(&mut hasher);
        }
    }
    for flying in &situation.flying {
        (flying.step, flying.grant, &flying.args).hash(&mut hasher);
    }
    situation.observer.hash(&mut hasher);
    hasher.finish()
}

/// Whether two situations have the same behaviour: times, tries, versions and ordinals of openings are
/// ignored.
fn alike<O: Observer>(a: &Situation<O>, b: &Situation<O>) -> bool {
    let steps = a.state.steps().iter().zip(b.state.steps()).all(|(x, y)| {
        let grants = x
            .grants
            .iter()
            .zip(&y.grants)
            .all(|(g, h)| g.spent == h.spent && g.spent_in_run == h.spent_in_run && g.result == h.result);
        x.settled == y.settled
            && x.open == y.open
            && x.in_flight == y.in_flight
            && x.submissions == y.submissions
            && x.shown == y.shown
            && x.votes == y.votes
            && x.judged == y.judged
            && grants
    });
    steps
        && a.state.params() == b.state.params()
        && a.state.status() == b.state.status()
        && a.state.loops() == b.state.loops()
        && a.state.pending() == b.state.pending()
        && a.state.staff() == b.state.staff()
        && a.state.people() == b.state.people()
        && a.state.watch() == b.state.watch()
        && a.flying == b.flying
        && a.world == b.world
        && a.observer == b.observer
}

/// The settled outcomes, for an observer of states.
#[must_use]
pub fn settled(state: &State) -> Vec<Atom> {
    let steps = state.steps().iter().enumerate();
    steps.filter_map(|(index, step)| Some(Atom { step: StepId::of(index), outcome: step.settled? })).collect()
}

/// A principal acting in a role.
fn acting(principal: &Principal, role: &str) -> Actor {
    Actor { principal: principal.clone(), roles: vec![role.to_owned()] }
}
