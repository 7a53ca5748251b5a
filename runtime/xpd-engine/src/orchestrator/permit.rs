//! The permit: the only thing the proxy acts on, and only a claim or a repeat that was won makes one.

use std::sync::Arc;

use xp_artifact::workflow::{Repeat, StepId};
use xp_machine::Machine;

use super::args::declared;
use super::flights::Flight;
use crate::store::GrantRow;
use xpd_proxy::Call;

/// A grant with what it takes to read it.
#[derive(Debug)]
struct Subject {
    machine: Arc<Machine>,
    grant: GrantRow,
    marker: String,
}

impl Subject {
    /// Whether the stored arguments are those that were granted.
    fn fits(&self) -> bool {
        let asked = declared(&self.machine, &self.grant.action).and_then(|(action, _)| {
            self.machine.request_digest(action, &self.grant.instance, &self.grant.args)
        });
        asked.is_some_and(|digest| digest.to_string() == self.grant.req)
    }

    fn repeat(&self) -> Repeat {
        let declaration = declared(&self.machine, &self.grant.action).map(|(_, action)| action);
        declaration.map_or(Repeat::Manual, |action| action.repeat)
    }

    fn split(self, flight: Option<Flight>) -> (String, Call, Spent) {
        let Self { grant, marker, .. } = self;
        let action = grant.action.split_once('.').map_or("", |(_, action)| action).to_owned();
        let flight = flight.map(Arc::new);
        let spent = Spent { run: grant.run, jti: grant.jti, step: StepId(grant.step_id), _flight: flight };
        let call = Call { action, args: grant.args, marker, since: grant.issued };
        (grant.instance, call, spent)
    }
}

/// The right to act once. Consumed by the act.
#[derive(Debug)]
pub struct Permit {
    subject: Subject,
    flight: Option<Flight>,
}

impl Permit {
    /// Invariant: the caller's own transaction moved `grant` from issued to claimed and recorded that it starts.
    pub(super) fn won(machine: Arc<Machine>, grant: GrantRow, marker: String) -> Self {
        Self { subject: Subject { machine, grant, marker }, flight: None }
    }

    /// Uses the permit up: what is to be done, and what is left to record its end.
    ///
    /// # Errors
    /// The arguments are not those that were granted; nothing may be done.
    pub fn spend(self) -> Result<(Order, Spent), Spent> {
        let fits = self.subject.fits();
        let (instance, call, spent) = self.subject.split(self.flight);
        if fits { Ok((Order { instance, call }, spent)) } else { Err(spent) }
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
    /// Held until what came of it is recorded.
    _flight: Option<Arc<Flight>>,
}

impl Spent {
    /// The token.
    #[must_use]
    pub fn jti(&self) -> &str {
        &self.jti
    }
}

/// An action whose end nobody knows. Good for looking; acting again takes a permit of its own.
#[derive(Debug)]
pub struct Doubt(Subject);

impl Doubt {
    pub(super) fn of(machine: Arc<Machine>, grant: GrantRow, marker: String) -> Self {
        Self(Subject { machine, grant, marker })
    }

    /// Invariant: the caller's own transaction found that it may be repeated and recorded that it starts.
    pub(super) fn won(self, flight: Flight) -> Permit {
        Permit { subject: self.0, flight: Some(flight) }
    }

    pub(super) fn grant(&self) -> &GrantRow {
        &self.0.grant
    }

    pub(super) fn fits(&self) -> bool {
        self.0.fits()
    }

    /// The token.
    #[must_use]
    pub fn jti(&self) -> &str {
        &self.0.grant.jti
    }

    /// The connector instance.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.0.grant.instance
    }

    /// How it is resolved.
    #[must_use]
    pub fn repeat(&self) -> Repeat {
        self.0.repeat()
    }

    /// What to look for, and what is left to record what was found. Nothing if these are not the granted arguments.
    #[must_use]
    pub fn seek(self) -> Option<(Sought, Spent)> {
        let fits = self.0.fits();
        let (instance, call, spent) = self.0.split(None);
        fits.then_some((Sought { instance, call }, spent))
    }
}

/// What is looked for: whether this call happened at this connector instance.
#[derive(Debug)]
pub struct Sought {
    /// The connector instance.
    pub instance: String,
    /// The call.
    pub call: Call,
}
