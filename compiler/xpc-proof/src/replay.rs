//! Acts carried out on the machine itself. What is only preparation (submissions, views, uses that show) is added here.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use xp_artifact::declaration::ThingExpr;
use xp_artifact::question::Question;
use xp_artifact::workflow::{Atom, Expr, GrantIx, How, Pin, RoleId, Step, StepId, SubmissionIx, Then};
use xp_diagnostics::{Event, EventKind, Trace};
use xp_machine::event::Principal;
use xp_machine::{Accepted, Actor, Change, Input, Machine, Start, State, Status};
use xp_monitor::{Concrete, Results, Use};
use xp_scope::Value;
use xpc_model::Place;

use crate::facts::{Facts, GrantAt, Shown};
use crate::plan::Act;
use crate::renaming;
use crate::showing;
use crate::told;
use crate::values::{Aims, Values, put};
use crate::watching::Watching;

const STARTER: &str = "the starter";
const KEY: &str = "key";
/// The principal who plays all the roles that a trace has one principal play.
const SHARED: &str = "one";
/// What judges leave to those to whom the work goes back.
const NOTE: &str = "see above";

/// A use that happened.
#[derive(Clone, Debug)]
pub(crate) struct Used {
    pub at: GrantAt,
    pub opening: u32,
    pub args: Rc<BTreeMap<String, Value>>,
}

/// A run on the machine.
pub(crate) struct Run<'f, 'm> {
    facts: &'f Facts<'m>,
    machine: &'f Machine,
    values: &'f Values<'f, 'm>,
    pub state: State,
    /// Uses that are acts of the plan, in order.
    pub log: Vec<Used>,
    /// How it stood before each act, with the number of the use if it was one; none where nobody asks.
    pub past: Option<Vec<(Rc<State>, Option<usize>)>>,
    pub events: Vec<Event>,
    /// No events are kept: of a search only the acts are wanted.
    pub quiet: bool,
    pub start: Rc<BTreeMap<String, Value>>,
    /// What is handed in; made up when it is first needed.
    pub submissions: Rc<BTreeMap<(StepId, SubmissionIx), Value>>,
    /// Roles played by one principal; all others have their own.
    shared: Rc<BTreeSet<RoleId>>,
    show_principals: bool,
    /// What arguments are that can be chosen.
    pub aims: Rc<Aims>,
    /// The uses of this step show anything but what it judges.
    pub blind: Option<StepId>,
    /// What a question's monitor says of the run.
    pub watching: Option<Watching<'m>>,
    /// What uses gave back.
    results: Rc<Results>,
    count: usize,
}

impl<'f, 'm> Run<'f, 'm> {
    /// # Errors
    /// The machine refuses to start.
    pub fn start(
        facts: &'f Facts<'m>,
        values: &'f Values<'f, 'm>,
        params: BTreeMap<String, Value>,
        shared: &[RoleId],
    ) -> Result<Self, String> {
        let instances =
            facts.w.actions.iter().map(|action| (action.connector.clone(), "example".to_owned())).collect();
        let starter = facts.w.has_people().then(|| Principal::person(STARTER, STARTER));
        let start = Start { at: 0, params: params.clone(), instances, staff: BTreeMap::new(), starter };
        let machine = &facts.machine;
        let state =
            machine.start(&start).map_err(|refusal| format!("the run cannot start: {}", refusal.reason))?;
        Ok(Self {
            facts,
            machine,
            values,
            state,
            log: Vec::new(),
            past: None,
            events: Vec::new(),
            quiet: false,
            start: Rc::new(params),
            submissions: Rc::default(),
            shared: Rc::new(shared.iter().copied().collect()),
            show_principals: !shared.is_empty(),
            aims: Rc::default(),
            blind: None,
            watching: None,
            results: Rc::default(),
            count: 0,
        })
    }

    /// Carries an act out.
    ///
    /// # Errors
    /// The machine refuses it, or something else happens than what was meant.
    pub fn act(&mut self, act: &Act) -> Result<(), String> {
        if let Some(past) = &mut self.past {
            let used = matches!(act, Act::Use { .. }).then_some(self.log.len());
            past.push((Rc::new(self.state.clone()), used));
        }
        match act {
            Act::Use { at, fields, args } => {
                let blind = self.blind == Some(at.0);
                let aimed = if blind {
                    args.clone()
                } else {
                    let taken = self.aims.get(at).into_iter().flatten().map(|(index, ..)| *index).collect();
                    showing::aim(self.facts, self.machine, &self.state, *at, (args, &taken))
                };
                let mut aimed = aimed;
                for (field, value) in fields {
                    showing::ask_for(self.facts, *at, field, value, &mut aimed);
                }
                self.count += 1;
                let args = self.arguments(*at, &aimed)?;
                let mut result = self.values.result(*at, &args, fields, self.count);
                let change = if blind { showing::conceal } else { showing::reveal };
                change(self.facts, self.machine, &self.state, *at, &mut result);
                self.use_it(*at, args, result)
            }
            Act::Given { .. } => Ok(()),
            Act::Take { atom, becomes } => self.take(*atom, *becomes),
        }
    }

    /// Arguments inside the pins, these as given. What the use makes has a name that is not taken, if there is one to choose.
    fn arguments(
        &self,
        at: GrantAt,
        given: &BTreeMap<u32, Value>,
    ) -> Result<BTreeMap<String, Value>, String> {
        let made_up = self.values.arguments(self.machine, &self.state, at, (given, &self.aims));
        let mut args = made_up.ok_or_else(|| "an argument has no value".to_owned())?;
        let aimed = |index: u32| self.aims.get(&at).into_iter().flatten().any(|(of, ..)| *of == index);
        let fixed = |index: u32| given.contains_key(&index) || aimed(index);
        let now = (self.machine, &self.state);
        let result =
            |args: &BTreeMap<String, Value>| self.values.result(at, args, &BTreeMap::new(), self.count);
        renaming::rename(self.facts, now, at, &mut args, (&fixed, self.count), &result);
        Ok(args)
    }

    fn use_it(&mut self, at: GrantAt, args: BTreeMap<String, Value>, result: Value) -> Result<(), String> {
        let pins = self.facts.grant(at).map(|grant| grant.pins.as_slice()).unwrap_or_default();
        let has = |pin: &Pin| match pin {
            Pin::Is(expr) | Pin::OneOf { set: expr, .. } => {
                self.machine.evaluate(&self.state, expr).is_some()
            }
            Pin::Within(_) | Pin::Content { .. } | Pin::Any | Pin::Absent => true,
        };
        if !pins.iter().all(has) {
            return Err("an argument names something that has no value".to_owned());
        }
        let opening = self.perform(at, &args, result.clone())?;
        self.log.push(Used { at, opening, args: Rc::new(args.clone()) });
        let action = self.facts.action_name(at);
        let kind = EventKind::Use { grant: at.1.0, action, args: args.into_iter().collect(), result };
        self.record(at.0, kind, Place::Grant(at.0, at.1));
        Ok(())
    }

    /// Request, claim, complete. Returns the number of the opening.
    fn perform(&mut self, at: GrantAt, args: &BTreeMap<String, Value>, result: Value) -> Result<u32, String> {
        // Before it begins: what it alters has the name that it will give back.
        let used = Use { at, opening: 0, by: String::new(), args: args.clone(), result: None };
        Rc::make_mut(&mut self.results).add(&used, &result);
        let step = self.facts.step(at.0);
        let actor = self.actor(step.role);
        let jti = format!("t{}", self.state.version());
        let request = xp_machine::Event::Request {
            jti: jti.clone(),
            actor: actor.clone(),
            key: KEY.to_owned(),
            step: step.name.clone(),
            action: self.facts.action_name(at),
            grant: Some(at.1),
            args: args.clone(),
        };
        let Accepted::Granted { step: id, grant, opening, req, .. } = self.apply(request)? else {
            return Err("a request was answered oddly".to_owned());
        };
        if (id, grant) != at {
            return Err("a request was answered oddly".to_owned());
        }
        let claim =
            xp_machine::Event::Claim { jti: jti.clone(), actor, key: KEY.to_owned(), step: id, opening, req };
        self.apply(claim)?;
        self.apply(xp_machine::Event::Complete { jti, result })?;
        Ok(opening)
    }

    fn take(&mut self, atom: Atom, becomes: Atom) -> Result<(), String> {
        let facts = self.facts;
        let chosen = facts.outcome(atom).ok_or_else(|| "there is no such outcome".to_owned())?;
        let taken = facts.outcome(becomes).ok_or_else(|| "there is no such outcome".to_owned())?;
        let step = facts.step(atom.step);
        let people = chosen.votes();
        let actor = self.actor_of(step.role, 1);
        if taken.then == Then::Settle || chosen.then == Then::Settle {
            self.hand_in(atom.step, &actor)?;
        }
        if let Some(datum) = facts.judged_datum(atom) {
            for number in 1..=people {
                let person = self.actor_of(step.role, number);
                self.show(atom.step, datum, &person)?;
            }
        }
        let noted = match chosen.then {
            Then::Reopen(by) => facts.the_loop(by).is_some_and(|by| by.notes),
            Then::Settle | Then::End => false,
        };
        let event = |actor: Actor| match chosen.how {
            How::Auto(_) => xp_machine::Event::Settle { outcome: atom },
            How::TimedOut => xp_machine::Event::TimeOut { step: atom.step },
            How::Judged | How::JudgedIf(_) | How::Exhausted(_) => xp_machine::Event::Judge {
                actor,
                step: step.name.clone(),
                outcome: chosen.name.clone(),
                notes: noted.then(|| NOTE.to_owned()),
            },
        };
        for number in 1..people {
            self.apply(event(self.actor_of(step.role, number)))?;
        }
        let Accepted::Done { changes } = self.apply(event(self.actor_of(step.role, people)))? else {
            return Err("an outcome does not take effect at once".to_owned());
        };
        let did = changes.iter().find_map(|change| match change {
            Change::Settled { outcome, .. }
            | Change::RunEnded { outcome }
            | Change::Reopened { outcome, .. } => Some(*outcome),
            _ => None,
        });
        if did != Some(becomes) {
            return Err("another outcome was taken".to_owned());
        }
        let outcome = taken.name.clone();
        let kind = match taken.then {
            Then::Settle => EventKind::Settle { outcome },
            Then::Reopen(by) => {
                let target = facts.the_loop(by).map(|l| facts.step(l.target).name.clone());
                EventKind::Reopen { outcome, target: target.unwrap_or_default() }
            }
            Then::End => EventKind::End { outcome },
        };
        let place = match taken.then {
            Then::Reopen(by) => Place::Loop(by),
            Then::Settle | Then::End => Place::Outcome(becomes),
        };
        self.record(atom.step, kind, place);
        Ok(())
    }

    fn hand_in(&mut self, step: StepId, actor: &Actor) -> Result<(), String> {
        let declared = self.facts.step(step);
        for (index, submission) in declared.submissions.iter().enumerate() {
            let made = self.state.step(step).and_then(|now| now.submissions.get(index));
            if made.is_some_and(Option::is_some) {
                continue;
            }
            let place = (step, SubmissionIx::of(index));
            let known = self.submissions.get(&place).cloned();
            let value = known.or_else(|| self.values.submission(step, index, submission));
            let value = value.ok_or_else(|| format!("`{}` cannot be handed in", submission.name))?;
            Rc::make_mut(&mut self.submissions).insert(place, value.clone());
            self.apply(xp_machine::Event::Submit {
                actor: actor.clone(),
                step: declared.name.clone(),
                name: submission.name.clone(),
                value,
            })?;
        }
        Ok(())
    }

    fn show(
        &mut self,
        step: StepId,
        datum: &xp_artifact::workflow::Datum,
        actor: &Actor,
    ) -> Result<(), String> {
        let value = self.machine.value(&self.state, datum).cloned();
        let value = value.ok_or_else(|| "what is judged has no value".to_owned())?;
        let digest = value.digest();
        let seen = (actor.principal.name.clone(), digest);
        if self.state.step(step).is_some_and(|now| now.shown.contains(&seen)) {
            return Ok(());
        }
        for way in self.facts.ways_to_see(step, datum) {
            let tried = match way {
                Shown::View => {
                    let name = self.facts.step(step).name.clone();
                    let view =
                        xp_machine::Event::View { actor: actor.clone(), step: name, datum: datum.clone() };
                    self.apply(view).map(|_| ())
                }
                Shown::Use(grant, field) => self.use_to_see(step, grant, field, value.clone()),
                Shown::ByChance => continue,
            };
            if tried.is_ok() {
                return Ok(());
            }
        }
        Err("nobody can be shown what is judged".to_owned())
    }

    fn use_to_see(
        &mut self,
        step: StepId,
        grant: GrantIx,
        field: String,
        value: Value,
    ) -> Result<(), String> {
        let at = (step, grant);
        let mut chosen = BTreeMap::new();
        showing::ask_for(self.facts, at, std::slice::from_ref(&field), &value, &mut chosen);
        self.count += 1;
        let args = self.arguments(at, &chosen)?;
        let mut result = self.values.result(at, &args, &BTreeMap::new(), self.count);
        if showing::is_asked_for(self.facts, at, &field) {
            if result.at(std::slice::from_ref(&field)) != Some(&value) {
                return Err("the use is of something else than what is judged".to_owned());
            }
        } else {
            put(&mut result, &[field], value);
        }
        self.perform(at, &args, result).map(|_| ())
    }

    fn apply(&mut self, event: xp_machine::Event) -> Result<Accepted, String> {
        let next = self.state.time() + 1;
        let deadline = match &event {
            xp_machine::Event::TimeOut { step } => self.machine.deadline(&self.state, *step),
            _ => None,
        };
        let input = Input {
            at: deadline.map_or(next, |deadline| deadline.max(next)),
            kill: None,
            leased_by: None,
            event,
        };
        let accepted = self.machine.apply(&mut self.state, &input).map_err(|refusal| refusal.reason)?;
        if let Some(watching) = &mut self.watching {
            let values = Concrete::knowing(self.facts.w, &self.results);
            watching.tell(&self.state, &self.machine.facts(&self.state, &input, &accepted), values);
        }
        Ok(accepted)
    }

    fn actor(&self, role: RoleId) -> Actor {
        self.actor_of(role, 1)
    }

    /// The principal of a role, or one of the people who take it, by number from 1.
    fn actor_of(&self, role: RoleId, number: u32) -> Actor {
        let own = self.facts.role_name(role).to_owned();
        let (name, roles) = if self.shared.contains(&role) {
            (
                SHARED.to_owned(),
                self.shared.iter().map(|role| self.facts.role_name(*role).to_owned()).collect(),
            )
        } else {
            (format!("the {own}"), vec![own])
        };
        if !self.facts.w.is_human(role) {
            return Actor { principal: Principal::agent(name.clone(), name), roles };
        }
        let controller = if number == 1 { name.clone() } else { format!("{name}, person {number}") };
        Actor { principal: Principal::person(format!("{name}, person {number}"), controller), roles }
    }

    fn record(&mut self, step: StepId, kind: EventKind, place: Place) {
        if self.quiet {
            return;
        }
        let Step { name, role, .. } = self.facts.step(step);
        let principal = self.show_principals.then(|| self.actor(*role).principal.name);
        self.events.push(Event {
            step: name.clone(),
            role: self.facts.role_name(*role).to_owned(),
            principal,
            kind,
            span: self.facts.model.spans.get(place),
        });
    }

    // What violations look at.

    pub fn running(&self) -> bool {
        self.state.status() == Status::Running
    }

    pub fn open(&self, step: StepId) -> bool {
        self.running() && self.state.step(step).is_some_and(|now| now.open)
    }

    pub fn settled(&self, atom: Atom) -> bool {
        self.state.is_settled(atom)
    }

    pub fn value(&self, datum: &xp_artifact::workflow::Datum) -> Option<&Value> {
        self.machine.value(&self.state, datum)
    }

    /// How things of uses meet by their values.
    pub fn values_met(&self) -> Concrete<'_> {
        Concrete::knowing(self.facts.w, &self.results)
    }

    /// What an expression is now.
    pub fn evaluate(&self, expr: &Expr) -> Option<Value> {
        self.machine.evaluate(&self.state, expr)
    }

    /// How many acts were done, where that is asked for.
    pub fn done(&self) -> usize {
        self.past.as_ref().map_or(0, Vec::len)
    }

    /// How it stood when so many acts were done.
    pub fn before(&self, done: usize) -> Option<&State> {
        let past = self.past.as_ref()?;
        if done == past.len() { Some(&self.state) } else { past.get(done).map(|(state, _)| state.as_ref()) }
    }

    /// The acts that are uses: how many were done before, and the number of the use.
    pub fn uses_done(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let past = self.past.iter().flatten().enumerate();
        past.filter_map(|(done, (_, used))| Some((done, (*used)?)))
    }

    /// What a use of the grant removes.
    pub fn removes(&self, at: GrantAt) -> &'m [ThingExpr] {
        &self.facts.action_of(at).clauses.removes
    }

    /// What a use of the grant reads.
    pub fn reads(&self, at: GrantAt) -> Vec<ThingExpr> {
        self.facts.action_of(at).clauses.read()
    }

    /// How often a loop has fired.
    pub fn fired(&self, by: xp_artifact::workflow::LoopId) -> u32 {
        self.state.loops().get(by.index()).copied().unwrap_or_default()
    }

    /// Whether what the grant would make now is new; none where it is not known yet what that is.
    pub fn makes_new(&self, at: GrantAt) -> Option<bool> {
        let args = self.values.arguments(self.machine, &self.state, at, (&BTreeMap::new(), &self.aims))?;
        Some(self.machine.makes_new(&self.state, self.facts.grant(at)?.action, &args, None))
    }

    /// Arguments with which a use of the grant now takes the name that the other grant would give.
    pub fn in_place_of(&self, at: GrantAt, other: GrantAt) -> Option<BTreeMap<u32, Value>> {
        let args = self.values.arguments(self.machine, &self.state, other, (&BTreeMap::new(), &self.aims))?;
        renaming::in_place_of(self.facts, at, (other, &args))
    }

    /// Whether a use of the grant that is refused now is refused whatever it calls what it makes.
    pub fn tries_all_names(&self, at: GrantAt) -> bool {
        renaming::tries_all(self.facts, (self.machine, &self.state), at)
    }

    /// Whether an act would be accepted now.
    pub fn would(&self, act: &Act) -> bool {
        let mut copy = self.fork();
        copy.log.clear();
        copy.events.clear();
        copy.act(act).is_ok()
    }

    /// The same run, to go on in another way.
    pub fn fork(&self) -> Self {
        Self {
            facts: self.facts,
            machine: self.machine,
            values: self.values,
            state: self.state.clone(),
            log: self.log.clone(),
            past: self.past.clone(),
            events: self.events.clone(),
            quiet: self.quiet,
            start: Rc::clone(&self.start),
            submissions: Rc::clone(&self.submissions),
            shared: Rc::clone(&self.shared),
            show_principals: self.show_principals,
            aims: Rc::clone(&self.aims),
            blind: self.blind,
            watching: self.watching.clone(),
            results: Rc::clone(&self.results),
            count: self.count,
        }
    }
}

/// Replays a trace on the machine, event by event.
///
/// # Errors
/// The first event that names nothing of the workflow, that the machine refuses, or that does something else than the
/// trace says.
pub fn replay(model: &xpc_model::Model, trace: &Trace) -> Result<State, String> {
    Ok(again(model, trace, None)?.0)
}

/// Whether a trace, replayed, breaks a property: as the property's monitor says that compares the values of the run.
///
/// # Errors
/// As [`replay`].
pub fn breaks(model: &xpc_model::Model, trace: &Trace, question: &Question) -> Result<bool, String> {
    Ok(again(model, trace, Some(question))?.1)
}

fn again(
    model: &xpc_model::Model,
    trace: &Trace,
    question: Option<&Question>,
) -> Result<(State, bool), String> {
    let facts = Facts::of(model, &[])?;
    let values = Values::new(&facts);
    let one = |event: &&Event| event.principal.as_deref() == Some(SHARED);
    let shared: Result<BTreeSet<RoleId>, String> =
        trace.events.iter().filter(one).map(|event| told::role(&facts, event)).collect();
    let shared: Vec<RoleId> = shared?.into_iter().collect();
    let params = trace.params.iter().cloned().collect();
    let mut run = Run::start(&facts, &values, params, &shared)?;
    run.watching = question.map(|question| Watching::by_values(&facts, question));
    for one in &trace.submissions {
        Rc::make_mut(&mut run.submissions).insert(told::submission(&facts, one)?, one.value.clone());
    }
    for event in &trace.events {
        match &event.kind {
            EventKind::Use { args, result, .. } => {
                let at = told::used(&facts, event).ok_or_else(|| told::nothing(event))?;
                run.use_it(at, args.iter().cloned().collect(), result.clone())?;
            }
            EventKind::Settle { .. } | EventKind::Reopen { .. } | EventKind::End { .. } => {
                let atom = told::taken(&facts, event).ok_or_else(|| told::nothing(event))?;
                run.take(facts.chosen(atom), atom)?;
            }
        }
    }
    let broken = run.watching.as_ref().is_some_and(Watching::broken);
    Ok((run.state, broken))
}
