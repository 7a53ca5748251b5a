//! Ways on which something passes through a run, checked against the run itself.

use std::collections::BTreeMap;
use std::rc::Rc;

use xp_artifact::order::Moment;
use xp_artifact::question::Secret;
use xp_artifact::workflow::{Atom, Root};
use xp_machine::State;
use xp_monitor::{Relation, Use};

use crate::facts::GrantAt;
use crate::replay::Run;
use crate::watching::Met;

/// Moments of a run between which something passes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {
    /// In this order.
    pub legs: Vec<Leg>,
    /// By which clauses uses read what others alter.
    pub met: Rc<Met>,
    /// What the first one reads, where the route begins in things.
    pub secret: Option<Secret>,
}

/// A moment of a route.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    pub at: Moment,
    /// None of these is in force then.
    pub judging: Vec<Atom>,
    /// What passes is the value that this was given by the leg before.
    pub carried: Option<Root>,
    /// What passes is in a thing that the leg before alters, and this one reads.
    pub reads: bool,
}

impl Leg {
    /// The grant that is used.
    pub fn grant(&self) -> Option<GrantAt> {
        self.at.grant.map(|grant| (self.at.step, grant))
    }
}

/// Where a run is at a leg: what was done before it, and before what follows it.
struct Spot {
    start: usize,
    end: usize,
    /// The use, of those in the log.
    used: Option<usize>,
}

impl Route {
    /// The grants that are used.
    pub fn grants(&self) -> impl Iterator<Item = GrantAt> + '_ {
        self.legs.iter().filter_map(Leg::grant)
    }

    /// What is altered by the first use of each pair, the second one reads.
    pub fn hops(&self) -> impl Iterator<Item = (GrantAt, GrantAt)> + '_ {
        let pairs = self.legs.iter().zip(self.legs.iter().skip(1)).filter(|(_, reader)| reader.reads);
        pairs.filter_map(|(writer, reader)| Some((writer.grant()?, reader.grant()?)))
    }

    /// How many legs of it the run has gone.
    pub fn so_far(&self, run: &Run<'_, '_>) -> usize {
        self.gone(run, |_, _, _| true)
    }

    /// The run has gone all of it, with values by which it reads what it is to read.
    pub fn is_gone(&self, run: &Run<'_, '_>) -> bool {
        let values = run.values_met();
        let relation = self.met.by_values(values);
        let reads_secret = |used: &Use| {
            self.secret.iter().all(|secret| {
                let given: Vec<_> = secret.given.iter().map(|expr| run.evaluate(expr)).collect();
                let read = run.reads(used.at);
                read.iter().any(|expr| values.is_among((used, expr), &secret.thing, &given))
            })
        };
        let hop = |before: usize, here: usize, reader: &Use| {
            let Some(writer) = used(run, before) else { return false };
            let between: Vec<Use> = (before + 1..here).filter_map(|index| used(run, index)).collect();
            // What was removed in between, or may have been, need not be what was read.
            let is_gone = |read: &_| {
                between.iter().any(|other| {
                    let removed = run.removes(other.at);
                    removed.iter().any(|gone| values.feeds((other, gone), (reader, read)))
                })
            };
            let pairs = self.met.feeds.iter().filter(|(by, _, to, _)| *by == writer.at && *to == reader.at);
            pairs
                .into_iter()
                .any(|(_, wrote, _, read)| relation.feeds((&writer, wrote), (reader, read)) && !is_gone(read))
        };
        let passes = |leg: &Leg, before: Option<&Spot>, here: &Spot| {
            let Some((index, reader)) = here.used.and_then(|index| Some((index, used(run, index)?))) else {
                return true;
            };
            match before {
                None => reads_secret(&reader),
                Some(before) => !leg.reads || before.used.is_some_and(|before| hop(before, index, &reader)),
            }
        };
        self.gone(run, passes) == self.legs.len()
    }

    fn gone(&self, run: &Run<'_, '_>, passes: impl Fn(&Leg, Option<&Spot>, &Spot) -> bool) -> usize {
        let mut before: Option<Vec<Spot>> = None;
        for (number, leg) in self.legs.iter().enumerate() {
            let mut here = spots(run, leg);
            here.retain(|spot| match &before {
                None => passes(leg, None, spot),
                Some(before) => before.iter().any(|one| {
                    one.end <= spot.start && is_kept(run, leg, (one, spot)) && passes(leg, Some(one), spot)
                }),
            });
            if here.is_empty() {
                return number;
            }
            before = Some(here);
        }
        self.legs.len()
    }
}

/// Where in the run the leg may be.
fn spots(run: &Run<'_, '_>, leg: &Leg) -> Vec<Spot> {
    let passes = |at: &usize| {
        run.before(*at).is_some_and(|state| !leg.judging.iter().any(|atom| state.is_settled(*atom)))
    };
    match leg.grant() {
        Some(grant) => {
            let used =
                run.uses_done().filter(|(_, index)| run.log.get(*index).is_some_and(|used| used.at == grant));
            let used = used.filter(|(at, _)| passes(at));
            used.map(|(at, index)| Spot { start: at, end: at + 1, used: Some(index) }).collect()
        }
        None => {
            let open = |at: &usize| {
                let step = run.before(*at).and_then(|state| state.step(leg.at.step));
                step.is_some_and(|step| step.open)
            };
            let all = (0..=run.done()).filter(|at| open(at) && passes(at));
            all.map(|at| Spot { start: at, end: at, used: None }).collect()
        }
    }
}

/// What the leg before gave is what passes here: it was not given again in between.
fn is_kept(run: &Run<'_, '_>, leg: &Leg, (before, here): (&Spot, &Spot)) -> bool {
    let (Some(then), Some(now)) = (run.before(before.end), run.before(here.start)) else { return false };
    let opening = |state: &State, step| state.step(step).map(|step| step.opening);
    match leg.carried {
        None | Some(Root::Param(_)) => true,
        Some(Root::Submission { step, .. }) => opening(then, step) == opening(now, step),
        Some(Root::Result { step, grant }) => {
            let spent = |state: &State| Some(state.step(step)?.grants.get(grant.index())?.spent);
            opening(then, step) == opening(now, step) && spent(then) == spent(now)
        }
    }
}

/// A use of the log.
fn used(run: &Run<'_, '_>, index: usize) -> Option<Use> {
    let used = run.log.get(index)?;
    let args = BTreeMap::clone(&used.args);
    Some(Use { at: used.at, opening: used.opening, by: String::new(), args, result: None })
}
