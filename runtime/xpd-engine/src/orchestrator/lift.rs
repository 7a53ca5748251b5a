//! Lifting a kill, by two administrators or by the holder of the recovery key. Grants issued before the kill
//! stay void.

use serde_json::json;
use xp_wire::RefusalCode;
use xpd_audit::entry::{Body, Facts};
use xpd_proxy::{Fault, Refused, Stop};
use xpd_store::{Scope, StopRow};

use super::Orchestrator;
use super::caller::{Caller, Standing, admit};
use super::decide::{MAX_REASON, outside};
use crate::memory::Tx;

/// How long a first request to lift waits for the second, in milliseconds.
const WAITS: u64 = 24 * 60 * 60 * 1_000;

/// The outcome of a request to lift a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifted {
    /// Index of its log entry.
    pub index: u64,
    /// Whether the kill was lifted. If not, another administrator must make the same request.
    pub lifted: bool,
}

impl Orchestrator {
    /// Requests that a kill be lifted. The second person's request lifts it.
    ///
    /// # Errors
    /// No kill of this scope is in force, it cannot be lifted, or the caller may not.
    pub async fn lift(&self, caller: Caller, scope: Scope, reason: String) -> Result<Lifted, Fault> {
        let reason: String = reason.chars().take(MAX_REASON).collect();
        self.write_past_reserve(move |tx| {
            admit(tx, &caller)?;
            match lift(tx, &caller, &scope, reason) {
                Err(Stop::Refuse(mut refused)) => {
                    refused.index = outside(tx, None, Some(caller.name()), &refused)?;
                    Err(Stop::Refuse(refused))
                }
                other => other,
            }
        })
        .await
    }

    /// The kills in force.
    ///
    /// # Errors
    /// The store failed.
    pub async fn stops(&self, caller: Caller) -> Result<Vec<StopRow>, Fault> {
        self.write_past_reserve(move |tx| {
            admit(tx, &caller)?;
            Ok(tx.stops()?)
        })
        .await
    }
}

fn lift(tx: &mut Tx<'_>, caller: &Caller, scope: &Scope, reason: String) -> Result<Lifted, Stop> {
    let refused = |code: RefusalCode, why: &str| Err(Stop::Refuse(Refused::new(code, why)));
    if matches!(scope, Scope::Run(_)) {
        return refused(RefusalCode::RunOver, "a run that was stopped is over; start another");
    }
    let text = scope.to_string();
    let Some(stop) = tx.stops()?.into_iter().find(|stop| stop.scope == text) else {
        return refused(RefusalCode::Unknown, "nothing of that scope is stopped");
    };
    let by = caller.name();
    let mut facts = Facts::from([("by".to_owned(), json!(by))]);
    let asked = stop.asked.filter(|(_, at)| tx.now.saturating_sub(*at) < WAITS).map(|(who, _)| who);
    match caller.standing() {
        Standing::Recovery => {}
        Standing::Administrator => match asked {
            Some(first) if first != by => {
                facts.insert("asked_by".to_owned(), json!(first));
            }
            _ => {
                tx.ask_to_lift(scope, by)?;
                let written = tx.record_here(Body::LiftAsked { scope: text, reason, facts })?;
                return Ok(Lifted { index: written.index, lifted: false });
            }
        },
        Standing::Server | Standing::Principal => {
            let why = "this takes two administrators that the roster names, or the recovery key";
            return refused(RefusalCode::NotAllowed, why);
        }
    }
    tx.lift(scope)?;
    let written = tx.record_here(Body::Lifted { scope: text, reason, facts })?;
    tx.checkpoint();
    Ok(Lifted { index: written.index, lifted: true })
}
