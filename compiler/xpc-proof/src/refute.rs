//! From a plan to a trace: carried out on the machine, then made so small that no event can be left out.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use xp_artifact::workflow::{Datum, RoleId, Root, StepId};
use xp_diagnostics::{HandedIn, Trace};
use xp_scope::Value;
use xpc_model::Limits;

use crate::compared;
use crate::facts::Facts;
use crate::needed;
use crate::plan::Act;
use crate::replay::Run;
use crate::search;
use crate::values::{Aims, Values, put};
use crate::violation::Violation;
use crate::watching::Watching;

/// Acts replayed to make one trace small: so many, and so many times the length of the plan.
const REPLAYED_ACTS: usize = 20_000;
const REPLAYS: usize = 8;

/// Why a search was given up.
pub(crate) const NOT_FOUND: &str = "a bounded search on the machine found no run that shows it";

/// Replays plans of one workflow.
pub(crate) struct Stage<'f, 'm> {
    facts: &'f Facts<'m>,
    values: Values<'f, 'm>,
    /// States a search may visit.
    states: usize,
}

/// How a run is set up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setting<'m> {
    /// Members of parameters that matter: parameter, fields, value.
    pub members: Vec<(String, Vec<String>, Value)>,
    /// Paths that lists of the run must hold.
    pub lists: BTreeMap<Datum, Vec<String>>,
    /// What these are instead of what they would be made up as.
    pub instead: BTreeMap<Datum, Value>,
    /// What arguments are that can be chosen.
    pub aims: Aims,
    /// What of all this was chosen so that two things are one, by name.
    pub chosen: Vec<(String, Value)>,
    /// The uses of this step show anything but what it judges.
    pub blind: Option<StepId>,
    /// Roles played by one principal.
    pub shared: Vec<RoleId>,
    /// The question whose monitor watches the run.
    pub watching: Option<Watching<'m>>,
}

impl<'f, 'm> Stage<'f, 'm> {
    pub fn new(facts: &'f Facts<'m>, limits: Limits) -> Self {
        let states = usize::try_from(limits.search_states).unwrap_or(usize::MAX);
        Self { facts, values: Values::new(facts), states }
    }

    /// The smallest trace found below the plan that ends in the violation.
    ///
    /// # Errors
    /// Why the plan as a whole does not.
    pub fn trace(
        &self,
        plan: &[Act],
        violation: &Violation,
        setting: &Setting<'m>,
        ends_in: impl Into<String>,
    ) -> Result<Trace, String> {
        let setting = &self.with_needed(plan, setting);
        let mut acts = plan.to_vec();
        // Anything after the violation is not needed.
        acts.truncate(self.first(plan, violation, setting)?);
        self.minimise(&mut acts, violation, setting);
        let run = self.carry_out(&acts, violation, setting)?;
        let handed_in = run.submissions.iter().filter_map(|((step, ix), value)| {
            let declared = self.facts.step(*step);
            let name = declared.submissions.get(ix.index())?.name.clone();
            Some(HandedIn { step: declared.name.clone(), name, value: value.clone() })
        });
        Ok(Trace {
            params: run.start.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            submissions: handed_in.collect(),
            chosen: setting.chosen.clone(),
            events: run.events,
            ends_in: ends_in.into(),
        })
    }

    /// As [`Self::trace`], of a plan that a bounded search on the machine finds.
    ///
    /// # Errors
    /// It finds none, or the workflow is too large to search.
    pub fn search(
        &self,
        violation: &Violation,
        setting: &Setting<'m>,
        ends_in: impl Into<String>,
    ) -> Result<Trace, String> {
        let found = self.search_each(std::slice::from_ref(violation), setting).pop().flatten();
        self.trace(&found.ok_or(NOT_FOUND)?, violation, setting, ends_in)
    }

    /// For each of some violations a plan that ends in it, where one bounded search on the machine for all of them finds one.
    pub fn search_each(&self, violations: &[Violation], setting: &Setting<'m>) -> Vec<Option<Vec<Act>>> {
        match violations.first().map(|one| self.run(one, setting)) {
            Some(Ok(start)) => search::find_each(self.facts, start, violations, self.states),
            Some(Err(_)) | None => vec![None; violations.len()],
        }
    }

    /// Which of some violations a bounded search on the machine meets.
    pub fn meets(&self, violations: &[Violation]) -> Vec<bool> {
        let found = self.search_each(violations, &Setting::default());
        found.into_iter().map(|acts| acts.is_some()).collect()
    }

    /// Leaves out stretches, halving their length down to single events, until no single event can be left out or too much
    /// was replayed. What the violation plainly needs is not tried.
    fn minimise(&self, acts: &mut Vec<Act>, violation: &Violation, setting: &Setting<'m>) {
        let mut budget = acts.len().saturating_mul(REPLAYS).saturating_add(REPLAYED_ACTS);
        let mut stretch = (acts.len() / 2).max(1);
        loop {
            let mut any = false;
            let needed = needed::by(self.facts, acts, violation);
            let mut open: Vec<usize> = (0..acts.len()).filter(|index| !needed.contains(index)).collect();
            stretch = stretch.min(open.len()).max(1);
            // From the end, so that what needs a thing goes before the thing.
            let mut end = open.len();
            while end > 0 {
                let start = end.saturating_sub(stretch);
                let out: BTreeSet<usize> = open.iter().take(end).skip(start).copied().collect();
                let kept = acts.iter().enumerate().filter(|(index, _)| !out.contains(index));
                let without: Vec<Act> = kept.map(|(_, act)| act.clone()).collect();
                if without.len() > budget {
                    return;
                }
                budget -= without.len();
                if self.carry_out(&without, violation, setting).is_ok() {
                    *acts = without;
                    any = true;
                    // What stands behind them moves up.
                    open.retain(|index| !out.contains(index));
                    for index in open.iter_mut().skip(start) {
                        *index = index.saturating_sub(out.len());
                    }
                }
                end = start.min(open.len());
            }
            if stretch > 1 {
                stretch /= 2;
            } else if !any {
                return;
            }
        }
    }

    /// How many acts it takes until the violation.
    fn first(&self, acts: &[Act], violation: &Violation, setting: &Setting<'m>) -> Result<usize, String> {
        let mut run = self.run(violation, setting)?;
        for (done, act) in acts.iter().enumerate() {
            let last = done.checked_sub(1).and_then(|index| acts.get(index));
            if cheap(violation) && violation.holds(&run, self.facts, last) {
                return Ok(done);
            }
            run.act(act)?;
        }
        if violation.holds(&run, self.facts, acts.last()) {
            Ok(acts.len())
        } else {
            Err("the violation is not reached".to_owned())
        }
    }

    /// The value a parameter has unless a setting changes it.
    pub fn parameter(&self, datum: &Datum) -> Option<Value> {
        let Root::Param(id) = datum.root else { return None };
        let param = self.facts.w.params.get(id.index())?;
        self.values.parameters().get(&param.name)?.at(&datum.fields).cloned()
    }

    fn carry_out(
        &self,
        acts: &[Act],
        violation: &Violation,
        setting: &Setting<'m>,
    ) -> Result<Run<'_, 'm>, String> {
        let mut run = self.run(violation, setting)?;
        for act in acts {
            run.act(act)?;
        }
        if violation.holds(&run, self.facts, acts.last()) {
            Ok(run)
        } else {
            Err("the violation is not reached".to_owned())
        }
    }

    fn run(&self, violation: &Violation, setting: &Setting<'m>) -> Result<Run<'_, 'm>, String> {
        self.values.also_in_lists(&setting.lists);
        self.values.make_instead(&setting.instead);
        let mut params = self.values.parameters();
        for (name, fields, value) in &setting.members {
            if let Some(param) = params.get_mut(name) {
                put(param, fields, value.clone());
            }
        }
        let mut run = Run::start(self.facts, &self.values, params, &setting.shared)?;
        run.aims = Rc::new(setting.aims.clone());
        run.blind = setting.blind;
        run.past = violation.looks_back().then(Vec::new);
        run.watching.clone_from(&setting.watching);
        Ok(run)
    }

    /// Whether a plan can be carried out.
    ///
    /// # Errors
    /// Where it fails.
    pub fn can(&self, acts: &[Act], violation: &Violation, setting: &Setting<'m>) -> Result<(), String> {
        self.carry_out(acts, violation, &self.with_needed(acts, setting)).map(|_| ())
    }

    /// What uses return that are arguments, the data are that those name.
    fn with_needed(&self, acts: &[Act], setting: &Setting<'m>) -> Setting<'m> {
        let mut with = setting.clone();
        for (datum, value) in needed_data(self.facts, acts) {
            with.instead.entry(datum).or_insert(value);
        }
        with
    }
}

/// Violations that are worth looking for at every prefix.
fn cheap(violation: &Violation) -> bool {
    !matches!(violation, Violation::Stranded(_) | Violation::Evidence(..) | Violation::Reached)
}

/// What other data must be so that the uses of a plan return the values that they are to return.
fn needed_data(facts: &Facts<'_>, acts: &[Act]) -> BTreeMap<Datum, Value> {
    let wanted = acts.iter().flat_map(|act| match act {
        Act::Use { at, fields, .. } => {
            let tied = |(field, value): (&Vec<String>, &Value)| {
                Some((compared::tied_to(facts.w, *at, field)?, value.clone()))
            };
            fields.iter().filter_map(tied).collect()
        }
        Act::Given { datum, value } => vec![(datum.clone(), value.clone())],
        Act::Take { .. } => Vec::new(),
    });
    wanted.collect()
}
