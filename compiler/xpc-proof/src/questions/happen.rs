//! Every step can open; every outcome can happen.
//!
//! Exact on live maps: a step opens in some run when some live map has it open. Where a limit per run could keep a loop
//! from being used up, only a plan that the machine carries out counts as yes.

use xp_artifact::workflow::{Atom, Datum, Root, StepId};
use xp_diagnostics::{Diagnostic, codes};
use xpc_model::{Place, Verdict};

use super::{Context, MOST};
use crate::answer;
use crate::cover::Chance;
use crate::evidence;
use crate::need::Need;

pub(crate) fn steps_open(context: &Context<'_, '_>) -> Verdict {
    let facts = context.facts;
    let mut unsure = None;
    let mut never = Vec::new();
    for step in facts.steps() {
        match context.cover().opens(step) {
            Chance::Happens => {}
            Chance::Never => never.push(step),
            Chance::Unsure(why) => unsure = unsure.or(Some((step, why))),
        }
    }
    if !never.is_empty() {
        let roots: Vec<StepId> = never.iter().copied().filter(|step| is_root(context, *step)).collect();
        let failures = roots.iter().take(MOST).map(|step| never_opens(context, *step)).collect();
        let mut verdict = answer::refuted(failures);
        let more = never.len().saturating_sub(roots.len().min(MOST));
        if more > 0 {
            verdict.notes.push(format!("{more} more steps never open"));
        }
        return verdict;
    }
    match unsure {
        Some((step, why)) => answer::unknown(format!("step `{}`: {why}", facts.step(step).name)),
        None => answer::proved(),
    }
}

/// Everything the step waits for can open, so it is the first that cannot.
fn is_root(context: &Context<'_, '_>, step: StepId) -> bool {
    let waits = context.facts.step(step).after.steps();
    waits.into_iter().all(|other| context.cover().opens(other) != Chance::Never)
}

fn never_opens(context: &Context<'_, '_>, step: StepId) -> Diagnostic {
    let facts = context.facts;
    let name = &facts.step(step).name;
    let failure = Diagnostic::error(codes::NEVER_OPENS, format!("step `{name}` can never open"))
        .at(context.span(Place::After(step)));
    because(context, failure, &[Need::Open(step)], step)
        .help("wait for outcomes that can come together, or remove the step")
}

fn because(context: &Context<'_, '_>, mut failure: Diagnostic, goal: &[Need], step: StepId) -> Diagnostic {
    for place in context.session.core(goal).into_iter().take(4) {
        let own = matches!(place, Place::After(of) | Place::AfterAtom(of, _) if of == step);
        let text = match place {
            Place::Step(_) => "it ends in one way only",
            Place::After(_) | Place::AfterAtom(..) => "this needs that first",
            Place::Condition(_) => "this evidence cannot be had",
            Place::Finish => "the run is over by then",
            _ => "this stands in the way",
        };
        if !own {
            failure = failure.label(context.span(place), text);
        }
    }
    failure
}

pub(crate) fn outcomes_happen(context: &Context<'_, '_>) -> Verdict {
    let facts = context.facts;
    let mut unsure = None;
    let mut never = Vec::new();
    let mut behind = Vec::new();
    for step in facts.steps() {
        for (atom, _) in facts.atoms(step) {
            match context.cover().happens(atom) {
                Chance::Happens => {}
                Chance::Never if context.cover().opens(step) == Chance::Never => behind.push(atom),
                Chance::Never => never.push(atom),
                Chance::Unsure(why) => unsure = unsure.or(Some((atom, why))),
            }
        }
    }
    if !never.is_empty() || !behind.is_empty() {
        // What is in a step that never opens follows from that, which is a question of its own.
        let shown: Vec<Atom> = if never.is_empty() {
            behind.iter().take(1).copied().collect()
        } else {
            never.iter().take(MOST).copied().collect()
        };
        let failures = shown.iter().map(|atom| never_happens(context, *atom)).collect();
        let mut verdict = answer::refuted(failures);
        let more = never.len() + behind.len() - shown.len();
        if more > 0 {
            verdict.notes.push(format!("{more} more outcomes never happen"));
        }
        return verdict;
    }
    match unsure {
        Some((atom, why)) => answer::unknown(format!("outcome `{}`: {why}", facts.atom_name(atom))),
        None => answer::proved(),
    }
}

/// What shows the judge what it judges.
fn showing(context: &Context<'_, '_>, datum: &Datum) -> String {
    let facts = context.facts;
    // What is asked for by its name is shown; another use of what gave the datum shows that again, unless it makes a new one.
    let own = match datum.root {
        Root::Result { step, grant } => Some(facts.action_of((step, grant))),
        Root::Param(_) | Root::Submission { .. } => None,
    };
    let mut actions = facts.w.actions.iter();
    let shown = actions.find_map(|action| {
        let shows_it = |field: &String| {
            let of = std::slice::from_ref(field);
            facts.is_like(datum, action, field)
                && (action.clauses.identity(of).is_some()
                    || own.is_some_and(|own| std::ptr::eq(own, action) && datum.fields == of))
        };
        let field = action.shows.iter().find(|field| action.clauses.makes.is_empty() && shows_it(field))?;
        Some(format!("`{}.{}`, which shows `{field}`", action.connector, action.name))
    });
    match shown {
        Some(action) => format!("grant the step an action that shows what is judged, such as {action}"),
        None => "grant the step an action that shows what is judged: one with `shows FIELD` in its declaration, where FIELD \
                 of its result is the value that is judged; or judge what is handed in with `submit`"
            .to_owned(),
    }
}

fn never_happens(context: &Context<'_, '_>, atom: Atom) -> Diagnostic {
    let facts = context.facts;
    let name = facts.atom_name(atom);
    let message = format!("outcome `{name}` can never happen");
    let mut failure = Diagnostic::error(codes::NEVER_HAPPENS, message).at(context.span(Place::Outcome(atom)));
    if context.cover().opens(atom.step) == Chance::Never {
        return failure.label(context.span(Place::After(atom.step)), "its step never opens");
    }
    if facts.is_ruled_out(atom) {
        return failure.help(
            "each round of the loop needs a use of which there are too few in a run: count it `per opening`, allow more, give what it \
             makes another name in each round, or lower the loop's bound",
        );
    }
    if facts.evidence(atom).is_some() {
        failure =
            failure.label(context.span(Place::Condition(facts.chosen(atom))), "this evidence cannot be had");
    }
    let read = evidence::read_by(facts, atom.step).into_iter().map(|grant| (atom.step, grant));
    let mut refused = read.into_iter().filter_map(|at| Some((at, facts.makes_the_given(at)?)));
    if let Some((at, named)) = refused.next().filter(|_| facts.evidence(atom).is_some()) {
        failure = failure.label(
            context.span(Place::Grant(at.0, at.1)),
            "what this makes is named by what the run is given, so it is not new",
        );
        failure = match named.filter(|named| *named != at) {
            Some(named) => failure
                .label(
                    context.span(Place::Grant(named.0, named.1)),
                    "this takes what is named so, or what it lies in, for something that exists",
                )
                .help(
                    "name it there by the result of the use that makes it, or let an earlier step hand the name in with `submit`",
                ),
            None => failure.help("let an earlier step hand the name in with `submit`"),
        };
    }
    if let Some(datum) = facts.judged_datum(atom)
        && facts.ways_to_see(atom.step, datum).is_empty()
    {
        failure = failure.help(showing(context, datum));
    }
    if !facts.submittable(atom.step) {
        failure = failure.help("what the step must hand in cannot exist: widen its patterns");
    }
    failure
}
