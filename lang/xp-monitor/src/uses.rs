//! Which uses a property speaks of.

use xp_artifact::question::Uses;
use xp_artifact::spelling::Spelling;
use xp_artifact::workflow::{Action, Datum, Expr, Workflow};
use xp_scope::Value;

use crate::fact::Use;
use crate::sight::Sight;

/// The action is one that the property speaks of, whatever its arguments.
#[must_use]
pub fn means(uses: &Uses, action: &Action) -> bool {
    uses.means(action)
}

/// The use is one that the property speaks of, with the arguments that it fixes: of a name, however it is spelled.
pub(crate) fn matches(workflow: &Workflow, uses: &Uses, used: &Use, sight: &dyn Sight) -> bool {
    let Some((_, action)) = workflow.granted(used.at) else { return false };
    if !means(uses, action) {
        return false;
    }
    let Uses::Action { args, .. } = uses else { return true };
    args.iter().all(|(index, expr)| {
        let wanted = value(expr, sight);
        let param = action.params.get(*index as usize);
        let given = param.and_then(|param| used.args.get(&param.name));
        wanted.zip(given).is_some_and(|(wanted, given)| {
            *given == wanted || Spelling::of(workflow, action, *index).is_one(given, &wanted)
        })
    })
}

/// What an argument of the property is now, if everything it names has a value.
fn value(expr: &Expr, sight: &dyn Sight) -> Option<Value> {
    let known: Vec<(&Datum, Option<Value>)> = expr.data().map(|datum| (datum, sight.value(datum))).collect();
    expr.value(|datum| known.iter().find(|(of, _)| *of == datum).and_then(|(_, value)| value.as_ref()))
}
