//! Whether what a proof speaks of happens at all, where limits per run leave that open.
//!
//! Live maps are exactly the maps of runs, unless using a loop up runs into a limit per run: then a live map behind that loop
//! may belong to no run; nor may one that a guard refuses. What was proved of it stays true; whether it says anything is shown by a run, or unknown.

use xp_artifact::question::{Question, Uses};
use xp_artifact::workflow::Formula;
use xpc_model::Verdict;

use super::{Context, Granted, granted, possible, uses};
use crate::answer;
use crate::example::Example;
use crate::facts::GrantAt;
use crate::map::Map;
use crate::plan::{self, Act};
use crate::refute::Setting;
use crate::violation::Violation;

/// Uses that are looked for by a search, where the plan from the map fails.
const SEARCHED: usize = 2;

/// The verdict, unless it is a proof of which no run is known to reach the situation.
pub(crate) fn or_unknown(context: &Context<'_, '_>, question: &Question, verdict: Verdict) -> Verdict {
    let may_miss =
        context.session.walks().any_scarce() || context.facts.taken.any() || !context.facts.w.guards.is_empty();
    if verdict.witness.is_none() || !may_miss {
        return verdict;
    }
    let spoken_of: Vec<&Uses> = match question {
        Question::NoRole(a, b) | Question::NoPrincipal(a, b) => vec![a, b],
        Question::Requires(uses, _)
        | Question::Never(uses)
        | Question::OnlyWithin(uses, _)
        | Question::AtMost(uses, _) => vec![uses],
        _ => return verdict,
    };
    let any_arguments = matches!(question, Question::Never(_));
    for uses in spoken_of {
        let found = if any_arguments {
            uses::reachable(&context.session, granted(context.facts, uses))
        } else {
            possible(&context.session, uses)
        };
        let found = match found {
            Ok(found) => found,
            Err(why) => return answer::unknown(why),
        };
        if !occurs(context, &found) {
            return answer::unknown(format!(
                "nothing violates it, but no run was found in which `{}` is used: a limit per run stands in the way of a loop, or a guard",
                uses::words(uses)
            ));
        }
    }
    verdict
}

/// One of the uses is made in some run.
fn occurs(context: &Context<'_, '_>, found: &[(Granted<'_>, Example<'_, '_>)]) -> bool {
    let walks = context.session.walks();
    let unguarded = context.facts.w.guards.is_empty();
    if unguarded && found.iter().any(|(_, example)| !walks.needs_scarce(context.facts, &example.map())) {
        return true;
    }
    let all = found.iter().map(|(granted, example)| (granted.at, example.map()));
    let found: Vec<(GrantAt, Map)> = all.take(super::MOST).collect();
    let made = |at: GrantAt| Violation::UseWithout(at, Formula::Any(Vec::new()));
    let planned = |(at, map): &(GrantAt, Map)| {
        let acts = plan::to_map(context.facts, map, &[Act::using(*at)]);
        acts.is_some_and(|acts| context.stage.can(&acts, &made(*at)).is_ok())
    };
    found.iter().any(planned)
        || found
            .iter()
            .take(SEARCHED)
            .any(|(at, _)| context.stage.search(&made(*at), &Setting::default(), "").is_ok())
}
