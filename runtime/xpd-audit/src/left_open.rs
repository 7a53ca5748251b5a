//! What an installation leaves open, as its operator says: part of each run's first entry, so that whoever reads the evidence knows.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::entry::Facts;

/// The fact of a run's first entry.
const FACT: &str = "left_open";

/// Something that is left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOpen {
    /// Agents and server are one user of the host.
    SameUser,
    /// Clients of agents still have the servers themselves.
    Bypass,
}

impl LeftOpen {
    /// Its name in configuration and log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SameUser => "same_user",
            Self::Bypass => "bypass",
        }
    }

    /// What it means.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::SameUser => {
                "agents run under the server's user: an agent with a shell can read the keys of the server, of administrators and of other agents"
            }
            Self::Bypass => {
                "a client of an agent is configured with servers that this server wraps: it reaches them without a grant"
            }
        }
    }
}

/// Adds the fact to those of a run's first entry, if there is anything to say.
pub fn tell(open: &BTreeSet<LeftOpen>, facts: &mut Facts) {
    if !open.is_empty() {
        facts.insert(FACT.to_owned(), open.iter().map(|one| Value::from(one.name())).collect());
    }
}

/// What the first entry of a run says, in words. A name that this version does not know is given as it is.
#[must_use]
pub fn told(facts: &Facts) -> Vec<String> {
    let names = facts.get(FACT).and_then(Value::as_array).into_iter().flatten();
    let words = |name: &Value| match LeftOpen::deserialize(name) {
        Ok(known) => format!("{}: {}", known.name(), known.text()),
        Err(_) => name.to_string(),
    };
    names.map(words).collect()
}
