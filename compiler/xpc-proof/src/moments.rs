//! Obligations over several live maps, put to the solver.
//!
//! That no run violates a question is asked with maps of which one comes later than the other, whatever loops fired in between:
//! linear in the workflow. An example is then looked for with every firing spelled out, so that it can be carried out.

use std::collections::{BTreeSet, HashMap};

use xp_artifact::Test;
use xp_artifact::workflow::{Atom, Datum, LoopId, StepId};
use xp_monitor::obligation::{Case, MapIx, Node, Obligation};
use xpc_model::Limits;
use z3::ast::Bool;

use crate::encode::{MapVars, Sink};
use crate::facts::Facts;
use crate::map::Map;
use crate::need::Need;
use crate::session::{Answer, check};

/// Maps of one run, from a model.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    /// The maps that the obligation speaks of, with a map before each firing in between.
    pub maps: Vec<Map>,
    /// Which loop fires at the end of which map of [`Self::maps`].
    pub fired: Vec<(usize, LoopId)>,
    /// Where in [`Self::maps`] each map of the obligation is.
    pub at: Vec<usize>,
    /// Which case holds.
    pub case: usize,
}

/// An obligation in a solver.
pub(crate) struct Asking<'f, 'm> {
    facts: &'f Facts<'m>,
    sink: Sink,
    maps: Vec<MapVars<'f, 'm>>,
    /// Where each map of the obligation is among them.
    at: Vec<usize>,
    /// By map, but for the last: what is opened again before the next one.
    reopened: Vec<Reopened>,
    cases: Vec<Bool>,
}

enum Reopened {
    /// No loop fires.
    Nothing,
    /// Any of the loops fire; by step, whether it was opened again.
    Some(HashMap<StepId, Bool>),
    /// Exactly one of these fires.
    One(Vec<(LoopId, Bool)>),
}

impl<'f, 'm> Asking<'f, 'm> {
    /// With any firing of these loops between two maps.
    pub fn all_runs(facts: &'f Facts<'m>, limits: Limits, obligation: &Obligation, loops: &[LoopId]) -> Self {
        let (steps, loops) = concerned(facts, obligation, loops);
        let sink = Sink::new(limits, false);
        let count = usize::from(obligation.maps.max(1));
        let maps: Vec<_> = (0..count).map(|_| MapVars::new(&sink, facts, steps.clone())).collect();
        let pairs = maps.iter().zip(maps.iter().skip(1));
        let reopened = pairs.map(|(here, next)| later(&sink, facts, here, next, &steps, &loops)).collect();
        Self::with(facts, obligation, sink, maps, (0..count).collect(), reopened)
    }

    /// With exactly so many firings, all of them between the first two maps.
    pub fn examples(
        facts: &'f Facts<'m>,
        limits: Limits,
        obligation: &Obligation,
        loops: &[LoopId],
        firings: usize,
    ) -> Option<Self> {
        let (steps, loops) = concerned(facts, obligation, loops);
        if firings > 0 && (loops.is_empty() || obligation.maps < 2) {
            return None;
        }
        let sink = Sink::new(limits, false);
        let own = usize::from(obligation.maps.max(1));
        let count = own + firings;
        let maps: Vec<_> = (0..count).map(|_| MapVars::new(&sink, facts, steps.clone())).collect();
        let mut reopened = Vec::new();
        for (index, (here, next)) in maps.iter().zip(maps.iter().skip(1)).enumerate() {
            reopened.push(if (1..=firings).contains(&index) {
                fires(&sink, facts, here, next, &steps, &loops)
            } else {
                for step in &steps {
                    here.kept(&sink, next, *step).iter().for_each(|part| sink.solver.assert(part));
                }
                Reopened::Nothing
            });
        }
        bounded(&sink, facts, &reopened, &loops);
        let at = (0..own).map(|map| if map == 0 { 0 } else { map + firings }).collect();
        Some(Self::with(facts, obligation, sink, maps, at, reopened))
    }

    fn with(
        facts: &'f Facts<'m>,
        obligation: &Obligation,
        sink: Sink,
        maps: Vec<MapVars<'f, 'm>>,
        at: Vec<usize>,
        reopened: Vec<Reopened>,
    ) -> Self {
        let mut asking = Self { facts, sink, maps, at, reopened, cases: Vec::new() };
        asking.spending();
        let mut nodes: Vec<Bool> = Vec::with_capacity(obligation.nodes.len());
        for node in &obligation.nodes {
            let encoded = asking.node(node, &nodes);
            nodes.push(encoded);
        }
        let no = Bool::from_bool(false);
        let of = |case: &Case| nodes.get(case.node as usize).unwrap_or(&no).clone();
        asking.cases = obligation.cases.iter().map(of).collect();
        asking
    }

    /// A run in which one of these cases holds.
    pub fn ask(&self, cases: &[usize]) -> Answer<Moments> {
        let wanted: Vec<Bool> = cases.iter().filter_map(|case| self.cases.get(*case).cloned()).collect();
        self.sink.solver.push();
        self.sink.solver.assert(Bool::or(&wanted));
        let answer = check(&self.sink);
        self.sink.solver.pop(1);
        let model = match answer {
            Answer::Yes(model) => model,
            Answer::No => return Answer::No,
            Answer::Unknown(why) => return Answer::Unknown(why),
        };
        let truth =
            |formula: &Bool| model.eval(formula, true).and_then(|truth| truth.as_bool()) == Some(true);
        let holds = |case: &&usize| self.cases.get(**case).is_some_and(truth);
        let Some(case) = cases.iter().find(holds) else {
            return Answer::Unknown("the solver's model does not satisfy what was asked".to_owned());
        };
        let fired = self.reopened.iter().enumerate().flat_map(|(index, reopened)| match reopened {
            Reopened::One(chosen) => {
                chosen.iter().filter(|(_, fire)| truth(fire)).map(|(by, _)| (index, *by)).collect()
            }
            Reopened::Nothing | Reopened::Some(_) => Vec::new(),
        });
        Answer::Yes(Moments {
            maps: self.maps.iter().map(|map| map.read(&self.sink, &model)).collect(),
            fired: fired.collect(),
            at: self.at.clone(),
            case: *case,
        })
    }

    fn map(&self, map: MapIx) -> Option<&MapVars<'f, 'm>> {
        self.maps.get(*self.at.get(usize::from(map))?)
    }

    /// Whether a step was opened again between two maps, by their places.
    fn again(&self, from: usize, to: usize, step: StepId) -> Vec<Bool> {
        let between = self.reopened.iter().take(to).skip(from);
        between
            .flat_map(|reopened| match reopened {
                Reopened::Nothing => Vec::new(),
                Reopened::Some(by_step) => by_step.get(&step).cloned().into_iter().collect(),
                Reopened::One(chosen) => chosen
                    .iter()
                    .filter(|(by, _)| self.facts.resets(*by, step))
                    .map(|(_, fire)| fire.clone())
                    .collect(),
            })
            .collect()
    }

    fn node(&self, node: &Node, before: &[Bool]) -> Bool {
        let no = || Bool::from_bool(false);
        let parts = |nodes: &[u32]| -> Vec<Bool> {
            nodes.iter().filter_map(|node| before.get(*node as usize).cloned()).collect()
        };
        match node {
            Node::Not(node) => before.get(*node as usize).map_or_else(no, Bool::not),
            Node::All(nodes) => Bool::and(&parts(nodes)),
            Node::Any(nodes) => Bool::or(&parts(nodes)),
            Node::SameOpening(from, to, step) => {
                let place = |map: &MapIx| self.at.get(usize::from(*map)).copied();
                let (Some(from), Some(to)) = (place(from), place(to)) else { return no() };
                Bool::or(&self.again(from, to, *step)).not()
            }
            Node::Open(map, _)
            | Node::Begun(map, _)
            | Node::Settled(map, _)
            | Node::Use(map, _)
            | Node::Used(map, _)
            | Node::Bound(map, _)
            | Node::Enabled(map, _)
            | Node::Holds(map, _)
            | Node::Has(map, _)
            | Node::Rests(map, ..)
            | Node::Left(map, _) => self.map(*map).map_or_else(no, |map| self.on(node, map)),
        }
    }

    fn on(&self, node: &Node, map: &MapVars<'f, 'm>) -> Bool {
        let need = match node {
            Node::Open(_, step) => Need::Open(*step),
            Node::Begun(_, step) => Need::Begun(*step),
            Node::Use(_, at) => Need::Use(*at),
            Node::Used(_, at) => Need::Used(*at),
            Node::Enabled(_, atom) => Need::Enabled(*atom),
            Node::Has(_, datum) => Need::Has(datum.clone()),
            Node::Settled(_, atoms) => {
                return map.any(&atoms.iter().map(|atom| map.atom(*atom)).collect::<Vec<_>>());
            }
            Node::Bound(_, at) => return map.is_bound(*at),
            Node::Holds(_, formula) => return map.formula(&self.sink, formula),
            Node::Rests(_, step, on) => return self.rests(map, *step, on),
            Node::Left(_, at) => {
                let once = self.facts.per_run(*at)
                    && self.facts.grant(*at).is_some_and(|grant| grant.limit.uses == 1);
                return if once { map.is_bound(*at).not() } else { Bool::from_bool(true) };
            }
            Node::SameOpening(..) | Node::Not(_) | Node::All(_) | Node::Any(_) => {
                return Bool::from_bool(false);
            }
        };
        map.all(&need.encode(&self.sink, map).into_iter().map(|(_, part)| part).collect::<Vec<_>>())
    }

    /// The step's guard would not hold without these outcomes: guards are evaluated again, without them, in order.
    fn rests(&self, map: &MapVars<'f, 'm>, step: StepId, on: &[Atom]) -> Bool {
        let mut begins: HashMap<StepId, Bool> = HashMap::new();
        for here in self.facts.cone([step]) {
            let declared = self.facts.step(here);
            let atom = |atom: Atom| match begins.get(&atom.step) {
                Some(begins) if !on.contains(&atom) => map.all(&[map.atom(atom), begins.clone()]),
                _ => Bool::from_bool(false),
            };
            // What a step has is there only while some outcome of it is in force.
            let has = |datum: &Datum| match datum.root.step() {
                Some(of) => map.any(&self.facts.continuing(of).map(&atom).collect::<Vec<_>>()),
                None => Bool::from_bool(true),
            };
            let test =
                |test: &Test| map.test(&self.sink, test, &|datum| map.all(&[has(datum), map.has(datum)]));
            let holds = declared.after.fold(&atom, &test, &|parts| map.all(&parts), &|parts| map.any(&parts));
            // A name for it, so that guards do not multiply.
            let begun = self.sink.fresh();
            self.sink.solver.assert(begun.iff(&holds));
            begins.insert(here, begun);
        }
        begins.get(&step).map_or_else(|| Bool::from_bool(true), Bool::not)
    }

    /// A limit of one use per run: no result before and, in another opening, after.
    fn spending(&self) {
        let Some(first) = self.maps.first() else { return };
        for (at, grant) in self.facts.grants() {
            if !self.facts.per_run(at) || grant.limit.uses != 1 || !first.steps.contains(&at.0) {
                continue;
            }
            for (index, (here, next)) in self.maps.iter().zip(self.maps.iter().skip(1)).enumerate() {
                let again = Bool::or(&self.again(index, index + 1, at.0));
                let spent = Bool::and(&[here.is_bound(at), again, next.is_bound(at)]);
                self.sink.solver.assert(spent.not());
            }
        }
    }
}

/// The steps that the obligation's nodes depend on, with those that loops which open some of them again depend on, and these
/// loops.
fn concerned(facts: &Facts<'_>, obligation: &Obligation, loops: &[LoopId]) -> (Vec<StepId>, Vec<LoopId>) {
    let mut named: BTreeSet<StepId> = BTreeSet::new();
    for node in &obligation.nodes {
        match node {
            Node::Open(_, step) | Node::Begun(_, step) | Node::Rests(_, step, _) => {
                named.insert(*step);
            }
            Node::SameOpening(_, _, step) => {
                named.insert(*step);
            }
            Node::Settled(_, atoms) => named.extend(atoms.iter().map(|atom| atom.step)),
            Node::Use(_, at) | Node::Used(_, at) | Node::Bound(_, at) | Node::Left(_, at) => {
                named.insert(at.0);
            }
            Node::Enabled(_, atom) => {
                named.insert(atom.step);
            }
            Node::Holds(_, formula) => named.extend(formula.steps()),
            Node::Has(_, datum) => named.extend(datum.root.step()),
            Node::Not(_) | Node::All(_) | Node::Any(_) => {}
        }
    }
    let mut steps = facts.cone(named);
    let mut used: Vec<LoopId> = Vec::new();
    if obligation.maps < 2 {
        return (steps, used);
    }
    loop {
        let inside: BTreeSet<StepId> = steps.iter().copied().collect();
        let more: Vec<LoopId> = loops
            .iter()
            .copied()
            .filter(|by| !used.contains(by) && facts.reset_by(*by).iter().any(|step| inside.contains(step)))
            .collect();
        if more.is_empty() {
            return (steps, used);
        }
        let sources = more.iter().filter_map(|by| facts.the_loop(*by)).map(|by| by.step);
        steps = facts.cone(steps.iter().copied().chain(sources));
        used.extend(more);
    }
}

/// The second map comes later: some of the loops fired, and only what they opened again is another.
fn later(
    sink: &Sink,
    facts: &Facts<'_>,
    here: &MapVars<'_, '_>,
    next: &MapVars<'_, '_>,
    steps: &[StepId],
    loops: &[LoopId],
) -> Reopened {
    if loops.is_empty() {
        for step in steps {
            here.kept(sink, next, *step).iter().for_each(|part| sink.solver.assert(part));
        }
        return Reopened::Nothing;
    }
    let fire: Vec<Bool> = loops.iter().map(|_| sink.fresh()).collect();
    let again: HashMap<StepId, Bool> = steps.iter().map(|step| (*step, sink.fresh())).collect();
    let mut by_target: HashMap<StepId, Vec<Bool>> = HashMap::new();
    // Some loop fires first, from what the first map leaves open.
    let mut firsts = Vec::new();
    for (by, fires) in loops.iter().zip(&fire) {
        let Some(declared) = facts.the_loop(*by) else { continue };
        by_target.entry(declared.target).or_default().push(fires.clone());
        if let Some(target) = again.get(&declared.target) {
            sink.solver.assert(fires.implies(target));
        }
        firsts.push(Bool::and(&[fires.clone(), here.settled(declared.step).not()]));
    }
    let first = Bool::or(&firsts);
    for fires in &fire {
        sink.solver.assert(fires.implies(&first));
    }
    for step in steps {
        let Some(own) = again.get(step) else { continue };
        let mut why = by_target.remove(step).unwrap_or_default();
        for parent in facts.parents(*step) {
            if let Some(parent) = again.get(parent) {
                sink.solver.assert(parent.implies(own));
                why.push(parent.clone());
            }
        }
        sink.solver.assert(own.implies(Bool::or(&why)));
        for part in here.kept(sink, next, *step) {
            sink.solver.assert(Bool::or(&[own.clone(), part]));
        }
    }
    // What a loop opens again outside the steps looked at does not matter; a target among them is opened with all below it.
    Reopened::Some(again)
}

/// Exactly one of the loops fires at the end of the first map.
fn fires(
    sink: &Sink,
    facts: &Facts<'_>,
    here: &MapVars<'_, '_>,
    next: &MapVars<'_, '_>,
    steps: &[StepId],
    loops: &[LoopId],
) -> Reopened {
    let chosen: Vec<(LoopId, Bool)> = loops.iter().map(|by| (*by, sink.fresh())).collect();
    let some: Vec<Bool> = chosen.iter().map(|(_, fire)| fire.clone()).collect();
    sink.solver.assert(Bool::or(&some));
    // One constraint, since pairs of thousands of loops are millions.
    let each: Vec<(&Bool, i32)> = some.iter().map(|fire| (fire, 1)).collect();
    sink.solver.assert(Bool::pb_le(&each, 1));
    for (by, fire) in &chosen {
        let Some(declared) = facts.the_loop(*by) else { continue };
        let atom = Atom { step: declared.step, outcome: declared.outcome };
        for (_, part) in Need::Enabled(atom).encode(sink, here) {
            sink.solver.assert(fire.implies(&part));
        }
    }
    for step in steps {
        let resetting: Vec<Bool> =
            chosen.iter().filter(|(by, _)| facts.resets(*by, *step)).map(|(_, fire)| fire.clone()).collect();
        for part in here.kept(sink, next, *step) {
            let mut ways = resetting.clone();
            ways.push(part);
            sink.solver.assert(Bool::or(&ways));
        }
    }
    Reopened::One(chosen)
}

/// No loop fires more often than it may.
fn bounded(sink: &Sink, facts: &Facts<'_>, reopened: &[Reopened], loops: &[LoopId]) {
    for by in loops {
        let firings: Vec<Bool> = reopened
            .iter()
            .filter_map(|reopened| match reopened {
                Reopened::One(chosen) => chosen.iter().find(|(other, _)| other == by),
                Reopened::Nothing | Reopened::Some(_) => None,
            })
            .map(|(_, fire)| fire.clone())
            .collect();
        let max = facts.the_loop(*by).map_or(0, |declared| declared.max);
        if u32::try_from(firings.len()).is_ok_and(|count| count > max) {
            let weighted: Vec<(&Bool, i32)> = firings.iter().map(|firing| (firing, 1)).collect();
            sink.solver.assert(Bool::pb_le(&weighted, i32::try_from(max).unwrap_or(i32::MAX)));
        }
    }
}
