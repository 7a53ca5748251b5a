//! The permit: the only thing the proxy acts on, and only a claim that was won makes one.

use std::sync::Arc;

use xp_artifact::workflow::{Action, Repeat, StepId};
use xp_machine::Machine;

use super::args::declared;
use crate::connectors::Call;
use crate::store::GrantRow;

/// The right to act once. Consumed by the act.
#[derive(Debug)]
pub struct Permit {
    machine: Arc<Machine>,
    grant: GrantRow,
    marker: String,
}

impl Permit {
    /// Invariant: `grant` was moved from issued to claimed by the caller's own transaction, or is a claim of a process
    /// that has ended.
    pub(super) fn won(machine: Arc<Machine>, grant: GrantRow, marker: String) -> Self {
        Self { machine, grant, marker }
    }

    /// Uses the permit up: what is to be done, and what is left to record its end.
    ///
    /// # Errors
    /// The arguments are not those that were granted; nothing may be done.
    pub fn spend(self) -> Result<(Order, Spent), Spent> {
        let (repeat, fits) = (self.repeat(), self.fits());
        let Self { grant, marker, .. } = self;
        let spent = Spent { run: grant.run, jti: grant.jti, step: StepId(grant.step_id), repeat };
        if !fits {
            return Err(spent);
        }
        let action = grant.action.split_once('.').map_or("", |(_, action)| action).to_owned();
        Ok((
            Order {
                instance: grant.instance,
                call: Call { action, args: grant.args, marker, since: grant.issued },
            },
            spent,
        ))
    }

    /// The token.
    #[must_use]
    pub fn jti(&self) -> &str {
        &self.grant.jti
    }

    fn fits(&self) -> bool {
        let asked = declared(&self.machine, &self.grant.action).and_then(|(action, _)| {
            self.machine.request_digest(action, &self.grant.instance, &self.grant.args)
        });
        asked.is_some_and(|digest| digest.to_string() == self.grant.req)
    }

    fn repeat(&self) -> Repeat {
        self.declaration().map_or(Repeat::Manual, |action| action.repeat)
    }

    fn declaration(&self) -> Option<&Action> {
        declared(&self.machine, &self.grant.action).map(|(_, action)| action)
    }
}

/// What a permit allows: this call at this connector instance.
#[derive(Debug)]
pub struct Order {
    /// The connector instance.
    pub instance: String,
    /// The call.
    pub call: Call,
}

/// A permit that was used up: good for recording what came of it, for nothing else.
#[derive(Clone, Debug)]
pub struct Spent {
    pub(super) run: String,
    pub(super) jti: String,
    pub(super) step: StepId,
    repeat: Repeat,
}

impl Spent {
    /// How an unknown end is resolved.
    #[must_use]
    pub fn repeat(&self) -> Repeat {
        self.repeat
    }

    /// The token.
    #[must_use]
    pub fn jti(&self) -> &str {
        &self.jti
    }
}
