//! Whether what a proof speaks of happens at all, where limits per run leave that open.
//!
//! Live maps are exactly the maps of runs, unless using a loop up runs into a limit per run, or a guard may refuse a use: then
//! some live maps belong to no run. What was proved of them stays true; whether it says anything is shown by a run, or unknown.

use xp_artifact::question::{Question, Uses};
use xp_artifact::workflow::Atom;
use xp_diagnostics::{Event, EventKind};
use xpc_model::Verdict;

use super::{Context, Granted, granted, possible, uses};
use crate::answer;
use crate::example::Example;
use crate::facts::GrantAt;
use crate::map::Map;
use crate::plan::{self, Act};
use crate::refute::Setting;
use crate::told;
use crate::violation::Violation;
use crate::way::Way;

/// Uses that are looked for by a search, where the plan from the map fails.
const SEARCHED: usize = 2;

/// The verdict, unless it is a proof of which no run is known to reach the situation.
pub(crate) fn or_unknown(context: &Context<'_, '_>, question: &Question, verdict: Verdict) -> Verdict {
    let may_miss = context.session.walks().any_scarce()
        || context.facts.taken.any()
        || !context.facts.guarding().is_exact();
    if verdict.witness.is_none() || !may_miss {
        return verdict;
    }
    let spoken_of = xp_monitor::spoken_of(question);
    let any_arguments = matches!(question, Question::Never(_));
    let mut shown = None;
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
        let asked = (!any_arguments).then_some(uses);
        let Some(run) = occurs(context, asked, &found) else {
            let why = if context.facts.guarding().is_exact() {
                "a limit per run stands in the way of a loop"
            } else {
                "a guard stands in the way, or a limit per run"
            };
            return answer::unknown(format!(
                "nothing violates it, but no run was found in which `{}` is used: {why}",
                uses::words(uses)
            ));
        };
        shown = shown.or(Some(run));
    }
    Verdict { witness: shown.or(verdict.witness), ..verdict }
}

/// What is settled in some run in which one of the uses is made, with the arguments that are asked about.
fn occurs(
    context: &Context<'_, '_>,
    asked: Option<&Uses>,
    found: &[(Granted<'_>, Example<'_, '_>)],
) -> Option<Vec<Atom>> {
    let (facts, walks) = (context.facts, context.session.walks());
    if facts.guarding().is_exact() {
        let surely = found.iter().find(|(_, example)| !walks.needs_scarce(facts, &example.map()));
        if let Some((_, example)) = surely {
            return Some(example.in_order(facts));
        }
    }
    let all = found.iter().take(super::MOST).filter_map(|(granted, example)| {
        let mut setting = Setting::default();
        if let Some(uses) = asked {
            // A guard may refuse these arguments and no others.
            let args = uses::steered(context, uses, granted.grant, &mut setting).ok()?;
            let aims = args.into_iter().map(|(number, value)| (number, Vec::new(), value));
            setting.aims.insert(granted.at, aims.collect());
        }
        Some((granted.at, example.map(), setting))
    });
    let found: Vec<(GrantAt, Map, Setting<'_>)> = all.collect();
    let made = |at: GrantAt| Violation::Unjudged(at, Way::NEVER);
    let planned = |(at, map, setting): &&(GrantAt, Map, Setting<'_>)| {
        let acts = plan::to_map(facts, map, &[Act::using(*at)]);
        acts.is_some_and(|acts| context.stage.can(&acts, &made(*at), setting).is_ok())
    };
    if let Some((_, map, _)) = found.iter().find(planned) {
        return Some(map.in_order(facts));
    }
    let searched = found
        .iter()
        .take(SEARCHED)
        .find_map(|(at, _, setting)| context.stage.search(&made(*at), setting, "").ok())?;
    let settles = |event: &&Event| matches!(event.kind, EventKind::Settle { .. });
    Some(searched.events.iter().filter(settles).filter_map(|event| told::taken(facts, event)).collect())
}
