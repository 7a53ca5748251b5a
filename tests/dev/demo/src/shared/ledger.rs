//! The trials, their results, and their controls.

use std::collections::BTreeMap;

use serde_json::Value;

/// A trial: key, description, expected refusal code.
pub type Trial = (&'static str, &'static str, &'static str);

/// One trial.
#[derive(Default)]
struct Entry {
    refused: Option<Refused>,
    twin: Option<Value>,
    wrong: Vec<String>,
}

/// The result of a trial.
pub struct Refused {
    pub request: Value,
    pub code: String,
    pub clause: Option<String>,
    pub detail: String,
    /// Number of requests that reached the stand-in during the trial.
    pub reached: usize,
}

/// All trials of a run of the demo.
pub struct Ledger {
    entries: BTreeMap<String, Entry>,
    /// The upstream whose requests are counted.
    upstream: &'static str,
    /// The trials to make.
    wanted: Vec<&'static Trial>,
}

impl Ledger {
    /// A ledger of these trials.
    pub fn new(upstream: &'static str, wanted: impl Iterator<Item = &'static Trial>) -> Self {
        Self { entries: BTreeMap::new(), upstream, wanted: wanted.collect() }
    }

    /// Description of a trial.
    pub fn title(&self, name: &str) -> String {
        let found = self.wanted.iter().find(|(key, ..)| *key == name);
        found.map_or_else(|| name.to_owned(), |(_, title, _)| (*title).to_owned())
    }

    /// Records the result of a trial; `changed` names a part of the state that changed.
    pub fn refused(&mut self, name: &str, status: u64, refused: Refused, changed: Option<&str>) {
        let code = self.wanted.iter().find(|(key, ..)| *key == name).map_or("?", |(.., code)| code);
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

    /// Records a control that was permitted; `idle` if it was carried out and changed nothing.
    pub fn twin(&mut self, name: &str, request: Value, idle: bool) {
        let entry = self.entries.entry(name.to_owned()).or_default();
        entry.twin = Some(request);
        if idle {
            entry.wrong.push("its twin was carried out, and nothing in the world changed".to_owned());
        }
    }

    /// The faults of a trial.
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

    /// Number of trials to make.
    pub fn count(&self) -> usize {
        self.wanted.len()
    }

    /// Number of trials with faults.
    pub fn wrong(&self) -> usize {
        self.wanted.iter().filter(|(key, ..)| !self.faults(key).is_empty()).count()
    }

    /// Prints the table.
    pub fn print(&self) {
        println!("\n{:<58} {:<20} reached the {}", "tried and refused", "code", self.upstream);
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
                    println!("      allowed {}", describe(&refused.request, twin));
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

/// How the control differs: `with args.path "a" instead of "b"`.
fn describe(refused: &Value, twin: &Value) -> String {
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

/// The paths at which two requests differ, such as `args.path`.
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
