//! Every state a small workflow can be in, by trying everything on the machine. Shares nothing with the encoder.

use std::collections::{BTreeMap, HashSet};

use xp_artifact::workflow::{
    Atom, Datum, Effect, Formula, GrantIx, How, OutcomeIx, Pin, Root, StepId, Workflow,
};
use xp_machine::event::Principal;
use xp_machine::{Accepted, Actor, Change, Event, Input, Machine, Start, State, Status};
use xp_scope::{Type, Value};

/// What was seen of a workflow.
#[derive(Default)]
pub struct Seen {
    /// All states were visited.
    pub complete: bool,
    pub states: usize,
    pub opened: HashSet<StepId>,
    pub happened: HashSet<Atom>,
    pub stuck: bool,
    /// An open step that can never settle, whatever happens in it.
    pub stranded: bool,
    pub unbound: bool,
    /// Uses with what was settled at the time.
    pub used: Vec<((StepId, GrantIx), Settled)>,
    /// Grants used by then, at each state.
    pub used_together: HashSet<Vec<(StepId, GrantIx, u32)>>,
    /// Grants used in two openings.
    pub again: HashSet<(StepId, GrantIx)>,
    /// Most openings of each step.
    pub openings: BTreeMap<StepId, u32>,
}

/// By step.
pub type Settled = Vec<Option<OutcomeIx>>;

pub fn truth(formula: &Formula, settled: &Settled) -> bool {
    match formula {
        Formula::Is(atom) => settled[atom.step.index()] == Some(atom.outcome),
        Formula::Test(_) => unreachable!("these workflows compare nothing in guards"),
        Formula::All(parts) => parts.iter().all(|part| truth(part, settled)),
        Formula::Any(parts) => parts.iter().any(|part| truth(part, settled)),
    }
}

type Key = (Vec<StepKey>, Vec<u32>);
type StepKey = (Option<OutcomeIx>, bool, u32, Vec<(u32, u32, Option<bool>, bool)>, usize);

fn key(state: &State, history: &HashSet<(StepId, GrantIx)>) -> (Key, Vec<(StepId, GrantIx)>) {
    let steps = state.steps().iter().map(|step| {
        let grants = step.grants.iter().map(|grant| {
            let ok =
                grant.result.as_ref().and_then(|value| value.at(&["ok".to_owned()])).and_then(Value::as_bool);
            (grant.spent, grant.spent_in_run, ok, grant.result.is_some())
        });
        (step.settled, step.open, step.opening, grants.collect(), step.shown.len())
    });
    let mut again: Vec<_> = history.iter().copied().collect();
    again.sort_unstable();
    ((steps.collect(), state.loops().to_vec()), again)
}

pub struct Explorer<'w> {
    w: &'w Workflow,
    machine: Machine,
}

impl<'w> Explorer<'w> {
    pub fn new(w: &'w Workflow) -> Self {
        Self { w, machine: Machine::new(w.clone()).unwrap() }
    }

    fn start(&self) -> State {
        let params =
            self.w.params.iter().map(|param| (param.name.clone(), some_value(&param.ty, true))).collect();
        let instances = BTreeMap::from([("c".to_owned(), "i".to_owned())]);
        self.machine
            .start(&Start { at: 0, params, instances, staff: BTreeMap::new(), starter: None })
            .unwrap()
    }

    fn apply(&self, state: &mut State, event: Event) -> Option<Accepted> {
        let at = state.time();
        self.machine.apply(state, &Input { at, kill: None, leased_by: None, event }).ok()
    }

    fn actor(&self, step: StepId) -> Actor {
        let role = self.w.roles[self.w.steps[step.index()].role.index()].name.clone();
        Actor { principal: Principal::agent(role.clone(), role.clone()), roles: vec![role] }
    }

    /// Data of a step that is still open has no value for others.
    fn value<'s>(&self, state: &'s State, datum: &Datum) -> Option<&'s Value> {
        let settled = datum.root.step().is_none_or(|step| state.steps()[step.index()].settled.is_some());
        if settled { self.machine.value(state, datum) } else { None }
    }

    /// Uses a grant with a result whose Boolean is this.
    fn use_it(&self, state: &State, step: StepId, ix: GrantIx, ok: bool) -> Option<State> {
        let mut state = state.clone();
        let grant = &self.w.steps[step.index()].grants[ix.index()];
        let action = &self.w.actions[grant.action.index()];
        let mut args = BTreeMap::new();
        for (param, pin) in action.params.iter().zip(&grant.pins) {
            let value = match pin {
                Pin::Is(xp_artifact::workflow::Expr::Datum(datum)) => self.value(&state, datum)?.clone(),
                Pin::Is(xp_artifact::workflow::Expr::Literal(value)) => value.clone(),
                _ => some_value(&param.ty, true),
            };
            args.insert(param.name.clone(), value);
        }
        let jti = format!("{}", state.version());
        let key = "k".to_owned();
        let (name, actor) = (self.w.steps[step.index()].name.clone(), self.actor(step));
        let request = Event::Request {
            jti: jti.clone(),
            actor: actor.clone(),
            key: key.clone(),
            step: name,
            action: format!("c.{}", action.name),
            grant: Some(ix),
            args,
        };
        let Some(Accepted::Granted { opening, req, .. }) = self.apply(&mut state, request) else {
            return None;
        };
        self.apply(&mut state, Event::Claim { jti: jti.clone(), actor, key, step, opening, req })?;
        self.apply(&mut state, Event::Complete { jti, result: some_value(&action.result, ok) })?;
        Some(state)
    }

    /// Takes an outcome; what must be handed in or looked at is.
    fn take(&self, state: &State, atom: Atom) -> Option<(State, Atom)> {
        let mut state = state.clone();
        let step = &self.w.steps[atom.step.index()];
        let outcome = &step.outcomes[atom.outcome.index()];
        let actor = self.actor(atom.step);
        for submission in &step.submissions {
            let value = some_value(&submission.ty, true);
            self.apply(
                &mut state,
                Event::Submit {
                    actor: actor.clone(),
                    step: step.name.clone(),
                    name: submission.name.clone(),
                    value,
                },
            )?;
        }
        if let Some(datum) = &outcome.of {
            let event = Event::View { actor: actor.clone(), step: step.name.clone(), datum: datum.clone() };
            self.apply(&mut state, event);
        }
        let event = match outcome.how {
            How::Auto(_) => Event::Settle { outcome: atom },
            _ => Event::Judge { actor, step: step.name.clone(), outcome: outcome.name.clone(), notes: None },
        };
        let Some(Accepted::Done { changes }) = self.apply(&mut state, event) else { return None };
        let taken = changes.iter().find_map(|change| match change {
            Change::Settled { outcome, .. }
            | Change::RunEnded { outcome }
            | Change::Reopened { outcome, .. } => Some(*outcome),
            _ => None,
        });
        Some((state, taken?))
    }

    fn atoms(&self, step: StepId) -> impl Iterator<Item = Atom> + use<> {
        (0..self.w.steps[step.index()].outcomes.len())
            .map(move |ix| Atom { step, outcome: OutcomeIx::of(ix) })
    }

    /// Some sequence of uses in the step makes one of its outcomes possible.
    fn can_settle(&self, state: &State, step: StepId) -> bool {
        let mut stack = vec![state.clone()];
        let mut seen = HashSet::new();
        while let Some(state) = stack.pop() {
            if !seen.insert(key(&state, &HashSet::new())) {
                continue;
            }
            if self.atoms(step).any(|atom| self.take(&state, atom).is_some()) {
                return true;
            }
            for ix in 0..self.w.steps[step.index()].grants.len() {
                for ok in [true, false] {
                    stack.extend(self.use_it(&state, step, GrantIx::of(ix), ok));
                }
            }
        }
        false
    }

    fn names(&self, step: StepId) -> Vec<&Datum> {
        let declared = &self.w.steps[step.index()];
        let pins = declared.grants.iter().flat_map(|grant| &grant.pins).filter_map(|pin| match pin {
            Pin::Is(xp_artifact::workflow::Expr::Datum(datum)) => Some(datum),
            _ => None,
        });
        pins.chain(declared.outcomes.iter().filter_map(|outcome| outcome.of.as_ref()))
            .filter(|datum| !matches!(datum.root, Root::Param(_)))
            .collect()
    }

    pub fn explore(&self, most: usize) -> Seen {
        let mut seen = Seen { complete: true, ..Seen::default() };
        let start = self.start();
        let mut visited = HashSet::from([key(&start, &HashSet::new())]);
        let mut stack = vec![(start, HashSet::new())];
        while let Some((state, again)) = stack.pop() {
            seen.states += 1;
            if seen.states > most {
                seen.complete = false;
                return seen;
            }
            let settled: Settled = state.steps().iter().map(|step| step.settled).collect();
            let mut together = Vec::new();
            for (index, step) in state.steps().iter().enumerate() {
                let id = StepId::of(index);
                let most = seen.openings.entry(id).or_default();
                *most = (*most).max(step.opening);
                for (ix, grant) in step.grants.iter().enumerate() {
                    if grant.spent_in_run > 0 {
                        together.push((id, GrantIx::of(ix), grant.spent_in_run));
                    }
                }
            }
            seen.used_together.insert(together);
            seen.again.extend(again.iter().copied());
            if state.status() != Status::Running {
                continue;
            }
            let open: Vec<StepId> = state
                .steps()
                .iter()
                .enumerate()
                .filter(|(_, s)| s.open)
                .map(|(i, _)| StepId::of(i))
                .collect();
            seen.stuck |= open.is_empty();
            for step in open {
                seen.opened.insert(step);
                if !seen.stranded {
                    seen.stranded = !self.can_settle(&state, step);
                }
                if !seen.unbound {
                    seen.unbound =
                        self.names(step).into_iter().any(|datum| self.value(&state, datum).is_none());
                }
                let mut next = Vec::new();
                for ix in 0..self.w.steps[step.index()].grants.len() {
                    let at = (step, GrantIx::of(ix));
                    for ok in [true, false] {
                        let Some(after) = self.use_it(&state, step, at.1, ok) else { continue };
                        seen.used.push((at, settled.clone()));
                        let mut history = again.clone();
                        let uses = &after.steps()[step.index()].grants[ix];
                        if uses.spent_in_run > uses.spent {
                            history.insert(at);
                        }
                        next.push((after, history));
                    }
                }
                for atom in self.atoms(step) {
                    if let Some((after, taken)) = self.take(&state, atom) {
                        seen.happened.insert(taken);
                        next.push((after, again.clone()));
                    }
                }
                for (after, history) in next {
                    if visited.insert(key(&after, &history)) {
                        stack.push((after, history));
                    }
                }
            }
        }
        seen
    }
}

fn some_value(ty: &Type, ok: bool) -> Value {
    match ty {
        Type::Bool => Value::Bool(ok),
        Type::Int => Value::Int(1),
        Type::Commit | Type::Tree => Value::Text("a".repeat(40)),
        Type::Branch => Value::Text("main".to_owned()),
        Type::List(element) => Value::List(vec![some_value(element, ok)]),
        Type::Record(_) => Value::Record(BTreeMap::from([
            ("commit".to_owned(), some_value(&Type::Commit, ok)),
            ("number".to_owned(), Value::Int(1)),
            ("ok".to_owned(), Value::Bool(ok)),
            ("paths".to_owned(), Value::List(vec![Value::Text("src/x".to_owned())])),
        ])),
        _ => Value::Text("src/x".to_owned()),
    }
}

/// Grants of an effect.
pub fn of_effect(w: &Workflow, effect: Effect) -> Vec<(StepId, GrantIx)> {
    let mut found = Vec::new();
    for (index, step) in w.steps.iter().enumerate() {
        for (ix, grant) in step.grants.iter().enumerate() {
            if w.actions[grant.action.index()].effect == effect {
                found.push((StepId::of(index), GrantIx::of(ix)));
            }
        }
    }
    found
}
