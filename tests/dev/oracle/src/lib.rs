//! Every run of a small workflow, by brute force over the machine itself.
//!
//! The oracle of the differential tests: it knows nothing of formulas or solvers and shares no code with the encoder. It
//! plays the roles at their worst, with one principal a role unless told otherwise, lets claims stay in flight,
//! and gives actions sampled arguments and results. Times never advance: expiry and tries are out of its reach.

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

/// How to explore.
#[derive(Clone, Debug)]
pub struct Options {
    /// Stop after this many states; the exploration is then incomplete.
    pub max_states: usize,
    /// Who plays each role; by default every role has a principal of its own.
    pub staff: Option<Vec<Principal>>,
    /// Values to try where a pin lets anything through.
    pub probes: Vec<Value>,
    /// So many claims may stay in flight while other things happen.
    pub in_flight: usize,
    /// A claim in flight may come to nothing and be given back, whatever the world would answer.
    pub faults: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_states: 50_000, staff: None, probes: Vec::new(), in_flight: 1, faults: false }
    }
}

/// A use as an observer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// The step.
    pub step: StepId,
    /// The grant.
    pub grant: GrantIx,
    /// The arguments.
    pub args: BTreeMap<String, Value>,
}

/// What an observer remembers of a run besides the machine's state; part of what makes two situations different.
pub trait Observer: Clone + Eq + std::hash::Hash {
    /// A use was claimed; the state is the one just before.
    fn used(&mut self, _machine: &Machine, _before: &State, _used: &Used, _by: &Principal) {}

    /// The machine accepted something.
    fn told(&mut self, _at: &At<'_>, _fact: &Fact<'_>) {}
}

/// Where an observer is told something.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// Decides about things.
    pub judge: &'a Judge<'a>,
    /// The state after it.
    pub state: &'a State,
    /// What the run had made before it.
    pub world: &'a World,
}

/// Nothing is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Forgetful;

impl Observer for Forgetful {}

/// A situation: the machine's state, claims in flight, what the world looks like, what the observer remembers.
#[derive(Clone, Debug)]
pub struct Situation<O> {
    /// The machine's state.
    pub state: State,
    /// The claims in flight.
    pub flying: Vec<moves::Flying>,
    /// What the run has made, and where values came from.
    pub world: World,
    /// The observer.
    pub observer: O,
}

/// From one situation to another.
#[derive(Clone, Debug)]
pub struct Edge {
    /// What happens.
    pub by: Move,
    /// Where it leads.
    pub to: usize,
    /// Steps that it opened anew.
    pub renewed: Vec<StepId>,
}

/// Everything that was found.
#[derive(Debug)]
pub struct Explored<O> {
    /// The situations, the first one being the start.
    pub situations: Vec<Situation<O>>,
    /// By situation: what leads where.
    pub next: Vec<Vec<Edge>>,
    /// Every situation was found.
    pub complete: bool,
}

impl<O> Explored<O> {
    /// Situations of a running run from which no end can be reached. Meaningful only when `complete`.
    #[must_use]
    pub fn stuck(&self) -> Vec<usize> {
        let over = |here: &Situation<O>| here.state.status() != Status::Running;
        self.cannot_reach(over, |_| false)
    }

    /// Situations in which a step is open and neither an outcome of its own nor a reopening can ever come; that the run may
    /// be over by another step's doing is no way on for this one. Meaningful only when `complete`.
    #[must_use]
    pub fn stranded(&self, step: StepId) -> Vec<usize> {
        let open = |here: &Situation<O>| {
            here.state.status() == Status::Running && here.state.step(step).is_some_and(|step| step.open)
        };
        let closed = |here: &Situation<O>| here.state.status() == Status::Running && !open(here);
        let own = |edge: &Edge| {
            edge.renewed.contains(&step)
                || matches!(&edge.by, Move::Judge(atom) | Move::Settle(atom) if atom.step == step)
        };
        let mut found = self.cannot_reach(closed, own);
        // While an accepted outcome waits for claims to land, steps are closing: what follows tells.
        let still = |here: &Situation<O>| open(here) && here.state.pending().is_empty();
        found.retain(|index| self.situations.get(*index).is_some_and(still));
        found
    }

    /// Situations from which neither a good situation nor a good edge can be reached.
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

    /// The moves that lead to a situation, from the start.
    #[must_use]
    pub fn path(&self, to: usize) -> Vec<Move> {
        let mut from: HashMap<usize, (usize, Move)> = HashMap::new();
        let mut queue = std::collections::VecDeque::from([0]);
        while let Some(here) = queue.pop_front() {
            if here == to {
                break;
            }
            for edge in self.next.get(here).into_iter().flatten() {
                if edge.to != 0 && !from.contains_key(&edge.to) {
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

/// Explores every run of a machine.
///
/// # Errors
/// The run cannot be started with sampled parameters or the staff given.
pub fn explore<O: Observer>(
    machine: &Machine,
    observer: O,
    options: &Options,
) -> Result<Explored<O>, Refusal> {
    let staff = options.staff.clone().unwrap_or_else(|| everybody(machine.workflow()));
    let params = machine
        .workflow()
        .params
        .iter()
        .map(|param| (param.name.clone(), sample::value(machine, &param.ty, &param.name)));
    let instances =
        machine.workflow().actions.iter().map(|action| (action.connector.clone(), "sampled".to_owned()));
    let start =
        Start { at: 0, params: params.collect(), instances: instances.collect(), staff: BTreeMap::new() };
    let state = machine.start(&start)?;
    let judge = Judge::of(machine, &state);
    let first = Situation { state, flying: Vec::new(), world: World::default(), observer };
    let mut seen: HashMap<u64, Vec<usize>> = HashMap::from([(key(&first), vec![0])]);
    let mut explored = Explored { situations: vec![first], next: Vec::new(), complete: true };
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
        }
        explored.next.push(next);
        here += 1;
    }
    Ok(explored)
}

/// Steps whose opening is another one.
fn renewed(before: &State, after: &State) -> Vec<StepId> {
    let pairs = before.steps().iter().zip(after.steps()).enumerate();
    pairs.filter(|(_, (a, b))| a.opening != b.opening).map(|(index, _)| StepId::of(index)).collect()
}

/// A principal and a controller of its own for every role.
#[must_use]
pub fn everybody(workflow: &Workflow) -> Vec<Principal> {
    let of = |name: &String| Principal { name: format!("{name}-1"), controller: format!("team-{name}") };
    workflow.roles.iter().map(|role| of(&role.name)).collect()
}

/// Hash of what decides how a situation behaves.
fn key<O: Observer>(situation: &Situation<O>) -> u64 {
    use std::hash::{Hash as _, Hasher as _};
    let mut hasher = std::hash::DefaultHasher::new();
    let state = &situation.state;
    state.loops().hash(&mut hasher);
    state.pending().len().hash(&mut hasher);
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

/// Two situations that behave alike: times, tries, versions and numbers of openings are left out.
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
            && x.judged == y.judged
            && grants
    });
    steps
        && a.state.status() == b.state.status()
        && a.state.loops() == b.state.loops()
        && a.state.pending() == b.state.pending()
        && a.state.staff() == b.state.staff()
        && a.state.watch() == b.state.watch()
        && a.flying == b.flying
        && a.world == b.world
        && a.observer == b.observer
}

/// The outcomes of a map, for an observer of states.
#[must_use]
pub fn settled(state: &State) -> Vec<Atom> {
    let steps = state.steps().iter().enumerate();
    steps.filter_map(|(index, step)| Some(Atom { step: StepId::of(index), outcome: step.settled? })).collect()
}

/// A principal as it acts in a role.
fn acting(principal: &Principal, role: &str) -> Actor {
    Actor { principal: principal.clone(), roles: vec![role.to_owned()] }
}
