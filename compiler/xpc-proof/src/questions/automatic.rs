//! Automatic outcomes of a step exclude each other, and together cover all evidence: when every grant they read has a
//! result, whatever values it and the other data have that they compare, exactly one of them is due.
//!
//! Conditions only grow with more results, so looking at all results there is enough for both halves.

use std::collections::BTreeMap;

use xp_artifact::Literal;
use xp_artifact::workflow::{Atom, Condition, How, Root, StepId};
use xp_diagnostics::{Diagnostic, codes};
use xpc_model::{Place, Verdict};

use super::{Context, MOST};
use crate::answer;
use crate::compared::Assignment;
use crate::cover::Chance;
use crate::evidence;
use crate::need::Need;
use crate::plan::Act;
use crate::refute::Setting;
use crate::session::Answer;
use crate::violation::Violation;

pub(crate) fn ask(context: &Context<'_, '_>) -> Verdict {
    let facts = context.facts;
    let mut failures = Vec::new();
    for step in facts.steps() {
        let automatic: Vec<(Atom, &Condition)> = facts
            .atoms(step)
            .filter_map(|(atom, outcome)| match &outcome.how {
                How::Auto(condition) => Some((atom, condition)),
                How::Judged | How::JudgedIf(_) | How::Exhausted(_) | How::TimedOut => None,
            })
            .collect();
        if automatic.is_empty() || failures.len() >= MOST || context.cover().opens(step) == Chance::Never {
            continue;
        }
        let data = automatic.iter().flat_map(|(_, condition)| condition.data());
        let Some(all) = facts.compared.assignments(data) else {
            return answer::unknown(format!(
                "step `{}` compares too many values to look at all",
                facts.step(step).name
            ));
        };
        match faults(context, step, &automatic, all) {
            Ok(found) => failures.extend(found),
            Err(why) => return answer::unknown(why),
        }
    }
    answer::from(failures)
}

fn faults(
    context: &Context<'_, '_>,
    step: StepId,
    automatic: &[(Atom, &Condition)],
    all: Vec<Assignment>,
) -> Result<Vec<Result<Diagnostic, String>>, String> {
    let mut both: BTreeMap<(Atom, Atom), Assignment> = BTreeMap::new();
    let mut none: Option<Assignment> = None;
    let mut possible: BTreeMap<Assignment, bool> = BTreeMap::new();
    for values in all {
        let due =
            automatic.iter().filter(|(_, condition)| evidence::truth(condition, step, &|_| true, &values));
        let due: Vec<Atom> = due.map(|(atom, _)| *atom).collect();
        if due.len() == 1 {
            continue;
        }
        // What others have may never be so while the step is open.
        let others = elsewhere(step, &values);
        let is_possible = match possible.get(&others) {
            Some(known) => *known,
            None => {
                let is = others.is_empty() || can_be(context, step, &others)?;
                possible.insert(others, is);
                is
            }
        };
        if !is_possible {
            continue;
        }
        if due.is_empty() && none.is_none() {
            none = Some(values.clone());
        }
        for (index, one) in due.iter().enumerate() {
            for other in due.iter().skip(index + 1) {
                both.entry((*one, *other)).or_insert_with(|| values.clone());
            }
        }
    }
    let mut found = Vec::new();
    for ((one, other), values) in both {
        found.push(both_due(context, step, one, other, &values));
    }
    if let Some(values) = none {
        found.push(none_due(context, step, automatic, &values));
    }
    Ok(found)
}

/// The values of parameters and of results of other steps.
fn elsewhere(step: StepId, values: &Assignment) -> Assignment {
    let others = values.iter().filter(|(datum, _)| datum.root.step() != Some(step));
    others.map(|(datum, value)| (datum.clone(), value.clone())).collect()
}

fn needs(step: StepId, others: &Assignment) -> Vec<Need> {
    let values = others.iter().map(|(datum, value)| Need::Is(datum.clone(), value.clone()));
    std::iter::once(Need::Open(step)).chain(values).collect()
}

fn can_be(context: &Context<'_, '_>, step: StepId, others: &Assignment) -> Result<bool, String> {
    match context.session.ask(&needs(step, others)) {
        Answer::Yes(_) => Ok(true),
        Answer::No => Ok(false),
        Answer::Unknown(why) => Err(why),
    }
}

fn both_due(
    context: &Context<'_, '_>,
    step: StepId,
    one: Atom,
    other: Atom,
    values: &Assignment,
) -> Result<Diagnostic, String> {
    let (a, b) = (context.facts.atom_name(one), context.facts.atom_name(other));
    let trace = example(context, step, &[one, other], values, true, format!("`{a}` and `{b}` are both due"))?;
    Ok(Diagnostic::error(codes::BOTH_DUE, format!("`{a}` and `{b}` can be due at the same time"))
        .at(context.span(Place::Condition(other)))
        .label(context.span(Place::Condition(one)), "this holds of the same evidence")
        .help("let the conditions exclude each other")
        .trace(trace))
}

fn none_due(
    context: &Context<'_, '_>,
    step: StepId,
    automatic: &[(Atom, &Condition)],
    values: &Assignment,
) -> Result<Diagnostic, String> {
    let atoms: Vec<Atom> = automatic.iter().map(|(atom, _)| *atom).collect();
    let name = &context.facts.step(step).name;
    let trace =
        example(context, step, &atoms, values, false, format!("no automatic outcome of `{name}` is due"))?;
    let at = atoms.last().copied().map_or(Place::Step(step), Place::Condition);
    Ok(Diagnostic::error(
        codes::NONE_DUE,
        format!("no automatic outcome of step `{name}` covers this evidence"),
    )
    .at(context.span(at))
    .help("add an automatic outcome for the remaining evidence")
    .trace(trace))
}

fn example(
    context: &Context<'_, '_>,
    step: StepId,
    atoms: &[Atom],
    values: &Assignment,
    due: bool,
    ends_in: String,
) -> Result<xp_diagnostics::Trace, String> {
    let facts = context.facts;
    let mut by_grant: BTreeMap<_, BTreeMap<Vec<String>, _>> = BTreeMap::new();
    for literal in atoms.iter().filter_map(|atom| facts.evidence(*atom)).flat_map(Condition::literals) {
        literal.grants(step).for_each(|grant| {
            by_grant.entry(grant).or_default();
        });
        let Literal::Test(test) = literal else { continue };
        for datum in test.data() {
            if let (Root::Result { step: of, grant }, Some(value)) = (datum.root, values.get(datum))
                && of == step
            {
                by_grant.entry(grant).or_default().insert(datum.fields.clone(), value.clone());
            }
        }
    }
    let mut goal = needs(step, &elsewhere(step, values));
    goal.extend(by_grant.keys().map(|grant| Need::Use((step, *grant))));
    let map = match context.session.ask(&goal) {
        Answer::Yes(map) => map,
        Answer::No => return Err("the evidence can never be had together".to_owned()),
        Answer::Unknown(why) => return Err(why),
    };
    let uses: Vec<Act> = by_grant
        .into_iter()
        .map(|(grant, fields)| Act::Use { at: (step, grant), fields, args: BTreeMap::new() })
        .collect();
    context.trace(&map, &uses, &Violation::Evidence(step, atoms.to_vec(), due), &Setting::default(), ends_in)
}
