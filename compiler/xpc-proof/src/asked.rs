//! Live maps in a solver, ready to be asked.

use std::cell::{RefCell, RefMut};

use xp_artifact::workflow::StepId;
use xpc_model::Limits;
use z3::SatResult;
use z3::ast::Bool;

use crate::encode::{MapVars, Sink};
use crate::facts::Facts;
use crate::need::Need;

/// What the solver said.
#[derive(Debug)]
pub(crate) enum Answer<T> {
    /// There is one, for example this.
    Yes(T),
    /// There is none.
    No,
    /// Why it gave up.
    Unknown(String),
}

impl<T> Answer<T> {
    /// # Errors
    /// Why the solver gave up.
    pub fn known(self) -> Result<Option<T>, String> {
        match self {
            Self::Yes(found) => Ok(Some(found)),
            Self::No => Ok(None),
            Self::Unknown(why) => Err(why),
        }
    }
}

/// Runs the solver.
pub(crate) fn check(sink: &Sink) -> Answer<z3::Model> {
    answer(sink, sink.solver.check())
}

fn answer(sink: &Sink, result: SatResult) -> Answer<z3::Model> {
    match result {
        SatResult::Unsat => Answer::No,
        SatResult::Sat => match sink.solver.get_model() {
            Some(model) => Answer::Yes(model),
            None => Answer::Unknown("the solver found an example and lost it".to_owned()),
        },
        SatResult::Unknown => {
            let why = sink.solver.get_reason_unknown().unwrap_or_default();
            Answer::Unknown(format!("the solver gave up ({why})"))
        }
    }
}

/// A live map in a solver.
pub(crate) struct Asked<'f, 'm> {
    pub sink: Sink,
    pub copy: MapVars<'f, 'm>,
}

impl Asked<'_, '_> {
    /// The goal as one formula.
    pub fn goal(&self, goal: &[Need]) -> Bool {
        let parts = goal.iter().flat_map(|need| need.encode(&self.sink, &self.copy));
        self.copy.all(&parts.map(|(_, part)| part).collect::<Vec<_>>())
    }

    /// A model in which one of these holds.
    pub fn any(&self, goals: &[Bool]) -> Answer<z3::Model> {
        // Under an assumption, so that what the solver learns stays true.
        let asked = self.sink.fresh();
        self.sink.solver.assert(asked.implies(self.copy.any(goals)));
        let answer = answer(&self.sink, self.sink.solver.check_assumptions(std::slice::from_ref(&asked)));
        self.sink.solver.assert(asked.not());
        answer
    }
}

/// Makes them.
pub(crate) struct Solvers<'f, 'm> {
    pub facts: &'f Facts<'m>,
    pub limits: Limits,
    grown: RefCell<Option<Asked<'f, 'm>>>,
}

impl<'f, 'm> Solvers<'f, 'm> {
    pub fn new(facts: &'f Facts<'m>, limits: Limits) -> Self {
        Self { facts, limits, grown: RefCell::new(None) }
    }

    /// Over some steps (a cone).
    pub fn over(&self, steps: Vec<StepId>) -> Asked<'f, 'm> {
        let sink = Sink::new(self.limits, false);
        let copy = MapVars::new(&sink, self.facts, steps);
        Asked { sink, copy }
    }

    /// The one that most questions share: over the cones of all goals asked of it so far, with these among them.
    pub fn grown<'n>(&self, needs: impl IntoIterator<Item = &'n Need>) -> RefMut<'_, Asked<'f, 'm>> {
        let cone = self.cone(needs);
        RefMut::map(self.grown.borrow_mut(), |grown| {
            let asked = grown.get_or_insert_with(|| self.over(Vec::new()));
            asked.copy.grow(&asked.sink, cone);
            asked
        })
    }

    /// The steps that some needs depend on.
    pub fn cone<'n>(&self, needs: impl IntoIterator<Item = &'n Need>) -> Vec<StepId> {
        let mut roots = Vec::new();
        for need in needs {
            match need.steps() {
                Some(steps) => roots.extend(steps),
                None => return self.facts.order.clone(),
            }
        }
        self.facts.cone(roots)
    }
}
