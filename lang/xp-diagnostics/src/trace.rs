//! The run that shows a failure, as a fault carries it: by names and places, so that it can be drawn, folded and replayed
//! without the model it came from.

use serde::{Deserialize, Serialize};
use xp_scope::Value;

use crate::source::Span;

/// Events from the start of a run, the last one being the failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// The parameters the example assumes, by name.
    pub params: Vec<(String, Value)>,
    /// What the example assumes to be handed in, whenever the step is open.
    pub submissions: Vec<HandedIn>,
    /// What was chosen so that two things are one, by name: parameters, submissions, results, arguments.
    pub chosen: Vec<(String, Value)>,
    /// In order.
    pub events: Vec<Event>,
    /// What is wrong after the last one, in words.
    pub ends_in: String,
}

/// A submission and its value in the example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandedIn {
    /// The step that takes it.
    pub step: String,
    /// Its name in the step.
    pub name: String,
    /// What is handed in.
    pub value: Value,
}

/// One event of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The step it happens in.
    pub step: String,
    /// The role acting.
    pub role: String,
    /// A principal's name, where who acts matters.
    pub principal: Option<String>,
    /// What happens.
    pub kind: EventKind,
    /// Where it comes from in the source.
    pub span: Option<Span>,
}

/// What happens in an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum EventKind {
    /// A grant is used.
    Use {
        /// Number of the grant in its step, from 0: two grants may be of one action.
        grant: u32,
        /// The qualified action, `github.contents.write`.
        action: String,
        /// The arguments, by name.
        args: Vec<(String, Value)>,
        /// The result the example assumes.
        result: Value,
    },
    /// The step settles.
    Settle {
        /// With this outcome.
        outcome: String,
    },
    /// The step's outcome opens an earlier step again.
    Reopen {
        /// The outcome judged.
        outcome: String,
        /// The step opened.
        target: String,
    },
    /// The run ends.
    End {
        /// The outcome judged.
        outcome: String,
    },
}
