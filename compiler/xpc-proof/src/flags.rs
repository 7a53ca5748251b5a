//! Booleans of results: which of them are known, or are one with another datum, because the declaration says that they are
//! arguments of their use.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::workflow::{Action, Condition, Datum, Expr, GrantIx, How, Pin, Root, StepId, Workflow};
use xp_scope::Value;

type GrantAt = (StepId, GrantIx);

/// Identities followed from one datum at most; a checked workflow has no circle.
const MAX_FOLLOWED: usize = 64;

/// What a Boolean of a result is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Flag {
    /// This, in every run.
    Is(bool),
    /// That of a datum: of the result itself, or of what its argument is pinned to.
    Of(Datum),
}

/// What a Boolean in the result of a grant is.
pub(crate) fn flag(w: &Workflow, at: GrantAt, fields: &[String]) -> Flag {
    let root = Root::Result { step: at.0, grant: at.1 };
    let mut datum = Datum { root, fields: fields.to_vec() };
    for _ in 0..MAX_FOLLOWED {
        let Root::Result { step, grant } = datum.root else { break };
        let Some((granted, action)) = w.granted((step, grant)) else { break };
        let Some((index, fields)) = action.clauses.identity(&datum.fields) else { break };
        match granted.pins.get(index as usize) {
            Some(Pin::Is(Expr::Literal(value))) => match value.at(&fields) {
                Some(Value::Bool(is)) => return Flag::Is(*is),
                _ => break,
            },
            Some(Pin::Is(Expr::Datum(next))) => {
                let fields = next.fields.iter().chain(&fields).cloned().collect();
                datum = Datum { root: next.root, fields };
            }
            // Chosen at the use: all fields that are this argument are one.
            _ => {
                datum.fields = first_name(action, index, &fields).unwrap_or(datum.fields);
                break;
            }
        }
    }
    Flag::Of(datum)
}

/// The least field of a result that is this part of the argument.
fn first_name(action: &Action, index: u32, part: &[String]) -> Option<Vec<String>> {
    let of_it = action.clauses.is.iter().filter(|identity| identity.argument == index);
    let named = of_it.filter_map(|identity| {
        let rest = part.strip_prefix(identity.fields.as_slice())?;
        Some(identity.field.iter().chain(rest).cloned().collect::<Vec<String>>())
    });
    named.min()
}

/// The Boolean is that of another datum.
pub(crate) fn tied_to(w: &Workflow, at: GrantAt, fields: &[String]) -> Option<Datum> {
    match flag(w, at, fields) {
        Flag::Of(datum) if datum.root != (Root::Result { step: at.0, grant: at.1 }) => Some(datum),
        Flag::Of(_) | Flag::Is(_) => None,
    }
}

/// Steps with evidence that reads a Boolean which is that of another datum: what one use returns decides what another may.
pub(crate) fn tied(w: &Workflow) -> BTreeSet<StepId> {
    let steps = w.steps.iter().enumerate().map(|(number, step)| (StepId::of(number), step));
    let tied = steps.filter(|(id, step)| {
        let conditions = step.outcomes.iter().filter_map(|outcome| match &outcome.how {
            How::JudgedIf(condition) | How::Auto(condition) => Some(condition),
            How::Judged | How::Exhausted(_) => None,
        });
        let mut read = conditions.flat_map(Condition::literals);
        read.any(|literal| {
            literal.flag.is_some_and(|(fields, _)| tied_to(w, (*id, literal.grant), fields).is_some())
        })
    });
    tied.map(|(id, _)| id).collect()
}

/// Booleans of results of a step can be so in one run.
pub(crate) fn fit(w: &Workflow, step: StepId, way: &BTreeMap<GrantIx, BTreeMap<Vec<String>, bool>>) -> bool {
    let mut known: BTreeMap<Datum, bool> = BTreeMap::new();
    let mut flags = way.iter().flat_map(|(grant, flags)| flags.iter().map(move |flag| (*grant, flag)));
    flags.all(|(grant, (fields, is))| match flag(w, (step, grant), fields) {
        Flag::Is(known) => known == *is,
        Flag::Of(datum) => *known.entry(datum).or_insert(*is) == *is,
    })
}
