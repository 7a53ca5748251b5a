//! Which grants a property speaks of.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use xp_artifact::question::{Question, Uses};
use xp_artifact::workflow::{Datum, Expr, Grant, Pin, Root};
use xp_scope::Value;

use crate::example::Example;
use crate::facts::{Facts, GrantAt, text};
use crate::refute::Setting;
use crate::session::{Answer, Session};
use crate::watching::{Concerned, Met, Watching};

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

/// Every use of the grant is one of these.
pub(crate) fn all_are(facts: &Facts<'_>, of: &Granted<'_>, uses: &Uses) -> bool {
    granted(facts, uses).iter().any(|one| one.at == of.at)
        && arguments(uses).iter().all(|(number, expr)| {
            matches!(of.grant.pins.get(*number as usize), Some(Pin::Is(pinned)) if pinned == expr)
        })
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
pub(crate) fn reachable<'f, 'm>(
    session: &Session<'f, 'm>,
    granted: Vec<Granted<'m>>,
) -> Result<Vec<(Granted<'m>, Example<'f, 'm>)>, String> {
    let grants: Vec<GrantAt> = granted.iter().map(|granted| granted.at).collect();
    let examples = session.uses(&grants)?;
    Ok(granted.into_iter().zip(examples).filter_map(|(granted, map)| Some((granted, map?))).collect())
}

/// Grants that match the property's fixed arguments as far as anybody can tell, and can be used, each with an example.
///
/// # Errors
/// The solver gave up.
pub(crate) fn possible<'f, 'm>(
    session: &Session<'f, 'm>,
    uses: &Uses,
) -> Result<Vec<(Granted<'m>, Example<'f, 'm>)>, String> {
    let facts = session.facts;
    let mut meant = granted(facts, uses);
    meant.retain(|granted| {
        arguments(uses).iter().all(|(number, expr)| {
            crate::pins::can_meet(facts, granted.at, *number, expr)
                && !crate::pins::makes_what_is_given(facts, granted.at, *number, expr)
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

/// The arguments with which a use is one that the property speaks of, and what of the run's setting makes them so.
///
/// # Errors
/// The property fixes an argument to what cannot be chosen here.
pub(crate) fn steered<'m>(
    context: &super::Context<'_, 'm>,
    uses: &Uses,
    granted: &Grant,
    setting: &mut Setting<'m>,
) -> Result<BTreeMap<u32, Value>, String> {
    let facts = context.facts;
    let mut args = BTreeMap::new();
    for (number, expr) in arguments(uses) {
        let pin = granted.pins.get(*number as usize);
        let value = match expr {
            Expr::Literal(value) => Some(value.clone()),
            Expr::Datum(datum) => match pin {
                Some(Pin::Is(Expr::Literal(value))) => {
                    steer(facts, setting, datum, value);
                    None
                }
                _ => given(context, setting, datum),
            },
            Expr::Template(_) => return Err("the property's argument is a template".to_owned()),
        };
        let Some(value) = value else { continue };
        match pin {
            Some(Pin::Is(Expr::Datum(datum))) => steer(facts, setting, datum, &value),
            Some(Pin::OneOf { set: Expr::Datum(set), .. }) => {
                setting
                    .lists
                    .entry(set.clone())
                    .or_default()
                    .push(text(&value).unwrap_or_default().to_owned());
                args.insert(*number, value);
            }
            Some(Pin::Is(_) | Pin::Absent) | None => {}
            Some(Pin::Any | Pin::Content { .. } | Pin::Within(_) | Pin::OneOf { .. }) => {
                args.insert(*number, value);
            }
        }
    }
    Ok(args)
}

/// The value of a parameter, as the setting has it.
fn given(context: &super::Context<'_, '_>, setting: &Setting<'_>, datum: &Datum) -> Option<Value> {
    let Root::Param(id) = datum.root else { return None };
    let name = &context.facts.w.params.get(id.index())?.name;
    let set = setting.members.iter().rev().find(|(of, fields, _)| of == name && *fields == datum.fields);
    set.map(|(_, _, value)| value.clone()).or_else(|| context.stage.parameter(datum))
}

/// Lets a parameter have a value.
pub(crate) fn steer(facts: &Facts<'_>, setting: &mut Setting<'_>, datum: &Datum, value: &Value) {
    if let Root::Param(id) = datum.root
        && let Some(param) = facts.w.params.get(id.index())
    {
        setting.members.push((param.name.clone(), datum.fields.clone(), value.clone()));
    }
}

/// As [`watched`], where each use breaks the question by itself: this grant's is to be shown, whatever is used before it.
pub(crate) fn watched_on<'m>(
    context: &super::Context<'_, 'm>,
    question: &Question,
    at: GrantAt,
) -> Setting<'m> {
    let mut setting = watched(context, question);
    setting.watching = setting.watching.map(|watching| watching.only(at));
    setting
}

/// A setting in which the monitor of the question watches the run: only what it calls broken is.
pub(crate) fn watched<'m>(context: &super::Context<'_, 'm>, question: &Question) -> Setting<'m> {
    let facts = context.facts;
    let mut watching = Watching::new(facts, question, Rc::new(Met::default()));
    let spoken_of = match question {
        Question::NoRole(a, b) | Question::NoPrincipal(a, b) => vec![a, b],
        Question::Requires(uses, _)
        | Question::Never(uses)
        | Question::OnlyWithin(uses, _)
        | Question::AtMost(uses, _) => vec![uses],
        _ => Vec::new(),
    };
    if !spoken_of.is_empty() {
        let grants = spoken_of.into_iter().flat_map(|uses| granted(facts, uses)).map(|one| one.at).collect();
        let steps = match question {
            Question::Requires(_, formula) => formula.atoms().into_iter().map(|atom| atom.step).collect(),
            _ => BTreeSet::new(),
        };
        watching = watching.about(Concerned { grants, steps });
    }
    Setting { watching: Some(watching), ..Setting::default() }
}
