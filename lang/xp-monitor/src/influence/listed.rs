//! Whose names are read: of things that a use does not name itself.

use xp_artifact::declaration::{KeyExpr, ThingExpr};
use xp_artifact::workflow::{Action, Workflow};

use super::stranger::is_read;

/// The use reads what such a thing is called, and not by an argument: as one of a set, as the one that the upstream picks, or by a
/// field of the result that comes from what is read. Of `anything`, too: also where it is not said what is read.
pub(super) fn lists(workflow: &Workflow, action: &Action, read: &ThingExpr) -> bool {
    let clauses = &action.clauses;
    let is_listed = |key: &KeyExpr| match key {
        KeyExpr::Every(_) | KeyExpr::Some => true,
        KeyExpr::Field(fields) => {
            clauses.identity(fields).is_none()
                && clauses.made_as(fields).is_none()
                && is_read(workflow, action, fields)
        }
        KeyExpr::Literal(_) | KeyExpr::Argument { .. } => false,
    };
    *read == ThingExpr::Anything || read.keys().any(is_listed)
}
