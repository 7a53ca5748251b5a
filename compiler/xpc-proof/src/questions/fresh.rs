//! Nothing changes what evidence is about while it is gathered or in force.
//!
//! What it means stands in `xp_monitor::questions::fresh`: the monitor, and the obligation over two maps that is asked here.
//! Which grants may alter what evidence is about comes from the contract: what somebody can choose to be one refutes, what only
//! an upstream's spelling makes one is conditional, what a silent declaration leaves open is unknown. What the run did not
//! make, another run may change: then it is conditional, unless every use that rests on it expects it as it was.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use xp_artifact::declaration::ThingExpr;
use xp_artifact::order::Moment;
use xp_artifact::question::Question;
use xp_diagnostics::{Diagnostic, Trace, codes};
use xp_monitor::obligation::{Case, Obligation};
use xp_monitor::questions::fresh::{self, Meetings};
use xp_monitor::{Evidence, asked};
use xp_scope::thing::Class;
use xpc_model::{Place, Verdict};

use super::things::Things;
use super::{Context, MOST};
use crate::answer;
use crate::evidence as ways;
use crate::facts::GrantAt;
use crate::moments::{Asking, Moments};
use crate::plan::{self, Act};
use crate::refute::Setting;
use crate::session::Answer;
use crate::showing;
use crate::steering::{self, Named, Steering};
use crate::told;
use crate::violation::Violation;
use crate::watching::{Concerned, Met, Watching};

static FRESH: Question = Question::FreshEvidence;

/// Firings tried between the two moments of an example.
const FIRINGS: usize = 3;

pub(crate) fn ask(context: &Context<'_, '_>) -> Verdict {
    let things = Things::new(context.facts);
    let all = asked(context.facts.w);
    if all.is_empty() {
        return answer::proved();
    }
    let table = Table::of(context, &things, &all);
    let obligation = fresh::obligation(context.facts.w, &all, &table);
    let question = Asked { context, things: &things, evidence: &all, table, obligation };
    question.answer()
}

/// By evidence and grant: what a meeting is worth, and whether the grant spends.
struct Table {
    evidence: Vec<Evidence>,
    classes: BTreeMap<(GrantAt, usize), Class>,
    spends: Vec<(GrantAt, usize)>,
    /// By evidence and grant: what it is worth that the grant makes final what the evidence is about, or names the evidence.
    reaches: BTreeMap<(GrantAt, usize), Class>,
}

impl Table {
    fn of(context: &Context<'_, '_>, things: &Things<'_, '_>, evidence: &[Evidence]) -> Self {
        let mut table = Self {
            evidence: evidence.to_vec(),
            classes: BTreeMap::new(),
            spends: Vec::new(),
            reaches: BTreeMap::new(),
        };
        let about: Vec<_> = evidence.iter().map(|one| things.about(one)).collect();
        // Grants alike in what they alter meet the same evidence.
        let mut known: BTreeMap<_, Vec<(usize, Class)>> = BTreeMap::new();
        for (at, _) in context.facts.grants() {
            for altered in things.altered(at) {
                let meeting = known.entry(altered).or_insert_with(|| {
                    let each = about.iter().enumerate().filter_map(|(number, about)| {
                        let classes = about
                            .iter()
                            .filter(|about| !things.is_content_around(altered, **about))
                            .filter_map(|about| things.meet(altered, *about));
                        Some((number, classes.min()?))
                    });
                    each.collect()
                });
                for (number, class) in meeting {
                    let is_said = evidence.get(*number).is_none_or(Evidence::is_said);
                    let class = if is_said { *class } else { (*class).max(Class::Silent) };
                    let worst = table.classes.entry((at, *number)).or_insert(class);
                    *worst = (*worst).min(class);
                }
            }
            for (number, one) in evidence.iter().enumerate() {
                if things.spends(at, one) {
                    table.spends.push((at, number));
                }
                let named = fresh::is_final_and_names(context.facts.w, at, one).then_some(Class::Chosen);
                if let Some(class) = named.or_else(|| things.reaches(at, one)) {
                    table.reaches.insert((at, number), class);
                }
            }
        }
        table
    }

    fn number(&self, evidence: &Evidence) -> Option<usize> {
        self.evidence.iter().position(|one| one == evidence)
    }
}

impl Meetings for Table {
    fn alters(&self, grant: GrantAt, evidence: &Evidence) -> bool {
        self.number(evidence).is_some_and(|number| self.classes.contains_key(&(grant, number)))
    }

    fn spends(&self, grant: GrantAt, evidence: &Evidence) -> bool {
        self.number(evidence).is_some_and(|number| self.spends.contains(&(grant, number)))
    }

    fn reaches(&self, grant: GrantAt, evidence: &Evidence) -> bool {
        self.number(evidence).is_some_and(|number| self.reaches.contains_key(&(grant, number)))
    }
}

/// Some cases of the obligation, with a solver for them.
struct Part<'f, 'm> {
    cases: Vec<usize>,
    asking: OnceCell<Asking<'f, 'm>>,
}

/// A case with the run that shows it, or why none does.
type Failed<'a> = (&'a Case, Result<Diagnostic, String>);

struct Asked<'a, 'f, 'm> {
    context: &'a Context<'f, 'm>,
    things: &'a Things<'f, 'm>,
    evidence: &'a [Evidence],
    table: Table,
    obligation: Obligation,
}

impl<'f, 'm> Asked<'_, 'f, 'm> {
    fn answer(&self) -> Verdict {
        let context = self.context;
        // A final use after a change takes three grants, and there are many such cases: what breaks the property without one is asked
        // before.
        let (after, before): (Vec<usize>, Vec<usize>) = (0..self.obligation.cases.len())
            .partition(|case| self.obligation.cases.get(*case).is_some_and(|case| case.label.last.is_some()));
        let parts: Vec<Part<'f, 'm>> =
            [before, after].into_iter().map(|cases| Part { cases, asking: OnceCell::new() }).collect();
        // Of each class the cases that some run may show; the worst class decides.
        for class in [Class::Chosen, Class::Silent, Class::Spelling] {
            let mut failures = Vec::new();
            for part in &parts {
                failures = match self.failures(part, class) {
                    Ok(failures) => failures,
                    Err(verdict) => return *verdict,
                };
                if !failures.is_empty() {
                    break;
                }
            }
            if !failures.is_empty() {
                let search = |case: &Case, why: String| self.searched(case, &why);
                return answer::from(answer::else_searched(failures, search));
            }
        }
        let open = self.evidence.iter().flat_map(|evidence| &evidence.about);
        if let Some((at, _)) = open.into_iter().find(|(_, expr)| *expr == ThingExpr::Anything) {
            return answer::unknown(unsaid(&context.facts.action_name(*at)));
        }
        let shared = self.evidence.iter().flat_map(|evidence| {
            let about = self.things.about(evidence).into_iter();
            about.filter(move |term| self.things.is_shared(*term, Moment::open(evidence.step)))
        });
        let mut proved = answer::proved();
        for term in shared {
            let Some(assumption) = self.things.assumed(term) else {
                let kind = self.things.kind(term).unwrap_or("connector.Kind");
                let verdict = answer::conditional(format!(
                    "somebody else may change {} that evidence is about: let every final use expect the version the evidence was \
                     about (`expects … at ARGUMENT` in the declaration of its action, and the argument pinned to the `version of` it \
                     that the evidence gave), or say that nobody does, in the workflow: `assume nobody else changes {kind}(KEY) \
                     because \"…\"`",
                    self.things.words(term)
                ));
                let about = self.evidence.iter().find(|one| self.things.about(one).contains(&term));
                return Verdict { because: about.map(place).into_iter().collect(), ..verdict };
            };
            proved = answer::assuming(proved, assumption);
        }
        proved
    }

    /// The cases of a class that some run may show, one for each evidence and change, each with a run.
    ///
    /// # Errors
    /// The verdict, where that is decided without a run.
    fn failures(&self, part: &Part<'f, 'm>, class: Class) -> Result<Vec<Failed<'_>>, Box<Verdict>> {
        let case_of = |number: usize| self.obligation.cases.get(*part.cases.get(number)?);
        let is_open =
            |number: &usize| part.cases.get(*number).and_then(|case| self.class(*case)) == Some(class);
        let mut open: Vec<usize> = (0..part.cases.len()).filter(is_open).collect();
        let mut failures = Vec::new();
        while !open.is_empty() && failures.len() < MOST {
            let moments = match self.asking(part).ask(&open) {
                Answer::No => break,
                Answer::Unknown(why) => return Err(Box::new(answer::unknown(why))),
                Answer::Yes(moments) => moments,
            };
            let (Some(number), Some(case)) = (part.cases.get(moments.case), case_of(moments.case)) else {
                break;
            };
            match class {
                Class::Chosen => failures.push((case, self.planned(case, *number))),
                Class::Silent => return Err(Box::new(self.silent(case))),
                Class::Spelling => return Err(Box::new(self.spelled(case))),
            }
            let label = &case.label;
            let is_other =
                |other: &Case| other.label.evidence != label.evidence || other.label.changer != label.changer;
            open.retain(|other| case_of(*other).is_some_and(is_other));
        }
        Ok(failures)
    }

    /// The solver with the cases of a part, once any of them is asked.
    fn asking<'p>(&self, part: &'p Part<'f, 'm>) -> &'p Asking<'f, 'm> {
        let context = self.context;
        part.asking.get_or_init(|| {
            let obligation = self.obligation.of_cases(&part.cases);
            Asking::all_runs(context.facts, context.session.limits, &obligation, &context.cover().fireable)
        })
    }

    fn class(&self, case: usize) -> Option<Class> {
        let case = self.obligation.cases.get(case)?;
        let number = usize::try_from(case.label.evidence?).ok()?;
        let changes = self.table.classes.get(&(case.label.changer?, number)).copied()?;
        let reaches = case.label.last.and_then(|at| self.table.reaches.get(&(at, number)).copied());
        Some(reaches.map_or(changes, |reaches| changes.max(reaches)))
    }

    fn of(&self, case: &Case) -> Option<&Evidence> {
        self.evidence.get(usize::try_from(case.label.evidence?).ok()?)
    }

    fn silent(&self, case: &Case) -> Verdict {
        let about = self.of(case).and_then(|one| self.things.about(one).first().copied());
        let about = about.map(|term| self.things.words(term)).unwrap_or_default();
        let number = case.label.evidence.and_then(|number| usize::try_from(number).ok());
        let open = case.label.last.filter(|at| {
            number.and_then(|number| self.table.reaches.get(&(*at, number))) == Some(&Class::Silent)
        });
        if let Some(at) = open {
            return answer::unknown(format!(
                "`{}` may make final {about} on evidence from before it changed: its declaration does not say what it `reads`",
                self.context.facts.action_name(at)
            ));
        }
        let facts = self.context.facts;
        // Of what the evidence itself leaves unsaid, the change is not to blame.
        if let Some(one) = self.of(case)
            && let Some((at, _)) = one.about.iter().find(|(_, expr)| *expr == ThingExpr::Anything)
        {
            return answer::unknown(unsaid(&facts.action_name(*at)));
        }
        if let Some(one) = self.of(case).filter(|one| !one.is_said()) {
            return answer::unknown(format!(
                "`{}` may have shown the judge of step `{}` what is judged there, and {about} can change afterwards: its declaration does \
                 not say whether what it `shows` is its argument (`result.f is p`, or `result.f from`)",
                facts.action_name(one.by),
                facts.step(one.step).name
            ));
        }
        let action = case.label.changer.map(|at| facts.action_name(at)).unwrap_or_default();
        answer::unknown(format!(
            "`{action}` may change {about}: its declaration does not say which things it changes"
        ))
    }

    fn spelled(&self, case: &Case) -> Verdict {
        let facts = self.context.facts;
        let action = case.label.changer.map(|at| facts.action_name(at)).unwrap_or_default();
        let step = self.of(case).map(|one| facts.step(one.step).name.as_str()).unwrap_or_default();
        answer::conditional(format!(
            "`{action}` may change what the evidence of step `{step}` is about, if the upstream takes two names for one"
        ))
    }

    /// A run that shows the case, or another of the same evidence and change.
    fn planned(&self, case: &Case, number: usize) -> Result<Diagnostic, String> {
        let context = self.context;
        let (Some(one), Some(by)) = (self.of(case), case.label.changer) else {
            return Err("the case is about nothing".to_owned());
        };
        let alike: Vec<usize> = (0..self.obligation.cases.len())
            .filter(|other| {
                *other == number
                    || self.obligation.cases.get(*other).is_some_and(|other| {
                        other.label.evidence == case.label.evidence && other.label.changer == Some(by)
                    })
            })
            .collect();
        let part = self.obligation.of_cases(&alike);
        let all: Vec<usize> = (0..alike.len()).collect();
        let loops = &context.cover().fireable;
        let mut why = format!("none was found with up to {FIRINGS} reopenings");
        for firings in 0..=FIRINGS {
            let limits = context.session.limits;
            let asking = Asking::examples(context.facts, limits, &part, loops, firings);
            let Some(asking) = asking else { break };
            let moments = match asking.ask(&all) {
                Answer::Yes(moments) => moments,
                Answer::No => continue,
                Answer::Unknown(reason) => return Err(reason),
            };
            let Some(case) = part.cases.get(moments.case) else { break };
            match self.shown(&moments, case, one, by) {
                Ok(failure) => return Ok(failure),
                Err(reason) => why = reason,
            }
        }
        Err(why)
    }

    /// As [`Self::planned`], by a search on the machine.
    fn searched(&self, case: &Case, why: &str) -> Result<Diagnostic, String> {
        let context = self.context;
        let (Some(one), Some(by)) = (self.of(case), case.label.changer) else { return Err(why.to_owned()) };
        let trace = self.in_some_setting(one, (by, case.label.last), |setting| {
            context.stage.search(&Violation::Broken, setting, self.ends_in(one, by))
        });
        let trace = trace.map_err(|also| {
            let (action, step) = (context.facts.action_name(by), &context.facts.step(one.step).name);
            format!("`{action}` and the evidence of step `{step}`: {why}; {also}")
        })?;
        let last = trace.events.iter().rev().find_map(|event| told::used(context.facts, event));
        Ok(self
            .words(one, last.filter(|at| self.table.alters(*at, one)).unwrap_or(by), case.label.last)
            .trace(trace))
    }

    fn shown(
        &self,
        moments: &Moments,
        case: &Case,
        one: &Evidence,
        by: GrantAt,
    ) -> Result<Diagnostic, String> {
        let context = self.context;
        let last = moments.maps.last();
        let taken =
            case.label.taken.iter().copied().find(|atom| {
                last.is_some_and(|map| crate::need::Need::Enabled(*atom).holds(context.facts, map))
            });
        let way = taken.and_then(|atom| {
            ways::way_now(context.facts, context.facts.chosen(atom), last.unwrap_or(&Default::default()))
        });
        let uses: Vec<(usize, Act)> = case
            .label
            .uses
            .iter()
            .map(|(map, at)| {
                let here = way.as_ref().filter(|_| taken.is_some_and(|atom| atom.step == at.0));
                let fields = here.and_then(|way| way.results.get(&at.1)).cloned().unwrap_or_default();
                (usize::from(*map), Act::Use { at: *at, fields, args: BTreeMap::new() })
            })
            .collect();
        let acts = plan::through(context.facts, moments, &uses, taken).ok_or(plan::TOO_LONG)?;
        let trace = self.in_some_setting(one, (by, case.label.last), |setting| {
            context.stage.trace(&acts, &Violation::Broken, setting, self.ends_in(one, by))
        })?;
        // The run ends with the first change: that may be another's.
        if !trace.events.iter().any(|event| told::used(context.facts, event) == Some(by)) {
            return Err(format!("another use changes it before `{}` can", context.facts.action_name(by)));
        }
        Ok(self.words(one, by, case.label.last).trace(trace))
    }

    /// Tries a run with values by which what the use changes is what the evidence is about, and so is what the last use makes final.
    fn in_some_setting(
        &self,
        one: &Evidence,
        (by, last): (GrantAt, Option<GrantAt>),
        run: impl Fn(&Setting<'m>) -> Result<Trace, String>,
    ) -> Result<Trace, String> {
        let none = "no values make what it changes one with what the evidence is about";
        steering::first(self.steerings(one, by, last), &self.setting(one), none, |setting| {
            let found = run(setting);
            if found.is_ok() || one.renewed.is_empty() {
                return found;
            }
            // A judge may look at something else than what is judged, where something else shows the name and the use leaves a choice.
            let workflow = self.context.facts.w;
            for (at, looked) in one.renewed.iter().filter(|(at, looked)| !looked.is_surely_at(workflow, *at))
            {
                let param = self.context.facts.action_of(*at).params.get(looked.argument as usize);
                let other = param.and_then(|param| showing::others(&param.ty, 1).into_iter().next());
                let aims = setting.aims.entry(*at).or_default();
                aims.extend(other.map(|other| (looked.argument, looked.fields.clone(), other)));
            }
            run(setting)
        })
    }

    /// By each clause of the change and of the evidence, and of the last use, that can be one.
    fn steerings(&self, one: &Evidence, by: GrantAt, last: Option<GrantAt>) -> Vec<Steering<'_, 'm>> {
        let facts = self.context.facts;
        let clauses = &facts.action_of(by).clauses;
        let last = last.filter(|at| !fresh::is_final_and_names(facts.w, *at, one));
        let finals = last.map(|at| (at, facts.action_of(at).clauses.spent_on().collect::<Vec<_>>()));
        let mut found = Vec::new();
        for (at, expr) in &one.about {
            let looked = one.looked.as_ref().filter(|looked| *at == one.by && looked.is_whole());
            let looked = looked.map(|looked| (looked.argument, &looked.name));
            let about = Named { at: *at, expr, looked };
            for altered in clauses.altered() {
                let mut steering = Steering::new(facts);
                if !steering.meet(Named::of(by, altered), about) {
                    continue;
                }
                let reached =
                    finals.iter().flat_map(|(at, exprs)| exprs.iter().map(|expr| Named::of(*at, expr)));
                let reached: Vec<Named<'_>> = reached.collect();
                if reached.is_empty() {
                    found.push(steering);
                    continue;
                }
                for last in reached {
                    let mut steering = steering.clone();
                    if steering.meet(last, about) {
                        found.push(steering);
                    }
                }
            }
        }
        found
    }

    /// Only what somebody chooses breaks the monitor's evidence, and only this one.
    fn setting(&self, one: &Evidence) -> Setting<'m> {
        let number = self.evidence.iter().position(|other| other == one);
        let chosen = self
            .table
            .classes
            .iter()
            .filter(|((_, of), class)| **class == Class::Chosen && Some(*of) == number);
        let reaching = self.table.reaches.iter().filter(|(_, class)| **class == Class::Chosen);
        let alters: Vec<_> = chosen.map(|((at, of), _)| (*at, *of)).collect();
        let of_it = |list: &[(GrantAt, usize)]| -> Vec<GrantAt> {
            list.iter().filter(|(_, of)| Some(*of) == number).map(|(at, _)| *at).collect()
        };
        let reaching: Vec<_> = reaching.map(|(at, _)| *at).collect();
        let mut grants: BTreeSet<GrantAt> = of_it(&alters).into_iter().chain(of_it(&reaching)).collect();
        grants.extend(of_it(&self.table.spends).into_iter().chain([one.by]));
        let steps: BTreeSet<_> = one.relying.iter().map(|atom| atom.step).collect();
        // By which of its uses a judge was shown the thing decides from when on the evidence is.
        let facts = self.context.facts;
        grants.extend(facts.grants().map(|(at, _)| at).filter(|at| one.judged && steps.contains(&at.0)));
        let concerned = Concerned { grants, steps };
        let met = Met { evidence: self.evidence.to_vec(), alters, reaches: reaching, ..Met::default() };
        let watching = Watching::new(self.context.facts, &FRESH, Rc::new(met));
        Setting { watching: Some(watching.about(concerned)), ..Setting::default() }
    }

    fn ends_in(&self, one: &Evidence, by: GrantAt) -> String {
        let facts = self.context.facts;
        format!("`{}` has changed what `{}` is about", facts.action_name(by), facts.step(one.step).name)
    }

    fn words(&self, one: &Evidence, by: GrantAt, last: Option<GrantAt>) -> Diagnostic {
        let context = self.context;
        let facts = context.facts;
        let action = facts.action_name(by);
        let gathering = &facts.step(one.step).name;
        let what = if one.judged { "approval" } else { "evidence" };
        let spends = self.table.spends(by, one);
        let naming =
            last.filter(|at| fresh::is_final_and_names(facts.w, *at, one) && !self.table.spends(*at, one));
        let message = if let Some(at) = naming {
            format!(
                "`{}` can be used on {what} of step `{gathering}`, which its step names, after `{action}` has changed what that is about",
                facts.action_name(at)
            )
        } else if by.0 == one.step {
            format!("`{action}` can change what the {what} of the same step is about")
        } else if spends {
            format!(
                "`{action}` can be used again on {what} of step `{gathering}` after what it is about has changed"
            )
        } else {
            format!(
                "`{action}` can change what the {what} of step `{gathering}` is about while it is in force"
            )
        };
        let place = place(one);
        let mut failure = Diagnostic::error(codes::STALE, message)
            .at(context.span(Place::Grant(by.0, by.1)))
            .label(context.span(place), format!("this {what} would be out of date"));
        // What is judged may have been read by an earlier step: that one would have to come later.
        let gathered = one.by.0;
        let (first, second) = (&facts.step(gathered).name, &facts.step(by.0).name);
        if let Some(at) = naming {
            let naming = &facts.step(at.0).name;
            failure = failure.help(format!(
                "gather the {what} again behind `{second}`, or let `{naming}` wait for what was done on it instead of naming it"
            ));
        } else if by.0 == one.step || by.0 == gathered {
            failure = failure.help(format!("move `{action}` into a step of its own before `{first}`"));
        } else if facts.cone([by.0]).contains(&gathered) {
            failure = failure.help(format!(
                "gather the {what} again behind `{second}`, or, if this is what the {what} was gathered for, let the action say that it \
                 `reads` it and makes it `final`"
            ));
        } else {
            let opens = context.span(Place::After(gathered));
            failure = failure.label(opens, "opens when the other may still be used");
            failure = failure.help(if facts.cone([gathered]).contains(&by.0) {
                format!("let every way into `{first}` wait until `{second}` is settled")
            } else {
                format!("let `{first}` wait until `{second}` is settled")
            });
        }
        failure
    }
}

fn unsaid(action: &str) -> String {
    format!(
        "`{action}` gives evidence about what its declaration does not say: name what it `reads`, or what the result is `about`"
    )
}

fn place(one: &Evidence) -> Place {
    match one.relying.first() {
        Some(atom) if one.judged => Place::Outcome(*atom),
        _ => Place::Grant(one.by.0, one.by.1),
    }
}
