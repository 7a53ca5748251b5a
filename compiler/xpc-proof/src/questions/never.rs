//! A use can never happen.
//!
//! Grant by grant: its step never opens, or one of the fixed arguments is outside its pin for every run. A fresh result
//! equals no parameter of the run.

use xp_artifact::question::Uses;
use xp_diagnostics::{Diagnostic, codes};
use xpc_model::{Place, ProofObligation, Verdict};

use super::uses::{self, arguments};
use super::{Context, Granted, MOST, granted, possible};
use crate::answer;
use crate::map::Map;
use crate::pins::can_meet;
use crate::plan::Act;
use crate::violation::Violation;

pub(crate) fn ask(context: &Context<'_, '_>, obligation: &ProofObligation, what: &Uses) -> Verdict {
    let found = match possible(&context.session, what) {
        Ok(found) => found,
        Err(why) => return answer::unknown(why),
    };
    if found.is_empty() {
        return holds(context, obligation, what);
    }
    answer::from(
        found
            .iter()
            .take(MOST)
            .map(|(granted, map)| failure(context, obligation, what, granted, &map.map()))
            .collect(),
    )
}

fn holds(context: &Context<'_, '_>, obligation: &ProofObligation, what: &Uses) -> Verdict {
    let facts = context.facts;
    if arguments(what).is_empty() {
        return answer::proved();
    }
    // With fixed arguments the question is about the action's other uses: there must be some.
    let others = match uses::reachable(&context.session, granted(facts, what)) {
        Ok(others) => others,
        Err(why) => return answer::unknown(why),
    };
    let Some((_, witness)) = others.first() else { return uses::never_used(context, obligation, what) };
    let mut because = Vec::new();
    for (granted, _) in &others {
        let apart = arguments(what).iter().find(|(number, expr)| !can_meet(facts, granted.at, *number, expr));
        because.extend(apart.map(|(number, _)| Place::Pin(granted.at.0, granted.at.1, *number)));
    }
    answer::proved_by(because, Some(witness.in_order(facts)))
}

fn failure(
    context: &Context<'_, '_>,
    obligation: &ProofObligation,
    what: &Uses,
    granted: &Granted<'_>,
    map: &Map,
) -> Result<Diagnostic, String> {
    let facts = context.facts;
    let at = granted.at;
    let mut setting = uses::watched_on(context, &obligation.question, at);
    let args = uses::steered(context, what, granted.grant, &mut setting)?;
    let name = facts.action_name(at);
    let violation = Violation::Broken;
    let act = Act::Use { at, fields: std::collections::BTreeMap::new(), args };
    let trace =
        context.trace(map, &[act], &violation, &setting, format!("`{name}` is used as it must never be"))?;
    let place = arguments(what)
        .first()
        .map_or(Place::Grant(at.0, at.1), |(number, _)| Place::Pin(at.0, at.1, *number));
    Ok(Diagnostic::error(
        codes::NEVER,
        format!("`{name}` can be used so in step `{}`", facts.step(at.0).name),
    )
    .at(context.span(place))
    .label(obligation.span, "excluded here")
    .help("pin the argument to something that cannot be this")
    .trace(trace))
}
