//! The permit: the only thing a connector acts on, made only by a claim or a repeat that was won.

use std::collections::BTreeMap;
use std::sync::Arc;

use xp_artifact::workflow::{Repeat, StepId};
use xp_scope::Value;
use xpd_store::GrantRow;

use crate::call::Call;
use crate::flights::Flight;
use crate::line::{Line, Lines};
use crate::warrant::Warrant;

/// A grant with what it takes to read it.
#[derive(Debug)]
pub(crate) struct Held {
    grant: GrantRow,
    warrant: Warrant,
}

impl Held {
    pub fn new(grant: GrantRow, warrant: Warrant) -> Self {
        Self { grant, warrant }
    }

    pub fn grant(&self) -> &GrantRow {
        &self.grant
    }

    pub fn repeat(&self) -> Repeat {
        self.warrant.repeat
    }

    /// Whether the stored arguments are those that were granted.
    pub fn fits(&self) -> bool {
        let Self { grant, warrant } = self;
        let digest = xp_artifact::request_digest(&warrant.declaration, &grant.instance, &grant.args);
        digest.to_string() == grant.req
    }

    /// The line of its use.
    fn line(&self, lines: &Lines) -> Line {
        lines.open(&self.grant, self.warrant.scopes.clone())
    }

    fn split(self, flight: Option<Flight>) -> (String, Call, Spent) {
        let Self { grant, warrant } = self;
        let action = grant.action.split_once('.').map_or("", |(_, action)| action).to_owned();
        let flight = flight.map(Arc::new);
        let spent = Spent { run: grant.run, jti: grant.jti, step: StepId(grant.step_id), _flight: flight };
        let Warrant { marker, expected, .. } = warrant;
        let call = Call { action, args: grant.args, marker, since: grant.issued, expected };
        (grant.instance, call, spent)
    }

    /// What to look for, and what is left to record what was found. Nothing if these are not the granted arguments.
    pub fn seek(self, lines: &Lines) -> Option<(String, Sought, Spent)> {
        let (fits, line) = (self.fits(), self.line(lines));
        let (instance, call, spent) = self.split(None);
        fits.then_some((instance, Sought(call, line), spent))
    }
}

/// A use that was won and not yet acted on.
#[derive(Debug)]
pub(crate) struct Won {
    held: Held,
    line: Line,
    flight: Option<Flight>,
}

impl Won {
    /// Invariant: the caller's own transaction, in which this is called, moved the grant from issued to claimed and recorded
    /// that it starts.
    pub fn claimed(held: Held, lines: &Lines) -> Self {
        Self { line: held.line(lines), held, flight: None }
    }

    /// Invariant: the caller's own transaction, in which this is called, found that it may be repeated and recorded that it
    /// starts again.
    pub fn again(held: Held, flight: Flight, lines: &Lines) -> Self {
        Self { line: held.line(lines), held, flight: Some(flight) }
    }

    /// The connector instance, the permit, and what is left to record its end.
    ///
    /// # Errors
    /// The arguments are not those that were granted; nothing may be done.
    pub fn hand_over(self) -> Result<(String, Permit, Spent), Spent> {
        let fits = self.held.fits();
        let (instance, call, spent) = self.held.split(self.flight);
        if fits { Ok((instance, Permit(call, self.line), spent)) } else { Err(spent) }
    }
}

/// The right to act once, with these arguments. Whoever acts consumes it; it cannot be copied, and nobody outside this
/// crate can make one:
///
/// ```compile_fail
/// # fn forged(permit: &xpd_proxy::Permit) -> xpd_proxy::Permit { permit.clone() }
/// ```
/// ```compile_fail
/// # fn forged(call: xpd_proxy::Call) -> xpd_proxy::Permit { xpd_proxy::Permit(call, xpd_proxy::Line::loose()) }
/// ```
#[derive(Debug)]
pub struct Permit(Call, Line);

impl Permit {
    /// What it permits.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.0
    }

    /// What every request and every command of the action goes through.
    #[must_use]
    pub fn line(&self) -> &Line {
        &self.1
    }
}

/// What is looked for: whether a call happened. Good for nothing else, so anybody may make one.
#[derive(Debug)]
pub struct Sought(Call, Line);

impl Sought {
    /// A use by the action's name inside the connector, its arguments, its marker and the time of its grant.
    #[must_use]
    pub fn new(action: &str, args: BTreeMap<String, Value>, marker: &str, since: u64) -> Self {
        let (action, marker) = (action.to_owned(), marker.to_owned());
        Self(Call { action, args, marker, since, expected: Vec::new() }, Line::loose())
    }

    /// The call that may have happened.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.0
    }

    /// What every request of the look goes through.
    #[must_use]
    pub fn line(&self) -> &Line {
        &self.1
    }
}

/// A permit that was used up: good for recording what came of it, for nothing else.
#[derive(Clone, Debug)]
pub struct Spent {
    run: String,
    jti: String,
    step: StepId,
    /// Held until what came of it is recorded.
    _flight: Option<Arc<Flight>>,
}

impl Spent {
    /// The run.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The token.
    #[must_use]
    pub fn jti(&self) -> &str {
        &self.jti
    }

    /// The step.
    #[must_use]
    pub fn step(&self) -> StepId {
        self.step
    }
}
