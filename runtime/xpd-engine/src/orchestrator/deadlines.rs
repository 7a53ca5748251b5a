//! When the next time limit of each open run passes.
//!
//! A transaction that is undone may leave a time that is too early, and never one that is too late.

use xpd_store::StoreError;

use crate::memory::Tx;

/// Remembers when the next time limit of a run passes.
pub(super) fn note(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    let next = tx.run(id)?.and_then(|run| run.machine.next_deadline(&run.state));
    if let Some(next) = next {
        let kept = tx.memory.deadlines.entry(id.to_owned()).or_insert(next);
        *kept = next.min(*kept);
    }
    Ok(())
}
