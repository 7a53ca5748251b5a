//! What monitors are told of an accepted input, and what they may look at.

use xp_artifact::workflow::{Atom, Datum, SubmissionIx, Then};
use xp_monitor::{End, Fact, Relation, Sight, Use};
use xp_scope::Value;

use crate::event::{Accepted, Change, Event, Input};
use crate::machine::Machine;
use crate::state::State;

impl Machine {
    /// The facts of an input, in order, for monitors. `after` is the state that the input led to.
    #[must_use]
    pub fn facts<'a>(&'a self, after: &State, input: &'a Input, accepted: &'a Accepted) -> Vec<Fact<'a>> {
        let mut facts = Vec::new();
        match (&input.event, accepted) {
            (Event::Request { jti, actor, args, .. }, Accepted::Granted { step, grant, opening, .. }) => {
                let by = actor.principal.controller.clone();
                let of = Use { at: (*step, *grant), opening: *opening, by, args: args.clone(), result: None };
                facts.push(Fact::Requested { id: jti, of });
            }
            (Event::Claim { jti, .. }, Accepted::Claimed { .. }) => facts.push(Fact::Claimed { id: jti }),
            (
                Event::Complete { jti, result } | Event::Resolve { jti, result: Some(result) },
                Accepted::Ended { bound, .. },
            ) => facts.push(Fact::Ended { id: jti, end: End::Done { result, bound: *bound } }),
            (Event::Fail { jti, returned: false }, _) => {
                facts.push(Fact::Ended { id: jti, end: End::Failed });
            }
            (Event::Fail { jti, returned: true } | Event::Resolve { jti, result: None }, _) => {
                facts.push(Fact::Ended { id: jti, end: End::GivenBack });
            }
            (Event::Expire { jti }, _) => facts.push(Fact::Dropped { id: jti }),
            (Event::Submit { actor, step, name, .. }, Accepted::Done { .. }) => {
                facts.extend(self.submitted(step, name, &actor.principal.controller));
            }
            (Event::Judge { actor, step, outcome, notes: Some(_) }, _) => {
                facts.extend(self.noted(step, outcome, &actor.principal.controller));
            }
            _ => {}
        }
        let changes = match accepted {
            Accepted::Ended { changes, .. }
            | Accepted::Done { changes }
            | Accepted::Closing { changes, .. } => changes.as_slice(),
            Accepted::Granted { .. }
            | Accepted::Claimed { .. }
            | Accepted::Shown { .. }
            | Accepted::Voted { .. } => &[],
        };
        for change in changes {
            match change {
                Change::Settled { outcome, .. } => facts.push(Fact::Settled(*outcome)),
                Change::Reopened { by, .. } => facts.push(Fact::Reset(self.index.resets.by(*by))),
                Change::Revoked { jti } => facts.push(Fact::Dropped { id: jti }),
                Change::RunEnded { .. } | Change::RunFinished | Change::RunKilled => facts.push(Fact::Over),
                Change::Opened { .. } => {}
            }
        }
        // Tokens that ran out are dropped without a change of their own.
        if after.status() != crate::state::Status::Running && !facts.iter().any(|f| matches!(f, Fact::Over)) {
            facts.push(Fact::Over);
        }
        facts
    }

    fn submitted<'a>(&self, step: &str, name: &str, by: &'a str) -> Option<Fact<'a>> {
        let id = self.step_named(step)?;
        let submission = self.step(id)?.submissions.iter().position(|declared| declared.name == name)?;
        Some(Fact::Submitted { step: id, submission: SubmissionIx::of(submission), by })
    }

    /// A note reaches those to whom the work goes back.
    fn noted<'a>(&self, step: &str, outcome: &str, by: &'a str) -> Option<Fact<'a>> {
        let from = self.step_named(step)?;
        let judged = self.step(from)?.outcomes.iter().find(|declared| declared.name == outcome)?;
        let Then::Reopen(to) = judged.then else { return None };
        let back = self.workflow.loops.get(to.index()).filter(|back| back.notes)?;
        Some(Fact::Noted { from, to: back.target, by })
    }
}

/// A state as monitors see it.
pub struct Seen<'a> {
    /// The state.
    pub state: &'a State,
    /// How things meet.
    pub relation: &'a dyn Relation,
}

impl Sight for Seen<'_> {
    fn settled(&self, atom: Atom) -> bool {
        self.state.is_settled(atom)
    }

    fn value(&self, datum: &Datum) -> Option<Value> {
        crate::data::datum(self.state, datum).cloned()
    }

    fn relation(&self) -> &dyn Relation {
        self.relation
    }
}
