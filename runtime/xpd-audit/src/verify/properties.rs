//! The monitors of an artifact's safety properties, fed with the replayed run.

use std::collections::BTreeMap;

use xp_artifact::question::Obligation;
use xp_artifact::workflow::Workflow;
use xp_machine::{Accepted, Event, Input, Machine, Seen, State};
use xp_monitor::{Concrete, Results, Standing, Use, Watch, Watched, is_safety};

use super::decisions::{Step, What};
use super::property::{EntryName, InRun, Property};
use super::report::{Fault, Finding};

/// Results of the run's uses. Collected before the replay, since a monitor may compare a name before the
/// entry in which the upstream returned it.
pub(super) fn results(steps: &[Step<'_>]) -> Results {
    let mut results = Results::default();
    let mut uses = BTreeMap::new();
    for step in steps {
        let What::Decided(input, decision) = &step.what else { continue };
        match (&input.event, decision.as_ref()) {
            (Event::Request { jti, actor, args, .. }, Ok(Accepted::Granted { step, grant, opening, .. })) => {
                let by = actor.principal.controller.clone();
                let of = Use { at: (*step, *grant), opening: *opening, by, args: args.clone(), result: None };
                uses.insert(jti.as_str(), of);
            }
            (
                Event::Complete { jti, result } | Event::Resolve { jti, result: Some(result) },
                Ok(Accepted::Ended { .. }),
            ) => {
                if let Some(of) = uses.get(jti.as_str()) {
                    results.add(of, result);
                }
            }
            _ => {}
        }
    }
    results
}

/// The monitors of one replay.
pub(super) struct Properties<'w> {
    obligations: &'w [Obligation],
    watched: Watched<'w>,
    watch: Watch,
    relation: Concrete<'w>,
    /// For each watched property: its standing, and the entry since which it holds.
    standing: Vec<(Standing, Option<EntryName>)>,
}

impl<'w> Properties<'w> {
    /// The monitors of an artifact at the start of a run.
    pub(super) fn of(workflow: &'w Workflow, obligations: &'w [Obligation], results: &'w Results) -> Self {
        let asked = obligations.iter().map(|obligation| &obligation.question);
        let watched = Watched::of(workflow, asked.filter(|question| is_safety(question)));
        let watch = watched.start();
        let standing = vec![(Standing::Holds, None); watched.questions().len()];
        Self { obligations, watched, watch, relation: Concrete::knowing(workflow, results), standing }
    }

    /// Feeds an accepted input; `after` is the resulting state.
    pub(super) fn accepted(
        &mut self,
        machine: &Machine,
        after: &State,
        (input, accepted): (&Input, &Accepted),
        entry: &EntryName,
    ) {
        let sight = Seen { state: after, relation: &self.relation };
        for fact in machine.facts(after, input, accepted) {
            self.watched.tell(&mut self.watch, &fact, &sight);
        }
        for (question, (standing, since)) in self.standing.iter_mut().enumerate() {
            let now = self.watch.standing(question);
            if now != *standing {
                *since = (now != Standing::Holds).then(|| entry.clone());
                *standing = now;
            }
        }
    }

    /// The standing of each property at the end. A broken one is a finding.
    pub(super) fn conclude(self, findings: &mut Vec<Finding>) -> Vec<Property> {
        let whole = findings.iter().all(|finding| finding.fault != Fault::Replay);
        let mut watched = self.standing.into_iter();
        let mut found = Vec::with_capacity(self.obligations.len());
        for obligation in self.obligations {
            let standing = is_safety(&obligation.question).then(|| watched.next()).flatten();
            let (in_run, since) = match standing {
                None => (InRun::NotInLog, None),
                Some((Standing::Broken, since)) => (InRun::Broken, since),
                Some(_) if !whole => (InRun::NotChecked, None),
                Some((Standing::BrokenIfDone, since)) => (InRun::BrokenIfDone, since),
                Some((Standing::Holds, _)) => (InRun::Held, None),
            };
            if let (InRun::Broken, Some(since)) = (in_run, &since) {
                let what = format!("property `{}` is broken: {}", obligation.id, obligation.source);
                findings.push(Finding::at(Fault::Property, since, what));
            }
            let (id, source) = (obligation.id.clone(), obligation.source.clone());
            found.push(Property { id, source, answer: obligation.status, in_run, since });
        }
        found
    }
}
