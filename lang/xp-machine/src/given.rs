//! The things that a workflow names by literals and parameters: nothing that the run makes may be one of them.

use xp_artifact::declaration::{Clauses, KeyExpr, Source, ThingExpr};
use xp_artifact::workflow::{Datum, Expr, Pin, Root, Workflow};
use xp_scope::Value;
use xp_scope::thing::KindIx;

/// Identities followed from one pin; a checked workflow has no circle.
const MAX_DEPTH: usize = 32;

/// A thing that the workflow names by literals and parameters alone, as far as that goes from the innermost kind outwards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Given {
    /// Kinds with keys, outermost first; a key that is not given admits any.
    pub levels: Vec<(KindIx, Vec<GivenKey>)>,
}

impl Given {
    /// Its own key is written in the workflow: no parameter is in it.
    pub fn is_written(&self) -> bool {
        let own = self.levels.last().map(|(_, keys)| keys.as_slice()).unwrap_or_default();
        !own.iter().any(|key| matches!(key, GivenKey::Param(_)))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GivenKey {
    Literal(Value),
    Param(Datum),
    Any,
}

/// Every thing that a workflow names so, once.
pub(crate) fn given(workflow: &Workflow) -> Vec<Given> {
    let mut found = std::collections::BTreeSet::new();
    // Whoever makes nothing needs nothing to be new.
    if workflow.actions.iter().all(|action| action.clauses.makes.is_empty()) {
        return Vec::new();
    }
    for grant in workflow.steps.iter().flat_map(|step| &step.grants) {
        let Some(action) = workflow.actions.get(grant.action.index()) else { continue };
        for expr in named(&action.clauses) {
            let levels: Vec<(KindIx, Vec<GivenKey>)> = expr
                .levels()
                .iter()
                .filter_map(|level| {
                    let given = |key: &KeyExpr| given_key(workflow, &action.clauses, key, &grant.pins);
                    let keys = level.keys.iter().map(given).collect();
                    Some((workflow.kinds.named(&level.kind)?, keys))
                })
                .collect();
            // A thing for each kind whose own key is given.
            for end in 1..=levels.len() {
                let Some(levels) = levels.get(..end) else { continue };
                let own = levels.last().map(|(_, keys)| keys.as_slice()).unwrap_or_default();
                if !own.contains(&GivenKey::Any) {
                    found.insert(Given { levels: levels.to_vec() });
                }
            }
        }
    }
    found.into_iter().collect()
}

/// Everything the clauses name but what is made.
fn named(clauses: &Clauses) -> impl Iterator<Item = &ThingExpr> {
    clauses
        .changes
        .iter()
        .chain(&clauses.removes)
        .chain(clauses.said_read())
        .chain(clauses.subjects())
        .chain(clauses.makes.iter().flat_map(|making| &making.valid_while))
        .chain(clauses.expects.iter().map(|expectation| &expectation.thing))
        .chain(clauses.versions.iter().map(|version| &version.thing))
        .chain(clauses.measured_by.iter().flatten().filter_map(Source::thing))
}

fn given_key(workflow: &Workflow, clauses: &Clauses, key: &KeyExpr, pins: &[Pin]) -> GivenKey {
    let argument = |index: u32, fields: &[String]| {
        pins.get(index as usize).map_or(GivenKey::Any, |pin| given_pin(workflow, pin, fields, MAX_DEPTH))
    };
    match key {
        KeyExpr::Literal(value) => GivenKey::Literal(value.clone()),
        KeyExpr::Argument { index, fields } => argument(*index, fields),
        // What the use itself makes is named after it was made.
        KeyExpr::Field(fields) if clauses.made_as(fields).is_none() => {
            clauses.identity(fields).map_or(GivenKey::Any, |(index, fields)| argument(index, &fields))
        }
        KeyExpr::Field(_) | KeyExpr::Every(_) | KeyExpr::Some => GivenKey::Any,
    }
}

/// What a pin is known to be, also where a result is said to be an argument that is known.
fn given_pin(workflow: &Workflow, pin: &Pin, fields: &[String], depth: usize) -> GivenKey {
    let Some(depth) = depth.checked_sub(1) else { return GivenKey::Any };
    let datum = match pin {
        Pin::Is(Expr::Literal(value)) => {
            return value.at(fields).map_or(GivenKey::Any, |value| GivenKey::Literal(value.clone()));
        }
        Pin::Is(Expr::Datum(datum)) => datum,
        _ => return GivenKey::Any,
    };
    let fields: Vec<String> = datum.fields.iter().chain(fields).cloned().collect();
    match datum.root {
        Root::Param(_) => GivenKey::Param(Datum { root: datum.root, fields }),
        Root::Submission { .. } => GivenKey::Any,
        Root::Result { step, grant } => {
            let granted = workflow.steps.get(step.index()).and_then(|step| step.grants.get(grant.index()));
            let action = granted.and_then(|granted| workflow.actions.get(granted.action.index()));
            // What a use makes is named after it was made.
            let known =
                action.filter(|action| action.clauses.made_as(&fields).is_none()).and_then(|action| {
                    let (index, rest) = action.clauses.identity(&fields)?;
                    Some(given_pin(workflow, granted?.pins.get(index as usize)?, &rest, depth))
                });
            known.unwrap_or(GivenKey::Any)
        }
    }
}
