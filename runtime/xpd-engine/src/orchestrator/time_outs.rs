//! Time limits of steps: the server submits that one has passed.

use xp_machine::Event;
use xpd_proxy::Fault;

use super::decide::{Question, decide, unless_refused};
use super::stops::{Covered, stopped};
use crate::memory::Tx;

/// Submits each time limit that has passed. A run that is stopped is left as it is until the stop is lifted.
pub(super) fn submit(tx: &mut Tx<'_>) -> Result<(), Fault> {
    let now = tx.now;
    let due = tx.memory.deadlines.iter().filter(|(_, at)| **at <= now);
    let due: Vec<String> = due.map(|(id, _)| id.clone()).collect();
    for id in due {
        let Some(run) = tx.run(&id)? else {
            tx.memory.deadlines.remove(&id);
            continue;
        };
        let (overdue, next) = (run.machine.overdue(&run.state, now), run.machine.next_deadline(&run.state));
        if overdue.is_empty() {
            match next {
                Some(next) => tx.memory.deadlines.insert(id, next),
                None => tx.memory.deadlines.remove(&id),
            };
            continue;
        }
        if stopped(tx, Covered { run: Some(&id), ..Covered::default() })?.is_some() {
            continue;
        }
        for step in overdue {
            unless_refused(decide(tx, Question::own(&id, Event::TimeOut { step })))?;
        }
    }
    Ok(())
}
