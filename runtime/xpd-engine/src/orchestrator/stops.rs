//! Which kills cover an event.

use xp_machine::Machine;
use xpd_store::{Scope, StoreError};

use crate::memory::Tx;

/// The attributes of an event by which a kill may cover it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Covered<'a> {
    /// Run id.
    pub run: Option<&'a str>,
    /// The principal.
    pub principal: Option<&'a str>,
    /// The connector instance concerned.
    pub instance: Option<&'a str>,
    /// When the grant was issued, milliseconds since 1970. A kill that was in force after that covers it even
    /// when lifted.
    pub since: Option<u64>,
}

/// The scopes of a running workflow: its artifact by digest, and all artifacts of its name.
pub(super) fn of_artifact(machine: &Machine, digest: &str) -> [Scope; 2] {
    [Scope::Artifact(digest.to_owned()), Scope::Artifact(machine.workflow().name.clone())]
}

/// The scope of a kill that covers the event.
pub(super) fn stopped(tx: &mut Tx<'_>, covered: Covered<'_>) -> Result<Option<String>, StoreError> {
    let Covered { run, principal, instance, since } = covered;
    let mut scopes = Vec::new();
    if let Some(run) = run
        && let Some(run) = tx.run(run)?
    {
        scopes.extend(of_artifact(&run.machine, &run.artifact.to_string()));
    }
    scopes.extend(principal.map(|name| Scope::Principal(name.to_owned())));
    scopes.extend(instance.map(|name| Scope::Connector(name.to_owned())));
    tx.stopped(&scopes, since)
}
