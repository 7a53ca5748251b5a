//! How often each step opens and each grant is used in a run, at most. Printed; there is nothing to refute.

use xp_artifact::workflow::Per;
use xpc_model::Verdict;

use super::Context;
use crate::answer;

/// Lines printed at most.
const LINES: usize = 200;

pub(crate) fn ask(context: &Context<'_, '_>) -> Verdict {
    let facts = context.facts;
    let mut verdict = answer::proved();
    let mut left = 0_usize;
    for step in facts.steps() {
        let declared = facts.step(step);
        if verdict.notes.len() >= LINES {
            left += usize::from(!declared.grants.is_empty() || context.cover().is_reset(step));
            continue;
        }
        let openings = context.openings().of(step);
        if openings == 1 && declared.grants.is_empty() {
            continue;
        }
        let uses: Vec<String> = declared
            .grants
            .iter()
            .map(|grant| {
                let action = facts.action(grant.action);
                let uses = match grant.limit.per {
                    Per::Run => u64::from(grant.limit.uses),
                    Per::Opening => u64::from(grant.limit.uses).saturating_mul(openings),
                };
                format!("{}.{} {uses}", action.connector, action.name)
            })
            .collect();
        let times = if openings == 1 { "once".to_owned() } else { format!("at most {openings} times") };
        let listed =
            if uses.is_empty() { String::new() } else { format!("; uses at most: {}", uses.join(", ")) };
        verdict.notes.push(format!("`{}` opens {times}{listed}", declared.name));
    }
    if left > 0 {
        verdict.notes.push(format!("… and {left} more steps"));
    }
    verdict
}
