//! Questions that the machine keeps: it refuses the use that would break one.
//!
//! A use counts from its claim on, so that one which is under way or in doubt counts as done. What is refused at the claim
//! is refused at the request already, where the run stands as it does then.

use xp_artifact::workflow::Guard;
use xp_monitor::{Concrete, Fact, Standing, Use, Watch, Watched};
use xp_wire::RefusalCode;

use crate::event::{Accepted, Input};
use crate::facts::Seen;
use crate::machine::Machine;
use crate::refusal::{Clause, Refusal};
use crate::state::State;

impl Machine {
    fn watched(&self) -> Watched<'_> {
        Watched::of(&self.workflow, self.workflow.guards.iter().map(|guard| &guard.question))
    }

    /// The monitors of a run that has not begun, if anything is guarded.
    pub(crate) fn watch(&self) -> Option<Watch> {
        (!self.workflow.guards.is_empty()).then(|| self.watched().start())
    }

    /// A use that is asked for could be claimed now.
    ///
    /// # Errors
    /// It would break a guarded question.
    pub(crate) fn may_begin(&self, state: &State, id: &str, of: Use) -> Result<(), Refusal> {
        self.kept(state, &[Fact::Requested { id, of }, Fact::Claimed { id }])
    }

    /// A token can be claimed.
    ///
    /// # Errors
    /// Its use would break a guarded question.
    pub(crate) fn may_claim(&self, state: &State, id: &str) -> Result<(), Refusal> {
        self.kept(state, &[Fact::Claimed { id }])
    }

    fn kept(&self, state: &State, facts: &[Fact<'_>]) -> Result<(), Refusal> {
        let Some(watch) = &state.watch else { return Ok(()) };
        let watched = self.watched();
        let mut after = watch.clone();
        let relation = Concrete::of(&self.workflow);
        let sight = Seen { state, relation: &relation };
        for fact in facts {
            watched.tell(&mut after, fact, &sight);
        }
        match (0..self.workflow.guards.len()).find(|guard| after.standing(*guard) != Standing::Holds) {
            Some(guard) => Err(self.guarded(guard)),
            None => Ok(()),
        }
    }

    fn guarded(&self, index: usize) -> Refusal {
        let source = self.workflow.guards.get(index).map(|Guard { source, .. }| source.as_str());
        let reason = format!("it would break `{}`", source.unwrap_or_default());
        let clause = Clause::Guard(u32::try_from(index).unwrap_or(u32::MAX));
        Refusal::by(RefusalCode::Guarded, clause, reason)
    }

    /// Tells the monitors what an accepted input did.
    pub(crate) fn tell_guards(&self, state: &mut State, input: &Input, accepted: &Accepted) {
        let Some(mut watch) = state.watch.take() else { return };
        let watched = self.watched();
        let relation = Concrete::of(&self.workflow);
        // Tokens that ran out are dropped without an event of their own.
        let gone: Vec<String> =
            watch.granted().filter(|id| !state.holds.contains_key(*id)).map(str::to_owned).collect();
        let sight = Seen { state, relation: &relation };
        for id in &gone {
            watched.tell(&mut watch, &Fact::Dropped { id }, &sight);
        }
        for fact in self.facts(state, input, accepted) {
            let fact = match fact {
                Fact::Requested { id, of } => match self.looked_at(of) {
                    Some(of) => Fact::Requested { id, of },
                    None => continue,
                },
                other => other,
            };
            watched.tell(&mut watch, &fact, &sight);
        }
        state.watch = Some(watch);
    }

    /// What of a use the guards look at, so that the state of a run does not keep what was written; none if no guard speaks
    /// of the use.
    fn looked_at(&self, mut of: Use) -> Option<Use> {
        let (step, grant) = of.at;
        let granted =
            self.workflow.steps.get(step.index()).and_then(|step| step.grants.get(grant.index()))?;
        let action = self.workflow.actions.get(granted.action.index())?;
        let guards = || self.workflow.guards.iter().map(|guard| &guard.question);
        if !guards().flat_map(xp_monitor::spoken_of).any(|uses| xp_monitor::means(uses, action)) {
            return None;
        }
        let kept = |name: &String| {
            let index = action.params.iter().position(|param| param.name == *name);
            index.is_some_and(|index| guards().any(|guard| xp_monitor::looks_at(guard, action, index)))
        };
        of.args.retain(|name, _| kept(name));
        Some(of)
    }
}
