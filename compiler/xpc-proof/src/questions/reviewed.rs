//! Nothing is made final before somebody judged it.
//!
//! In every live map in which a grant can be used whose action declares `final` arguments, or removes what the run did not make,
//! each of these arguments, or the name of what is removed, has been judged by an outcome that is `of` it, or of all that it was
//! made from. Automatic outcomes judge nothing unless they count as a judgement.

use std::cell::OnceCell;

use xp_artifact::content::altering;
use xp_artifact::declaration::ThingExpr;
use xp_artifact::named::{is_open, named_by};
use xp_artifact::order::Moment;
use xp_artifact::rests::needs_one_of;
use xp_artifact::workflow::{Atom, Formula};
use xp_diagnostics::{Diagnostic, codes};
use xp_monitor::{Evidence, evidence};
use xpc_model::{Place, Verdict};

use super::judged::{Judged, Outside, Whenever};
use super::things::{TermIx, Things};
use super::{Context, MOST};
use crate::answer;
use crate::facts::GrantAt;
use crate::map::Map;
use crate::need::{Goal, Need};
use crate::plan::Act;
use crate::refute::Setting;
use crate::violation::Violation;
use crate::way::Way;

pub(crate) fn ask(context: &Context<'_, '_>) -> Verdict {
    let things = Things::new(context.facts);
    let whenever = |by: GrantAt, way: &Way| {
        let goal = [Need::Use(by), Need::Unjudged(way.clone())];
        context.session.ask(&goal).known().map(|found| found.is_none())
    };
    let strict = Judged::of(context.facts, &things, &whenever, Outside::Unknown);
    let failures = match failures(context, &strict) {
        Ok(failures) => failures,
        Err(why) => return answer::unknown(why),
    };
    if failures.is_empty() {
        return silent(context, &strict);
    }
    // What outsiders may have put into a thing is nobody's choice in the run: it refutes nothing by itself.
    let lenient = Judged::of(context.facts, &things, &whenever, Outside::Given);
    match self::failures(context, &lenient) {
        Ok(none) if none.is_empty() && !lenient.unsaid.borrow().is_empty() => {
            let unsaid = lenient.unsaid.borrow();
            let action = unsaid.first().map(|at| context.facts.action_name(*at)).unwrap_or_default();
            answer::unknown(format!(
                "a final argument may be made of what `{action}` read: its declaration does not say what it `reads`, or what its \
                 result and what it changes are `from`"
            ))
        }
        Ok(none) if none.is_empty() => match lenient.seen.borrow().first() {
            Some((at, term)) => answer::conditional(format!(
                "`{}` reads {}, in which somebody else may write, and a final argument is made of it: judge what it gives, let it \
                 expect a version that a use before it gives, or say that nobody does (`assume nobody else changes … because \"…\"`)",
                context.facts.action_name(*at),
                things.words(*term)
            )),
            None => answer::from(failures),
        },
        Ok(failures) => shown_in_silence(context, &things, &whenever, failures),
        Err(why) => answer::unknown(why),
    }
}

/// Refuted, unless a judge may have been shown what is made final by a use of which it is not said what its result is from: a clause
/// that is left out refutes nothing.
fn shown_in_silence<'m>(
    context: &Context<'_, 'm>,
    things: &Things<'_, 'm>,
    whenever: &Whenever<'_>,
    failures: Failures,
) -> Verdict {
    let lenient = Judged::of(context.facts, things, whenever, Outside::Given).with_silent_looks();
    match self::failures(context, &lenient) {
        Ok(none) if none.is_empty() => {
            let looks = lenient.looks.borrow();
            let Some(at) = looks.first() else { return answer::from(failures) };
            let reads = match context.facts.action_of(*at).clauses.reads {
                Some(_) => "",
                None => " what it `reads`, or",
            };
            answer::unknown(format!(
                "a judge may have been shown by `{}` what is made final: its declaration does not say{reads} what its result is `from`",
                context.facts.action_name(*at)
            ))
        }
        Ok(failures) => answer::from(failures),
        Err(why) => answer::unknown(why),
    }
}

/// A final argument with when it has been judged.
struct Argument {
    at: GrantAt,
    number: u32,
    way: Way,
    /// A use that may have put in, in an earlier opening, what nobody judged then.
    earlier: Option<GrantAt>,
}

/// For each final argument that nobody need have judged, a run, or why none is shown.
type Failures = Vec<Result<Diagnostic, String>>;

fn failures(context: &Context<'_, '_>, judged: &Judged<'_, '_>) -> Result<Failures, String> {
    let facts = context.facts;
    let mut asked: Vec<Argument> = Vec::new();
    for (at, grant) in facts.grants() {
        let decided = judged.finals.borrow_mut().decided(at);
        for number in decided {
            let Some(pin) = grant.pins.get(number as usize) else { continue };
            if let Some(way) = judged.argument(at, number, pin)? {
                let way = judged.by_others(at, number, pin, way);
                let earlier = judged.earlier.borrow().first().copied();
                asked.push(Argument { at, number, way, earlier });
            }
        }
    }
    let goal = |one: &Argument| vec![Need::Use(one.at), Need::Unjudged(one.way.clone())];
    let goals: Vec<Goal> = asked.iter().map(goal).collect();
    let examples = context.session.sort(&goals, Some(MOST))?;
    let shown = asked.iter().zip(examples).filter_map(|(one, map)| Some(failure(context, one, &map?)));
    Ok(shown.collect())
}

/// Proved, unless a final argument may name what other uses alter because its declaration does not say what is read.
fn silent(context: &Context<'_, '_>, judged: &Judged<'_, '_>) -> Verdict {
    let facts = context.facts;
    let mut asked: Vec<(GrantAt, u32, GrantAt)> = Vec::new();
    for (at, _) in facts.grants() {
        let finals = judged.finals.borrow_mut().with_content(at);
        for number in finals {
            let by = judged.finals.borrow_mut().silently_filled_by(at, number);
            asked.extend(by.map(|by| (at, number, by)));
        }
    }
    let goals: Vec<Goal> = asked.iter().map(|(at, ..)| vec![Need::Use(*at)]).collect();
    let examples = match context.session.sort(&goals, Some(1)) {
        Ok(examples) => examples,
        Err(why) => return answer::unknown(why),
    };
    let Some(((at, number, by), _)) = asked.iter().zip(examples).find(|(_, map)| map.is_some()) else {
        return unnamed(context, judged).unwrap_or_else(|| unseen(context, judged));
    };
    let param = facts.action_of(*at).params.get(*number as usize).map(|param| param.name.as_str());
    answer::unknown(format!(
        "`{}` may make final what `{}` has put into a thing that `{}` names: its declaration does not say what it `reads`",
        facts.action_name(*at),
        facts.action_name(*by),
        param.unwrap_or_default()
    ))
}

/// A final use puts into what it alters what is in a thing that no final argument names and that other uses of the run may have altered,
/// and nothing that it waits for says what is in there.
fn unnamed(context: &Context<'_, '_>, judged: &Judged<'_, '_>) -> Option<Verdict> {
    let facts = context.facts;
    let all = OnceCell::new();
    for (at, _) in facts.grants().filter(|(at, _)| facts.usable(*at)) {
        let action = facts.action_of(at);
        if !action.clauses.is_final() {
            continue;
        }
        let finals = judged.finals.borrow_mut().with_content(at);
        let named: Vec<&ThingExpr> =
            finals.iter().flat_map(|number| named_by(facts.w, action, *number)).collect();
        // What it changes itself is as it was, and what the use makes of it.
        let is_own = |expr: &ThingExpr| action.clauses.altered().any(|altered| altered == expr);
        let put = altering(action).flat_map(|(_, sources)| sources);
        for source in put {
            let Some(expr) = source.thing().filter(|expr| !named.contains(expr) && !is_own(expr)) else {
                continue;
            };
            let term = judged.things.term(at, expr);
            let mut by = judged.finals.borrow_mut().altered_by(at, expr);
            by.retain(|by| *by != at && facts.usable(*by));
            let Some(by) = by.first().filter(|_| judged.things.can_change(term)) else { continue };
            let all: &Vec<Evidence> = all.get_or_init(|| evidence(facts.w));
            if is_evident(context, judged.things, all, (at, term)) || judged.expects_as_put(at, expr) {
                continue;
            }
            return Some(answer::unknown(format!(
                "`{}` makes final what is in {}, into which `{}` may have put something that nobody judged: let a `final` argument name it, \
                 or let the step wait for an outcome that judges what a use shows of it",
                facts.action_name(at),
                judged.things.words(term),
                facts.action_name(*by)
            )));
        }
    }
    None
}

/// Proved, unless others may put something into what a final argument names, and neither evidence about it nor the use's own
/// expectation says what is in it.
fn unseen(context: &Context<'_, '_>, judged: &Judged<'_, '_>) -> Verdict {
    let facts = context.facts;
    let things = judged.things;
    let all = OnceCell::new();
    let mut proved = answer::proved();
    for assumption in judged.assumed.borrow().iter() {
        proved = answer::assuming(proved, assumption);
    }
    for (at, _) in facts.grants().filter(|(at, _)| facts.usable(*at)) {
        let action = facts.action_of(at);
        let finals = judged.finals.borrow_mut().with_content(at);
        for number in &finals {
            if is_open(facts.w, action, *number) {
                let param = action.params.get(*number as usize).map(|param| param.name.as_str());
                return answer::unknown(format!(
                    "`{}` may make final what is in a thing that its `{}` names, which somebody else may change unseen: its \
                     declaration does not say what it `reads`",
                    facts.action_name(at),
                    param.unwrap_or_default()
                ));
            }
            for expr in named_by(facts.w, action, *number) {
                let term = things.term(at, expr);
                if !things.can_change(term) || !things.is_shared(term, Moment::used(at)) {
                    continue;
                }
                let all: &Vec<Evidence> = all.get_or_init(|| evidence(facts.w));
                if is_evident(context, things, all, (at, term)) || judged.expects_as_put(at, expr) {
                    continue;
                }
                let Some(assumption) = things.assumed(term) else {
                    let param = action.params.get(*number as usize).map(|param| param.name.as_str());
                    return answer::conditional(format!(
                        "`{}` makes final what is in {} that its `{}` names, which somebody else may change unseen: let it expect a \
                         version that a use before it gives, rest on evidence about the thing, or say that nobody does (`assume nobody else changes … because \
                         \"…\"`)",
                        facts.action_name(at),
                        things.words(term),
                        param.unwrap_or_default()
                    ));
                };
                proved = answer::assuming(proved, assumption);
            }
        }
    }
    proved
}

/// The step of the use begins only by an outcome that relies on evidence about the thing.
fn is_evident(
    context: &Context<'_, '_>,
    things: &Things<'_, '_>,
    all: &[Evidence],
    (at, term): (GrantAt, TermIx),
) -> bool {
    all.iter().filter(|one| one.is_said()).any(|one| {
        things.about(one).iter().any(|about| things.one(term, *about))
            && needs_one_of(context.facts.w, at.0, &one.relying)
    })
}

fn failure(context: &Context<'_, '_>, asked: &Argument, map: &Map) -> Result<Diagnostic, String> {
    let Argument { at, number, way, earlier } = asked;
    let (at, number) = (*at, *number);
    let facts = context.facts;
    let action = facts.action_name(at);
    let violation = Violation::Unjudged(at, way.clone());
    let ends_in = format!("`{action}` has run what nobody judged");
    let is = |atom: Atom| map.truth(&Formula::Is(atom));
    let put_in = way.denied_by(&is, &|by| map.begun(facts, by.0)).unwrap_or_default();
    let uses: Vec<Act> = put_in.into_iter().chain([at]).map(Act::using).collect();
    let trace = context.trace(map, &uses, &violation, &Setting::default(), ends_in)?;
    let place = if facts.action_of(at).params.is_empty() {
        Place::Grant(at.0, at.1)
    } else {
        Place::Pin(at.0, at.1, number)
    };
    // What stands for a judgement by the author's word is said to be none here, if this run comes by it.
    let counted = facts
        .step(at.0)
        .after
        .atoms()
        .into_iter()
        .find(|atom| is(*atom) && facts.outcome(*atom).is_some_and(|outcome| outcome.counts.is_some()));
    let failure = Diagnostic::error(
        codes::UNREVIEWED,
        format!("`{action}` can be used in step `{}` on content that nobody judged", facts.step(at.0).name),
    )
    .at(context.span(place))
    .label(context.span(Place::After(at.0)), "this does not wait for a judgement of it")
    .help("wait for an outcome that says what it judges: `outcome approved of …`");
    let failure = match counted {
        Some(atom) => failure.because(format!(
            "`{}` counts as no judgement of it: its evidence must be `about` exactly this, and nobody who chose some of it may \
             choose what the evidence is `measured by`",
            facts.atom_name(atom)
        )),
        None => failure,
    };
    let failure = match earlier {
        Some(by) => failure.because(format!(
            "what `{}` put in, in an earlier opening of step `{}`, nobody may have judged by then; the run shows one opening",
            facts.action_name(*by),
            facts.step(by.0).name
        )),
        None => failure,
    };
    Ok(failure.trace(trace))
}
