//! What strangers may have written, and what goes into a use.

use std::collections::BTreeSet;

use xp_artifact::declaration::{Source, ThingExpr};
use xp_artifact::workflow::{Action, Workflow};
use xp_scope::thing::Class;

/// Strangers may have written what is in this field of the action's result: it reveals what they write, and the field comes from
/// what is read, by itself or by other fields. Where no field comes from there, every one that is not an argument may.
#[must_use]
pub fn is_strangers(workflow: &Workflow, action: &Action, field: &[String]) -> bool {
    if !action.reveals_untrusted {
        return false;
    }
    if is_read(workflow, action, field) {
        return true;
    }
    let somewhere = workflow.leaves(&action.result).iter().any(|leaf| is_read(workflow, action, leaf));
    !somewhere && action.clauses.identity(field).is_none()
}

/// A field of the result comes from what is read, also by way of other fields of the same result.
pub(super) fn is_read(workflow: &Workflow, action: &Action, field: &[String]) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![field.to_vec()]);
    while let Some(field) = open.pop() {
        if !seen.insert(field.clone()) {
            continue;
        }
        for source in workflow.sources(action, &field) {
            match source {
                Source::Thing(_) => return true,
                Source::Field(next) => open.push(next),
                Source::Argument { .. } => {}
            }
        }
    }
    false
}

/// What it is worth that an action puts what strangers wrote into a thing: it reveals that, and one of the sources is what it
/// reads, or a field of the result in which that is. None if it does not.
pub fn carried(workflow: &Workflow, action: &Action, sources: &[Source]) -> Option<Class> {
    if !action.reveals_untrusted {
        return None;
    }
    let worth = |source: &Source| match source {
        Source::Thing(ThingExpr::Anything) if action.clauses.reads.is_none() => Some(Class::Silent),
        Source::Thing(ThingExpr::Anything | ThingExpr::Path(_)) => Some(Class::Chosen),
        Source::Field(field) => is_strangers(workflow, action, field).then_some(Class::Chosen),
        Source::Argument { .. } => None,
    };
    sources.iter().filter_map(worth).min()
}

/// What it is worth that a use itself passes on what strangers wrote: it puts that into what it alters, or reads it and publishes.
pub fn passes_on(workflow: &Workflow, action: &Action) -> Option<Class> {
    let altered = altering(action).filter_map(|(_, sources)| carried(workflow, action, &sources));
    let read: Vec<Source> = action.clauses.read().into_iter().map(Source::Thing).collect();
    let published = action.publishes.then(|| carried(workflow, action, &read)).flatten();
    altered.chain(published).min()
}

/// What an action alters, with what goes into it.
pub fn altering(action: &Action) -> impl Iterator<Item = (&ThingExpr, Vec<Source>)> {
    let clauses = &action.clauses;
    let params = action.params.len();
    let made = clauses.makes.iter().map(move |making| (&making.thing, clauses.content_of(params, making)));
    let changed = clauses.changes.iter().map(move |expr| (expr, clauses.put_into(params, expr)));
    let removed = clauses.removes.iter().map(move |expr| (expr, clauses.everything(params)));
    made.chain(changed).chain(removed)
}

/// What it is worth that an argument goes into a use. None if it does not: the upstream refuses the use unless the argument is the
/// version of a thing, and does nothing else with it.
pub fn taken_in(action: &Action, index: u32) -> Option<Class> {
    match (action.clauses.only_compares(index), action.clauses.says_what_goes_in()) {
        (false, _) => Some(Class::Chosen),
        (true, false) => Some(Class::Silent),
        (true, true) => None,
    }
}
