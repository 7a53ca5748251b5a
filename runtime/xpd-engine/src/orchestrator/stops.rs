//! What a kill covers.

use xp_machine::Machine;
use xpd_store::{Scope, StoreError};

use crate::memory::Tx;

/// Something that a kill may cover.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Covered<'a> {
    /// Its run.
    pub run: Option<&'a str>,
    /// Who is behind it.
    pub principal: Option<&'a str>,
    /// The connector instance that it is about.
    pub instance: Option<&'a str>,
    /// When the right to it was granted, milliseconds since 1970: a kill that was lifted later covers it for good.
    pub since: Option<u64>,
}

/// The scopes of a workflow that runs: its artifact alone, and all of its name.
pub(super) fn of_artifact(machine: &Machine, digest: &str) -> [Scope; 2] {
    [Scope::Artifact(digest.to_owned()), Scope::Artifact(machine.workflow().name.clone())]
}

/// The kill that covers something.
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
