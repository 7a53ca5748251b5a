//! How often an agent asks people. Each opening of a step of people is counted to the agent that brings it about, or to whoever started the
//! run; beyond the bound of the hour, nothing is taken that would open another one.

use serde_json::json;
use xp_artifact::workflow::{How, StepId};
use xp_machine::event::Principal;
use xp_machine::{Accepted, Event, Input, Machine, State};
use xp_wire::RefusalCode;
use xpd_proxy::Refused;
use xpd_store::StoreError;

use super::changes::opened;
use super::peoples::{has_people, is_peoples, may_open};
use crate::memory::Tx;

const HOUR: u64 = 60 * 60 * 1_000;
/// The run id under which requests of an agent are counted.
const NO_RUN: &str = "";

/// The name of a count.
fn counted(now: u64, name: &str) -> String {
    json!(["asked", now / HOUR, name]).to_string()
}

/// Who acts by an event, if somebody does.
fn who(event: &Event) -> Option<&Principal> {
    match event {
        Event::Request { actor, .. }
        | Event::Claim { actor, .. }
        | Event::Submit { actor, .. }
        | Event::View { actor, .. }
        | Event::Judge { actor, .. } => Some(&actor.principal),
        _ => None,
    }
}

/// The refusal of an agent that has asked as often as it may, if it has.
fn all_asked(tx: &Tx<'_>, name: &str) -> Result<Option<Refused>, StoreError> {
    let asked = tx.counter(NO_RUN, &counted(tx.now, name))?.unwrap_or_default();
    if asked < tx.rules().requests_per_hour {
        return Ok(None);
    }
    let why = format!(
        "people were asked {asked} times for you in this hour, which is all that may be; go on with what asks nobody, or later"
    );
    Ok(Some(Refused::new(RefusalCode::TooMany, why)))
}

/// Why an event is not taken, if it would ask people once more than its agent may.
pub(super) fn refused(tx: &mut Tx<'_>, id: &str, input: &Input) -> Result<Option<Refused>, StoreError> {
    let Some(agent) = who(&input.event).filter(|who| !who.person) else { return Ok(None) };
    let Some(refused) = all_asked(tx, &agent.name)? else { return Ok(None) };
    let asks = tx.run(id)?.is_some_and(|run| asks(&run.machine, &run.state, input));
    Ok(asks.then_some(refused))
}

/// Why a run is not started, if its start would ask people once more than its starter may.
pub(super) fn refused_start(
    tx: &Tx<'_>,
    starter: &Principal,
    machine: &Machine,
    state: &State,
) -> Result<Option<Refused>, StoreError> {
    let Some(refused) = all_asked(tx, &starter.name)? else { return Ok(None) };
    let mut state = state.clone();
    let open = open(&state);
    let now = tx.now;
    let asks = open.iter().any(|step| is_peoples(machine.workflow(), *step))
        || follows(machine, &mut state, open, now);
    Ok(asks.then_some(refused))
}

fn open(state: &State) -> Vec<StepId> {
    let open = state.steps().iter().enumerate().filter(|(_, step)| step.open);
    open.map(|(index, _)| StepId::of(index)).collect()
}

/// Whether a step of people opens by an event, at once or when what it begins has ended, which is then not refused any more.
fn asks(machine: &Machine, state: &State, input: &Input) -> bool {
    let workflow = machine.workflow();
    if !has_people(workflow) {
        return false;
    }
    let mut after = state.clone();
    let Ok(accepted) = machine.apply(&mut after, input) else { return false };
    match &accepted {
        Accepted::Granted { step, .. } | Accepted::Claimed { step, .. } => {
            let mut steps = vec![*step];
            let (mut seen, by_itself) = (Vec::new(), |how: &How| matches!(how, How::Auto(_)));
            while let Some(step) = steps.pop() {
                if seen.contains(&step) {
                    continue;
                }
                seen.push(step);
                for next in may_open(workflow, step, |one| by_itself(&one.how)) {
                    if is_peoples(workflow, StepId::of(next)) {
                        return true;
                    }
                    steps.push(StepId::of(next));
                }
            }
            false
        }
        Accepted::Closing { outcome, .. } => {
            let opens = may_open(workflow, outcome.step, |_| true);
            opens.into_iter().any(|step| is_peoples(workflow, StepId::of(step)))
        }
        _ => {
            let opened = opened(&accepted);
            if opened.iter().any(|step| is_peoples(workflow, *step)) {
                return true;
            }
            let own = match &input.event {
                Event::Submit { step, .. } | Event::Judge { step, .. } => machine.step_named(step),
                _ => None,
            };
            follows(machine, &mut after, opened.into_iter().chain(own).collect(), input.at)
        }
    }
}

/// Whether automatic outcomes of these steps, and of the steps that they open, open a step of people.
fn follows(machine: &Machine, state: &mut State, mut steps: Vec<StepId>, at: u64) -> bool {
    while let Some(step) = steps.pop() {
        let Some(outcome) = machine.due_in(state, step) else { continue };
        let input = Input { at, kill: None, leased_by: None, event: Event::Settle { outcome } };
        let Ok(accepted) = machine.apply(state, &input) else { continue };
        let opened = opened(&accepted);
        if opened.iter().any(|step| is_peoples(machine.workflow(), *step)) {
            return true;
        }
        steps.push(step);
        steps.extend(opened);
    }
    false
}

/// Counts the steps of people that an accepted event opened.
pub(super) fn count(tx: &mut Tx<'_>, id: &str, event: &Event, opened: &[StepId]) -> Result<(), StoreError> {
    let Some(run) = tx.run(id)?.filter(|_| !opened.is_empty()) else { return Ok(()) };
    let asked = opened.iter().filter(|step| is_peoples(run.machine.workflow(), **step)).count();
    let by = who(event).or(run.state.starter()).filter(|by| !by.person).map(|by| by.name.clone());
    add(tx, by, asked)
}

/// Counts the steps of people that are open from the start of a run.
pub(super) fn count_start(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    let Some(run) = tx.run(id)? else { return Ok(()) };
    let open = open(&run.state);
    let asked = open.into_iter().filter(|step| is_peoples(run.machine.workflow(), *step)).count();
    let by = run.state.starter().filter(|by| !by.person).map(|by| by.name.clone());
    add(tx, by, asked)
}

fn add(tx: &mut Tx<'_>, by: Option<String>, asked: usize) -> Result<(), StoreError> {
    let (Some(by), true) = (by, asked > 0) else { return Ok(()) };
    let name = counted(tx.now, &by);
    let before = tx.counter(NO_RUN, &name)?.unwrap_or_default();
    tx.set_counter(NO_RUN, &name, before.saturating_add(u64::try_from(asked).unwrap_or(u64::MAX)))
}
