//! Lifting a kill: two administrators, or one holder of the recovery key. Nothing that was granted before comes back.

use serde_json::json;
use xp_wire::RefusalCode;
use xpd_audit::entry::{Body, Facts};
use xpd_proxy::{Fault, Refused, Stop};
use xpd_store::{Scope, StopRow};

use super::Orchestrator;
use super::caller::{Caller, Standing, admit};
use super::decide::{MAX_REASON, outside};
use crate::memory::Tx;

/// How long the word of the first waits for that of the second, in milliseconds.
const WAITS: u64 = 24 * 60 * 60 * 1_000;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifted {
    /// The entry about it.
    pub index: u64,
    /// It is lifted; else another administrator must ask the same.
    pub lifted: bool,
}

impl Orchestrator {
    /// Asks that a kill be lifted; the second person to ask lifts it.
    ///
    /// # Errors
    /// Nothing of that scope is stopped, it cannot be lifted, or the caller is not one who may.
    pub async fn lift(&self, caller: Caller, scope: Scope, reason: String) -> Result<Lifted, Fault> {
        let reason: String = reason.chars().take(MAX_REASON).collect();
        self.insist(move |tx| {
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
    /// The store cannot.
    pub async fn stops(&self, caller: Caller) -> Result<Vec<StopRow>, Fault> {
        self.insist(move |tx| {
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
