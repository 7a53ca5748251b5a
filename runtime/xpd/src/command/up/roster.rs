//! The roster: an agent for each role, the people, and who starts runs. Keys of agents end after a day and are made again at the start.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use xp_artifact::starts;
use xp_artifact::workflow::{RoleKind, Workflow};

use super::folder::{self, ROSTER};
use crate::Failure;

/// The first line of a roster that is written again at each start.
const OWN: &str = "# Written by `xpd up` at each start. Remove this line to keep changes of your own.";
/// How long a key of an agent counts.
const LASTS: Duration = Duration::from_secs(24 * 60 * 60);

/// What the roster says.
pub struct Roster {
    workflow: String,
    /// Roles of agents; each is the name of a principal, too.
    pub agents: Vec<String>,
    /// People for all roles of people.
    pub people: Vec<String>,
    human: Vec<String>,
    /// The principal that starts runs and has no role.
    pub starter: String,
    /// The values with which runs are started, by path.
    pub params: Map<String, Value>,
}

impl Roster {
    pub fn of(workflow: &Workflow, people: Vec<String>, params: Map<String, Value>) -> Self {
        let of = |kind: RoleKind| -> Vec<String> {
            let own = workflow.roles.iter().filter(|role| role.kind == kind);
            own.map(|role| role.name.clone()).collect()
        };
        let (agents, human) = (of(RoleKind::Agent), of(RoleKind::Human));
        let mut starter = "starter".to_owned();
        while agents.contains(&starter) || people.contains(&starter) {
            starter.push_str("-of-runs");
        }
        Self { workflow: workflow.name.clone(), agents, people, human, starter, params }
    }

    /// Nobody has two names, and the starter is left no choice that must be pinned.
    pub fn is_whole(&self, workflow: &Workflow) -> Result<(), Failure> {
        if let Some(name) = self.people.iter().find(|name| self.agents.contains(name)) {
            return Err(Failure::Input(format!(
                "`{name}` is a person and the name of a role: call the person otherwise, with `--person NAME`"
            )));
        }
        let named: Vec<&str> = self.params.keys().map(String::as_str).collect();
        if let Some(unknown) = named.iter().find(|name| starts::named(workflow, name).is_none()) {
            let known = starts::leaves(workflow).join(", ");
            let known = if known.is_empty() { "it has none".to_owned() } else { format!("it has {known}") };
            return Err(Failure::Input(format!(
                "`--param {unknown}`: this is no parameter of `{}`; {known}",
                workflow.name
            )));
        }
        let open = starts::open(workflow, &named);
        let Some(first) = open.first() else { return Ok(()) };
        let all: String = open.iter().map(|one| format!(" --param {}=…", one.path)).collect();
        Err(Failure::Input(format!(
            "whoever starts a run must not choose `{}` freely: {}. Say which values it has: xpd up{all}",
            first.path,
            first.reason()
        )))
    }

    /// Whether every parameter has a value, so that a run can be started.
    pub fn can_start(&self, workflow: &Workflow) -> bool {
        starts::leaves(workflow).iter().all(|leaf| {
            let mut above = leaf.match_indices('.').filter_map(|(at, _)| leaf.get(..at));
            self.params.contains_key(leaf) || above.any(|path| self.params.contains_key(path))
        })
    }

    /// The values as parameters of a start.
    pub fn start_params(&self) -> Map<String, Value> {
        let mut all = Map::new();
        for (path, value) in &self.params {
            put(&mut all, path, value.clone());
        }
        all
    }

    /// Writes keys and roster. Says what was made.
    pub fn write(&self) -> Result<String, Failure> {
        let mut text = format!("{OWN}\n\n");
        for (name, roles) in
            self.agents.iter().map(|role| (role, json!([role]))).chain([(&self.starter, json!([]))])
        {
            let until = fresh(name)?;
            let (_, public) = folder::key_files(name);
            text += &format!(
                "[[principal]]\nname = {}\ncontroller = {}\nroles = {roles}\nkey_file = {}\nheld = \"file\"\nuntil = {until}\n\n",
                json!(name),
                json!(name),
                json!(public)
            );
        }
        for name in &self.people {
            text += &format!(
                "[[principal]]\nname = {}\nkind = \"person\"\ncontroller = {}\nroles = {}\n\n",
                json!(name),
                json!(name),
                json!(self.human)
            );
        }
        let mut params = Vec::new();
        for (name, value) in &self.params {
            if value.is_object() || value.is_null() {
                return Err(Failure::Input(format!(
                    "`--param {name}`: name each field of its own, as in `{name}.FIELD=…`"
                )));
            }
            params.push(format!("{} = {value}", json!(name)));
        }
        text += &format!(
            "[[start]]\nartifact = {}\nprincipals = [{}]\nparams = {{ {} }}\nmax_open = 10\nmax_per_day = 100\n",
            json!(self.workflow),
            json!(self.starter),
            params.join(", ")
        );
        folder::write(Path::new(ROSTER), &text)?;
        Ok(format!("{ROSTER}, {}/: an agent for each role, with keys for a day", folder::KEYS))
    }
}

/// There is a roster, and it is the operator's own.
pub fn is_kept() -> bool {
    std::fs::read_to_string(ROSTER).is_ok_and(|text| !text.starts_with(OWN))
}

fn put(all: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(all.insert(path.to_owned(), value)),
        Some((first, rest)) => {
            let inner = all.entry(first).or_insert_with(|| json!({}));
            if let Some(inner) = inner.as_object_mut() {
                put(inner, rest, value);
            }
        }
    }
}

/// A key of this name that still counts, made if there is none. Returns when it ends.
fn fresh(name: &str) -> Result<String, Failure> {
    let (own, public) = folder::key_files(name);
    let made = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
    let now = SystemTime::now();
    let until = made(&own).filter(|_| public.is_file()).map(|made| made + LASTS).filter(|until| *until > now);
    let until = match until {
        Some(until) => until,
        None => {
            folder::key(name)?;
            now + LASTS
        }
    };
    let seconds = until.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let millis = i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX);
    xp_scope::instant::written(millis)
        .ok_or_else(|| Failure::Failed("the clock of this host is wrong".to_owned()))
}
