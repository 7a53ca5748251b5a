//! Which grants a property speaks of.

use xp_artifact::question::Uses;
use xp_artifact::workflow::{Expr, Grant};

use crate::facts::{Facts, GrantAt};
use crate::need::Need;
use crate::session::{Answer, Session};

/// A grant that a property speaks of.
pub(crate) struct Granted<'m> {
    pub at: GrantAt,
    pub grant: &'m Grant,
}

/// The grants of an effect or of an action, whatever their arguments.
pub(crate) fn granted<'m>(facts: &Facts<'m>, uses: &Uses) -> Vec<Granted<'m>> {
    let meant = |grant: &Grant| {
        let action = facts.action(grant.action);
        match uses {
            Uses::Effect(effect) => action.effect == *effect,
            Uses::Action { name, .. } => name
                .split_once('.')
                .is_some_and(|(connector, rest)| action.connector == connector && action.name == rest),
        }
    };
    facts.grants().filter(|(_, grant)| meant(grant)).map(|(at, grant)| Granted { at, grant }).collect()
}

/// The fixed arguments of a property.
pub(crate) fn arguments(uses: &Uses) -> &[(u32, Expr)] {
    match uses {
        Uses::Effect(_) => &[],
        Uses::Action { args, .. } => args,
    }
}

/// Those grants of a list that can be used at some time, each with an example.
///
/// # Errors
/// The solver gave up.
pub(crate) fn reachable<'m>(
    session: &Session<'_, 'm>,
    granted: Vec<Granted<'m>>,
) -> Result<Vec<(Granted<'m>, crate::map::Map)>, String> {
    let goals: Vec<_> = granted.iter().map(|granted| vec![Need::Use(granted.at)]).collect();
    let examples = session.sort(&goals, None)?;
    Ok(granted.into_iter().zip(examples).filter_map(|(granted, map)| Some((granted, map?))).collect())
}

/// Grants that match the property's fixed arguments as far as anybody can tell, and can be used, each with an example.
///
/// # Errors
/// The solver gave up.
pub(crate) fn possible<'m>(
    session: &Session<'_, 'm>,
    uses: &Uses,
) -> Result<Vec<(Granted<'m>, crate::map::Map)>, String> {
    let facts = session.facts;
    let mut meant = granted(facts, uses);
    meant.retain(|granted| {
        arguments(uses).iter().all(|(number, expr)| {
            granted.grant.pins.get(*number as usize).is_none_or(|pin| crate::pins::can_meet(facts, pin, expr))
        })
    });
    reachable(session, meant)
}

/// The words a property uses for some uses.
pub(crate) fn words(uses: &Uses) -> String {
    match uses {
        Uses::Effect(effect) => format!("effect {}", effect.as_str()),
        Uses::Action { name, .. } => name.clone(),
    }
}

/// A single example, or why there is none.
pub(crate) fn answer<T>(answer: Answer<T>) -> Result<Option<T>, String> {
    match answer {
        Answer::Yes(found) => Ok(Some(found)),
        Answer::No => Ok(None),
        Answer::Unknown(why) => Err(why),
    }
}

/// The verdict when nothing a property speaks of can ever be used.
pub(crate) fn never_used(
    context: &super::Context<'_, '_>,
    obligation: &xpc_model::ProofObligation,
    uses: &Uses,
) -> xpc_model::Verdict {
    let facts = context.facts;
    let words = words(uses);
    let granted = granted(facts, uses);
    if granted.is_empty() {
        return crate::answer::vacuous(format!("no step grants `{words}`"), obligation.span, Vec::new());
    }
    let labels = granted.iter().take(4).map(|granted| {
        let (step, grant) = granted.at;
        (context.span(xpc_model::Place::Grant(step, grant)), "this can never be used so".to_owned())
    });
    let reason = format!("`{words}` can never be used");
    crate::answer::vacuous(reason, obligation.span, labels.collect())
}

/// The places that goals without example rest on, of the first few goals.
pub(crate) fn because(
    context: &super::Context<'_, '_>,
    goals: &[crate::need::Goal],
) -> Vec<xpc_model::Place> {
    let mut places: Vec<xpc_model::Place> =
        goals.iter().take(super::MOST).flat_map(|goal| context.session.core(goal)).collect();
    places.sort_unstable();
    places.dedup();
    places
}
