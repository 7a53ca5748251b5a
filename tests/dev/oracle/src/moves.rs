//! Everything that can happen next.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::workflow::{Action, Atom, GrantIx, How, OutcomeIx, Pin, Root, Step, StepId, SubmissionIx};
use xp_scope::{Type, Value};

use crate::{Observer, Options, Situation, Used, acting, sample};
use xp_machine::event::Principal;
use xp_machine::{Accepted, Event, Input, Machine, Refusal, State, Status};

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// A grant is used, from request to result.
    Use(Used, Value),
    /// A grant is claimed and its result is still out.
    Claim(Used),
    /// The claim in flight lands.
    Land(Value),
    /// Something is handed in.
    Submit(StepId, SubmissionIx),
    /// The role looks at what it is to judge.
    View(StepId),
    /// A role decides.
    Judge(Atom),
    /// Evidence decides.
    Settle(Atom),
}

/// A claim in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flying {
    /// The step.
    pub step: StepId,
    /// The grant.
    pub grant: GrantIx,
    /// The arguments.
    pub args: BTreeMap<String, Value>,
    jti: String,
}

/// Which values stand for which: a commit for the branch it was written to, and so on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World {
    /// By value: the values it is about, transitively closed.
    pub about: BTreeMap<Value, BTreeSet<Value>>,
}

impl World {
    /// A value and all it stands for.
    #[must_use]
    pub fn roots(&self, value: &Value) -> BTreeSet<Value> {
        let mut roots = self.about.get(value).cloned().unwrap_or_default();
        roots.insert(value.clone());
        roots
    }

    /// What an action made or measured stands for what it touched or was about.
    fn learn(&mut self, action: &Action, args: &BTreeMap<String, Value>, result: &Value) {
        let named = action.touches.iter().chain(&action.about);
        let values = named.filter_map(|ix| args.get(&action.params.get(usize::try_from(*ix).ok()?)?.name));
        let roots: BTreeSet<Value> = values.flat_map(|value| self.roots(value)).collect();
        for part in identifiers(result) {
            self.about.entry(part).or_default().extend(roots.iter().cloned());
        }
    }
}

/// The texts in a result: they may identify something.
fn identifiers(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(_) | Value::Int(_) => Vec::new(),
        Value::Text(_) => vec![value.clone()],
        Value::List(parts) => parts.iter().flat_map(identifiers).collect(),
        Value::Record(fields) => fields.values().flat_map(identifiers).collect(),
    }
}

/// Every move from a situation with where it leads.
pub(crate) fn all<O: Observer>(
    machine: &Machine,
    here: &Situation<O>,
    staff: &[Principal],
    options: &Options,
) -> Vec<(Move, Situation<O>)> {
    if here.state.status() != Status::Running {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some(flying) = &here.flying {
        land(machine, here, flying, &mut found);
    }
    for (index, step) in machine.workflow().steps.iter().enumerate() {
        let id = StepId::of(index);
        let Some(now) = here.state.step(id).filter(|now| now.open) else { continue };
        let Some(principal) = staff.get(step.role.index()) else { continue };
        let role = machine
            .workflow()
            .roles
            .get(step.role.index())
            .map(|role| role.name.as_str())
            .unwrap_or_default();
        let player = Player { machine, id, step, role, principal };
        for (number, grant) in step.grants.iter().enumerate() {
            let Some(action) = machine.workflow().actions.get(grant.action.index()) else { continue };
            for args in arguments(machine, &here.state, id, action, &grant.pins, options) {
                player.uses(here, GrantIx::of(number), action, &args, options, &mut found);
            }
        }
        for (number, made) in now.submissions.iter().enumerate() {
            if made.is_none() {
                player.submit(here, SubmissionIx::of(number), &mut found);
            }
        }
        player.outcomes(here, &mut found);
    }
    found
}

/// A role in an open step.
struct Player<'a> {
    machine: &'a Machine,
    id: StepId,
    step: &'a Step,
    role: &'a str,
    principal: &'a Principal,
}

impl Player<'_> {
    fn uses<O: Observer>(
        &self,
        here: &Situation<O>,
        ix: GrantIx,
        action: &Action,
        args: &BTreeMap<String, Value>,
        options: &Options,
        found: &mut Vec<(Move, Situation<O>)>,
    ) {
        let mut then = here.clone();
        let jti = format!("{}", here.state.version());
        let actor = acting(self.principal, self.role);
        let request = Event::Request {
            jti: jti.clone(),
            actor: actor.clone(),
            key: "key".to_owned(),
            step: self.step.name.clone(),
            action: format!("{}.{}", action.connector, action.name),
            args: args.clone(),
        };
        let Ok(Accepted::Granted { step, grant, opening, req, .. }) =
            apply(self.machine, &mut then.state, request)
        else {
            return;
        };
        // Another grant of the same action may have answered; then this use is counted there.
        if grant != ix {
            return;
        }
        let claim = Event::Claim { jti: jti.clone(), actor, key: "key".to_owned(), step, opening, req };
        if apply(self.machine, &mut then.state, claim).is_err() {
            return;
        }
        let used = Used { step, grant, args: args.clone() };
        then.observer.used(self.machine, &here.state, &used, self.principal);
        for result in sample::results(self.machine, &here.state, step, grant, action, args) {
            let mut landed = then.clone();
            let complete = Event::Complete { jti: jti.clone(), result: result.clone() };
            if apply(self.machine, &mut landed.state, complete).is_ok() {
                landed.world.learn(action, args, &result);
                found.push((Move::Use(used.clone(), result), landed));
            }
        }
        if options.in_flight && here.flying.is_none() {
            then.flying = Some(Flying { step, grant, args: args.clone(), jti });
            found.push((Move::Claim(used), then));
        }
    }

    fn submit<O: Observer>(
        &self,
        here: &Situation<O>,
        ix: SubmissionIx,
        found: &mut Vec<(Move, Situation<O>)>,
    ) {
        let Some(submission) = self.step.submissions.get(ix.index()) else { return };
        let sampled = submission.within.as_ref().and_then(xp_scope::PatternSet::sample);
        let value = match (&submission.ty, sampled) {
            (Type::List(_), Some(path)) => Value::List(vec![Value::Text(path)]),
            (_, Some(path)) => Value::Text(path),
            (ty, None) => sample::value(self.machine, ty, &submission.name),
        };
        let event = Event::Submit {
            actor: acting(self.principal, self.role),
            step: self.step.name.clone(),
            name: submission.name.clone(),
            value,
        };
        let mut then = here.clone();
        if apply(self.machine, &mut then.state, event).is_ok() {
            found.push((Move::Submit(self.id, ix), then));
        }
    }

    fn outcomes<O: Observer>(&self, here: &Situation<O>, found: &mut Vec<(Move, Situation<O>)>) {
        for (number, outcome) in self.step.outcomes.iter().enumerate() {
            let atom = Atom { step: self.id, outcome: OutcomeIx::of(number) };
            if let Some(datum) =
                outcome.of.as_ref().filter(|datum| matches!(datum.root, Root::Submission { .. }))
            {
                let actor = acting(self.principal, self.role);
                let event = Event::View { actor, step: self.step.name.clone(), datum: datum.clone() };
                let mut then = here.clone();
                if apply(self.machine, &mut then.state, event).is_ok()
                    && then.state.steps() != here.state.steps()
                {
                    found.push((Move::View(self.id), then));
                }
            }
            let (by, event) = match outcome.how {
                How::Exhausted(_) => continue,
                How::Auto(_) => (Move::Settle(atom), Event::Settle { outcome: atom }),
                How::Judged | How::JudgedIf(_) => {
                    let actor = acting(self.principal, self.role);
                    let (step, outcome) = (self.step.name.clone(), outcome.name.clone());
                    (Move::Judge(atom), Event::Judge { actor, step, outcome, notes: None })
                }
            };
            let mut then = here.clone();
            if apply(self.machine, &mut then.state, event).is_ok() {
                found.push((by, then));
            }
        }
    }
}

fn land<O: Observer>(
    machine: &Machine,
    here: &Situation<O>,
    flying: &Flying,
    found: &mut Vec<(Move, Situation<O>)>,
) {
    let grant = machine
        .workflow()
        .steps
        .get(flying.step.index())
        .and_then(|step| step.grants.get(flying.grant.index()));
    let Some(action) = grant.and_then(|grant| machine.workflow().actions.get(grant.action.index())) else {
        return;
    };
    for result in sample::results(machine, &here.state, flying.step, flying.grant, action, &flying.args) {
        let mut then = here.clone();
        then.flying = None;
        let complete = Event::Complete { jti: flying.jti.clone(), result: result.clone() };
        if apply(machine, &mut then.state, complete).is_ok() {
            then.world.learn(action, &flying.args, &result);
            found.push((Move::Land(result), then));
        }
    }
}

/// The argument lists worth trying: one value a pin, every probe where anything goes.
fn arguments(
    machine: &Machine,
    state: &State,
    step: StepId,
    action: &Action,
    pins: &[Pin],
    options: &Options,
) -> Vec<BTreeMap<String, Value>> {
    let mut lists = vec![BTreeMap::new()];
    for (param, pin) in action.params.iter().zip(pins) {
        let values = candidates(machine, state, step, &param.ty, pin, options);
        lists = lists
            .iter()
            .flat_map(|list: &BTreeMap<String, Value>| {
                values.iter().map(move |value| {
                    let mut longer = list.clone();
                    longer.insert(param.name.clone(), value.clone());
                    longer
                })
            })
            .collect();
    }
    lists
}

fn candidates(
    machine: &Machine,
    state: &State,
    step: StepId,
    ty: &Type,
    pin: &Pin,
    options: &Options,
) -> Vec<Value> {
    match pin {
        Pin::Is(expr) => machine.evaluate(state, expr).into_iter().collect(),
        Pin::OneOf { set, within } => match machine.evaluate(state, set) {
            Some(Value::List(elements)) => {
                let inside = |value: &&Value| match (within, value) {
                    (Some(patterns), Value::Text(path)) => patterns.matches(path),
                    _ => true,
                };
                elements.iter().filter(inside).take(1).cloned().collect()
            }
            _ => Vec::new(),
        },
        Pin::Within(patterns) => {
            patterns.patterns().iter().filter_map(|pattern| pattern.sample()).map(Value::Text).collect()
        }
        Pin::Content { .. } => vec![Value::Text("said".to_owned())],
        Pin::Any => {
            let mut values = vec![sample::value(machine, ty, &format!("any in {}", step.0))];
            let fits = |value: &&Value| xp_scope::check(value, ty, machine.records()).is_ok();
            values.extend(options.probes.iter().filter(fits).cloned());
            values.dedup();
            values
        }
    }
}

fn apply(machine: &Machine, state: &mut State, event: Event) -> Result<Accepted, Refusal> {
    machine.apply(state, &Input { at: 0, kill: None, leased_by: None, event })
}
