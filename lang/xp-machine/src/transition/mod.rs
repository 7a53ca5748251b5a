//! The transitions, one file each. Every one checks all it needs before it changes anything.

pub(crate) mod actor;
pub(crate) mod claim;
pub(crate) mod close;
pub(crate) mod end;
pub(crate) mod judge;
pub(crate) mod kill;
pub(crate) mod open;
pub(crate) mod request;
pub(crate) mod revoke;
pub(crate) mod submit;
pub(crate) mod view;

use xp_artifact::workflow::{Step, StepId};
use xp_wire::RefusalCode;

use crate::data;
use crate::machine::Machine;
use crate::refusal::{Clause, Refusal};
use crate::state::{State, Status, StepState};

/// What every transition is given.
pub(crate) struct Context<'a> {
    /// The machine.
    pub machine: &'a Machine,
    /// The time that counts.
    pub now: u64,
    /// A kill from outside the run.
    pub kill: Option<&'a str>,
}

impl Context<'_> {
    /// The run goes on and nothing is killed.
    pub fn running(&self, state: &State) -> Result<(), Refusal> {
        if let Some(scope) = self.kill {
            return Err(Refusal::of(RefusalCode::Killed, format!("stopped: {scope}")));
        }
        match state.status {
            Status::Running => Ok(()),
            Status::Killed => Err(Refusal::of(RefusalCode::Killed, "the run was stopped")),
            Status::Finished | Status::Ended(_) => Err(Refusal::of(RefusalCode::RunOver, "the run is over")),
        }
    }

    /// A step by name.
    pub fn step(&self, name: &str) -> Result<(StepId, &Step), Refusal> {
        let unknown = || Refusal::of(RefusalCode::Unknown, format!("there is no step `{name}`"));
        let id = self.machine.step_named(name).ok_or_else(unknown)?;
        Ok((id, self.machine.step(id).ok_or_else(unknown)?))
    }

    /// The step is open, stays so, and its time limit has not passed.
    pub fn open<'s>(&self, state: &'s State, id: StepId) -> Result<&'s StepState, Refusal> {
        let step = self.open_at_any_time(state, id)?;
        if self.machine.deadline(state, id).is_some_and(|deadline| deadline <= self.now) {
            let name = self.machine.step(id).map(|step| step.name.as_str()).unwrap_or_default();
            let reason = format!("the time limit of step `{name}` has passed");
            return Err(Refusal::by(RefusalCode::PastDeadline, Clause::Step(id), reason));
        }
        Ok(step)
    }

    /// The step is open and stays so. What is a fact settles it after its time limit, too, if it is told first.
    pub fn open_at_any_time<'s>(&self, state: &'s State, id: StepId) -> Result<&'s StepState, Refusal> {
        let step = data::step(state, id).ok_or_else(Refusal::broken)?;
        let name = self.machine.step(id).map(|step| step.name.as_str()).unwrap_or_default();
        if step.settled.is_some() {
            return Err(Refusal::by(
                RefusalCode::StepClosed,
                Clause::Step(id),
                format!("step `{name}` is settled"),
            ));
        }
        if !step.open {
            let reason = format!("step `{name}` is not open yet");
            return Err(Refusal::by(RefusalCode::OutOfSequence, Clause::After(id), reason));
        }
        if close::closing(self.machine, state, id) {
            return Err(Refusal::by(
                RefusalCode::StepClosed,
                Clause::Step(id),
                format!("step `{name}` is closing"),
            ));
        }
        Ok(step)
    }
}
