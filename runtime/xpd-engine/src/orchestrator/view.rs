//! Views: showing a datum of the run. A principal may judge what it was shown, so the first view is logged.
//! Repeated views in the same opening are not, so that they cannot fill the disk.

use serde_json::json;
use xp_machine::{Accepted, Event, Input};
use xp_scope::Value;
use xp_wire::RefusalCode;
use xpd_proxy::{Fault, Refused, Stop};
use xpd_store::StoreError;

use super::Orchestrator;
use super::caller::{Caller, actor, binding};
use super::decide::{Question, decide, refuse};
use super::stops::{Covered, stopped};
use crate::memory::Tx;

/// A datum that was shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Its value.
    pub value: Value,
    /// Its digest.
    pub digest: String,
    /// Index of its log entry.
    pub index: u64,
}

impl Orchestrator {
    /// Shows a datum of the run to a principal, which may judge it afterwards.
    ///
    /// # Errors
    /// The refusal.
    pub async fn view(&self, caller: Caller, run: &str, step: String, datum: String) -> Result<Shown, Fault> {
        let id = run.to_owned();
        self.command(caller, move |tx, caller| view_in(tx, caller, &id, &step, &datum)).await
    }
}

/// Shows a datum within a command.
pub(super) fn view_in(
    tx: &mut Tx<'_>,
    caller: &Caller,
    id: &str,
    step: &str,
    datum: &str,
) -> Result<Shown, Stop> {
    let found = tx.run(id)?.ok_or_else(|| Fault::unknown("run"))?;
    let Some(named) = found.machine.datum_named(datum) else {
        let refused = Refused::new(RefusalCode::Unknown, format!("there is no datum `{datum}` for you"));
        return Err(refuse(tx, id, caller.name(), refused));
    };
    let event = Event::View { actor: actor(tx, caller, id)?, step: step.to_owned(), datum: named };
    let name = shown_as(tx, id, caller, step, datum)?;
    if let Some(before) = before(tx, id, caller, &name, &event)? {
        return Ok(before);
    }
    let (principal, facts) = (Some(caller.name()), binding(tx, caller));
    let question = Question { principal, facts, ..Question::own(id, event) };
    let decided = decide(tx, question)?;
    let Accepted::Shown { value, digest } = decided.accepted else {
        return Err(StoreError::broken("a view gave something else").into());
    };
    let (digest, index) = (digest.to_string(), decided.index);
    tx.set_counter(id, &with_digest(&name, &digest), index)?;
    Ok(Shown { value, digest, index })
}

/// The name under which a view is stored: principal, datum and opening.
fn shown_as(
    tx: &mut Tx<'_>,
    run: &str,
    caller: &Caller,
    step: &str,
    datum: &str,
) -> Result<String, StoreError> {
    let opening = tx.opening(run, step)?;
    Ok(json!(["view", caller.name(), step, opening, datum]).to_string())
}

fn with_digest(name: &str, digest: &str) -> String {
    format!("{name} {digest}")
}

/// An earlier view of the same datum, if it was logged and the machine would allow it again (evaluated on a
/// copy of the state).
fn before(
    tx: &mut Tx<'_>,
    id: &str,
    caller: &Caller,
    name: &str,
    event: &Event,
) -> Result<Option<Shown>, Fault> {
    let covered = Covered { run: Some(id), principal: Some(caller.name()), ..Covered::default() };
    let kill = stopped(tx, covered)?;
    let input = Input { at: tx.now, kill, leased_by: None, event: event.clone() };
    let Some(run) = tx.run(id)? else { return Ok(None) };
    let mut state = run.state.clone();
    let Ok(Accepted::Shown { value, digest }) = run.machine.apply(&mut state, &input) else {
        return Ok(None);
    };
    let digest = digest.to_string();
    let index = tx.counter(id, &with_digest(name, &digest))?;
    Ok(index.map(|index| Shown { value, digest, index }))
}
