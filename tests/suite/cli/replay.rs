//! Replays the events of a trace on the machine. The driver knows the verifier only through its JSON output.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use xp_artifact::workflow::{GrantIx, How, Then, Workflow};
use xp_diagnostics::Sources;
use xp_machine::event::Principal;
use xp_machine::{Accepted, Actor, Change, Event, Input, Machine, Start, State, Status};
use xp_scope::{Type, Value};

use super::{list, text};

/// The workflow that a source compiles to.
pub fn compiled(source: &str) -> Workflow {
    let mut sources = Sources::new();
    let library = xpc_sema::Library::standard(&mut sources);
    let id = sources.add("workflow.xp", source);
    let parsed = xp_syntax::parse(id, source);
    let analysis = xpc_sema::analyse(&parsed.tree, &sources, &library);
    analysis.models.into_iter().next().expect("a workflow without faults").workflow
}

/// A use that was carried out, and the outcomes settled at that time.
pub struct Used {
    pub step: String,
    pub action: String,
    pub args: BTreeMap<String, Value>,
    pub controller: String,
    pub before: State,
}

/// A run in which events are carried out.
pub struct Run<'m> {
    pub machine: &'m Machine,
    pub state: State,
    pub used: Vec<Used>,
    submissions: BTreeMap<String, Value>,
    /// The actor of each role.
    cast: BTreeMap<String, Actor>,
}

/// Carries out the events in order. The error is the first event that the machine refuses, or that does not
/// have the stated effect.
pub fn replay<'m>(machine: &'m Machine, events: &[Json], example: &Json) -> Result<Run<'m>, String> {
    let workflow = machine.workflow();
    let start = Start {
        at: 0,
        params: values(&example["params"]),
        instances: workflow.actions.iter().map(|one| (one.connector.clone(), "example".to_owned())).collect(),
        staff: BTreeMap::new(),
        starter: None,
    };
    let state = machine.start(&start).map_err(|refusal| refusal.reason)?;
    let mut run = Run {
        machine,
        state,
        used: Vec::new(),
        submissions: values(&example["submissions"]),
        cast: cast(events),
    };
    for (number, event) in events.iter().enumerate() {
        run.event(event).map_err(|why| format!("event {}: {why}", number + 1))?;
    }
    Ok(run)
}

/// One principal per role, or one for several roles where the trace says so.
fn cast(events: &[Json]) -> BTreeMap<String, Actor> {
    let mut roles: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for event in events {
        let role = text(event, "role");
        let name = event["principal"].as_str().map_or_else(|| format!("the {role}"), str::to_owned);
        roles.entry(name).or_default().insert(role.to_owned());
    }
    let mut cast = BTreeMap::new();
    for (name, played) in roles {
        let principal = Principal::agent(name.clone(), name);
        let actor = Actor { principal, roles: played.iter().cloned().collect() };
        cast.extend(played.into_iter().map(|role| (role, actor.clone())));
    }
    cast
}

fn values(object: &Json) -> BTreeMap<String, Value> {
    serde_json::from_value(object.clone()).expect("values by name")
}

impl Run<'_> {
    fn apply(&mut self, event: Event) -> Result<Accepted, String> {
        let input = Input { at: self.state.time() + 1, kill: None, leased_by: None, event };
        self.machine.apply(&mut self.state, &input).map_err(|refusal| refusal.reason)
    }

    fn event(&mut self, event: &Json) -> Result<(), String> {
        let (step, role) = (text(event, "step"), text(event, "role"));
        let actor = self.cast[role].clone();
        match text(event, "event") {
            "use" => {
                let args = values(&event["args"]);
                let result = serde_json::from_value(event["result"].clone()).expect("a result");
                let before = self.state.clone();
                let grant = event["grant"].as_u64().map(|ix| GrantIx(u32::try_from(ix).expect("a grant")));
                self.perform(&actor, step, (text(event, "action"), grant), args.clone(), result)?;
                self.used.push(Used {
                    step: step.to_owned(),
                    action: text(event, "action").to_owned(),
                    args,
                    controller: actor.principal.controller,
                    before,
                });
                Ok(())
            }
            kind => self.take(&actor, step, text(event, "outcome"), kind),
        }
    }

    fn perform(
        &mut self,
        actor: &Actor,
        step: &str,
        (action, grant): (&str, Option<GrantIx>),
        args: BTreeMap<String, Value>,
        result: Value,
    ) -> Result<(), String> {
        let jti = format!("t{}", self.state.version());
        let (key, actor) = ("key".to_owned(), actor.clone());
        let request = Event::Request {
            jti: jti.clone(),
            actor: actor.clone(),
            key: key.clone(),
            step: step.to_owned(),
            action: action.to_owned(),
            grant,
            args,
        };
        let Accepted::Granted { step, opening, req, .. } = self.apply(request)? else { panic!("no grant") };
        self.apply(Event::Claim { jti: jti.clone(), actor, key, step, opening, req })?;
        self.apply(Event::Complete { jti, result }).map(|_| ())
    }

    /// Takes an outcome, after the submissions and views that it needs.
    fn take(&mut self, actor: &Actor, step: &str, outcome: &str, kind: &str) -> Result<(), String> {
        let machine = self.machine;
        let id = machine.step_named(step).expect("the step");
        let declared = &machine.workflow().steps[id.index()];
        let wanted = declared.outcomes.iter().position(|one| one.name == outcome).expect("the outcome");
        // The exit of an exhausted loop is reached by the loop's own outcome.
        let chosen = match &declared.outcomes[wanted].how {
            How::Exhausted(by) => machine.workflow().loops[by.index()].outcome.index(),
            _ => wanted,
        };
        if matches!(declared.outcomes[wanted].then, Then::Settle) {
            for (index, one) in declared.submissions.iter().enumerate() {
                if self.state.steps()[id.index()].submissions[index].is_none() {
                    let value = self.submissions[&format!("{step}.{}", one.name)].clone();
                    let (step, name) = (step.to_owned(), one.name.clone());
                    self.apply(Event::Submit { actor: actor.clone(), step, name, value })?;
                }
            }
        }
        let chosen_outcome = &declared.outcomes[chosen];
        if let Some(datum) = &chosen_outcome.of {
            let view = Event::View { actor: actor.clone(), step: step.to_owned(), datum: datum.clone() };
            // A value that a connector only named, such as a commit, is not shown by naming it again.
            let seen = |run: &Self| {
                let digest = machine.value(&run.state, datum).map(Value::digest);
                digest.is_some_and(|digest| {
                    run.state.steps()[id.index()].shown.iter().any(|(_, seen)| *seen == digest)
                })
            };
            if self.apply(view).is_err() || !seen(self) {
                self.look(actor, step, datum)?;
            }
        }
        let atom = |outcome: usize| xp_artifact::workflow::Atom {
            step: id,
            outcome: xp_artifact::workflow::OutcomeIx::of(outcome),
        };
        let event = match chosen_outcome.how {
            How::Auto(_) => Event::Settle { outcome: atom(chosen) },
            _ => Event::Judge {
                actor: actor.clone(),
                step: step.to_owned(),
                outcome: chosen_outcome.name.clone(),
                notes: None,
            },
        };
        let Accepted::Done { changes } = self.apply(event)? else { return Err("it waits".to_owned()) };
        let did = changes.iter().any(|change| match change {
            Change::Settled { outcome, .. } => kind == "settle" && *outcome == atom(wanted),
            Change::Reopened { outcome, .. } => kind == "reopen" && *outcome == atom(wanted),
            Change::RunEnded { outcome } => kind == "end" && *outcome == atom(wanted),
            _ => false,
        });
        if did { Ok(()) } else { Err(format!("`{step}` does something else than {kind} with `{outcome}`")) }
    }

    /// Uses a grant whose action shows the data to be judged.
    fn look(
        &mut self,
        actor: &Actor,
        step: &str,
        datum: &xp_artifact::workflow::Datum,
    ) -> Result<(), String> {
        let machine = self.machine;
        let value = machine.value(&self.state, datum).cloned().ok_or("what is judged has no value")?;
        let offers = machine.offers(&self.state, actor, &|_| false);
        let offer = offers.iter().find(|offer| offer.step == step).ok_or("the step is not open")?;
        let mut why = String::new();
        for grant in &offer.grants {
            let workflow = machine.workflow();
            let action =
                workflow.actions.iter().find(|one| format!("{}.{}", one.connector, one.name) == grant.action);
            let action = action.expect("the action");
            let named = workflow.steps.iter().find(|one| one.name == step).expect("the step");
            let named = named.grant_named(&grant.grant);
            let Some(field) = action.shows.first() else { continue };
            let args: Option<BTreeMap<String, Value>> =
                grant.args.iter().map(|(name, _, only)| Some((name.clone(), only.clone()?))).collect();
            let (Some(args), Value::Record(mut result)) = (args, any(workflow, &action.result)) else {
                continue;
            };
            result.insert(field.clone(), value.clone());
            match self.perform(actor, step, (&grant.action, named), args, Value::Record(result)) {
                Ok(()) => return Ok(()),
                Err(refused) => why = format!(": {refused}"),
            }
        }
        Err(format!("nothing in `{step}` shows what it judges{why}"))
    }

    /// Whether the step settled with the outcome.
    pub fn settled(state: &State, workflow: &Workflow, step: &str, outcome: &str) -> bool {
        let index = workflow.steps.iter().position(|one| one.name == step).expect("the step");
        let wanted = workflow.steps[index].outcomes.iter().position(|one| one.name == outcome);
        state.steps()[index].settled.map(|found| found.index()) == Some(wanted.expect("the outcome"))
    }

    pub fn open(&self, step: &str) -> bool {
        let id = self.machine.step_named(step).expect("the step");
        self.state.status() == Status::Running && self.state.steps()[id.index()].open
    }

    pub fn value(&self, name: &str) -> Option<&Value> {
        let datum = self.machine.datum_named(name).unwrap_or_else(|| panic!("no datum `{name}`"));
        self.machine.value(&self.state, &datum)
    }

    pub fn effect(&self, used: &Used) -> xp_artifact::workflow::Effect {
        let actions = &self.machine.workflow().actions;
        let named = actions.iter().find(|one| format!("{}.{}", one.connector, one.name) == used.action);
        named.expect("the action").effect
    }
}

/// A value of a type.
fn any(workflow: &Workflow, ty: &Type) -> Value {
    match ty {
        Type::Bool => Value::Bool(false),
        Type::Int => Value::Int(1),
        Type::Text | Type::Path | Type::Branch => Value::Text("x".to_owned()),
        Type::Commit | Type::Tree => Value::Text("1".repeat(40)),
        Type::Enum(words) => Value::Text(words[0].clone()),
        Type::List(_) | Type::Set(_) => Value::List(Vec::new()),
        Type::Decimal { .. } | Type::Time | Type::Duration => xp_scope::rank::ranked(1, ty).unwrap(),
        Type::Url => Value::Text("https://example.com/x".to_owned()),
        Type::Record(name) => {
            let record = workflow.records.iter().find(|one| one.name == *name).expect("the record");
            let fields = record.fields.iter().map(|field| (field.name.clone(), any(workflow, &field.ty)));
            Value::Record(fields.collect())
        }
    }
}

/// The trace of an obligation, and the example values it assumes.
pub fn trace(obligation: &Json) -> (Vec<Json>, Json) {
    (list(obligation, "trace").clone(), obligation["example"].clone())
}
