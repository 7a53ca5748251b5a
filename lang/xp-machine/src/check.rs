//! What a workflow must satisfy before a machine is made of it. An artifact comes from outside: nothing is believed.

use std::collections::HashSet;

use xp_artifact::Literal;
use xp_artifact::declaration::Source;
use xp_artifact::question::Question;
use xp_artifact::workflow::{
    Atom, Condition, Datum, Formula, GrantIx, How, Outcome, Pin, Step, StepId, Then, Workflow,
};

/// Why no machine can be made of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed workflow: {0}")]
pub struct Malformed(pub String);

/// More steps than this are refused.
pub const MAX_STEPS: usize = 1_000_000;

type Checked = Result<(), Malformed>;

fn fault(text: impl Into<String>) -> Malformed {
    Malformed(text.into())
}

/// Checks ids, names, shapes and loops. Acyclicity is checked where the index is built.
pub(crate) fn check(workflow: &Workflow) -> Checked {
    if workflow.steps.len() > MAX_STEPS {
        return Err(fault("too many steps"));
    }
    let mut names = HashSet::new();
    for step in &workflow.steps {
        if !names.insert(step.name.as_str()) {
            return Err(fault(format!("two steps are named `{}`", step.name)));
        }
    }
    separations(workflow)?;
    absences(workflow)?;
    for (index, step) in workflow.steps.iter().enumerate() {
        let id = StepId::of(index);
        if step.role.index() >= workflow.roles.len() {
            return Err(fault(format!("step `{}` has no role", step.name)));
        }
        formula(workflow, &step.after)?;
        for grant in &step.grants {
            let action = workflow
                .actions
                .get(grant.action.index())
                .ok_or_else(|| fault(format!("a grant of `{}` names no action", step.name)))?;
            if grant.pins.len() != action.params.len() {
                return Err(fault(format!(
                    "a grant of `{}` leaves arguments of `{}` free",
                    step.name, action.name
                )));
            }
            let mut pinned = action.params.iter().zip(&grant.pins);
            if pinned.any(|(param, pin)| *pin == Pin::Absent && !param.optional) {
                return Err(fault(format!("a grant of `{}` leaves out what must be there", step.name)));
            }
            if grant.limit.uses == 0 || grant.ttl_seconds == 0 || grant.ttl_seconds > 3_600 {
                return Err(fault(format!("a grant of `{}` has an empty limit or lifetime", step.name)));
            }
            for (_, datum) in grant.data() {
                data(workflow, id, datum)?;
            }
        }
        outcomes(workflow, id)?;
        within(workflow, step)?;
    }
    loops(workflow)?;
    guards(workflow)?;
    if !workflow.finish.tests().is_empty() {
        return Err(fault("a run is over by outcomes, not by values"));
    }
    formula(workflow, &workflow.finish)
}

/// What may be absent is not final, is no version, and names nothing.
fn absences(workflow: &Workflow) -> Checked {
    for action in &workflow.actions {
        let clauses = &action.clauses;
        let expects = clauses.expects.iter();
        let things = clauses
            .altered()
            .chain(clauses.said_read())
            .chain(clauses.subjects())
            .chain(expects.clone().map(|expectation| &expectation.thing))
            .chain(clauses.versions.iter().map(|version| &version.thing));
        let named: Vec<_> = things.collect();
        let needed = |index: u32| {
            named.iter().any(|thing| thing.names_argument(index))
                || clauses.finals.contains(&index)
                || clauses.is.iter().any(|identity| identity.argument == index)
                || expects.clone().any(|expectation| {
                    matches!(&expectation.at, Some(Source::Argument { index: at, .. }) if *at == index)
                })
        };
        if let Some((_, param)) =
            (0..).zip(&action.params).find(|(index, param)| param.optional && needed(*index))
        {
            return Err(fault(format!("`{}` of `{}` may be absent", param.name, action.name)));
        }
    }
    Ok(())
}

fn guards(workflow: &Workflow) -> Checked {
    for guard in &workflow.guards {
        if !xp_monitor::is_guardable(&guard.question) {
            return Err(fault(format!("`{}` cannot be enforced", guard.source)));
        }
        if !xp_artifact::has_ids(workflow, &guard.question) {
            return Err(fault(format!("`{}` names what is missing", guard.source)));
        }
        if let Question::Requires(_, wanted) = &guard.question {
            formula(workflow, wanted)?;
        }
    }
    Ok(())
}

fn separations(workflow: &Workflow) -> Checked {
    for separation in &workflow.separations {
        let distinct: HashSet<_> = separation.roles.iter().collect();
        let known = separation.roles.iter().all(|role| role.index() < workflow.roles.len());
        if separation.roles.len() < 2 || distinct.len() != separation.roles.len() || !known {
            return Err(fault("a separation is not over two or more distinct roles"));
        }
    }
    Ok(())
}

fn outcomes(workflow: &Workflow, id: StepId) -> Checked {
    let Some(step) = workflow.steps.get(id.index()) else { return Err(fault("a step is missing")) };
    if step.outcomes.is_empty() {
        return Err(fault(format!("step `{}` has no outcome", step.name)));
    }
    let mut names = HashSet::new();
    for (index, outcome) in step.outcomes.iter().enumerate() {
        if !names.insert(outcome.name.as_str()) {
            return Err(fault(format!("two outcomes of `{}` are named `{}`", step.name, outcome.name)));
        }
        if let Some(datum) = &outcome.of {
            data(workflow, id, datum)?;
        }
        match &outcome.how {
            How::JudgedIf(condition) | How::Auto(condition) => conditions(workflow, id, condition)?,
            How::Exhausted(by) => {
                let fits = workflow
                    .loops
                    .get(by.index())
                    .is_some_and(|l| l.step == id && l.exhausted.index() == index);
                if !fits || matches!(outcome.then, Then::Reopen(_)) {
                    return Err(fault(format!(
                        "outcome `{}.{}` belongs to no loop",
                        step.name, outcome.name
                    )));
                }
            }
            How::TimedOut => {
                if step.within.is_none_or(|limit| limit.then.index() != index) {
                    return Err(fault(format!(
                        "outcome `{}.{}` belongs to no time limit",
                        step.name, outcome.name
                    )));
                }
            }
            How::Judged => {}
        }
        let judged = matches!(outcome.how, How::Judged | How::JudgedIf(_));
        let fits = judged && workflow.is_human(step.role) && !reopens_with_notes(workflow, outcome);
        if outcome.distinct.is_some_and(|distinct| !fits || !(2..=9).contains(&distinct)) {
            return Err(fault(format!(
                "outcome `{}.{}` is decided by so many people as none can be",
                step.name, outcome.name
            )));
        }
        if let Then::Reopen(by) = outcome.then {
            let fits =
                workflow.loops.get(by.index()).is_some_and(|l| l.step == id && l.outcome.index() == index);
            if !fits {
                return Err(fault(format!(
                    "outcome `{}.{}` reopens through no loop",
                    step.name, outcome.name
                )));
            }
        }
    }
    Ok(())
}

/// Whether notes of the judge survive the reopening: they are one person's.
fn reopens_with_notes(workflow: &Workflow, outcome: &Outcome) -> bool {
    matches!(outcome.then, Then::Reopen(by) if workflow.loops.get(by.index()).is_none_or(|l| l.notes))
}

/// People only judge, and what a step did not hand in in time nobody waits for.
fn within(workflow: &Workflow, step: &Step) -> Checked {
    if workflow.is_human(step.role) && !(step.grants.is_empty() && step.submissions.is_empty()) {
        return Err(fault(format!("people act or hand something in in step `{}`", step.name)));
    }
    let Some(limit) = step.within else { return Ok(()) };
    let Some(outcome) = step.outcomes.get(limit.then.index()).filter(|one| one.how == How::TimedOut) else {
        return Err(fault(format!("the time limit of step `{}` has no outcome", step.name)));
    };
    let exhausted = match outcome.then {
        Then::Reopen(by) => {
            workflow.loops.get(by.index()).and_then(|l| step.outcomes.get(l.exhausted.index()))
        }
        Then::Settle | Then::End => None,
    };
    let settles = [Some(outcome), exhausted].into_iter().flatten().any(|one| one.then == Then::Settle);
    if limit.millis == 0 || (settles && !step.submissions.is_empty()) {
        return Err(fault(format!("the time limit of step `{}` cannot be kept", step.name)));
    }
    Ok(())
}

fn loops(workflow: &Workflow) -> Checked {
    for l in &workflow.loops {
        let step = workflow.steps.get(l.step.index()).ok_or_else(|| fault("a loop has no step"))?;
        let known = l.target.index() < workflow.steps.len();
        let reopens = step.outcomes.get(l.outcome.index()).is_some_and(|o| matches!(o.then, Then::Reopen(_)));
        let leaves =
            step.outcomes.get(l.exhausted.index()).is_some_and(|o| matches!(o.how, How::Exhausted(_)));
        if !known || !reopens || !leaves || l.max == 0 {
            return Err(fault(format!("a loop of `{}` is incomplete", step.name)));
        }
    }
    Ok(())
}

fn formula(workflow: &Workflow, formula_: &Formula) -> Checked {
    formula_.atoms().into_iter().try_for_each(|atom| settles(workflow, atom))?;
    if formula_.tests().into_iter().all(|test| test.is_typed(workflow)) {
        Ok(())
    } else {
        Err(fault("a comparison of other values than it says"))
    }
}

/// Guards speak only of outcomes that stay.
fn settles(workflow: &Workflow, atom: Atom) -> Checked {
    let outcome =
        workflow.steps.get(atom.step.index()).and_then(|step| step.outcomes.get(atom.outcome.index()));
    match outcome {
        Some(outcome) if outcome.then == Then::Settle => Ok(()),
        Some(outcome) => Err(fault(format!("a guard waits for `{}`, which never stays", outcome.name))),
        None => Err(fault("a guard waits for an outcome that is missing")),
    }
}

fn conditions(workflow: &Workflow, id: StepId, condition: &Condition) -> Checked {
    let grants = workflow.steps.get(id.index()).map(|step| step.grants.as_slice()).unwrap_or_default();
    let bound = |grant: GrantIx| grants.get(grant.index()).is_some_and(|grant| grant.binder.is_some());
    for literal in condition.literals() {
        if !literal.grants(id).all(bound) {
            return Err(fault("a condition reads a grant without a binder"));
        }
        if matches!(literal, Literal::Test(test) if !test.is_typed(workflow)) {
            return Err(fault("a comparison of other values than it says"));
        }
    }
    Ok(())
}

/// A datum exists, is not the step's own, and its fields exist in its type.
fn data(workflow: &Workflow, reader: StepId, datum: &Datum) -> Checked {
    if datum.root.step() == Some(reader) {
        return Err(fault("a step names its own data"));
    }
    workflow.type_of(datum).map(|_| ()).ok_or_else(|| fault("a name leads nowhere"))
}
