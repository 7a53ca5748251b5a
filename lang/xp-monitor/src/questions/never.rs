//! A use never begins.

use xp_artifact::question::Uses;
use xp_artifact::workflow::Workflow;

use crate::fact::Use;
use crate::sight::Sight;
use crate::uses::matches;

pub(crate) fn broken(workflow: &Workflow, uses: &Uses, used: &Use, sight: &dyn Sight) -> bool {
    matches(workflow, uses, used, sight)
}
