//! The tools of a contract. They depend on the artifact and on the caller's roles, and on nothing that happens in the run.

use serde_json::{Map, Value as Json, json};
use xp_artifact::print;
use xp_artifact::workflow::{Action, Effect, Grant, GrantIx, How, Step, Workflow};
use xp_machine::Machine;

use super::{names, schema};

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
    described: Json,
}

impl Entry {
    /// Whether somebody with these roles has it.
    pub fn is_of(&self, roles: &[String]) -> bool {
        self.role.as_ref().is_none_or(|role| roles.contains(role))
    }

    /// The tool as MCP writes it.
    pub fn described(&self) -> &Json {
        &self.described
    }
}

fn entry(
    name: String,
    does: Does,
    role: Option<String>,
    says: String,
    input: Json,
    output: Json,
    hints: Json,
) -> Entry {
    let described = json!({
        "name": name, "description": says, "inputSchema": input, "outputSchema": output, "annotations": hints,
    });
    Entry { name, does, role, described }
}

/// All tools of a contract, of every role, sorted by name.
///
/// # Errors
/// Two names are too alike.
pub(super) fn all(machine: &Machine) -> Result<Vec<Entry>, String> {
    let workflow = machine.workflow();
    let mut tools = own();
    for step in &workflow.steps {
        let Some(role) = workflow.roles.get(step.role.index()).map(|role| role.name.clone()) else {
            continue;
        };
        actions(workflow, step, &role, &mut tools);
        for submission in &step.submissions {
            let name = names::cut(format!("submit.{}.{}", step.name, submission.name));
            let does = Does::Submit { step: step.name.clone(), name: submission.name.clone() };
            let mut value = Map::new();
            value.insert("value".to_owned(), schema::of(workflow, &submission.ty));
            let says = format!("Hand in `{}` for step `{}`.", submission.name, step.name);
            let input = schema::object(value, &["value"]);
            tools.push(entry(name, does, Some(role.clone()), says, input, said(), hints(false, false)));
        }
        let judged =
            step.outcomes.iter().filter(|outcome| matches!(outcome.how, How::Judged | How::JudgedIf(_)));
        let outcomes: Vec<&str> = judged.map(|outcome| outcome.name.as_str()).collect();
        if !outcomes.is_empty() {
            let mut input = Map::new();
            input.insert("outcome".to_owned(), json!({ "type": "string", "enum": outcomes }));
            let notes = "for those whose work is sent back";
            input.insert(
                "notes".to_owned(),
                json!({ "type": "string", "maxLength": 16_384, "description": notes }),
            );
            let says = format!("Decide how step `{}` ends.", step.name);
            let (name, does) =
                (names::cut(format!("judge.{}", step.name)), Does::Judge { step: step.name.clone() });
            let input = schema::object(input, &["outcome"]);
            tools.push(entry(name, does, Some(role.clone()), says, input, said(), hints(false, false)));
        }
    }
    tools.sort_by(|one, other| one.name.cmp(&other.name));
    match names::alike(tools.iter().map(|tool| tool.name.as_str())) {
        Some((one, other)) => Err(format!(
            "the tools `{one}` and `{other}` of this workflow are too alike; rename a step, or use the HTTP API"
        )),
        None => Ok(tools),
    }
}

fn actions(workflow: &Workflow, step: &Step, role: &str, tools: &mut Vec<Entry>) {
    for (index, action) in workflow.actions.iter().enumerate() {
        let grants = step.grants.iter().enumerate().filter(|(_, grant)| grant.action.index() == index);
        let grants: Vec<(String, &Grant)> =
            grants.filter_map(|(ix, grant)| Some((step.grant_name(GrantIx::of(ix))?, grant))).collect();
        if grants.is_empty() {
            continue;
        }
        let qualified = format!("{}.{}", action.connector, action.name);
        let name = names::cut(format!("{}.{qualified}", step.name));
        let mut says =
            vec![format!("`{qualified}` in step `{}` of workflow `{}`.", step.name, workflow.name)];
        says.extend(workflow.doc.clone());
        says.push(effect(action));
        says.extend(grants.iter().map(|(_, grant)| format!("Clause: {}", print::grant(workflow, grant))));
        let does = Does::Act { step: step.name.clone(), action: qualified };
        let hints = hints(action.effect == Effect::Read && action.is_harmless(), action.irreversible);
        let (input, output) = (schema::arguments(workflow, action, &grants), done(workflow, action));
        tools.push(entry(name, does, Some(role.to_owned()), says.join("\n"), input, output, hints));
    }
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

fn hints(reads: bool, destroys: bool) -> Json {
    json!({ "readOnlyHint": reads, "destructiveHint": destroys })
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

fn own() -> Vec<Entry> {
    let open = json!({ "type": "object" });
    let text = |what: &str| json!({ "type": "string", "description": what });
    let nothing = schema::object(Map::new(), &[]);
    let mut seen = Map::new();
    seen.insert(
        "seen".to_owned(),
        text("`seen` of the last `offers` or `await`; returns at once if that is no longer so"),
    );
    let mut index = Map::new();
    index.insert("index".to_owned(), json!({ "type": "integer", "minimum": 0 }));
    let mut datum = Map::new();
    datum.insert("step".to_owned(), text("the step in which it is looked at"));
    datum.insert("datum".to_owned(), text("the datum, as `offers` names it"));
    let tool = |name: &str, does, says: &str, input, hints| {
        entry(name.to_owned(), does, None, says.to_owned(), input, open.clone(), hints)
    };
    vec![
        tool(
            "offers",
            Does::Offers,
            "Say what is open to you now, and what your other steps wait for.",
            nothing,
            hints(true, false),
        ),
        tool(
            "await",
            Does::Await,
            "Wait until something else is open to you, at most 55 seconds. Call it again to wait longer.",
            schema::object(seen, &[]),
            hints(true, false),
        ),
        tool(
            "result",
            Does::Result,
            "Say what became of an earlier action, by the `index` of its answer.",
            schema::object(index, &["index"]),
            hints(true, false),
        ),
        tool(
            "view",
            Does::View,
            "Look at a datum of the run. What you judge you must have looked at; that you looked is recorded.",
            schema::object(datum, &["step", "datum"]),
            hints(false, false),
        ),
    ]
}
