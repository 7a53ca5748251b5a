//! Starting a run and deciding its inputs.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::workflow::{Atom, OutcomeIx, Param, RoleId, Step, StepId};
use xp_scope::Value;
use xp_wire::RefusalCode;

use crate::data;
use crate::event::{Accepted, Event, Input, Start};
use crate::machine::Machine;
use crate::refusal::Refusal;
use crate::state::{GrantState, State, Status, StepState};
use crate::transition;

impl Machine {
    /// The state at the start of a run, with the steps that are open at once.
    ///
    /// # Errors
    /// Parameters that are missing, unknown or of another type; connectors without an instance; staff that is not
    /// separate.
    pub fn start(&self, start: &Start) -> Result<State, Refusal> {
        let params = self.parameters(&start.params)?;
        for action in &self.workflow.actions {
            if !start.instances.contains_key(&action.connector) {
                let reason = format!("no instance is named for connector `{}`", action.connector);
                return Err(Refusal::of(RefusalCode::BadValue, reason));
            }
        }
        if self.workflow.has_people() && start.starter.is_none() {
            let reason = "it is not said who starts the run, and whoever does judges in no role of people";
            return Err(Refusal::of(RefusalCode::BadValue, reason));
        }
        let steps = self.workflow.steps.iter().map(fresh).collect();
        let finish = vec![false; self.index.finish.len()];
        let mut state = State {
            version: 0,
            time: start.at,
            status: Status::Running,
            params,
            instances: start.instances.clone(),
            staff: vec![None; self.workflow.roles.len()],
            people: vec![BTreeSet::new(); self.workflow.roles.len()],
            starter: start.starter.clone(),
            barred: BTreeSet::new(),
            steps,
            loops: vec![0; self.workflow.loops.len()],
            holds: BTreeMap::new(),
            pending: Vec::new(),
            notes: Vec::new(),
            made: BTreeSet::new(),
            versions: Vec::new(),
            finish,
            missing: 0,
            watch: self.watch(),
        };
        for (name, principal) in &start.staff {
            let role = self.workflow.roles.iter().position(|role| role.name == *name);
            let Some(role) = role else {
                return Err(Refusal::of(RefusalCode::Unknown, format!("there is no role `{name}`")));
            };
            let role = RoleId::of(role);
            if self.workflow.is_human(role) {
                let reason = format!("people take `{name}`: it is not given to one of them at the start");
                return Err(Refusal::of(RefusalCode::NeedsHuman, reason));
            }
            if principal.person {
                let reason = format!("`{}` is a person, and agents take `{name}`", principal.name);
                return Err(Refusal::of(RefusalCode::NeedsAgent, reason));
            }
            transition::actor::separate(self, &state, role, principal)?;
            if let Some(place) = state.staff.get_mut(role.index()) {
                *place = Some(principal.clone());
            }
        }
        transition::open::everything(self, &mut state);
        Ok(state)
    }

    /// Decides one input. A refusal leaves the state as it was.
    ///
    /// # Errors
    /// The input is refused.
    pub fn apply(&self, state: &mut State, input: &Input) -> Result<Accepted, Refusal> {
        let now = input.at.max(state.time);
        let before = std::mem::replace(&mut state.time, now);
        let decided = self.decide(state, input, now);
        let accepted = decided.inspect_err(|_| state.time = before)?;
        state.version += 1;
        self.tell_guards(state, input, &accepted);
        Ok(accepted)
    }

    fn decide(&self, state: &mut State, input: &Input, now: u64) -> Result<Accepted, Refusal> {
        let context = transition::Context { machine: self, now, kill: input.kill.as_deref() };
        let leased = input.leased_by.as_deref();
        match &input.event {
            Event::Request { jti, actor, key, step, action, grant, args } => {
                let grant = *grant;
                let request =
                    transition::request::Request { jti, actor, key, step, action, grant, args, leased };
                transition::request::apply(&context, state, &request)
            }
            Event::Claim { jti, actor, key, step, opening, req } => {
                let claim =
                    transition::claim::Claim { jti, actor, key, step: *step, opening: *opening, req, leased };
                transition::claim::apply(&context, state, &claim)
            }
            Event::Complete { jti, result } => transition::end::complete(&context, state, jti, result),
            Event::Fail { jti, returned } => transition::end::fail(&context, state, jti, *returned),
            Event::Doubt { jti } => transition::end::doubt(state, jti),
            Event::Resolve { jti, result } => transition::end::resolve(&context, state, jti, result.as_ref()),
            Event::Expire { jti } => transition::end::expire(&context, state, jti),
            Event::Submit { actor, step, name, value } => {
                transition::submit::apply(&context, state, actor, step, name, value)
            }
            Event::View { actor, step, datum } => {
                transition::view::apply(&context, state, actor, step, datum)
            }
            Event::Judge { actor, step, outcome, notes } => {
                transition::judge::judge(&context, state, actor, step, outcome, notes.as_deref())
            }
            Event::Settle { outcome } => transition::judge::settle(&context, state, *outcome),
            Event::TimeOut { step } => transition::judge::time_out(&context, state, *step),
            Event::Kill { .. } => transition::kill::run(state),
            Event::Bar { principal } => transition::kill::bar(&context, state, principal),
        }
    }

    /// Automatic outcomes whose evidence is there; the server submits each as an event of its own.
    #[must_use]
    pub fn due(&self, state: &State) -> Vec<Atom> {
        let running = state.status == Status::Running;
        let open = state.steps.iter().enumerate().filter(|(_, step)| running && step.open);
        open.filter_map(|(index, _)| self.due_in(state, StepId::of(index))).collect()
    }

    /// The automatic outcome of one step whose evidence is there.
    #[must_use]
    pub fn due_in(&self, state: &State, id: StepId) -> Option<Atom> {
        let (step, now) = (self.step(id)?, data::step(state, id)?);
        if state.status != Status::Running || !now.open || transition::close::closing(self, state, id) {
            return None;
        }
        let index = step.outcomes.iter().position(|outcome| data::due(state, id, outcome))?;
        Some(Atom { step: id, outcome: OutcomeIx::of(index) })
    }

    /// Steps whose time limit has passed by a time; the server submits each as an event of its own.
    #[must_use]
    pub fn overdue(&self, state: &State, at: u64) -> Vec<StepId> {
        let steps = (0..state.steps.len()).map(StepId::of);
        steps.filter(|id| self.deadline(state, *id).is_some_and(|deadline| deadline <= at)).collect()
    }

    /// The next time at which the time limit of an open step passes, in milliseconds.
    #[must_use]
    pub fn next_deadline(&self, state: &State) -> Option<u64> {
        (0..state.steps.len()).filter_map(|index| self.deadline(state, StepId::of(index))).min()
    }

    /// When the time limit of a step passes that is open and stays so, in milliseconds.
    #[must_use]
    pub fn deadline(&self, state: &State, id: StepId) -> Option<u64> {
        let now = data::step(state, id).filter(|now| now.open && state.status == Status::Running)?;
        let limit = self.step(id)?.within?;
        (!transition::close::closing(self, state, id)).then(|| now.opened.saturating_add(limit.millis))
    }

    fn parameters(&self, given: &BTreeMap<String, Value>) -> Result<Vec<Value>, Refusal> {
        let known = |name: &String| self.workflow.params.iter().any(|param| param.name == *name);
        if let Some(stranger) = given.keys().find(|name| !known(name)) {
            return Err(Refusal::of(RefusalCode::BadValue, format!("there is no parameter `{stranger}`")));
        }
        self.workflow.params.iter().map(|param| self.parameter(param, given)).collect()
    }

    fn parameter(&self, param: &Param, given: &BTreeMap<String, Value>) -> Result<Value, Refusal> {
        let value = given.get(&param.name).ok_or_else(|| {
            Refusal::of(RefusalCode::BadValue, format!("parameter `{}` is missing", param.name))
        })?;
        xp_scope::check(value, &param.ty, &self.records).map_err(|mismatch| {
            Refusal::of(RefusalCode::BadValue, format!("parameter `{}`: {mismatch}", param.name))
        })?;
        Ok(value.clone())
    }
}

fn fresh(step: &Step) -> StepState {
    StepState {
        settled: None,
        open: false,
        opening: 0,
        grants: vec![GrantState::default(); step.grants.len()],
        submissions: vec![None; step.submissions.len()],
        shown: BTreeSet::new(),
        judged: None,
        in_flight: 0,
        opened: 0,
        votes: Vec::new(),
    }
}
