//! Every step can settle in each of its openings, whatever its role and the answers of the world were so far.
//!
//! The worst case is looked at: every use is spent and the results are what suits nobody. Then some outcome must be due or
//! open to judgement. A limit per run is no help in a later opening, since the first one may have used it all.
//! Assumed: a use that fails for good, or a role that throws its tokens away, is an operator's matter.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::question::Status;
use xp_artifact::workflow::{Datum, Grant, GrantIx, How, LoopId, Root, StepId};
use xp_diagnostics::{Diagnostic, Trace, codes};
use xp_scope::MAX_TEXT;
use xpc_model::{Place, Verdict};

use super::{Context, MOST};
use crate::answer;
use crate::evidence;
use crate::facts::{Facts, GrantAt, Shown};
use crate::map::Map;
use crate::need::{Goal, Need};
use crate::plan::{self, Act};
use crate::refute::{NOT_FOUND, Setting};
use crate::showing;
use crate::sure::{self, Starved};
use crate::violation::Violation;

pub(crate) fn ask(context: &Context<'_, '_>) -> Verdict {
    let facts = context.facts;
    let bound = context.names_bound();
    let doubtful: Vec<StepId> = facts
        .steps()
        .filter(|step| !(settles(context, *step, &[]) && (bound || free(context, *step))))
        .collect();
    // What a step lacks while its maker has not settled may still come: no example of being stranded.
    let goals: Vec<Goal> = doubtful
        .iter()
        .map(|step| {
            let mut goal = decided(context, *step);
            goal.push(Need::Stranded(*step, Vec::new()));
            goal
        })
        .collect();
    let examples = match context.session.sort(&goals, Some(MOST)) {
        Ok(examples) => examples,
        Err(why) => return answer::unknown(why),
    };
    let mut failures: Vec<Result<Diagnostic, String>> = doubtful
        .iter()
        .zip(examples)
        .filter_map(|(step, map)| Some(at_once(context, *step, &map?)))
        .collect();
    if failures.is_empty() && !doubtful.is_empty() {
        let goals: Vec<Goal> = doubtful.iter().map(|step| vec![Need::Stranded(*step, Vec::new())]).collect();
        match context.session.sort(&goals, Some(1)) {
            Err(why) => return answer::unknown(why),
            Ok(examples) => {
                if let Some((step, _)) = doubtful.iter().zip(examples).find(|(_, map)| map.is_some()) {
                    return answer::unknown(format!(
                        "step `{}` can be open before what its outcomes need has a value; let it wait for that",
                        facts.step(*step).name
                    ));
                }
            }
        }
    }
    if failures.is_empty() {
        match with_less(context) {
            Ok(found) => failures.extend(found),
            Err(why) => return answer::unknown(why),
        }
    }
    let mut verdict = answer::from(failures);
    verdict.notes.push(
        "a use that fails for good, and a role that uses up its requests for nothing, are an operator's matter"
            .to_owned(),
    );
    if verdict.status == Status::Proved {
        let lines = |step| short_texts(context, step).into_iter().chain(other_names(context, step));
        verdict.assuming =
            facts.steps().flat_map(lines).chain(facts.steps().filter_map(split(facts))).collect();
    }
    verdict
}

/// People who each say something else: with fewer of them than this, none of the outcomes may get enough.
fn split<'f>(facts: &'f Facts<'_>) -> impl Fn(StepId) -> Option<String> + 'f {
    |step| {
        let declared = facts.step(step);
        let always = facts.w.people_who_settle(declared)?;
        Some(format!(
            "enough people judge alike in step `{}`, which has no time limit: of {always} they always do",
            declared.name
        ))
    }
}

/// Texts put together that the step counts on, and that the machine refuses where they come to be too long. Whoever chooses
/// such a text chooses its length: the proof says that it rests on this, rather than ask each step for another way.
fn short_texts(context: &Context<'_, '_>, step: StepId) -> Vec<String> {
    let facts = context.facts;
    let read = evidence::read_by(facts, step).into_iter().map(|grant| (step, grant));
    let relevant: BTreeSet<GrantAt> = read.chain(sure::showing(facts, step)).collect();
    let long = relevant.into_iter().filter_map(|at| Some((at, sure::long_text(facts, at)?)));
    long.map(|(at, param)| {
        format!(
            "`{param}` of `{}` in step `{}` has at most {MAX_TEXT} characters",
            facts.action_name(at),
            facts.step(step).name
        )
    })
    .collect()
}

/// Names of what the step must make that no parameter may have: whoever starts the run chooses those.
fn other_names(context: &Context<'_, '_>, step: StepId) -> Vec<String> {
    let facts = context.facts;
    let read = evidence::read_by(facts, step).into_iter().map(|grant| (step, grant));
    let relevant: BTreeSet<GrantAt> = read.chain(sure::showing(facts, step)).collect();
    let named =
        relevant.into_iter().filter(|at| facts.usable(*at) && facts.may_be_called_like_a_parameter(*at));
    named
        .map(|at| {
            format!(
                "no parameter is called like what `{}` makes in step `{}`",
                facts.action_name(at),
                facts.step(step).name
            )
        })
        .collect()
}

/// The makers of what the step's grants and judgements name have settled, and the steps that guards of the grants look at.
fn decided(context: &Context<'_, '_>, step: StepId) -> Goal {
    let facts = context.facts;
    let pinned = facts.step(step).grants.iter().flat_map(Grant::data).map(|(_, datum)| datum);
    let judged = facts.atoms(step).filter_map(|(atom, _)| facts.judged_datum(atom));
    let grants = (0..facts.step(step).grants.len()).map(|index| crate::values::grant_at(step, index));
    let required = grants.flat_map(|at| facts.guarding().required(at)).flat_map(|formula| formula.steps());
    let makers: BTreeSet<StepId> =
        pinned.chain(judged).filter_map(|datum| datum.root.step()).chain(required).collect();
    makers.into_iter().map(Need::Settled).collect()
}

/// Some outcome needs nothing that other steps must have made.
fn free(context: &Context<'_, '_>, step: StepId) -> bool {
    let facts = context.facts;
    facts.atoms(step).any(|(atom, outcome)| {
        matches!(outcome.how, How::Judged | How::TimedOut)
            && facts.lasting(atom)
            && facts.judged_datum(atom).is_none()
    })
}

/// With all data bound and the `spent` grants giving nothing, some outcome is there whatever values data have.
fn settles(context: &Context<'_, '_>, step: StepId, spent: &[GrantAt]) -> bool {
    let facts = context.facts;
    let Some(all) = facts.compared.assignments(evidence::compared(facts, step)) else { return false };
    let sure: BTreeSet<GrantIx> = evidence::read_by(facts, step)
        .into_iter()
        .filter(|grant| {
            let at = (step, *grant);
            !spent.contains(&at) && sure::lets_through(facts, at) && facts.guarding().required(at).is_empty()
        })
        .collect();
    let there = |grant: GrantIx| sure.contains(&grant);
    all.iter().all(|values| {
        facts.atoms(step).any(|(atom, outcome)| {
            // A use may show something else.
            let seen = facts
                .judged_datum(atom)
                .is_none_or(|datum| facts.ways_to_see(step, datum).contains(&Shown::View));
            !matches!(outcome.how, How::Exhausted(_))
                && facts.lasting(atom)
                && seen
                && facts
                    .evidence(atom)
                    .is_none_or(|condition| evidence::truth(condition, step, &there, values))
        })
    })
}

/// Everything the grants that matter to the step surely can still give, with the values of the map.
fn worst(context: &Context<'_, '_>, step: StepId, map: &Map, spent: &[GrantAt]) -> Option<Vec<Act>> {
    let facts = context.facts;
    let mut acts = Vec::new();
    let read = evidence::read_by(facts, step).into_iter().map(|grant| (step, grant));
    let relevant: BTreeSet<GrantAt> = read.chain(sure::showing(facts, step)).collect();
    for at in relevant {
        if spent.contains(&at) || !evidence::pinned(facts, at, map) || !sure::lets_through(facts, at) {
            continue;
        }
        let root = Root::Result { step: at.0, grant: at.1 };
        let own = map.values_of(step).filter(|(datum, _)| datum.root == root);
        let fields = own.map(|(datum, value)| (datum.fields.clone(), value.clone())).collect();
        let uses = facts.uses(at);
        plan::repeat(&mut acts, &Act::Use { at, fields, args: BTreeMap::new() }, u64::from(uses))?;
    }
    Some(acts)
}

/// The world answers at its worst: lists are empty, names are none, and what is shown is something else.
fn hostile<'m>(facts: &Facts<'m>, step: StepId) -> Setting<'m> {
    let relevant = sure::unsure(facts, step).into_iter().chain(sure::showing(facts, step));
    let instead = relevant.filter_map(|at| sure::starved(facts, at)).collect();
    Setting { instead, blind: Some(step), ..Setting::default() }
}

/// The step may count on answers that need not come.
fn relies_on_luck(facts: &Facts<'_>, step: StepId) -> bool {
    !sure::unsure(facts, step).is_empty() || !sure::showing(facts, step).is_empty()
}

fn ends_in(name: &str) -> String {
    format!("step `{name}` is open, has no use left that matters, and none of its outcomes can be taken")
}

fn with_nothing_to_use(name: &str) -> String {
    format!("step `{name}` is open, nothing that matters can be used, and none of its outcomes can be taken")
}

fn at_once(context: &Context<'_, '_>, step: StepId, map: &Map) -> Result<Diagnostic, String> {
    let facts = context.facts;
    let name = &facts.step(step).name;
    let setting = hostile(facts, step);
    let lucky = relies_on_luck(facts, step);
    let end = if lucky { with_nothing_to_use(name) } else { ends_in(name) };
    let trace = worst(context, step, map, &[])
        .ok_or_else(|| plan::TOO_LONG.to_owned())
        .and_then(|uses| context.trace(map, &uses, &Violation::Stranded(step), &setting, end))
        .map_err(|why| match refusable(facts, step) {
            Some(at) => format!(
                "a guard may refuse `{}`, and step `{name}` may have no other way to settle: add an outcome that does without",
                facts.action_name(at)
            ),
            None if lucky => format!("{why}; {}", cure(name)),
            None => why,
        })?;
    let message = format!("step `{name}` can be left with no way to settle");
    let own = context.span(Place::Step(step));
    let mut causes = causes(context, step).into_iter();
    let failure = match causes.next() {
        Some((place, why, help)) => {
            let failure = Diagnostic::error(codes::STRANDED, format!("{message}: {why}"));
            let failure = failure.at(context.span(place)).label(own, "this step needs it");
            let failure = causes.fold(failure, |failure, (place, why, _)| failure.label(context.span(place), why));
            failure.help(format!("{help}add an outcome to `{name}` that does without, such as `outcome impossible -> end`"))
        }
        None => Diagnostic::error(codes::STRANDED, message).at(own).help(
            "add an outcome that the role may decide without evidence, or automatic outcomes for all evidence",
        ),
    };
    Ok(failure.trace(trace))
}

/// What the step counts on and need not get: where, why not, and what else would help, as the beginning of a sentence.
fn causes(context: &Context<'_, '_>, step: StepId) -> Vec<(Place, String, String)> {
    let facts = context.facts;
    let mut causes = Vec::new();
    for at in sure::unsure(facts, step) {
        let Some((number, starved)) = sure::doubtful_pin(facts, at) else { continue };
        let place = Place::Pin(at.0, at.1, number);
        causes.push(match starved {
            Starved::Name(ty) => (
                place,
                format!("this text may be no `{ty}`"),
                format!(
                    "make it of numbers, commits or words of an enumeration, let an earlier step hand in a `{ty}` with `submit`, or "
                ),
            ),
            Starved::List => (place, "this list may be empty".to_owned(), String::new()),
            Starved::Narrowed => (place, "none of this list may match".to_owned(), String::new()),
        });
    }
    for at in sure::showing(facts, step) {
        let place = Place::Grant(at.0, at.1);
        causes.push((place, "this may show something else than what is judged".to_owned(), String::new()));
    }
    causes
}

/// A grant that matters to the step and that a guard may refuse.
fn refusable(facts: &Facts<'_>, step: StepId) -> Option<GrantAt> {
    let read = evidence::read_by(facts, step).into_iter().map(|grant| (step, grant));
    read.chain(sure::showing(facts, step)).find(|at| facts.guarding().may_refuse(*at))
}

fn cure(name: &str) -> String {
    format!(
        "the world may show something else than what is judged, answer with an empty list, or with text that makes no name: \
         add an outcome to `{name}` that needs none of these"
    )
}

/// What may give a step nothing although live maps say that it can be used.
struct Lack {
    step: StepId,
    /// Used up in an earlier opening: by a limit per run, or because the name is taken.
    spent: Vec<GrantAt>,
    /// The name may have been given by another grant.
    contested: Vec<GrantAt>,
}

impl Lack {
    /// Of a step that may have no outcome without it.
    fn of(context: &Context<'_, '_>, step: StepId) -> Option<Self> {
        let facts = context.facts;
        let grants = (0..facts.step(step).grants.len()).map(|index| crate::values::grant_at(step, index));
        let mattering: Vec<GrantAt> = grants.filter(|at| matters(context, *at)).collect();
        let contested = |at: &GrantAt| facts.taken.rivals(*at).next().is_some();
        let mut spent: Vec<GrantAt> = mattering.iter().copied().filter(|at| facts.used_up(*at)).collect();
        if !spent.is_empty() && context.openings().loops(step).is_empty() {
            spent.clear();
        }
        let lack = Self { step, spent, contested: mattering.into_iter().filter(contested).collect() };
        let all = lack.all();
        let can_settle = || settles(context, step, &all) && (context.names_bound() || free(context, step));
        (!all.is_empty() && !can_settle()).then_some(lack)
    }

    fn all(&self) -> Vec<GrantAt> {
        let all: BTreeSet<GrantAt> = self.spent.iter().chain(&self.contested).copied().collect();
        all.into_iter().collect()
    }

    /// In every map in which the step lacks so much that it cannot settle, one of these holds.
    fn goals(&self, facts: &Facts<'_>) -> Vec<Goal> {
        let makers: BTreeSet<StepId> =
            self.contested.iter().flat_map(|at| facts.taken.rivals(*at)).map(|(maker, _)| maker).collect();
        let stranded = |lacking: Vec<GrantAt>| Need::Stranded(self.step, lacking);
        // A rival in a step that no loop opens again has left its step begun.
        let lasting = |step: &StepId| facts.loops().all(|(by, _)| !facts.resets(by, *step));
        if !makers.iter().all(lasting) {
            return vec![vec![stranded(self.all())]];
        }
        let spent = (!self.spent.is_empty()).then(|| vec![stranded(self.spent.clone())]);
        let taken = makers.into_iter().map(|maker| vec![Need::Begun(maker), stranded(self.all())]);
        spent.into_iter().chain(taken).collect()
    }

    fn failure(&self, context: &Context<'_, '_>, by: Option<LoopId>, trace: Trace) -> Diagnostic {
        let facts = context.facts;
        let name = &facts.step(self.step).name;
        let rival = self.contested.iter().find_map(|at| Some((*at, facts.taken.rivals(*at).next()?)));
        let (failure, help) = match (self.spent.first(), rival) {
            (None, Some((at, rival))) => {
                let message = format!(
                    "step `{name}` may find the name of what this makes taken, and then cannot settle"
                );
                let failure = Diagnostic::error(codes::STRANDED, message)
                    .at(context.span(Place::Grant(at.0, at.1)))
                    .label(
                        context.span(Place::Grant(rival.0, rival.1)),
                        "this may have made one of that name",
                    );
                (failure, "give what is made another name, or an outcome that needs none of it")
            }
            (at, _) => {
                let at = at.copied().unwrap_or((self.step, GrantIx(0)));
                let (what, place, help) = if facts.per_run(at) {
                    let help = "count `per opening`, or move the step out of the loop";
                    ("this limit per run is used up", Place::Limit(at.0, at.1), help)
                } else {
                    let help = "let the name change with what is new in each opening, or move the step out of the loop";
                    ("the name of what this makes is taken", Place::Grant(at.0, at.1), help)
                };
                let message = format!("step `{name}` may open again when {what}, and then cannot settle");
                let by = by.or(context.openings().loops(self.step).first().copied()).unwrap_or(LoopId(0));
                let failure = Diagnostic::error(codes::STRANDED, message)
                    .at(context.span(place))
                    .label(context.span(Place::Loop(by)), format!("this opens `{name}` again"));
                (failure, help)
            }
        };
        failure.help(help).trace(trace)
    }

    fn why(&self, facts: &Facts<'_>, why: &str) -> String {
        let name = &facts.step(self.step).name;
        match self.contested.iter().find_map(|at| facts.taken.rivals(*at).next()) {
            Some((maker, _)) if self.spent.is_empty() => {
                let maker = &facts.step(maker).name;
                format!("a name that step `{name}` needs may be taken by step `{maker}`: {why}")
            }
            _ => format!("step `{name}` may open again when what it uses is used up: {why}"),
        }
    }
}

/// Openings in which limits per run have been used up, or names are taken, so that a step cannot settle.
///
/// # Errors
/// Why the solver gave up.
fn with_less(context: &Context<'_, '_>) -> Result<Vec<Result<Diagnostic, String>>, String> {
    let facts = context.facts;
    let mut lacks: Vec<Lack> = facts.steps().filter_map(|step| Lack::of(context, step)).collect();
    let goals: Vec<Vec<Goal>> = lacks.iter().map(|lack| lack.goals(facts)).collect();
    let mut examples = context.session.sort(&goals.concat(), None)?.into_iter();
    // Without an example every way of lacking it leaves an outcome.
    let mut possible = goals.iter().map(|goals| examples.by_ref().take(goals.len()).any(|map| map.is_some()));
    lacks.retain(|_| possible.next() == Some(true));
    // What waits for a step that cannot settle has no run of its own to show: plans first, and the dear search, one for all, only
    // when no plan shows anything.
    let mut failures = Vec::new();
    let mut open = Vec::new();
    for lack in &lacks {
        match used_up(context, lack) {
            Ok(failure) => failures.push(Ok(failure)),
            Err(why) => open.push((lack, why)),
        }
        if failures.len() >= MOST {
            return Ok(failures);
        }
    }
    if !failures.is_empty() || open.is_empty() {
        return Ok(failures);
    }
    let violations: Vec<Violation> = open.iter().map(|(lack, _)| Violation::Stranded(lack.step)).collect();
    let found = context.stage.search_each(&violations, &Setting::default());
    for ((lack, why), acts) in open.into_iter().zip(found) {
        let name = &facts.step(lack.step).name;
        let violation = Violation::Stranded(lack.step);
        let trace = acts
            .ok_or_else(|| format!("{why}; {NOT_FOUND}"))
            .and_then(|acts| context.stage.trace(&acts, &violation, &Setting::default(), ends_in(name)));
        let failure = trace.map(|trace| lack.failure(context, None, trace));
        failures.push(failure.map_err(|why| lack.why(facts, &why)));
    }
    failures.truncate(MOST);
    Ok(failures)
}

/// A later opening in which what the step uses has been used up, shown by a plan.
fn used_up(context: &Context<'_, '_>, lack: &Lack) -> Result<Diagnostic, String> {
    let facts = context.facts;
    let (step, spent) = (lack.step, &lack.spent);
    let not_found = || "no run that uses it up was found".to_owned();
    if spent.is_empty() {
        return Err("no run was found".to_owned());
    }
    // What can be used in the first opening is used up there.
    let mut first: Goal = vec![Need::Begun(step)];
    first.extend(spent.iter().map(|at| Need::Used(*at)));
    let mut last = decided(context, step);
    last.push(Need::Stranded(step, spent.clone()));
    let loops = context.openings().loops(step);
    let chain = context.session.chain(&[first], &[last], &loops, 1).known()?.ok_or_else(not_found)?;
    let mut uses = Vec::new();
    for at in spent {
        let times = u64::from(facts.uses(*at));
        plan::repeat(&mut uses, &Act::using(*at), times).ok_or(plan::TOO_LONG)?;
    }
    let end = chain.maps.last().cloned().unwrap_or_default();
    let rest = worst(context, step, &end, spent).ok_or(plan::TOO_LONG)?;
    let acts = plan::along(facts, &chain, &uses, &rest).ok_or_else(not_found)?;
    let violation = Violation::Stranded(step);
    let name = &facts.step(step).name;
    let in_setting = |setting: &Setting<'_>| context.stage.trace(&acts, &violation, setting, ends_in(name));
    let trace = in_setting(&Setting::default()).or_else(|why| {
        let harder = relies_on_luck(facts, step).then(|| hostile(facts, step));
        let mut harder = harder.into_iter().chain([repeating(facts, spent)]);
        harder.find_map(|setting| in_setting(&setting).ok()).ok_or(why)
    })?;
    Ok(lack.failure(context, chain.fired.first().copied(), trace))
}

/// Where the upstream may, it names the same again.
fn repeating<'m>(facts: &Facts<'m>, grants: &[GrantAt]) -> Setting<'m> {
    let data = grants.iter().filter_map(|at| facts.grant(*at)).flat_map(Grant::data).map(|(_, datum)| datum);
    let named = data.filter(|datum| matches!(datum.root, Root::Result { .. }));
    let value = |datum: &Datum| showing::others(facts.type_of(datum)?, 0).into_iter().next();
    let instead = named.filter_map(|datum| Some((datum.clone(), value(datum)?))).collect();
    Setting { instead, ..Setting::default() }
}

/// The step's outcomes read the grant, or need it to be shown what they judge.
fn matters(context: &Context<'_, '_>, at: GrantAt) -> bool {
    let facts = context.facts;
    evidence::read_by(facts, at.0).contains(&at.1) || sure::showing(facts, at.0).contains(&at)
}
