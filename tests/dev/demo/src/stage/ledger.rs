//! What must be refused, what was, and each one's twin.

use std::collections::BTreeMap;

use serde_json::Value;

/// Everything that is tried: key, in words, the code it must be refused with.
const TRIALS: &[(&str, &str, &str)] = &[
    ("agent_network", "network from an agent's container", "unreachable"),
    ("comment_early", "a comment before its step", "out_of_sequence"),
    ("delete_issue", "deleting an issue", "not_granted"),
    ("other_arguments", "a token with other arguments", "wrong_arguments"),
    ("other_agent", "another agent's token", "wrong_key"),
    ("comment_twice", "a second comment on a once-grant", "used_up"),
    ("own_plan", "the developer reviewing its own plan", "not_separate"),
    ("outside_plan", "a write to a file outside the plan", "out_of_scope"),
    ("default_branch", "a write to the default branch", "out_of_scope"),
    ("replayed", "a replayed token", "replayed"),
    ("write_late", "a write granted before its step closed, arriving after", "step_closed"),
    ("sandbox_network", "network for the sandbox", "bad_value"),
    ("write_after_tests", "a write after the tests ran", "step_closed"),
    ("merge_early", "merge before review", "out_of_sequence"),
    ("own_review", "the developer reviewing its own code", "wrong_role"),
    ("write_in_flight", "tests while a claimed write has not landed", "out_of_sequence"),
    ("other_commit", "merge of another commit", "out_of_scope"),
    ("base_moved", "merge after the default branch moved", "connector_refused"),
    ("expired", "a token past its 60 seconds", "expired"),
];

/// One trial.
#[derive(Default)]
struct Entry {
    refused: Option<Refused>,
    twin: Option<Value>,
    wrong: Vec<String>,
}

/// A refusal.
pub struct Refused {
    pub request: Value,
    pub code: String,
    pub clause: Option<String>,
    pub detail: String,
    /// Requests that reached the forge on the way.
    pub reached: usize,
}

/// All of them.
pub struct Ledger {
    entries: BTreeMap<String, Entry>,
    /// The trials of this play.
    wanted: Vec<&'static (&'static str, &'static str, &'static str)>,
}

impl Ledger {
    /// For a play with or without the one that takes a minute.
    pub fn new(whole: bool) -> Self {
        let wanted = TRIALS.iter().filter(|(key, ..)| whole || *key != "expired").collect();
        Self { entries: BTreeMap::new(), wanted }
    }

    /// The trial in words.
    pub fn title(&self, name: &str) -> String {
        let found = TRIALS.iter().find(|(key, ..)| *key == name);
        found.map_or_else(|| name.to_owned(), |(_, title, _)| (*title).to_owned())
    }

    /// Something was refused, or not; `changed` names what is not as it was.
    pub fn refused(&mut self, name: &str, status: u64, refused: Refused, changed: Option<&str>) {
        let code = TRIALS.iter().find(|(key, ..)| *key == name).map_or("?", |(.., code)| code);
        let entry = self.entries.entry(name.to_owned()).or_default();
        if status < 400 {
            entry.wrong.push(format!("it was answered with status {status}"));
        }
        if refused.code != code {
            entry.wrong.push(format!("the code is `{}`, not `{code}`: {}", refused.code, refused.detail));
        }
        if let Some(changed) = changed {
            entry.wrong.push(format!("{changed} changed"));
        }
        entry.refused = Some(refused);
    }

    /// The twin was allowed; `idle`: it was carried out and nothing changed.
    pub fn twin(&mut self, name: &str, request: Value, idle: bool) {
        let entry = self.entries.entry(name.to_owned()).or_default();
        entry.twin = Some(request);
        if idle {
            entry.wrong.push("its twin was carried out, and nothing in the world changed".to_owned());
        }
    }

    /// What is wrong with one.
    fn faults(&self, name: &str) -> Vec<String> {
        let Some(entry) = self.entries.get(name) else { return vec!["it was not tried".to_owned()] };
        let mut faults = entry.wrong.clone();
        match (&entry.refused, &entry.twin) {
            (None, _) => faults.push("it was not tried".to_owned()),
            (_, None) => faults.push("its twin was not tried".to_owned()),
            (Some(refused), Some(twin)) => {
                let fields = differences(&refused.request, twin);
                if fields.len() != 1 {
                    faults.push(format!("the twin differs in {}", fields.join(" and ")));
                }
            }
        }
        faults
    }

    /// How many there must be.
    pub fn count(&self) -> usize {
        self.wanted.len()
    }

    /// How many are not as they must be.
    pub fn wrong(&self) -> usize {
        self.wanted.iter().filter(|(key, ..)| !self.faults(key).is_empty()).count()
    }

    /// The table.
    pub fn print(&self) {
        println!("\n{:<58} {:<20} reached the forge", "tried and refused", "code");
        println!("{}", "-".repeat(100));
        for (key, title, _) in &self.wanted {
            let faults = self.faults(key);
            let mark = if faults.is_empty() { ' ' } else { '!' };
            if let Some(Entry { refused: Some(refused), twin, .. }) = self.entries.get(*key) {
                let reached =
                    if refused.reached == 0 { "no".to_owned() } else { format!("{} reads", refused.reached) };
                println!("{mark} {title:<56} {:<20} {reached}", refused.code);
                println!(
                    "      by      {}",
                    refused.clause.as_deref().unwrap_or("no clause of the workflow")
                );
                if let Some(twin) = twin {
                    println!("      allowed {}", told(&refused.request, twin));
                }
            } else {
                println!("{mark} {title}");
            }
            for fault in faults {
                println!("      WRONG   {fault}");
            }
        }
    }
}

/// What the twin has instead: `with args.path "a" instead of "b"`.
fn told(refused: &Value, twin: &Value) -> String {
    let short = |request: &Value, path: &str| {
        let found =
            request.pointer(&format!("/{}", path.replace('.', "/"))).unwrap_or(&Value::Null).to_string();
        if found.chars().count() > 48 { found.chars().take(47).chain(['…']).collect() } else { found }
    };
    let fields = differences(refused, twin);
    let parts = fields.iter().map(|path| {
        let name = path.strip_prefix("args.").unwrap_or(path);
        format!("with {name} {} instead of {}", short(twin, path), short(refused, path))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// The places in which two requests differ: `args.path`.
pub fn differences(one: &Value, other: &Value) -> Vec<String> {
    fn walk(path: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
        match (one, other) {
            (Value::Object(left), Value::Object(right)) => {
                let names: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
                for name in names {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    walk(&path, &one[name.as_str()], &other[name.as_str()], found);
                }
            }
            _ if one == other => {}
            _ => found.push(path.to_owned()),
        }
    }
    let mut found = Vec::new();
    walk("", one, other, &mut found);
    found
}
