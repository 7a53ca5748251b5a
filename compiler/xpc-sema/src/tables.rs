//! The tables of an artifact: the actions that grants name, the records that are reached from them, and the kinds that their
//! clauses speak of.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::declaration::ThingExpr;
use xp_artifact::question::Question;
use xp_artifact::workflow::{Action, Assumption, Lease, Param, Record, Step};
use xp_scope::Type;
use xp_scope::thing::Kinds;
use xpc_model::ProofObligation;

use crate::symbols::Context;

/// The actions, by qualified name; none when one is faulty.
pub fn actions(context: &Context<'_>) -> Option<Vec<Action>> {
    context.names.actions.values().map(|(_, action)| action.lowered.clone()).collect()
}

/// The kinds that clauses of the actions name, all that may enclose them, and all that may lie in those, by name: what changes a
/// thing may change what lies in it, whether some action names that or not.
pub fn kinds(
    context: &Context<'_>,
    actions: &[Action],
    (assumptions, leases): (&[Assumption], &[Lease]),
    asked: &[ProofObligation],
) -> Option<Kinds> {
    let all = context.connectors.loaded.values().flat_map(|connector| connector.kinds.iter().cloned());
    let all = Kinds::new(all.collect()).ok()?;
    let written = assumptions.iter().map(|assumption| &assumption.thing);
    let written = written.chain(leases.iter().map(|lease| &lease.thing)).flat_map(ThingExpr::levels);
    let named = actions.iter().flat_map(|action| action.clauses.kinds());
    let private = asked.iter().filter_map(|one| match &one.question {
        Question::Private(secret, ..) => Some(secret.thing.levels()),
        _ => None,
    });
    let named = named.chain(written.chain(private.flatten()).map(|level| level.kind.as_str()));
    let mut found = xp_artifact::enclosing(named, &all);
    loop {
        let known: BTreeSet<&str> = found.iter().map(|kind| kind.name.as_str()).collect();
        let inside =
            all.iter().filter(|kind| kind.parents.iter().any(|parent| known.contains(parent.as_str())));
        let names = known.iter().copied().chain(inside.map(|kind| kind.name.as_str()));
        let more = xp_artifact::enclosing(names, &all);
        if more.len() == known.len() {
            return Kinds::new(more.into_iter().cloned().collect()).ok();
        }
        found = more;
    }
}

/// The records that parameters, actions and submissions reach, by qualified name.
pub fn records(context: &Context<'_>, params: &[Param], actions: &[Action], steps: &[Step]) -> Vec<Record> {
    let mut found: BTreeMap<&str, &Record> = BTreeMap::new();
    let mut left: Vec<&Type> = params.iter().map(|param| &param.ty).collect();
    for action in actions {
        left.extend(action.params.iter().map(|param| &param.ty));
        left.push(&action.result);
    }
    left.extend(steps.iter().flat_map(|step| step.submissions.iter().map(|submission| &submission.ty)));
    while let Some(ty) = left.pop() {
        match ty {
            Type::List(item) | Type::Set(item) => left.push(item),
            Type::Record(name) => {
                let Some(record) = context.connectors.records.get(name) else { continue };
                if found.insert(&record.name, record).is_none() {
                    left.extend(record.fields.iter().map(|field| &field.ty));
                }
            }
            _ => {}
        }
    }
    found.into_values().cloned().collect()
}
