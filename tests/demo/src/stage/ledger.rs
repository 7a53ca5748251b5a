//! What must be refused, what was, and each one's twin.

use std::collections::BTreeMap;

use serde_json::Value;

/// Everything that is tried: key, in words, the code it must be refused with.
const TRIALS: &[(&str, &str, &str)] = &[
    ("agent_network", "network from an agent's container", "no route"),
    ("comment_early", "a comment before its step", "out_of_sequence"),
    ("delete_issue", "deleting an issue", "not_granted"),
    ("other_arguments", "a token with other arguments", "wrong_arguments"),
    ("other_agent", "another agent's token", "wrong_key"),
    ("comment_twice", "a second comment on a once-grant", "used_up"),
    ("outside_plan", "a write to a file outside the plan", "out_of_scope"),
    ("default_branch", "a write to the default branch", "out_of_scope"),
    ("replayed", "a replayed token", "replayed"),
    ("write_late", "a write granted before its step closed, arriving after", "step_closed"),
    ("sandbox_network", "network for the sandbox", "bad_value"),
    ("write_after_tests", "a write after the tests ran", "step_closed"),
    ("merge_early", "merge before review", "out_of_sequence"),
    ("own_review", "the developer reviewing its own code", "not_separate"),
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

    /// The twin was allowed.
    pub fn twin(&mut self, name: &str, request: Value) {
        self.entries.entry(name.to_owned()).or_default().twin = Some(request);
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

    /// How many are not as they must be.
    pub fn wrong(&self) -> usize {
        self.wanted.iter().filter(|(key, ..)| !self.faults(key).is_empty()).count()
    }

    /// The table.
    pub fn print(&self) {
        println!("\n{:<56} {:<18} {:<36} reached the forge", "tried and refused", "code", "its twin, allowed");
        println!("{}", "-".repeat(128));
        for (key, title, _) in &self.wanted {
            let faults = self.faults(key);
            let (mut code, mut clause, mut twin, mut reached) = ("?".to_owned(), None, "?".to_owned(), "?".to_owned());
            if let Some(Entry { refused, twin: allowed, .. }) = self.entries.get(*key) {
                if let Some(refused) = refused {
                    (code, clause) = (refused.code.clone(), refused.clause.clone());
                    reached = if refused.reached == 0 { "no".to_owned() } else { format!("{} reads", refused.reached) };
                }
                if let (Some(refused), Some(allowed)) = (refused, allowed) {
                    twin = differences(&refused.request, allowed).join(", ");
                }
            }
            let mark = if faults.is_empty() { ' ' } else { '!' };
            println!("{mark}{:<55} {code:<18} {:<36} {reached}", title, format!("differs in {twin}"));
            println!("      {}", clause.unwrap_or_else(|| "(no clause: the token or the connector refused)".to_owned()));
            for fault in faults {
                println!("      WRONG: {fault}");
            }
        }
    }
}

/// The places in which two requests differ: `args.path (\`a\`, twin \`b\`)`.
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
