//! The calls of a run, for a draft of a workflow.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use xp_machine::{Event, Input};
use xp_scope::Digest;

use super::archive::read;
use super::layout::{BLOBS, EVENTS};
use crate::entry::{Body, Line, Part, Verdict};

/// The requests for grants of a package, one JSON object in a line: `run`, `principal`, `action`, `args`, `result`, which is `accepted` or
/// `refused`, and `index`, the entry. Verifies nothing.
///
/// # Errors
/// The package cannot be read.
pub fn transcript(package: &[u8]) -> Result<String, String> {
    let (files, faults) = read(package);
    if let Some(fault) = faults.first() {
        return Err(fault.clone());
    }
    let events = files.get(EVENTS).map(Vec::as_slice).unwrap_or_default();
    let mut text = String::new();
    for (number, line) in (1..).zip(events.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())) {
        let wrong = |why: &str| format!("line {number} of `{EVENTS}` {why}");
        let mut line: Line = serde_json::from_slice(line).map_err(|_| wrong("cannot be read"))?;
        line.entry
            .body
            .bring_in(&line.salt, |digest| blob(&files, digest))
            .map_err(|_| wrong("lacks a part"))?;
        let Body::Decided(decision) = &line.entry.body else { continue };
        let Part::Inline(input) = &decision.input else { continue };
        let input = Input::deserialize(input).map_err(|_| wrong("has an input of another version"))?;
        let Event::Request { actor, action, args, .. } = input.event else { continue };
        let result = match decision.result {
            Verdict::Accepted(_) => "accepted",
            Verdict::Refused(_) => "refused",
        };
        let mut call = json!({
            "run": line.entry.run, "principal": actor.principal.name, "action": action, "args": args, "result": result,
            "index": line.entry.index,
        });
        if let (true, Some(call)) = (line.entry.shadow, call.as_object_mut()) {
            call.insert("shadow".to_owned(), true.into());
        }
        text += &format!("{call}\n");
    }
    Ok(text)
}

fn blob<'f>(files: &'f BTreeMap<String, Vec<u8>>, digest: &Digest) -> Option<&'f [u8]> {
    files.get(&format!("{BLOBS}{}", digest.hex())).map(Vec::as_slice)
}
