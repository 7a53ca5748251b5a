//! What is open to a principal now: its own steps, their grants with what is left, their outcomes.

use xp_artifact::print;
use xp_artifact::workflow::{GrantIx, How, Per, Pin, StepId};
use xp_scope::Value;

use crate::data;
use crate::event::Actor;
use crate::machine::Machine;
use crate::state::{State, Status};
use crate::transition::{actor, close};

/// An open step of the principal's roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Name of the step.
    pub step: String,
    /// Name of the role.
    pub role: String,
    /// Number of the opening.
    pub opening: u32,
    /// What may be done.
    pub grants: Vec<OfferedGrant>,
    /// What is to be handed in, with whether it was.
    pub submissions: Vec<(String, bool)>,
    /// The outcomes the role may decide.
    pub outcomes: Vec<OfferedOutcome>,
    /// Notes left by those who sent the work back, oldest first.
    pub notes: Vec<String>,
}

/// A grant of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedGrant {
    /// What a request calls it.
    pub grant: String,
    /// Qualified action.
    pub action: String,
    /// Arguments: each with what it must be, and its value where only one is possible.
    pub args: Vec<(String, String, Option<Value>)>,
    /// Uses left.
    pub left: u32,
}

/// An outcome of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedOutcome {
    /// Its name.
    pub outcome: String,
    /// What must have been seen.
    pub of: Option<String>,
    /// The evidence it needs is there.
    pub evidence: bool,
}

impl Machine {
    /// Everything the actor may do now. Empty once the run is over.
    #[must_use]
    pub fn offers(&self, state: &State, actor: &Actor) -> Vec<Offer> {
        if state.status != Status::Running {
            return Vec::new();
        }
        let open = state.steps.iter().enumerate().filter(|(_, step)| step.open);
        open.filter_map(|(index, _)| self.offer(state, actor, StepId::of(index))).collect()
    }

    fn offer(&self, state: &State, who: &Actor, id: StepId) -> Option<Offer> {
        let (step, now) = (self.step(id)?, data::step(state, id)?);
        if actor::may_play(self, state, id, step, who).is_err() || close::closing(self, state, id) {
            return None;
        }
        let grants = step.grants.iter().zip(&now.grants).enumerate().filter_map(|(number, (grant, uses))| {
            let action = self.workflow.actions.get(grant.action.index())?;
            let spent = match grant.limit.per {
                Per::Opening => uses.spent,
                Per::Run => uses.spent_in_run,
            };
            let args = action.params.iter().zip(&grant.pins).map(|(param, pin)| {
                let only = match pin {
                    Pin::Is(expr) => data::expr(state, expr),
                    Pin::OneOf { .. } | Pin::Within(_) | Pin::Content { .. } | Pin::Any => None,
                };
                (param.name.clone(), print::pin(&self.workflow, pin), only)
            });
            Some(OfferedGrant {
                grant: step.grant_name(GrantIx::of(number))?,
                action: format!("{}.{}", action.connector, action.name),
                args: args.collect(),
                left: grant.limit.uses.saturating_sub(spent),
            })
        });
        let outcomes = step.outcomes.iter().filter_map(|outcome| {
            let evidence = match &outcome.how {
                How::Judged => true,
                How::JudgedIf(condition) => data::condition(now, condition),
                How::Auto(_) | How::Exhausted(_) => return None,
            };
            let of = outcome.of.as_ref().map(|datum| print::datum(&self.workflow, datum));
            Some(OfferedOutcome { outcome: outcome.name.clone(), of, evidence })
        });
        let submissions = step.submissions.iter().zip(&now.submissions);
        Some(Offer {
            step: step.name.clone(),
            role: self.workflow.roles.get(step.role.index())?.name.clone(),
            opening: now.opening,
            grants: grants.collect(),
            submissions: submissions
                .map(|(declared, made)| (declared.name.clone(), made.is_some()))
                .collect(),
            outcomes: outcomes.collect(),
            notes: state.notes.iter().filter(|note| note.to == id).map(|note| note.text.clone()).collect(),
        })
    }
}
