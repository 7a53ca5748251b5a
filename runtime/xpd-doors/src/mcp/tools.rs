//! The tools of a contract. They depend on the artifact and on the caller's roles, and on nothing that happens in the run.

use std::sync::Arc;

use rmcp::model::{Tool, ToolAnnotations};
use serde_json::{Map, Value as Json, json};
use xp_artifact::print;
use xp_artifact::tools;
use xp_artifact::workflow::{Action, ActionId, Effect, Grant, GrantIx, How, Step, SubmissionIx, Workflow};
use xp_machine::Machine;

use super::schema;

/// What a tool does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// Requests and uses a grant.
    Act { step: String, action: String },
    /// Hands something in.
    Submit { step: String, name: String },
    /// Decides an outcome.
    Judge { step: String },
    /// Shows a datum.
    View,
    /// Says what is open.
    Offers,
    /// Waits until something else is open.
    Await,
    /// Says what became of an action.
    Result,
}

/// A tool.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub name: String,
    pub does: Does,
    /// The role that has it; none for what everybody has.
    role: Option<String>,
    listed: Tool,
}

impl Entry {
    /// Whether somebody with these roles has it.
    pub fn is_of(&self, roles: &[String]) -> bool {
        self.role.as_ref().is_none_or(|role| roles.contains(role))
    }

    /// The tool as MCP writes it.
    pub fn listed(&self) -> &Tool {
        &self.listed
    }
}

fn entry(
    name: String,
    does: Does,
    role: Option<String>,
    says: String,
    input: Json,
    output: Json,
    hints: ToolAnnotations,
) -> Entry {
    let members = |schema: Json| if let Json::Object(members) = schema { members } else { Map::new() };
    let listed = Tool::new(name.clone(), says, members(input))
        .with_raw_output_schema(Arc::new(members(output)))
        .with_annotations(hints);
    Entry { name, does, role, listed }
}

/// All tools of a contract, of every role, sorted by name.
///
/// # Errors
/// Two names are too alike. Such a contract is refused at deployment, but an older server may have taken it.
pub(super) fn all(machine: &Machine) -> Result<Vec<Entry>, String> {
    let workflow = machine.workflow();
    tools::distinct(workflow).map_err(|error| format!("{error}, or use the HTTP API"))?;
    Ok(tools::of(workflow).into_iter().filter_map(|tool| described(workflow, tool)).collect())
}

/// A tool with all that is said of it.
fn described(workflow: &Workflow, tool: tools::Tool) -> Option<Entry> {
    let name = tool.name;
    let step = tool.does.step().and_then(|step| workflow.steps.get(step.index()));
    match tool.does {
        tools::Does::View => Some(view(name)),
        tools::Does::Offers => Some(offers(name)),
        tools::Does::Await => Some(awaits(name)),
        tools::Does::Result => Some(result(name)),
        tools::Does::Act(_, action, _) => {
            acts(workflow, step?, workflow.actions.get(action.index())?, action, name)
        }
        tools::Does::Submit(_, submission) => submits(workflow, step?, submission, name),
        tools::Does::Judge(_) => judges(workflow, step?, name),
    }
}

/// The role of a step.
fn role(workflow: &Workflow, step: &Step) -> Option<String> {
    workflow.roles.get(step.role.index()).map(|role| role.name.clone())
}

fn submits(workflow: &Workflow, step: &Step, submission: SubmissionIx, name: String) -> Option<Entry> {
    let submission = step.submissions.get(submission.index())?;
    let does = Does::Submit { step: step.name.clone(), name: submission.name.clone() };
    let mut value = Map::new();
    value.insert("value".to_owned(), schema::of(workflow, &submission.ty));
    let says = format!("Hand in `{}` for step `{}`.", submission.name, step.name);
    let input = schema::object(value, &["value"]);
    Some(entry(name, does, Some(role(workflow, step)?), says, input, said(), hints(false, false)))
}

fn judges(workflow: &Workflow, step: &Step, name: String) -> Option<Entry> {
    let judged = step.outcomes.iter().filter(|outcome| matches!(outcome.how, How::Judged | How::JudgedIf(_)));
    let outcomes: Vec<&str> = judged.map(|outcome| outcome.name.as_str()).collect();
    let mut input = Map::new();
    input.insert("outcome".to_owned(), json!({ "type": "string", "enum": outcomes }));
    let notes = "for those whose work is sent back";
    input.insert("notes".to_owned(), json!({ "type": "string", "maxLength": 16_384, "description": notes }));
    let says = format!("Decide how step `{}` ends.", step.name);
    let does = Does::Judge { step: step.name.clone() };
    let input = schema::object(input, &["outcome"]);
    Some(entry(name, does, Some(role(workflow, step)?), says, input, said(), hints(false, false)))
}

fn acts(workflow: &Workflow, step: &Step, action: &Action, id: ActionId, name: String) -> Option<Entry> {
    let grants = step.grants.iter().enumerate().filter(|(_, grant)| grant.action == id);
    let grants: Vec<(String, &Grant)> =
        grants.filter_map(|(ix, grant)| Some((step.grant_name(GrantIx::of(ix))?, grant))).collect();
    let qualified = format!("{}.{}", action.connector, action.name);
    let mut says = vec![format!("`{qualified}` in step `{}` of workflow `{}`.", step.name, workflow.name)];
    says.extend(workflow.doc.clone());
    says.push(effect(action));
    says.extend(grants.iter().map(|(_, grant)| format!("Clause: {}", print::grant(workflow, grant))));
    let does = Does::Act { step: step.name.clone(), action: qualified };
    let hints = hints(action.effect == Effect::Read && action.is_harmless(), action.irreversible);
    let (input, output) = (schema::arguments(workflow, action, &grants), done(workflow, action));
    Some(entry(name, does, Some(role(workflow, step)?), says.join("\n"), input, output, hints))
}

fn effect(action: &Action) -> String {
    let mut says = format!("Declared effect: {}", action.effect.as_str());
    for (is, what) in [
        (action.irreversible, "cannot be undone"),
        (action.publishes, "its arguments become public"),
        (action.reveals_untrusted, "its result holds text that strangers may have written"),
        (action.reveals_private, "its result is private"),
    ] {
        if is {
            says.push_str("; ");
            says.push_str(what);
        }
    }
    says.push('.');
    says
}

fn hints(reads: bool, destroys: bool) -> ToolAnnotations {
    ToolAnnotations::new().read_only(reads).destructive(destroys)
}

fn done(workflow: &Workflow, action: &Action) -> Json {
    let mut members = Map::new();
    members.insert("result".to_owned(), schema::of(workflow, &action.result));
    let bound = "the result counts as evidence in the step's current opening";
    members.insert("bound".to_owned(), json!({ "type": "boolean", "description": bound }));
    members.insert("index".to_owned(), json!({ "type": "integer", "description": "for the tool `result`" }));
    members.insert("replayed".to_owned(), json!({ "type": "boolean" }));
    schema::object(members, &["bound", "index", "replayed"])
}

fn said() -> Json {
    let mut members = Map::new();
    members.insert("index".to_owned(), json!({ "type": "integer" }));
    let pending = "it takes effect when the actions under way have ended";
    members.insert("pending".to_owned(), json!({ "type": "boolean", "description": pending }));
    members.insert("replayed".to_owned(), json!({ "type": "boolean" }));
    schema::object(members, &["index", "pending", "replayed"])
}

/// A tool that everybody has.
fn own(name: String, does: Does, says: &str, input: Json, reads: bool) -> Entry {
    entry(name, does, None, says.to_owned(), input, json!({ "type": "object" }), hints(reads, false))
}

/// The schema of a described text.
fn text(what: &str) -> Json {
    json!({ "type": "string", "description": what })
}

fn offers(name: String) -> Entry {
    let says = "Say what is open to you now, and what your other steps wait for.";
    own(name, Does::Offers, says, schema::object(Map::new(), &[]), true)
}

fn awaits(name: String) -> Entry {
    let seen = text("`seen` of the last `offers` or `await`; returns at once if that is no longer so");
    let input = schema::object(Map::from_iter([("seen".to_owned(), seen)]), &[]);
    let says = "Wait until something else is open to you, at most 55 seconds. Call it again to wait longer.";
    own(name, Does::Await, says, input, true)
}

fn result(name: String) -> Entry {
    let index = json!({ "type": "integer", "minimum": 0 });
    let input = schema::object(Map::from_iter([("index".to_owned(), index)]), &["index"]);
    own(
        name,
        Does::Result,
        "Say what became of an earlier action, by the `index` of its answer.",
        input,
        true,
    )
}

fn view(name: String) -> Entry {
    let (step, datum) = (text("the step in which it is looked at"), text("the datum, as `offers` names it"));
    let input = Map::from_iter([("step".to_owned(), step), ("datum".to_owned(), datum)]);
    let input = schema::object(input, &["step", "datum"]);
    let says =
        "Look at a datum of the run. What you judge you must have looked at; that you looked is recorded.";
    own(name, Does::View, says, input, false)
}
