//! The possible moves in a situation.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::declaration::{Source, ThingExpr};
use xp_artifact::workflow::{
    Action, Atom, Grant, GrantIx, How, OutcomeIx, Pin, Root, Step, StepId, SubmissionIx,
};
use xp_scope::{PatternSet, Type, Value};

use crate::things::{Judge, Part, World};
use crate::{At, Observer, Options, Situation, Used, acting, sample};
use xp_machine::event::Principal;
use xp_machine::{Accepted, Event, Input, Machine, Refusal, RefusalCode, State, Status};

/// A move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// A grant is used, from request to result.
    Use(Used, Value),
    /// A grant is claimed, with the result outstanding.
    Claim(Used),
    /// A claim in flight is completed with a result.
    Land(Used, Value),
    /// A claim in flight fails.
    Fail(Used),
    /// A submission is made.
    Submit(StepId, SubmissionIx),
    /// The role views what it is to judge.
    View(StepId),
    /// A role judges, which settles.
    Judge(Atom),
    /// A person judges, and more must.
    Vote(Atom),
    /// The time limit of a step passes.
    TimeOut(Atom),
    /// An automatic outcome is taken.
    Settle(Atom),
}

/// A claim in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flying {
    /// The step.
    pub step: StepId,
    /// The grant.
    pub grant: GrantIx,
    /// The arguments.
    pub args: BTreeMap<String, Value>,
    jti: String,
}

/// Updates what is known about values after a use.
fn learn(
    world: &mut World,
    judge: &Judge<'_>,
    before: &State,
    at: (StepId, GrantIx),
    (action, args, result): (&Action, &BTreeMap<String, Value>, &Value),
) {
    let thing = |expr: &ThingExpr| judge.thing(before, at, expr, Some(result), false);
    for making in &action.clauses.makes {
        let Some(made) = thing(&making.thing) else { continue };
        if judge.never_changes(&made) {
            continue;
        }
        let own = made.last().map(|(_, keys)| keys.clone()).unwrap_or_default();
        world.names.extend(own.into_iter().filter_map(|part| match part {
            Part::Is(value) => Some(value),
            _ => None,
        }));
        world.made.insert(made);
    }
    for (field, value) in identifiers(result) {
        let mut roots = BTreeSet::new();
        let mut open = vec![field];
        let mut seen = BTreeSet::new();
        while let Some(field) = open.pop() {
            if !seen.insert(field.clone()) {
                continue;
            }
            roots.extend(action.clauses.made_as(&field).and_then(|making| thing(&making.thing)));
            for source in judge.workflow().sources(action, &field) {
                match source {
                    Source::Thing(expr) => roots.extend(thing(&expr)),
                    Source::Field(field) => open.push(field),
                    Source::Argument { index, fields } => {
                        let param = usize::try_from(index).ok().and_then(|ix| action.params.get(ix));
                        let value = param.and_then(|param| args.get(&param.name)?.at(&fields));
                        roots.extend(value.into_iter().flat_map(|value| world.roots(value)));
                    }
                }
            }
        }
        world.about.entry(value).or_default().extend(roots);
    }
}

/// The numbers and texts in a result with their paths; each may identify a thing.
fn identifiers(value: &Value) -> Vec<(Vec<String>, Value)> {
    match value {
        Value::Bool(_) | Value::List(_) => Vec::new(),
        Value::Int(_) | Value::Text(_) => vec![(Vec::new(), value.clone())],
        Value::Record(fields) => fields
            .iter()
            .flat_map(|(name, value)| {
                identifiers(value).into_iter().map(move |(mut path, value)| {
                    path.insert(0, name.clone());
                    (path, value)
                })
            })
            .collect(),
    }
}

/// All moves from a situation, with the resulting situations.
pub(crate) fn all<O: Observer>(
    machine: &Machine,
    judge: &Judge<'_>,
    here: &Situation<O>,
    staff: &[Principal],
    options: &Options,
) -> Vec<(Move, Situation<O>)> {
    if here.state.status() != Status::Running {
        return Vec::new();
    }
    let mut found = Vec::new();
    for number in 0..here.flying.len() {
        land(machine, judge, here, number, options, &mut found);
    }
    for (index, step) in machine.workflow().steps.iter().enumerate() {
        let id = StepId::of(index);
        let Some(now) = here.state.step(id).filter(|now| now.open) else { continue };
        let Some(principal) = staff.get(step.role.index()) else { continue };
        let principal = &one_of(machine, step, principal, now.votes.len());
        let role = machine
            .workflow()
            .roles
            .get(step.role.index())
            .map(|role| role.name.as_str())
            .unwrap_or_default();
        let player = Player { machine, judge, id, step, role, principal };
        for (number, grant) in step.grants.iter().enumerate() {
            let Some(action) = machine.workflow().actions.get(grant.action.index()) else { continue };
            for args in arguments(machine, &here.state, id, action, &grant.pins, options) {
                player.uses(here, GrantIx::of(number), action, &args, options, &mut found);
            }
        }
        for (number, made) in now.submissions.iter().enumerate() {
            if made.is_none() {
                player.submit(here, SubmissionIx::of(number), &mut found);
            }
        }
        player.outcomes(here, &mut found);
    }
    found
}

/// The principal of an agents' role, or the next person of a role of people who has not judged in this opening. People of one role are
/// alike, so one order suffices.
fn one_of(machine: &Machine, step: &Step, principal: &Principal, judged: usize) -> Principal {
    if !machine.workflow().is_human(step.role) {
        return principal.clone();
    }
    match judged {
        0 => Principal::person(principal.name.clone(), principal.controller.clone()),
        more => Principal::person(
            format!("{} {more}", principal.name),
            format!("{} {more} of {}", principal.controller, step.role.0),
        ),
    }
}

/// A role in an open step.
struct Player<'a> {
    machine: &'a Machine,
    judge: &'a Judge<'a>,
    id: StepId,
    step: &'a Step,
    role: &'a str,
    principal: &'a Principal,
}

impl Player<'_> {
    fn apply<O: Observer>(&self, then: &mut Situation<O>, event: Event) -> Result<Accepted, Refusal> {
        apply(self.machine, self.judge, then, event)
    }

    fn uses<O: Observer>(
        &self,
        here: &Situation<O>,
        ix: GrantIx,
        action: &Action,
        args: &BTreeMap<String, Value>,
        options: &Options,
        found: &mut Vec<(Move, Situation<O>)>,
    ) {
        let mut then = here.clone();
        // Ids are reused, so that situations do not differ by them alone.
        let taken = |jti: &String| here.flying.iter().any(|flying| flying.jti == *jti);
        let jti = (0..).map(|number: u32| number.to_string()).find(|jti| !taken(jti)).unwrap_or_default();
        let actor = acting(self.principal, self.role);
        let request = Event::Request {
            jti: jti.clone(),
            actor: actor.clone(),
            key: "key".to_owned(),
            step: self.step.name.clone(),
            action: format!("{}.{}", action.connector, action.name),
            grant: Some(ix),
            args: args.clone(),
        };
        if options.unnamed {
            self.asks_without_a_name(here, action, &request);
        }
        let Ok(Accepted::Granted { step, grant, opening, req, .. }) = self.apply(&mut then, request) else {
            return;
        };
        let claim = Event::Claim { jti: jti.clone(), actor, key: "key".to_owned(), step, opening, req };
        if self.apply(&mut then, claim).is_err() {
            return;
        }
        let used = Used { step, grant, args: args.clone() };
        then.observer.used(self.machine, &here.state, &used, self.principal);
        for result in sample::results(self.machine, &here.state, (step, grant), action, args, &options.probes)
        {
            let mut landed = then.clone();
            let complete = Event::Complete { jti: jti.clone(), result: result.clone() };
            if self.apply(&mut landed, complete).is_ok() {
                learn(&mut landed.world, self.judge, &here.state, (step, grant), (action, args, &result));
                found.push((Move::Use(used.clone(), result), landed));
            }
        }
        if here.flying.len() < options.in_flight {
            then.flying.push(Flying { step, grant, args: args.clone(), jti });
            then.flying.sort_by(|a, b| a.jti.cmp(&b.jti));
            found.push((Move::Claim(used), then));
        }
    }

    /// Checks requests that name no grant: if exactly one grant fits, whatever uses it has left, the answer
    /// equals that of the request that names it; if several fit, the request is ambiguous.
    fn asks_without_a_name<O: Observer>(&self, here: &Situation<O>, action: &Action, request: &Event) {
        let Event::Request { args, .. } = request else { return };
        let fits = |grant: &Grant| {
            let mut pins = action.params.iter().zip(&grant.pins);
            let admits = |value: &Value, pin: &Pin| match pin {
                Pin::Is(expr) => self.machine.evaluate(&here.state, expr).as_ref() == Some(value),
                Pin::OneOf { set, within } => {
                    let inside = |set: Value| matches!(set, Value::List(all) if all.contains(value));
                    self.machine.evaluate(&here.state, set).is_some_and(inside)
                        && lies(within.as_ref(), value)
                }
                Pin::Within(patterns) => lies(Some(patterns), value),
                Pin::Content { max } => {
                    matches!(value, Value::Text(text) if text.chars().count() <= *max as usize)
                }
                Pin::Any => true,
                Pin::Absent => false,
            };
            pins.all(|(param, pin)| match args.get(&param.name) {
                Some(value) => admits(value, pin),
                None => param.optional && self.machine.admits_absence(&here.state, pin),
            })
        };
        let actions = &self.machine.workflow().actions;
        let is_same = |grant: &Grant| {
            let other = actions.get(grant.action.index());
            other.is_some_and(|other| (&other.connector, &other.name) == (&action.connector, &action.name))
        };
        let fitting = self.step.grants.iter().filter(|grant| is_same(grant) && fits(grant)).count();
        let mut unnamed = request.clone();
        if let Event::Request { grant, .. } = &mut unnamed {
            *grant = None;
        }
        let (mut named_state, mut state) = (here.state.clone(), here.state.clone());
        let asked = |state: &mut State, event: Event| {
            self.machine.apply(state, &Input { at: 0, kill: None, leased_by: None, event })
        };
        let named = asked(&mut named_state, request.clone());
        let given = asked(&mut state, unnamed);
        if fitting > 1 {
            let code = given.as_ref().err().map(|refusal| refusal.code);
            // Checks that precede the choice of a grant are reported first.
            let before = matches!(
                code,
                Some(RefusalCode::StepClosed | RefusalCode::PastDeadline | RefusalCode::NotSeparate)
            );
            let same = code == named.as_ref().err().map(|refusal| refusal.code);
            let ambiguous = code == Some(RefusalCode::Ambiguous);
            assert!(ambiguous || before && same, "{fitting} grants fit, and the answer is {given:?}");
        } else {
            assert_eq!(
                (given, state),
                (named, named_state),
                "one fits, and another answer came without its name"
            );
        }
    }

    fn submit<O: Observer>(
        &self,
        here: &Situation<O>,
        ix: SubmissionIx,
        found: &mut Vec<(Move, Situation<O>)>,
    ) {
        let Some(submission) = self.step.submissions.get(ix.index()) else { return };
        let sampled = submission.within.as_ref().and_then(PatternSet::sample);
        let value = match (&submission.ty, sampled) {
            (Type::List(_) | Type::Set(_), Some(path)) => Value::List(vec![Value::Text(path)]),
            (_, Some(path)) => Value::Text(path),
            (ty, None) => sample::value(self.machine, ty, &submission.name),
        };
        let event = Event::Submit {
            actor: acting(self.principal, self.role),
            step: self.step.name.clone(),
            name: submission.name.clone(),
            value,
        };
        let mut then = here.clone();
        if self.apply(&mut then, event).is_ok() {
            found.push((Move::Submit(self.id, ix), then));
        }
    }

    /// Whether the outcome reopens with notes, so that the role leaves some.
    fn keeps_notes(&self, atom: Atom) -> bool {
        let mut loops = self.machine.workflow().loops.iter();
        loops.any(|by| by.notes && by.step == atom.step && by.outcome == atom.outcome)
    }

    fn outcomes<O: Observer>(&self, here: &Situation<O>, found: &mut Vec<(Move, Situation<O>)>) {
        for (number, outcome) in self.step.outcomes.iter().enumerate() {
            let atom = Atom { step: self.id, outcome: OutcomeIx::of(number) };
            if let Some(datum) =
                outcome.of.as_ref().filter(|datum| matches!(datum.root, Root::Submission { .. }))
            {
                let actor = acting(self.principal, self.role);
                let event = Event::View { actor, step: self.step.name.clone(), datum: datum.clone() };
                let mut then = here.clone();
                if self.apply(&mut then, event).is_ok() && then.state.steps() != here.state.steps() {
                    found.push((Move::View(self.id), then));
                }
            }
            let (by, event) = match outcome.how {
                How::Exhausted(_) => continue,
                How::TimedOut => (Move::TimeOut(atom), Event::TimeOut { step: self.id }),
                How::Auto(_) => (Move::Settle(atom), Event::Settle { outcome: atom }),
                How::Judged | How::JudgedIf(_) => {
                    let actor = acting(self.principal, self.role);
                    let (step, outcome) = (self.step.name.clone(), outcome.name.clone());
                    let notes = self.keeps_notes(atom).then(|| "see above".to_owned());
                    (Move::Judge(atom), Event::Judge { actor, step, outcome, notes })
                }
            };
            let mut then = here.clone();
            match self.apply(&mut then, event) {
                Ok(Accepted::Voted { .. }) => found.push((Move::Vote(atom), then)),
                Ok(_) => found.push((by, then)),
                Err(_) => {}
            }
        }
    }
}

fn land<O: Observer>(
    machine: &Machine,
    judge: &Judge<'_>,
    here: &Situation<O>,
    number: usize,
    options: &Options,
    found: &mut Vec<(Move, Situation<O>)>,
) {
    let Some(flying) = here.flying.get(number) else { return };
    let grant = machine
        .workflow()
        .steps
        .get(flying.step.index())
        .and_then(|step| step.grants.get(flying.grant.index()));
    let Some(action) = grant.and_then(|grant| machine.workflow().actions.get(grant.action.index())) else {
        return;
    };
    let used = Used { step: flying.step, grant: flying.grant, args: flying.args.clone() };
    let mut landed = false;
    for result in sample::results(
        machine,
        &here.state,
        (flying.step, flying.grant),
        action,
        &flying.args,
        &options.probes,
    ) {
        let mut then = here.clone();
        then.flying.remove(number);
        let complete = Event::Complete { jti: flying.jti.clone(), result: result.clone() };
        if apply(machine, judge, &mut then, complete).is_ok() {
            let at = (flying.step, flying.grant);
            learn(&mut then.world, judge, &here.state, at, (action, &flying.args, &result));
            found.push((Move::Land(used.clone(), result), then));
            landed = true;
        }
    }
    // The new thing was made by others meanwhile, so the upstream refuses to make it.
    let mut then = here.clone();
    then.flying.remove(number);
    let fail = Event::Fail { jti: flying.jti.clone(), returned: true };
    if (options.faults || !landed) && apply(machine, judge, &mut then, fail).is_ok() {
        found.push((Move::Fail(used), then));
    }
}

/// The argument lists to try: one value per pin, and every probe where any value is admitted.
fn arguments(
    machine: &Machine,
    state: &State,
    step: StepId,
    action: &Action,
    pins: &[Pin],
    options: &Options,
) -> Vec<BTreeMap<String, Value>> {
    let mut lists = vec![BTreeMap::new()];
    for (param, pin) in action.params.iter().zip(pins) {
        let values = candidates(machine, state, step, &param.ty, pin, options);
        let absent = param.optional && machine.admits_absence(state, pin);
        lists = lists
            .iter()
            .flat_map(|list: &BTreeMap<String, Value>| {
                let without = absent.then(|| list.clone());
                let with = values.iter().map(move |value| {
                    let mut longer = list.clone();
                    longer.insert(param.name.clone(), value.clone());
                    longer
                });
                with.chain(without)
            })
            .collect();
    }
    lists
}

fn candidates(
    machine: &Machine,
    state: &State,
    step: StepId,
    ty: &Type,
    pin: &Pin,
    options: &Options,
) -> Vec<Value> {
    match pin {
        Pin::Is(expr) => machine.evaluate(state, expr).into_iter().collect(),
        Pin::OneOf { set, within } => match machine.evaluate(state, set) {
            Some(Value::List(elements)) => {
                let inside = |value: &&Value| match (within, value) {
                    (Some(patterns), Value::Text(path)) => patterns.matches(path),
                    _ => true,
                };
                elements.iter().filter(inside).take(1).cloned().collect()
            }
            _ => Vec::new(),
        },
        Pin::Within(patterns) => {
            patterns.patterns().iter().filter_map(|pattern| pattern.sample()).map(Value::Text).collect()
        }
        Pin::Absent => Vec::new(),
        Pin::Content { .. } => vec![Value::Text("said".to_owned())],
        Pin::Any => {
            let mut values = vec![sample::value(machine, ty, &format!("any in {}", step.0))];
            let fits = |value: &&Value| xp_scope::check(value, ty, machine.records()).is_ok();
            values.extend(options.probes.iter().filter(fits).cloned());
            // A judge may look at exactly what it judges.
            values.extend(sample::judged(machine, state, step).into_iter().filter(|value| fits(&value)));
            values.sort();
            values.dedup();
            values
        }
    }
}

fn lies(patterns: Option<&PatternSet>, value: &Value) -> bool {
    patterns.is_none_or(|patterns| matches!(value, Value::Text(path) if patterns.matches(path)))
}

fn apply<O: Observer>(
    machine: &Machine,
    judge: &Judge<'_>,
    then: &mut Situation<O>,
    event: Event,
) -> Result<Accepted, Refusal> {
    let at = match &event {
        Event::TimeOut { step } => machine.deadline(&then.state, *step).unwrap_or_default(),
        _ => 0,
    };
    let input = Input { at, kill: None, leased_by: None, event };
    let accepted = machine.apply(&mut then.state, &input)?;
    let at = At { judge, state: &then.state, world: &then.world };
    for fact in machine.facts(&then.state, &input, &accepted) {
        then.observer.accepted(&at, &fact);
    }
    Ok(accepted)
}
