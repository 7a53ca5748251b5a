//! The permit: the only value on which a connector acts. It is made only by a successful claim or repeat.

use std::collections::BTreeMap;
use std::sync::Arc;

use xp_artifact::workflow::{Repeat, StepId};
use xp_scope::Value;
use xpd_store::GrantRow;

use crate::call::Call;
use crate::flights::Flight;
use crate::line::{Line, Lines};
use crate::warrant::Warrant;

/// A grant with the facts needed to act on it.
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

    /// Whether the stored arguments have the digest that was granted.
    pub fn fits(&self) -> bool {
        let Self { grant, warrant } = self;
        let digest = xp_artifact::request_digest(&warrant.declaration, &grant.instance, &grant.args);
        digest.to_string() == grant.req
    }

    /// Opens the line of the use.
    fn line(&self, lines: &Lines) -> Line {
        lines.open(&self.grant, self.warrant.scopes.clone())
    }

    fn split(self, flight: Option<Flight>) -> (String, Call, Spent) {
        let Self { grant, warrant } = self;
        let action = grant.action.split_once('.').map_or("", |(_, action)| action).to_owned();
        let repeated = flight.is_some();
        let flight = flight.map(Arc::new);
        let spent = Spent { run: grant.run, jti: grant.jti, step: StepId(grant.step_id), _flight: flight };
        let Warrant { marker, expected, declaration, .. } = warrant;
        let (args, since, declaration) = (grant.args, grant.issued, Some(declaration));
        let call = Call { action, args, marker, since, expected, declaration, repeated };
        (grant.instance, call, spent)
    }

    /// What to probe for, and what is needed to record the outcome. `None` if the arguments do not have the
    /// granted digest.
    pub fn seek(self, lines: &Lines) -> Option<(String, Sought, Spent)> {
        let (fits, line) = (self.fits(), self.line(lines));
        let (instance, call, spent) = self.split(None);
        fits.then_some((instance, Sought(call, line), spent))
    }
}

/// A claimed use, not yet acted on.
#[derive(Debug)]
pub(crate) struct Won {
    held: Held,
    line: Line,
    flight: Option<Flight>,
}

impl Won {
    /// Invariant: called in the transaction that moved the grant from issued to claimed and recorded the
    /// start.
    pub fn claimed(held: Held, lines: &Lines) -> Self {
        Self { line: held.line(lines), held, flight: None }
    }

    /// Invariant: called in the transaction that determined that the action may be repeated and recorded the
    /// repeat.
    pub fn again(held: Held, flight: Flight, lines: &Lines) -> Self {
        Self { line: held.line(lines), held, flight: Some(flight) }
    }

    /// The connector instance, the permit, and what is needed to record the end.
    ///
    /// # Errors
    /// The arguments do not have the granted digest; nothing may be done.
    pub fn hand_over(self) -> Result<(String, Permit, Spent), Spent> {
        let fits = self.held.fits();
        let (instance, call, spent) = self.held.split(self.flight);
        if fits { Ok((instance, Permit(call, self.line), spent)) } else { Err(spent) }
    }
}

/// The right to perform one action once, with these arguments. Acting consumes it; it cannot be cloned, and
/// only this crate can make one:
///
/// ```compile_fail
/// # fn forged(permit: &xpd_proxy::Permit) -> xpd_proxy::Permit { permit.clone() }
/// ```
/// ```compile_fail
/// # fn forged(call: xpd_proxy::Call) -> xpd_proxy::Permit { xpd_proxy::Permit(call, xpd_proxy::Line::unattached()) }
/// ```
#[derive(Debug)]
pub struct Permit(Call, Line);

impl Permit {
    /// The permitted call.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.0
    }

    /// The line for every request and command of the action.
    #[must_use]
    pub fn line(&self) -> &Line {
        &self.1
    }
}

/// A call whose effect is probed for. It does not authorize anything, so its constructor is public.
#[derive(Debug)]
pub struct Sought(Call, Line);

impl Sought {
    /// A call, by the action's name within the connector, its arguments, its marker and the time of its grant
    /// (milliseconds since 1970).
    #[must_use]
    pub fn new(action: &str, args: BTreeMap<String, Value>, marker: &str, since: u64) -> Self {
        let (action, marker) = (action.to_owned(), marker.to_owned());
        let (expected, declaration) = (Vec::new(), None);
        let call = Call { action, args, marker, since, expected, declaration, repeated: false };
        Self(call, Line::unattached())
    }

    /// The call that may have taken effect.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.0
    }

    /// The line for every request of the probe.
    #[must_use]
    pub fn line(&self) -> &Line {
        &self.1
    }
}

/// A consumed permit, with which the end of the action is recorded.
#[derive(Clone, Debug)]
pub struct Spent {
    run: String,
    jti: String,
    step: StepId,
    /// Keeps the repeat registered until its end is recorded.
    _flight: Option<Arc<Flight>>,
}

impl Spent {
    /// Run id.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// `jti` of the grant.
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
