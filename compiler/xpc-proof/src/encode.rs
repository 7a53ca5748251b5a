//! Live maps as a formula: one Boolean per continuing outcome, one per binder, and for each datum that is compared one per value
//! that stands for others, or one for two.
//!
//! Invariant: the models of a copy's axioms, cut down to its steps, are exactly the maps of running runs of the workflow
//! without per-run limits. With per-run limits they are a superset, so "no model" is always "no run"; a model is shown to
//! be a run by replaying it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};

use xp_artifact::workflow::{Atom, Condition, Datum, Formula, Grant, GrantIx, Root, StepId};
use xp_artifact::{Literal, Operand, Test};
use xp_scope::Value;
use xpc_model::{Limits, Place};
use z3::ast::Bool;
use z3::{Params, Solver};

use crate::compared::Known;
use crate::facts::{Facts, GrantAt, Shown};
use crate::map::Map;
use crate::sure;
use crate::way::Way;

/// Outcomes of one step of which each pair is said to exclude each other.
const PAIRS: usize = 4;

/// A solver with its supply of names and, when tracking, a guard for each place an axiom comes from.
pub(crate) struct Sink {
    pub solver: Solver,
    next: Cell<u32>,
    guards: Option<RefCell<BTreeMap<Place, Bool>>>,
    /// The values of parameters: those of the run, in each of its maps.
    params: RefCell<HashMap<Datum, Vec<Bool>>>,
}

impl Sink {
    pub fn new(limits: Limits, tracking: bool) -> Self {
        let solver = Solver::new_for_logic("QF_FD").unwrap_or_default();
        let mut params = Params::new();
        params.set_u32("timeout", limits.query_ms);
        params.set_u32("max_memory", limits.memory_mb);
        solver.set_params(&params);
        Self {
            solver,
            next: Cell::new(0),
            guards: tracking.then(RefCell::default),
            params: RefCell::default(),
        }
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
    /// By datum that is itself: which of its values it has, one of each.
    values: RefCell<HashMap<Datum, Vec<Bool>>>,
    /// Data that were asked for, by the name that a comparison has for them.
    named: RefCell<BTreeSet<Datum>>,
    /// Comparisons that are not decided: whatever the solver likes.
    undecided: RefCell<HashMap<Test, Bool>>,
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
            values: RefCell::default(),
            named: RefCell::default(),
            undecided: RefCell::default(),
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
            sink.axiom(Some(Place::Finish), &self.formula(sink, &facts.w.finish).not());
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
        for (place, guard) in self.after_parts(sink, step) {
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
                sink.axiom(Some(Place::Grant(step, at.1)), &bound.implies(self.formula(sink, formula)));
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
                let seen = self.seen(step, datum, &|at| self.pins(sink, at), true);
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

    pub fn formula(&self, sink: &Sink, formula: &Formula) -> Bool {
        let test = |test: &Test| self.test(sink, test, &|datum| self.has(datum));
        formula.fold(&|atom| self.atom(atom), &test, &|parts| self.all(&parts), &|parts| self.any(&parts))
    }

    pub fn way(&self, sink: &Sink, way: &Way) -> Bool {
        match way {
            Way::Is(atom) => self.atom(*atom),
            Way::Unbegun(at) => self.begun(sink, at.0).not(),
            Way::All(parts) => self.all(&parts.iter().map(|part| self.way(sink, part)).collect::<Vec<_>>()),
            Way::Any(parts) => self.any(&parts.iter().map(|part| self.way(sink, part)).collect::<Vec<_>>()),
        }
    }

    /// Some choice of this copy's outcomes might make it true. Cheap where it is plain that none does, which keeps the
    /// default `finish` (every step of the workflow) out of small cones.
    fn thinkable(&self, formula: &Formula) -> bool {
        formula.can_hold(&|atom| self.outcomes.contains_key(&atom))
    }

    /// The conjuncts of `after`, each with the place to name for it.
    pub fn after_parts(&self, sink: &Sink, step: StepId) -> Vec<(Place, Bool)> {
        let part = |formula: &Formula| {
            let place = match formula {
                Formula::Is(atom) => Place::AfterAtom(step, *atom),
                _ if formula.atoms().is_empty() && !formula.tests().is_empty() => Place::When(step),
                Formula::Test(_) | Formula::All(_) | Formula::Any(_) => Place::After(step),
            };
            (place, self.formula(sink, formula))
        };
        self.facts.step(step).after.conjuncts().iter().map(part).collect()
    }

    pub fn begun(&self, sink: &Sink, step: StepId) -> Bool {
        self.formula(sink, &self.facts.step(step).after)
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
    pub fn pins(&self, sink: &Sink, at: GrantAt) -> Bool {
        if !self.facts.usable(at) {
            return self.no.clone();
        }
        let grant = self.facts.grant(at);
        let data = grant.into_iter().flat_map(Grant::data).map(|(_, datum)| self.has(datum));
        let required = self.facts.guarding().required(at).iter().map(|formula| self.formula(sink, formula));
        self.all(&data.chain(required).collect::<Vec<_>>())
    }

    /// The condition, with "the grant has a result" as given.
    pub fn condition(
        &self,
        sink: &Sink,
        step: StepId,
        condition: &Condition,
        bound: &dyn Fn(GrantAt) -> Bool,
    ) -> Bool {
        let has = |datum: &Datum| match datum.root {
            Root::Result { step: of, grant } if of == step => bound((step, grant)),
            _ => self.has(datum),
        };
        let literal = |literal: Literal<'_>| match literal {
            Literal::Bound(grant) => bound((step, grant)),
            Literal::Test(test) => self.test(sink, test, &has),
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
        self.comes_about(sink, atom, &|at| self.pins(sink, at), true)
    }

    /// As [`Self::enabled`], if the grants that are `spent` give nothing and nobody has luck: pins let through only what
    /// they must, and a use shows something else than what is judged.
    pub fn surely_enabled(&self, sink: &Sink, atom: Atom, spent: &dyn Fn(GrantAt) -> bool) -> Bool {
        if !self.facts.lasting(atom) {
            return self.no.clone();
        }
        let pins = |at| {
            if spent(at) || !sure::lets_through(self.facts, at) {
                self.no.clone()
            } else {
                self.pins(sink, at)
            }
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

    /// The comparison holds of values that are there.
    pub fn test(&self, sink: &Sink, test: &Test, has: &dyn Fn(&Datum) -> Bool) -> Bool {
        let mut parts: Vec<Bool> = test.data().map(has).collect();
        parts.push(self.compare(sink, test));
        self.all(&parts)
    }

    fn compare(&self, sink: &Sink, test: &Test) -> Bool {
        let covered = self.facts.compared.covers(test);
        let left = self.side(sink, &test.left).filter(|_| covered);
        let right = match &test.right {
            Operand::Literal(value) => Some(vec![(value.clone(), self.yes.clone())]),
            Operand::Datum(datum) => self.side(sink, datum),
        };
        let (Some(left), Some(right)) = (left, right) else {
            let mut undecided = self.undecided.borrow_mut();
            return undecided.entry(test.clone()).or_insert_with(|| sink.fresh()).clone();
        };
        let mut ways = Vec::new();
        for (one, is_one) in &left {
            let fitting = right.iter().filter(|(other, _)| test.relation.holds(one, other, &test.ty));
            let fitting: Vec<Bool> = fitting.map(|(_, is_other)| is_other.clone()).collect();
            if fitting.len() == right.len() {
                ways.push(is_one.clone());
            } else if !fitting.is_empty() {
                ways.push(self.all(&[is_one.clone(), self.any(&fitting)]));
            }
        }
        if ways.len() == left.len() && right.len() == 1 { self.yes.clone() } else { self.any(&ways) }
    }

    /// The values that a datum can have, each with whether it has it; none where they are too many.
    fn side(&self, sink: &Sink, datum: &Datum) -> Option<Vec<(Value, Bool)>> {
        self.named.borrow_mut().insert(datum.clone());
        let of = match self.facts.compared.known(datum) {
            Known::Is(value) => return Some(vec![(value, self.yes.clone())]),
            Known::Of(of) => of,
        };
        let values = self.facts.compared.values(&of)?;
        let is = self.choice(sink, &of, values.len());
        Some(values.iter().cloned().zip(is).collect())
    }

    fn choice(&self, sink: &Sink, of: &Datum, count: usize) -> Vec<Bool> {
        let table = if matches!(of.root, Root::Param(_)) { &sink.params } else { &self.values };
        if let Some(known) = table.borrow().get(of) {
            return known.clone();
        }
        let is: Vec<Bool> = match count {
            0 | 1 => vec![self.yes.clone(); count],
            2 => {
                let first = sink.fresh();
                vec![first.clone(), first.not()]
            }
            _ => {
                let is: Vec<Bool> = (0..count).map(|_| sink.fresh()).collect();
                let each: Vec<(&Bool, i32)> = is.iter().map(|one| (one, 1)).collect();
                sink.solver.assert(Bool::pb_eq(&each, 1));
                is
            }
        };
        table.borrow_mut().insert(of.clone(), is.clone());
        is
    }

    /// What is settled and bound in a step stays so in the next map, with the values that are compared.
    pub fn kept(&self, sink: &Sink, next: &Self, step: StepId) -> Vec<Bool> {
        let facts = self.facts;
        let mut parts: Vec<Bool> =
            facts.continuing(step).map(|atom| self.atom(atom).implies(next.atom(atom))).collect();
        for index in 0..facts.step(step).grants.len() {
            let at = (step, GrantIx::of(index));
            parts.push(self.is_bound(at).implies(next.is_bound(at)));
            // Frozen when the step settled: what had no result then gets none.
            parts.push(Bool::or(&[self.settled(step).not(), self.is_bound(at), next.is_bound(at).not()]));
        }
        for datum in facts.compared.in_step(step) {
            let sides = self.side(sink, datum).zip(next.side(sink, datum));
            for ((_, here), (_, there)) in
                sides.into_iter().flat_map(|(here, there)| here.into_iter().zip(there))
            {
                parts.push(Bool::or(&[self.settled(step).not(), here.not(), there]));
            }
        }
        parts
    }

    /// A datum is there and has this value, one of those that stand for all.
    pub fn is(&self, sink: &Sink, datum: &Datum, value: &Value) -> Bool {
        let mut parts = vec![self.has(datum)];
        for (one, is) in self.side(sink, datum).into_iter().flatten() {
            if one == *value {
                parts.push(is);
                return self.all(&parts);
            }
        }
        self.no.clone()
    }

    /// Reads the map out of the solver's model.
    pub fn read(&self, sink: &Sink, model: &z3::Model) -> Map {
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
        let holds = |ast: &Bool| model.eval(ast, true).and_then(|truth| truth.as_bool()) == Some(true);
        let named = self.named.borrow().clone();
        for datum in named {
            let mut values = self.side(sink, &datum).into_iter().flatten();
            if let Some((value, _)) = values.find(|(_, is)| holds(is)) {
                map.values.insert(datum, value);
            }
        }
        map
    }
}
