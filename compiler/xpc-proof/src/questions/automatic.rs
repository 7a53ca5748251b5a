//! Automatic outcomes of a step exclude each other, and together cover all evidence: when every grant they read has a
//! result, whatever its Booleans, exactly one of them is due.
//!
//! Conditions only grow with more results, so looking at all results there is enough for both halves.

use std::collections::BTreeMap;

use xp_artifact::workflow::{Atom, Condition, GrantIx, How, StepId};
use xp_diagnostics::{Diagnostic, codes};
use xpc_model::{Place, Verdict};

use super::{Context, MOST};
use crate::answer;
use crate::cover::Chance;
use crate::evidence::{self, Way};
use crate::flags;
use crate::need::Need;
use crate::plan::Act;
use crate::refute::Setting;
use crate::session::Answer;
use crate::violation::Violation;

/// More Booleans in one step than this are not looked at.
const MAX_FLAGS: usize = 16;

type Flags = Vec<((GrantIx, Vec<String>), bool)>;

pub(crate) fn ask(context: &Context<'_, '_>) -> Verdict {
    let facts = context.facts;
    let mut failures = Vec::new();
    for step in facts.steps() {
        let automatic: Vec<(Atom, &Condition)> = facts
            .atoms(step)
            .filter_map(|(atom, outcome)| match &outcome.how {
                How::Auto(condition) => Some((atom, condition)),
                How::Judged | How::JudgedIf(_) | How::Exhausted(_) => None,
            })
            .collect();
        if automatic.is_empty() || failures.len() >= MOST || context.cover().opens(step) == Chance::Never {
            continue;
        }
        let read = evidence::flags_of(automatic.iter().map(|(_, condition)| *condition));
        if read.len() > MAX_FLAGS {
            return answer::unknown(format!("step `{}` reads too many Booleans", facts.step(step).name));
        }
        failures.extend(faults(context, step, &automatic, &read));
    }
    answer::from(failures)
}

fn faults(
    context: &Context<'_, '_>,
    step: StepId,
    automatic: &[(Atom, &Condition)],
    read: &[(GrantIx, Vec<String>)],
) -> Vec<Result<Diagnostic, String>> {
    let mut both: BTreeMap<(Atom, Atom), Flags> = BTreeMap::new();
    let mut none: Option<Flags> = None;
    for bits in 0_u32..1 << read.len() {
        let flag = |grant: GrantIx, fields: &[String]| {
            read.iter()
                .position(|(of, path)| *of == grant && path == fields)
                .is_some_and(|index| bits >> index & 1 == 1)
        };
        let flags =
            || read.iter().cloned().enumerate().map(|(index, at)| (at, bits >> index & 1 == 1)).collect();
        if !flags::fit(context.facts.w, step, &by_grant(flags())) {
            continue;
        }
        let due: Vec<Atom> = automatic
            .iter()
            .filter(|(_, condition)| evidence::truth(condition, &|_| true, &flag))
            .map(|(atom, _)| *atom)
            .collect();
        if due.is_empty() && none.is_none() {
            none = Some(flags());
        }
        for (index, one) in due.iter().enumerate() {
            for other in due.iter().skip(index + 1) {
                both.entry((*one, *other)).or_insert_with(flags);
            }
        }
    }
    let mut found = Vec::new();
    for ((one, other), flags) in both {
        found.push(both_due(context, step, one, other, flags));
    }
    if let Some(flags) = none {
        found.push(none_due(context, step, automatic, flags));
    }
    found
}

fn by_grant(flags: Flags) -> Way {
    let mut by_grant = Way::new();
    for ((grant, fields), is) in flags {
        by_grant.entry(grant).or_default().insert(fields, is);
    }
    by_grant
}

fn both_due(
    context: &Context<'_, '_>,
    step: StepId,
    one: Atom,
    other: Atom,
    flags: Flags,
) -> Result<Diagnostic, String> {
    let (a, b) = (context.facts.atom_name(one), context.facts.atom_name(other));
    let trace = example(context, step, &[one, other], flags, true, format!("`{a}` and `{b}` are both due"))?;
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
    flags: Flags,
) -> Result<Diagnostic, String> {
    let atoms: Vec<Atom> = automatic.iter().map(|(atom, _)| *atom).collect();
    let name = &context.facts.step(step).name;
    let trace =
        example(context, step, &atoms, flags, false, format!("no automatic outcome of `{name}` is due"))?;
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
    flags: Flags,
    due: bool,
    ends_in: String,
) -> Result<xp_diagnostics::Trace, String> {
    let facts = context.facts;
    let mut by_grant = by_grant(flags);
    for atom in atoms {
        for literal in facts.evidence(*atom).into_iter().flat_map(Condition::literals) {
            by_grant.entry(literal.grant).or_default();
        }
    }
    let mut goal = vec![Need::Open(step)];
    goal.extend(by_grant.keys().map(|grant| Need::Use((step, *grant))));
    let map = match context.session.ask(&goal) {
        Answer::Yes(map) => map,
        Answer::No => return Err("the evidence can never be had together".to_owned()),
        Answer::Unknown(why) => return Err(why),
    };
    let uses: Vec<Act> = by_grant
        .into_iter()
        .map(|(grant, flags)| Act::Use { at: (step, grant), flags, args: BTreeMap::new() })
        .collect();
    context.trace(&map, &uses, &Violation::Evidence(step, atoms.to_vec(), due), &Setting::default(), ends_in)
}
