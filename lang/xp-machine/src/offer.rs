//! What is open to a principal now: its own steps, their grants with what is left, their outcomes.

use xp_artifact::print;
use xp_artifact::workflow::{GrantIx, How, OutcomeIx, Per, Pin, RoleId, Root, StepId};
use xp_scope::Value;

use crate::data;
use crate::event::Actor;
use crate::machine::Machine;
use crate::state::{State, Status};
use crate::transition::{actor, close, judge};

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
    /// Values and notes of the run are left out: the actor does not play the role yet, and its controller could still act in a
    /// separate role with what it reads here.
    pub withheld: bool,
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
    /// People who have judged so in this opening. Their judgements wait for more of them.
    pub judged: Vec<String>,
    /// People of different controllers that have to judge so.
    pub needed: u32,
}

impl Machine {
    /// Everything the actor may do now. Empty once the run is over.
    ///
    /// `may_take` says of a role whether some principal of the actor's controller may take it. Separate roles share no knowledge,
    /// so what the run has made is shown once the actor plays the role, or if its controller can take no role separate from it.
    #[must_use]
    pub fn offers(&self, state: &State, actor: &Actor, may_take: &dyn Fn(&str) -> bool) -> Vec<Offer> {
        if state.status != Status::Running {
            return Vec::new();
        }
        let open = state.steps.iter().enumerate().filter(|(_, step)| step.open);
        open.filter_map(|(index, _)| self.offer(state, actor, may_take, StepId::of(index))).collect()
    }

    /// Whether what the actor reads as this role it could carry into a separate one.
    fn is_withheld(&self, state: &State, who: &Actor, may_take: &dyn Fn(&str) -> bool, role: RoleId) -> bool {
        let is_played = |index: usize| state.staff.get(index).is_some_and(Option::is_some);
        let mut others = self.workflow.roles.iter().enumerate();
        !is_played(role.index())
            && others.any(|(index, other)| {
                self.workflow.are_separate(role, RoleId::of(index))
                    && !is_played(index)
                    && (who.roles.contains(&other.name) || may_take(&other.name))
            })
    }

    fn offer(
        &self,
        state: &State,
        who: &Actor,
        may_take: &dyn Fn(&str) -> bool,
        id: StepId,
    ) -> Option<Offer> {
        let (step, now) = (self.step(id)?, data::step(state, id)?);
        if actor::may_play(self, state, id, step, who).is_err() || close::closing(self, state, id) {
            return None;
        }
        let withheld = self.is_withheld(state, who, may_take, step.role);
        let grants = step.grants.iter().zip(&now.grants).enumerate().filter_map(|(number, (grant, uses))| {
            let action = self.workflow.actions.get(grant.action.index())?;
            let spent = match grant.limit.per {
                Per::Opening => uses.spent,
                Per::Run => uses.spent_in_run,
            };
            let args = action.params.iter().zip(&grant.pins).map(|(param, pin)| {
                let only = match pin {
                    // What a run is for is no secret to whoever may take part.
                    Pin::Is(expr)
                        if withheld && expr.data().any(|datum| !matches!(datum.root, Root::Param(_))) =>
                    {
                        None
                    }
                    Pin::Is(expr) => data::expr(state, expr),
                    Pin::OneOf { .. } | Pin::Within(_) | Pin::Content { .. } | Pin::Any | Pin::Absent => None,
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
        let outcomes = step.outcomes.iter().enumerate().filter_map(|(number, outcome)| {
            let evidence = match &outcome.how {
                How::Judged => true,
                How::JudgedIf(condition) => data::condition(state, id, condition),
                How::Auto(_) | How::Exhausted(_) | How::TimedOut => return None,
            };
            let about = outcome.of.as_ref().and_then(|datum| data::datum(state, datum)).map(Value::digest);
            let cast = judge::cast(now, OutcomeIx::of(number), about.as_ref());
            if judge::has_judged(now, &who.principal)
                || cast.clone().any(|vote| vote.by.controller == who.principal.controller)
            {
                return None;
            }
            let judged = cast.map(|vote| vote.by.name.clone()).collect();
            let of = outcome.of.as_ref().map(|datum| print::datum(&self.workflow, datum));
            let (outcome, needed) = (outcome.name.clone(), outcome.votes());
            Some(OfferedOutcome { outcome, of, evidence, judged, needed })
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
            notes: state
                .notes
                .iter()
                .filter(|note| note.to == id && !withheld)
                .map(|note| note.text.clone())
                .collect(),
            withheld,
        })
    }
}
