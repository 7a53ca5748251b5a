//! Replay: every logged decision, refusals included, must equal the answer of the artifact's machine.

use serde::Serialize;
use serde_json::Value;
use xp_artifact::Artifact;
use xp_artifact::workflow::GrantIx;
use xp_machine::{Accepted, Event, Input, Machine, Refusal, RefusalCode, State, Status};

use super::decisions::{Step, What};
use super::properties::{self, Properties};
use super::property::Property;
use super::report::{Fault, Finding};
use crate::entry::Body;

/// Result of a replay.
#[derive(Debug, Default)]
pub(super) struct Replayed {
    /// Decisions that equal the machine's answer.
    pub decisions: u64,
    /// Those among them that are refusals with a different text.
    pub reworded: u64,
    /// Standing of the artifact's properties.
    pub properties: Vec<Property>,
}

/// Replays the entries on the machine. Stops at the first difference, since later decisions depend on the
/// state.
pub(super) fn check(artifact: &Artifact, steps: &[Step<'_>], findings: &mut Vec<Finding>) -> Replayed {
    let machine = match Machine::new(artifact.workflow.clone()) {
        Ok(machine) => machine,
        Err(error) => {
            findings.push(Finding::new(Fault::Artifact, error.to_string()));
            return Replayed::default();
        }
    };
    let results = properties::results(steps);
    let properties = Properties::of(&artifact.workflow, &artifact.obligations, &results);
    let mut run = Run { machine: &machine, state: None, replayed: Replayed::default(), properties };
    for step in steps {
        if let Err(why) = run.step(step) {
            findings.push(Finding::at(Fault::Replay, &step.read.name, why));
            break;
        }
    }
    Replayed { properties: run.properties.conclude(findings), ..run.replayed }
}

struct Run<'m> {
    machine: &'m Machine,
    state: Option<State>,
    replayed: Replayed,
    properties: Properties<'m>,
}

impl Run<'_> {
    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        match &step.what {
            What::Opened(_) if self.state.is_some() => Err("the run was opened before it".to_owned()),
            What::Opened(start) => {
                let state = self.machine.start(start);
                self.state = Some(
                    state.map_err(|refusal| format!("the machine refuses to start: {}", refusal.reason))?,
                );
                Ok(())
            }
            What::Decided(input, logged) => {
                let state = self.state.as_mut().ok_or("the run was not opened before it")?;
                let given = decide(self.machine, state, input, logged);
                if !same(&given, logged.as_ref()) {
                    return Err(format!(
                        "the log says {}, the machine says {}",
                        describe(logged.as_ref()),
                        describe(&given)
                    ));
                }
                self.replayed.decisions += 1;
                self.replayed.reworded += u64::from(given != **logged);
                if let Ok(accepted) = &given {
                    self.properties.accepted(self.machine, state, (input, accepted), &step.read.name);
                }
                Ok(())
            }
            What::Other(Body::Closed { status, .. }) => self.closed(status),
            What::Other(_) => Ok(()),
        }
    }

    fn closed(&self, status: &Value) -> Result<(), String> {
        let state = self.state.as_ref().ok_or("the run was not opened before it")?;
        let given = json(&state.status());
        if state.status() == Status::Running {
            return Err("it closes a run that, by the machine, goes on".to_owned());
        }
        if let Some(jti) = state.holds().keys().next() {
            return Err(format!("it closes a run before token `{jti}` is at its end"));
        }
        if given == *status { Ok(()) } else { Err(format!("the run ended as {given}, not as {status}")) }
    }
}

/// The machine's answer to an input.
///
/// Records made before requests could name a grant have none, although several may fit. For these the first
/// grant is taken that leads to the logged answer.
fn decide(
    machine: &Machine,
    state: &mut State,
    input: &Input,
    logged: &Result<Accepted, Refusal>,
) -> Result<Accepted, Refusal> {
    let given = machine.apply(state, input);
    let ambiguous = |result: &Result<Accepted, Refusal>| {
        result.as_ref().is_err_and(|refusal| refusal.code == RefusalCode::Ambiguous)
    };
    let Event::Request { step, .. } = &input.event else { return given };
    if !ambiguous(&given) || ambiguous(logged) {
        return given;
    }
    let step = machine.step_named(step).and_then(|id| machine.workflow().steps.get(id.index()));
    for ix in (0..step.map_or(0, |step| step.grants.len())).map(GrantIx::of) {
        let mut named = input.clone();
        if let Event::Request { grant, .. } = &mut named.event {
            *grant = Some(ix);
        }
        let mut then = state.clone();
        let answer = machine.apply(&mut then, &named);
        if same(&answer, logged) {
            *state = then;
            return answer;
        }
    }
    given
}

/// Refusals are compared by code and clause. Their texts may come from another version.
fn same(given: &Result<Accepted, Refusal>, logged: &Result<Accepted, Refusal>) -> bool {
    match (given, logged) {
        (Ok(given), Ok(logged)) => given == logged,
        (Err(given), Err(logged)) => (given.code, &given.clause) == (logged.code, &logged.clause),
        _ => false,
    }
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn describe(result: &Result<Accepted, Refusal>) -> String {
    match result {
        Ok(accepted) => json(accepted).to_string(),
        Err(refusal) => format!("refused, {} ({})", refusal.code.as_str(), refusal.reason),
    }
}
