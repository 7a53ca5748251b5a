//! Names of tools that clients could confuse.

use xp_artifact::tools::{self, Alike, Does, Tool};
use xp_diagnostics::{Diagnostic, codes};
use xpc_model::{Model, Place};

use crate::problems::Problems;

/// Reports two tools of a workflow whose names are too alike: no server takes such a workflow.
pub fn check(model: &Model, problems: &mut Problems) {
    let Some(Alike { first, second, cure }) = tools::alike(&model.workflow) else { return };
    let (one, other) = (&first.name, &second.name);
    let message = format!("agents could take the tool `{other}` for `{one}`");
    let mut fault = Diagnostic::error(codes::ALIKE_TOOLS, message);
    if let Some(span) = place(&second).and_then(|place| model.spans.get(place)) {
        fault = fault.at(span);
    }
    if let Some(span) = place(&first).and_then(|place| model.spans.get(place)) {
        fault = fault.label(span, format!("`{one}` is for this"));
    }
    problems.push(fault.because("the two names differ in upper case, `.`, `_` and `-` at most").help(cure));
}

fn place(tool: &Tool) -> Option<Place> {
    match tool.does {
        Does::Act(step, _, grant) => Some(Place::Grant(step, grant)),
        Does::Submit(step, submission) => Some(Place::Submission(step, submission)),
        Does::Judge(step) => Some(Place::Step(step)),
        Does::View | Does::Offers | Does::Await | Does::Result => None,
    }
}
