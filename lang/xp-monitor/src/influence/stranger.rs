//! What strangers may have written.

use xp_artifact::declaration::Source;
use xp_artifact::workflow::{Action, Workflow};

/// Strangers may have written what is in this field of the action's result: it reveals what they write, and the field comes from
/// what is read. Where no field comes from there, every one that is not an argument may.
#[must_use]
pub fn is_strangers(workflow: &Workflow, action: &Action, field: &[String]) -> bool {
    if !action.reveals_untrusted {
        return false;
    }
    let read = |field: &[String]| {
        workflow.sources(action, field).iter().any(|source| matches!(source, Source::Thing(_)))
    };
    if read(field) {
        return true;
    }
    let somewhere = workflow.leaves(&action.result).iter().any(|leaf| read(leaf));
    !somewhere && action.clauses.identity(field).is_none()
}
