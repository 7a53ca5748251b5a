//! Live maps as a formula: one Boolean per continuing outcome, one per binder, one per Boolean a condition reads.
//!
//! Invariant: the models of a copy's axioms, cut down to its steps, are exactly the maps of running runs of the workflow
//! without per-run limits. With per-run limits they are a superset, so "no model" is always "no run"; a model is shown to
//! be a run by replaying it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};

use xp_artifact::Literal;
use xp_artifact::workflow::{Atom, Condition, Datum, Formula, Grant, GrantIx, Root, StepId};
use xpc_model::{Limits, Place};
use z3::ast::Bool;
use z3::{Params, Solver};

use crate::facts::{Facts, GrantAt, Shown};
use crate::flags::{self, Flag};
use crate::map::{FlagAt, Map};
use crate::sure;
use crate::way::Way;

/// Outcomes of one step of which each pair is said to exclude each other.
const PAIRS: usize = 4;

/// A solver with its supply of names and, when tracking, a guard for each place an axiom comes from.
pub(crate) struct Sink {
    pub solver: Solver,
    next: Cell<u32>,
    guards: Option<RefCell<BTreeMap<Place, Bool>>>,
}

impl Sink {
    pub fn new(limits: Limits, tracking: bool) -> Self {
        let solver = Solver::new_for_logic("QF_FD").unwrap_or_default();
        let mut params = Params::new();
        params.set_u32("timeout", limits.query_ms);
        params.set_u32("max_memory", limits.memory_mb);
        solver.set_params(&params);
        Self { solver, next: Cell::new(0), guards: tracking.then(RefCell::default) }
    }

    pub fn fresh(&self) -> Bool {
        let name = self.next.get();
        self.next.set(name + 1);
        Bool::new_const(name)
    }

    /// Asserts what a place of the source says.
    pub fn axiom(&self, place: Option<Place>, clause: &Bool) {
        match (place, &self.guards) {
            (Some(place), Some(guards)) => {
                let mut guards = guards.borrow_mut();
                let guard = guards.entry(place).or_insert_with(|| self.fresh());
                self.solver.assert(guard.implies(clause));
            }
            (None, _) | (_, None) => self.solver.assert(clause),
        }
    }

    /// The guards with their places.
    pub fn guards(&self) -> Vec<(Place, Bool)> {
        let guards = self.guards.as_ref().map(RefCell::borrow);
        guards.iter().flat_map(|guards| guards.iter().map(|(place, guard)| (*place, guard.clone()))).collect()
    }
}

/// One live map in a solver, over some steps (closed under "depends on").
pub(crate) struct MapVars<'f, 'm> {
    pub facts: &'f Facts<'m>,
    pub steps: Vec<StepId>,
    outcomes: HashMap<Atom, Bool>,
    /// Whether the step is settled.
    of_step: HashMap<StepId, Bool>,
    bound: HashMap<GrantAt, Bool>,
    flags: RefCell<HashMap<FlagAt, Bool>>,
    /// What Booleans of results are where they are other data.
    same: RefCell<HashMap<Datum, Bool>>,
    yes: Bool,
    no: Bool,
}

impl<'f, 'm> MapVars<'f, 'm> {
    /// Asserts the axioms. `steps` must be a cone in dependency order.
    pub fn new(sink: &Sink, facts: &'f Facts<'m>, steps: Vec<StepId>) -> Self {
        let mut copy = Self {
            facts,
            steps: Vec::new(),
            outcomes: HashMap::new(),
            of_step: HashMap::new(),
            bound: HashMap::new(),
            flags: RefCell::default(),
            same: RefCell::default(),
            yes: Bool::from_bool(true),
            no: Bool::from_bool(false),
        };
        copy.grow(sink, steps);
        copy
    }

    /// As [`Self::new`], with these steps too (a cone).
    pub fn grow(&mut self, sink: &Sink, steps: Vec<StepId>) {
        let facts = self.facts;
        let new: Vec<StepId> = steps.into_iter().filter(|step| !self.of_step.contains_key(step)).collect();
        if new.is_empty() {
            return;
        }
        for step in &new {
            self.step(sink, *step);
        }
        self.steps.extend(&new);
        if facts.over_at_once {
            // The first settling ends the run: nothing is ever settled while it goes on.
            for settled in new.iter().filter_map(|step| self.of_step.get(step)) {
                sink.axiom(Some(Place::Finish), &settled.not());
            }
        } else if self.thinkable(&facts.w.finish) {
            // More steps make it reachable in more ways: what was said before still holds.
            sink.axiom(Some(Place::Finish), &self.formula(&facts.w.finish).not());
        }
    }

    fn step(&mut self, sink: &Sink, step: StepId) {
        let facts = self.facts;
        let declared = facts.step(step);
        let atoms: Vec<Atom> = facts.continuing(step).collect();
        let settled: Vec<Bool> = atoms
            .iter()
            .map(|atom| {
                let settled = sink.fresh();
                self.outcomes.insert(*atom, settled.clone());
                settled
            })
            .collect();
        let some = self.one_of(sink, Place::Step(step), &settled);
        for (place, guard) in self.after_parts(step) {
            if !settled.is_empty() {
                sink.axiom(Some(place), &some.implies(&guard));
            }
        }
        for (index, grant) in declared.grants.iter().enumerate() {
            if grant.binder.is_none() {
                continue;
            }
            let at = (step, GrantIx::of(index));
            let bound = sink.fresh();
            sink.axiom(None, &bound.implies(&some));
            for (pin, datum) in grant.data() {
                let has = self.has(datum);
                sink.axiom(Some(Place::Pin(step, at.1, pin)), &bound.implies(&has));
            }
            if !facts.usable(at) {
                sink.axiom(Some(Place::Grant(step, at.1)), &bound.not());
            }
            for formula in facts.guarding().required(at) {
                sink.axiom(Some(Place::Grant(step, at.1)), &bound.implies(self.formula(formula)));
            }
            self.bound.insert(at, bound);
        }
        self.of_step.insert(step, some);
        for atom in atoms {
            let Some(settled) = self.outcomes.get(&atom).cloned() else { continue };
            if let Some(condition) = facts.evidence(atom) {
                let evidence = self.condition(sink, step, condition, &|at| self.is_bound(at));
                sink.axiom(Some(Place::Condition(facts.chosen(atom))), &settled.implies(&evidence));
            }
            if let Some(datum) = facts.judged_datum(atom) {
                let seen = self.seen(step, datum, &|at| self.pins(at), true);
                sink.axiom(Some(Place::Outcome(facts.chosen(atom))), &settled.implies(&seen));
            }
        }
    }

    /// At most one of these is so; whether one is.
    fn one_of(&self, sink: &Sink, place: Place, parts: &[Bool]) -> Bool {
        // Pairs while they are few, then a ladder: what is so is said step by step, and each part denies all before it.
        if parts.len() <= PAIRS {
            for (index, one) in parts.iter().enumerate() {
                for other in parts.iter().skip(index + 1) {
                    sink.axiom(Some(place), &Bool::or(&[one.not(), other.not()]));
                }
            }
            return self.any(parts);
        }
        let mut so_far = self.no.clone();
        for part in parts {
            sink.axiom(Some(place), &Bool::or(&[part.not(), so_far.not()]));
            let next = sink.fresh();
            sink.solver.assert(next.iff(Bool::or(&[so_far, part.clone()])));
            so_far = next;
        }
        so_far
    }

    pub fn all(&self, parts: &[Bool]) -> Bool {
        match parts {
            [] => self.yes.clone(),
            [one] => one.clone(),
            many => Bool::and(many),
        }
    }

    pub fn any(&self, parts: &[Bool]) -> Bool {
        match parts {
            [] => self.no.clone(),
            [one] => one.clone(),
            many => Bool::or(many),
        }
    }

    pub fn atom(&self, atom: Atom) -> Bool {
        self.outcomes.get(&atom).unwrap_or(&self.no).clone()
    }

    pub fn formula(&self, formula: &Formula) -> Bool {
        formula.fold(&|atom| self.atom(atom), &|parts| self.all(&parts), &|parts| self.any(&parts))
    }

    pub fn way(&self, way: &Way) -> Bool {
        match way {
            Way::Is(atom) => self.atom(*atom),
            Way::Unbegun(at) => self.begun(at.0).not(),
            Way::All(parts) => self.all(&parts.iter().map(|part| self.way(part)).collect::<Vec<_>>()),
            Way::Any(parts) => self.any(&parts.iter().map(|part| self.way(part)).collect::<Vec<_>>()),
        }
    }

    /// Some choice of this copy's outcomes might make it true. Cheap where it is plain that none does, which keeps the
    /// default `finish` (every step of the workflow) out of small cones.
    fn thinkable(&self, formula: &Formula) -> bool {
        formula.holds(&|atom| self.outcomes.contains_key(&atom))
    }

    /// The conjuncts of `after`, each with the place to name for it.
    pub fn after_parts(&self, step: StepId) -> Vec<(Place, Bool)> {
        let part = |formula: &Formula| {
            let place = match formula {
                Formula::Is(atom) => Place::AfterAtom(step, *atom),
                Formula::All(_) | Formula::Any(_) => Place::After(step),
            };
            (place, self.formula(formula))
        };
        self.facts.step(step).after.conjuncts().iter().map(part).collect()
    }

    pub fn begun(&self, step: StepId) -> Bool {
        self.formula(&self.facts.step(step).after)
    }

    pub fn settled(&self, step: StepId) -> Bool {
        self.of_step.get(&step).unwrap_or(&self.no).clone()
    }

    pub fn is_bound(&self, at: GrantAt) -> Bool {
        self.bound.get(&at).unwrap_or(&self.no).clone()
    }

    pub fn has(&self, datum: &Datum) -> Bool {
        match datum.root {
            Root::Param(_) => self.yes.clone(),
            Root::Result { step, grant } => self.is_bound((step, grant)),
            Root::Submission { step, .. } => self.settled(step),
        }
    }

    /// All the pins of a grant name has a value, they let something through, and what guards require is in force.
    pub fn pins(&self, at: GrantAt) -> Bool {
        if !self.facts.usable(at) {
            return self.no.clone();
        }
        let grant = self.facts.grant(at);
        let data = grant.into_iter().flat_map(Grant::data).map(|(_, datum)| self.has(datum));
        let required = self.facts.guarding().required(at).iter().map(|formula| self.formula(formula));
        self.all(&data.chain(required).collect::<Vec<_>>())
    }

    /// The condition, with "the grant has a result" as given and Booleans of results free, apart from those that are arguments.
    pub fn condition(
        &self,
        sink: &Sink,
        step: StepId,
        condition: &Condition,
        bound: &dyn Fn(GrantAt) -> Bool,
    ) -> Bool {
        let literal = |literal: Literal<'_>| {
            let has = bound((step, literal.grant));
            let Some((fields, is)) = literal.flag else { return has };
            let flag = self.flag(sink, (step, literal.grant, fields.to_vec()));
            self.all(&[has, if is { flag } else { flag.not() }])
        };
        condition.fold(&literal, &|parts| self.all(&parts), &|parts| self.any(&parts))
    }

    /// The judge of a datum has been shown it.
    fn seen(&self, step: StepId, datum: &Datum, pins: &dyn Fn(GrantAt) -> Bool, lucky: bool) -> Bool {
        let ways = self.facts.ways_to_see(step, datum).into_iter().map(|way| match way {
            Shown::View => self.yes.clone(),
            Shown::Use(grant, _) if lucky => pins((step, grant)),
            Shown::ByChance if lucky => self.yes.clone(),
            // The world may show something else.
            Shown::Use(..) | Shown::ByChance => self.no.clone(),
        });
        let ways: Vec<Bool> = ways.collect();
        self.all(&[self.has(datum), self.any(&ways)])
    }

    /// An outcome of an open step can come about.
    pub fn enabled(&self, sink: &Sink, atom: Atom) -> Bool {
        self.comes_about(sink, atom, &|at| self.pins(at), true)
    }

    /// As [`Self::enabled`], if the grants that are `spent` give nothing and nobody has luck: pins let through only what
    /// they must, and a use shows something else than what is judged.
    pub fn surely_enabled(&self, sink: &Sink, atom: Atom, spent: &dyn Fn(GrantAt) -> bool) -> Bool {
        if !self.facts.lasting(atom) {
            return self.no.clone();
        }
        let pins = |at| {
            if spent(at) || !sure::lets_through(self.facts, at) { self.no.clone() } else { self.pins(at) }
        };
        self.comes_about(sink, atom, &pins, false)
    }

    fn comes_about(&self, sink: &Sink, atom: Atom, pins: &dyn Fn(GrantAt) -> Bool, lucky: bool) -> Bool {
        if !self.facts.possible(atom) {
            return self.no.clone();
        }
        let mut parts = Vec::new();
        if let Some(condition) = self.facts.evidence(atom) {
            parts.push(self.condition(sink, atom.step, condition, pins));
        }
        if let Some(datum) = self.facts.judged_datum(atom) {
            parts.push(self.seen(atom.step, datum, pins, lucky));
        }
        self.all(&parts)
    }

    fn flag(&self, sink: &Sink, at: FlagAt) -> Bool {
        let is = match flags::flag(self.facts.w, (at.0, at.1), &at.2) {
            Flag::Is(is) => Bool::from_bool(is),
            Flag::Of(datum) => self.same.borrow_mut().entry(datum).or_insert_with(|| sink.fresh()).clone(),
        };
        self.flags.borrow_mut().entry(at).or_insert(is).clone()
    }

    /// Reads the map out of the solver's model.
    pub fn read(&self, model: &z3::Model) -> Map {
        let truth = |ast: &Bool| model.get_const_interp(ast).and_then(|value| value.as_bool());
        let mut map = Map::default();
        for (atom, ast) in &self.outcomes {
            if truth(ast) == Some(true) {
                map.settled.insert(atom.step, atom.outcome);
            }
        }
        for (at, ast) in &self.bound {
            if truth(ast) == Some(true) {
                map.bound.insert(*at);
            }
        }
        for (at, ast) in self.flags.borrow().iter() {
            let is = ast.as_bool().or_else(|| truth(ast));
            map.flags.insert(at.clone(), is.unwrap_or(false));
        }
        map
    }
}
