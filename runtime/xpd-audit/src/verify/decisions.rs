//! Decisions parsed into the machine's types.

use serde::Serialize;
use serde::de::DeserializeOwned;
use xp_machine::{Accepted, Input, Refusal, Start};

use super::lines::Read;
use super::report::{Fault, Finding};
use crate::entry::{Body, Part, Verdict};

/// An entry in parsed form.
pub(super) struct Step<'a> {
    pub read: &'a Read,
    pub what: What<'a>,
}

/// Content of an entry.
pub(super) enum What<'a> {
    Opened(Start),
    Decided(Box<Input>, Box<Result<Accepted, Refusal>>),
    /// Any body that is not a decision of the machine.
    Other(&'a Body),
}

/// Parses every entry. An entry that does not parse is a finding.
pub(super) fn read<'a>(lines: impl Iterator<Item = &'a Read>, findings: &mut Vec<Finding>) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    for read in lines {
        let what = match &read.entry.body {
            Body::Opened { start, .. } => typed(start).map(What::Opened),
            Body::Decided(decision) => decided(&decision.input, &decision.result),
            other => Some(What::Other(other)),
        };
        match what {
            Some(what) => steps.push(Step { read, what }),
            None => {
                let why = "its input or result is not one of this machine's";
                findings.push(Finding::at(Fault::Replay, &read.name, why));
            }
        }
    }
    steps
}

fn decided(input: &Part, result: &Verdict) -> Option<What<'static>> {
    let result = match result {
        Verdict::Accepted(accepted) => Ok(typed(accepted)?),
        Verdict::Refused(refusal) => Err(typed(refusal)?),
    };
    Some(What::Decided(Box::new(typed(input)?), Box::new(result)))
}

/// Deserialises the value, and requires that serialising it again gives the same value, so that no member was
/// ignored.
fn typed<T: DeserializeOwned + Serialize>(part: &Part) -> Option<T> {
    let Part::Inline(value) = part else { return None };
    let typed = T::deserialize(value).ok()?;
    (serde_json::to_value(&typed).ok()? == *value).then_some(typed)
}
