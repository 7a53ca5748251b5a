//! The implementation of the proxy's [`Authority`]. Each method runs inside a transaction of the proxy's.

use xp_artifact::workflow::Repeat;
use xp_machine::{Machine, State, Status};
use xp_scope::Value;
use xpd_audit::entry::Chain;
use xpd_proxy::{Answer, Authority, Decision, Ending, Fault, Refused, Spent, Stop, Use, Warrant};
use xpd_store::{GrantRow, Read, Scope, StoreError};

use super::args::declared;
use super::caller::{Caller, admit};
use super::stops::of_artifact;
use super::{Orchestrator, claim, doubt, end, shadow};
use crate::memory::Tx;

/// The scopes of a kill that cover a grant.
fn scopes(machine: &Machine, artifact: &str, grant: &GrantRow) -> Vec<Scope> {
    let [artifact, all] = of_artifact(machine, artifact);
    vec![
        artifact,
        all,
        Scope::Run(grant.run.clone()),
        Scope::Principal(grant.principal.clone()),
        Scope::Connector(grant.instance.clone()),
    ]
}

/// The versions that things must have for a use.
fn expected(machine: &Machine, state: &State, grant: &GrantRow) -> Vec<Option<Value>> {
    let Some((_, action)) = declared(machine, &grant.action) else { return Vec::new() };
    machine.expected(state, action, &grant.args).into_iter().map(|(_, version)| version).collect()
}

impl Authority for Orchestrator {
    type Caller = Caller;

    fn admit(&self, rows: &mut dyn xpd_store::Tx, caller: &Caller) -> Result<String, Fault> {
        admit(&mut Tx::new(rows, &self.memory), caller)?;
        Ok(caller.name().to_owned())
    }

    fn claim(&self, rows: &mut dyn xpd_store::Tx, caller: Caller, using: Use) -> Result<Decision, Stop> {
        let jti = using.claims.jti.clone();
        if let Some(before) = claim::claim(&mut Tx::new(rows, &self.memory), &caller, using)? {
            return Ok(Decision::Before(before));
        }
        let grant = rows.grant(&jti)?.ok_or_else(|| Fault::unknown("grant"))?;
        let mut warrant = self.warrant(rows.rows(), &grant)?.ok_or_else(|| Fault::unknown("run"))?;
        // The row of the run is written at the commit; the state of this transaction is in memory.
        if let Some(run) = Tx::new(rows, &self.memory).run(&grant.run)? {
            warrant.expected = expected(&run.machine, &run.state, &grant);
        }
        Ok(Decision::Allowed(warrant))
    }

    fn warrant(&self, rows: &dyn Read, grant: &GrantRow) -> Result<Option<Warrant>, StoreError> {
        let Some(run) = rows.run_row(&grant.run)? else { return Ok(None) };
        let Some(machine) = self.machines.of(rows, &run.artifact)? else { return Ok(None) };
        let marker = self.keys.marker(&grant.jti, &grant.req);
        let found = declared(&machine, &grant.action);
        // Invariant: a shadow run has a warrant only for what it may send.
        let chain: Chain = serde_json::from_slice(&run.chain)?;
        let rules = self.live.now();
        let sent = |(_, action)| shadow::sends(&rules, &grant.instance, action);
        if chain.is_shadow() && !found.is_some_and(sent) {
            return Ok(None);
        }
        let found = found.and_then(|(id, action)| Some((machine.declaration(id)?, action.repeat)));
        let state = serde_json::from_slice(&run.state)?;
        let expected = expected(&machine, &state, grant);
        let scopes = scopes(&machine, &run.artifact, grant);
        Ok(Some(match found {
            Some((declaration, repeat)) => {
                Warrant { declaration: declaration.clone(), repeat, marker, expected, scopes }
            }
            // No grant was ever issued under this digest.
            None => {
                let declaration = xp_scope::Digest::of(b"");
                Warrant { declaration, repeat: Repeat::Manual, marker, expected, scopes }
            }
        }))
    }

    fn stopped(&self, rows: &dyn Read, grant: &GrantRow) -> Result<Option<String>, StoreError> {
        let Some(run) = rows.run_row(&grant.run)? else { return Ok(None) };
        let state: State = serde_json::from_slice(&run.state)?;
        if state.status() == Status::Killed || state.is_barred(&grant.principal) {
            return Ok(Some(Scope::Run(grant.run.clone()).to_string()));
        }
        let Some(machine) = self.machines.of(rows, &run.artifact)? else { return Ok(None) };
        rows.stopped(&scopes(&machine, &run.artifact, grant), None)
    }

    fn forbids_repeat(
        &self,
        rows: &mut dyn xpd_store::Tx,
        grant: &GrantRow,
    ) -> Result<Option<Refused>, Fault> {
        doubt::forbidden(&mut Tx::new(rows, &self.memory), grant)
    }

    fn repeats(&self, rows: &mut dyn xpd_store::Tx, grant: &GrantRow) -> Result<(), Fault> {
        doubt::again(&mut Tx::new(rows, &self.memory), grant)
    }

    fn leave_to_person(
        &self,
        rows: &mut dyn xpd_store::Tx,
        grant: &GrantRow,
        why: &Refused,
    ) -> Result<(), Fault> {
        doubt::leave(&mut Tx::new(rows, &self.memory), grant, why)
    }

    fn end(&self, rows: &mut dyn xpd_store::Tx, spent: &Spent, ending: Ending) -> Result<Answer, Fault> {
        end::end(&mut Tx::new(rows, &self.memory), self.hooks, spent, ending)
    }

    fn resolve(
        &self,
        rows: &mut dyn xpd_store::Tx,
        grant: &GrantRow,
        result: Option<Value>,
        by: Option<&str>,
    ) -> Result<Answer, Stop> {
        end::resolve(&mut Tx::new(rows, &self.memory), grant, result, by)
    }
}
