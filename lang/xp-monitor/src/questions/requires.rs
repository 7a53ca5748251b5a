//! Whenever a use begins, the formula is in force.

use xp_artifact::question::Uses;
use xp_artifact::workflow::{Formula, Workflow};

use crate::fact::Use;
use crate::sight::Sight;
use crate::uses::matches;

pub(crate) fn broken(
    workflow: &Workflow,
    uses: &Uses,
    formula: &Formula,
    used: &Use,
    sight: &dyn Sight,
) -> bool {
    matches(workflow, uses, used, sight)
        && !formula.holds(&|atom| sight.settled(atom), &|test| test.holds(&|datum| sight.value(datum)))
}
