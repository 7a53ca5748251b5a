//! Nothing is changed while evidence or approval about it is in force or being gathered.
//!
//! Evidence: a field of a result that a continuing outcome reads and that the declaration says to be `about` something, and
//! what such an outcome is `of` (what was handed in aside: it cannot change while its step is settled, and the judge's step
//! waits for it). That a use happened never goes out of date, nor does evidence about what never changes. In force while the
//! outcome stands, gathered while its step is open. A state question, exact up to which things may be one: what somebody can
//! choose to be one refutes, what only an upstream's spelling makes one is conditional, what a silent declaration leaves open
//! is unknown. What the run did not make, another run may change: then it is conditional, too.

use std::collections::BTreeMap;

use xp_artifact::workflow::{Atom, Condition, Datum, Root, StepId, Then};
use xp_diagnostics::{Diagnostic, codes};
use xp_scope::thing::Class;
use xpc_model::{Place, Verdict};

use super::things::{TermIx, Things};
use super::{Context, MOST};
use crate::answer;
use crate::facts::GrantAt;
use crate::map::Map;
use crate::need::{Goal, Need};
use crate::plan::Act;
use crate::refute::Setting;
use crate::violation::Violation;

/// Something a step relies on.
struct Evidence {
    step: StepId,
    about: Vec<TermIx>,
    /// The grant whose result it is; none for what is judged.
    by: Option<GrantAt>,
    relying: Vec<Atom>,
    /// What must have a value for it to be about anything.
    data: Vec<Datum>,
    place: Place,
}

/// A write beside evidence about what it may touch.
struct Pair<'e> {
    write: GrantAt,
    evidence: &'e Evidence,
    /// What their meeting is worth.
    class: Class,
}

pub(crate) fn ask(context: &Context<'_, '_>) -> Verdict {
    let things = Things::new(context.facts);
    let evidence = gathered(context, &things);
    let pairs = pairs(context, &things, &evidence);
    let goals: Vec<Goal> = pairs.iter().map(goal).collect();
    let examples = match context.session.sort(&goals, Some(MOST)) {
        Ok(examples) => examples,
        Err(why) => return answer::unknown(why),
    };
    let (mut failures, mut silent, mut spelled) = (Vec::new(), None, None);
    for (pair, map) in pairs.iter().zip(examples) {
        let Some(map) = map else { continue };
        match pair.class {
            Class::Chosen => failures.push(failure(context, pair, &map)),
            Class::Silent => silent = silent.or(Some(pair)),
            Class::Spelling => spelled = spelled.or(Some(pair)),
        }
    }
    if !failures.is_empty() {
        return answer::from(failures);
    }
    if let Some(pair) = silent {
        let about = pair.evidence.about.first().map(|term| things.words(*term)).unwrap_or_default();
        return answer::unknown(format!(
            "`{}` may change {about}: its declaration does not say which things it changes",
            context.facts.action_name(pair.write)
        ));
    }
    if let Some(pair) = spelled {
        return answer::conditional(format!(
            "`{}` may change what the evidence of step `{}` is about, if the upstream takes two names for one",
            context.facts.action_name(pair.write),
            context.facts.step(pair.evidence.step).name
        ));
    }
    let mut about = evidence.iter().flat_map(|evidence| &evidence.about);
    match about.find(|term| things.is_shared(**term)) {
        Some(shared) => answer::conditional(format!(
            "another run may change {} that evidence is about: there is no lease on it",
            things.words(*shared)
        )),
        None => answer::proved(),
    }
}

fn goal(pair: &Pair<'_>) -> Goal {
    let in_force = Need::InForce(pair.evidence.step, pair.evidence.relying.clone());
    let mut goal = vec![Need::Use(pair.write), in_force];
    goal.extend(pair.evidence.data.iter().cloned().map(Need::Has));
    goal
}

fn gathered(context: &Context<'_, '_>, things: &Things<'_, '_>) -> Vec<Evidence> {
    let facts = context.facts;
    let mut found = Vec::new();
    for step in facts.steps() {
        // Fields of one result may be about different things, and then not every outcome relies on all of them.
        let mut relied: BTreeMap<(Place, Vec<TermIx>), Evidence> = BTreeMap::new();
        let mut rely =
            |place: Place, by: Option<GrantAt>, atom: Atom, about: Vec<TermIx>, data: Vec<Datum>| {
                if about.is_empty() {
                    return;
                }
                let new = Evidence { step, about: about.clone(), by, relying: Vec::new(), data, place };
                let one = relied.entry((place, about)).or_insert(new);
                one.relying.push(atom);
                one.relying.dedup();
            };
        let continuing = facts.atoms(step).filter(|(_, outcome)| outcome.then == Then::Settle);
        for (atom, _) in continuing {
            for literal in facts.evidence(atom).into_iter().flat_map(Condition::literals) {
                let Some((field, _)) = literal.flag else { continue };
                let at = (step, literal.grant);
                for (about, named) in things.told(at, field) {
                    let data = named.into_iter().cloned().collect();
                    rely(Place::Grant(step, literal.grant), Some(at), atom, vec![about], data);
                }
            }
            if let Some(datum) = facts.judged_datum(atom)
                && !matches!(datum.root, Root::Submission { .. })
            {
                let place = Place::Outcome(facts.chosen(atom));
                rely(place, None, atom, things.of_datum(datum), vec![datum.clone()]);
            }
        }
        found.extend(relied.into_values());
    }
    found
}

/// Writes with evidence about something they may alter.
fn pairs<'e>(context: &Context<'_, '_>, things: &Things<'_, '_>, evidence: &'e [Evidence]) -> Vec<Pair<'e>> {
    let mut found = Vec::new();
    if evidence.is_empty() {
        return found;
    }
    // Grants alike in what they alter meet the same evidence.
    let mut met: BTreeMap<TermIx, Vec<(usize, Class)>> = BTreeMap::new();
    for (write, grant) in context.facts.grants() {
        let mut candidates: BTreeMap<usize, Class> = BTreeMap::new();
        for altered in things.altered(write) {
            let meeting = met.entry(altered).or_insert_with(|| {
                let each = evidence.iter().enumerate().filter_map(|(index, one)| {
                    let classes = one.about.iter().filter_map(|about| things.meet(altered, *about));
                    Some((index, classes.min()?))
                });
                each.collect()
            });
            for (index, class) in meeting {
                let known = candidates.entry(*index).or_insert(*class);
                *known = (*known).min(*class);
            }
        }
        for (index, class) in candidates {
            let Some(one) = evidence.get(index) else { continue };
            // A use's own change precedes its own evidence.
            if one.by != Some(write) || grant.limit.uses > 1 {
                found.push(Pair { write, evidence: one, class });
            }
        }
    }
    found
}

fn failure(context: &Context<'_, '_>, pair: &Pair<'_>, map: &Map) -> Result<Diagnostic, String> {
    let facts = context.facts;
    let (step, write) = (pair.evidence.step, pair.write);
    let action = facts.action_name(write);
    let gathering = &facts.step(step).name;
    let ends_in = format!("`{action}` has changed what `{gathering}` is about");
    let violation = Violation::Stale(write, step, pair.evidence.relying.clone());
    let trace = context.trace(map, &[Act::using(write)], &violation, &Setting::default(), ends_in)?;
    let what = match pair.evidence.place {
        Place::Outcome(_) => "approval",
        _ => "evidence",
    };
    let message = if write.0 == step {
        format!("`{action}` can change what the {what} of the same step is about")
    } else {
        format!("`{action}` can change what the {what} of step `{gathering}` is about while it is in force")
    };
    Ok(Diagnostic::error(codes::STALE, message)
        .at(context.span(Place::Grant(write.0, write.1)))
        .label(context.span(pair.evidence.place), format!("this {what} would be out of date"))
        .label(context.span(Place::After(step)), "opens when the other may still be used")
        .help(format!("let `{gathering}` wait until `{}` is settled", facts.step(write.0).name))
        .trace(trace))
}
