//! What is tainted along a run: the edges of [`super::Graph`] with concrete uses, controllers and things.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use xp_artifact::declaration::{FieldPath, KeyExpr, Source, ThingExpr};
use xp_artifact::order::{Moment, Order};
use xp_artifact::passing::{Passing, looked_at, named, naming_argument, passing, picks, pinned};
use xp_artifact::workflow::{Action, Datum, Pin, Root, StepId, SubmissionIx, Workflow};
use xp_scope::Value;

use super::listed::lists;
use super::stranger::{altering, carried, is_strangers, passes_on, taken_in};
use crate::breach::UseNo;
use crate::fact::{GrantAt, Use};
use crate::sight::Sight;

/// Records of fields that name fields of the same result; a checked workflow has no circle.
const MAX_FOLLOWED: usize = 32;

/// What is tainted at a moment of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taint {
    /// Results that steps see now, with their tainted fields.
    results: BTreeMap<GrantAt, BTreeSet<FieldPath>>,
    submissions: BTreeSet<(StepId, SubmissionIx)>,
    /// Steps to which a tainted note was left.
    notes: BTreeSet<StepId>,
    /// Controllers who know something tainted.
    minds: BTreeSet<String>,
    /// Tokens whose holder knew something tainted when it chose the arguments.
    chosen: BTreeSet<String>,
    /// Uses that are under way, with what they take in.
    under_way: BTreeMap<UseNo, Taken>,
    /// Uses that are over and altered something with tainted content.
    altered: BTreeSet<Altered>,
}

/// What is kept of a use that altered something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Altered {
    at: GrantAt,
    args: BTreeMap<String, Value>,
    intake: Intake,
    /// Nothing came back: it may take effect yet.
    in_doubt: bool,
}

/// A use with what it takes in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Taken {
    used: Use,
    intake: Intake,
    /// The question is about this use.
    asked: bool,
}

/// What a use takes in that is tainted.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Intake {
    /// By argument: its tainted fields.
    args: BTreeMap<u32, BTreeSet<FieldPath>>,
    /// Data that are read as things under names derived from their content.
    data: BTreeSet<Datum>,
    /// Places among the sources of the action that are things.
    things: BTreeSet<u32>,
}

/// A use that begins.
pub(crate) struct Claimed<'u> {
    pub id: &'u str,
    pub number: UseNo,
    pub used: &'u Use,
    pub asked: bool,
}

/// What a monitor brings along: the workflow, the run as it stands, and which judgements keep a datum from passing on.
pub(crate) struct Setting<'s> {
    pub workflow: &'s Workflow,
    pub sight: &'s dyn Sight,
    pub judged: &'s dyn Fn(&Datum) -> bool,
    /// Such a judgement of the datum in this step is in force.
    pub judged_in: &'s dyn Fn(&Datum, StepId) -> bool,
}

impl Taint {
    /// A controller does something in a step, and may know what the step shows.
    fn acts(&mut self, setting: &Setting<'_>, step: StepId, by: &str) {
        let Some(declared) = setting.workflow.steps.get(step.index()) else { return };
        let shown = self.notes.contains(&step)
            || declared.data().any(|datum| self.holds(datum) && !(setting.judged)(datum));
        if shown {
            self.minds.insert(by.to_owned());
        }
    }

    pub(crate) fn requested(&mut self, setting: &Setting<'_>, id: &str, used: &Use) {
        self.acts(setting, used.at.0, &used.by);
        if self.minds.contains(&used.by) {
            self.chosen.insert(id.to_owned());
        }
    }

    pub(crate) fn dropped(&mut self, id: &str) {
        self.chosen.remove(id);
    }

    /// Those uses that the question is about and that are reached now, each with the uses that must have happened besides.
    pub(crate) fn claimed(&mut self, setting: &Setting<'_>, claimed: Claimed<'_>) -> Vec<Vec<UseNo>> {
        let Claimed { id, number, used, asked } = claimed;
        let chose = self.chosen.remove(id);
        let mut intake = Intake::default();
        let (mut puts_in, mut goes_in) = (false, false);
        if let Some((grant, action)) = setting.workflow.granted(used.at) {
            puts_in = passes_on(setting.workflow, action).is_some();
            for (index, pin) in (0_u32..).zip(&grant.pins) {
                let fields = self.argument(setting, pin, chose);
                if !fields.is_empty() {
                    goes_in |= taken_in(action, index).is_some();
                    intake.args.insert(index, fields);
                }
            }
            for source in things(setting.workflow, action) {
                for passing in passing(setting.workflow, grant, &source) {
                    if let Passing::Datum(datum) = passing
                        && self.holds(&datum)
                        && !(setting.judged)(&datum)
                    {
                        intake.data.insert(datum);
                    }
                }
            }
        }
        let reached = asked && (puts_in || goes_in || !intake.data.is_empty());
        self.under_way.insert(number, Taken { used: Use { opening: 0, ..used.clone() }, intake, asked });
        let mut found = self.spread(setting);
        if reached {
            found.push(vec![number]);
        }
        found
    }

    pub(crate) fn done(&mut self, setting: &Setting<'_>, number: UseNo, bound: bool) -> Vec<Vec<UseNo>> {
        let found = self.spread(setting);
        let Some(taken) = self.over(setting, number, false) else { return found };
        let Some((_, action)) = setting.workflow.granted(taken.used.at) else { return found };
        self.removed(setting, &taken.used, action);
        let tainted =
            setting.workflow.leaves(&action.result).into_iter().filter(|leaf| {
                taken.intake.field(setting.workflow, taken.used.at, action, leaf, MAX_FOLLOWED)
            });
        let tainted: BTreeSet<FieldPath> = tainted.collect();
        if !tainted.is_empty() {
            self.minds.insert(taken.used.by.clone());
        }
        if bound {
            self.results.remove(&taken.used.at);
            if !tainted.is_empty() {
                self.results.insert(taken.used.at, tainted);
            }
        }
        found
    }

    /// The use may have altered something, and nothing came back.
    pub(crate) fn failed(&mut self, setting: &Setting<'_>, number: UseNo) {
        self.over(setting, number, true);
    }

    pub(crate) fn given_back(&mut self, number: UseNo) {
        self.under_way.remove(&number);
    }

    pub(crate) fn submitted(&mut self, setting: &Setting<'_>, at: (StepId, SubmissionIx), by: &str) {
        self.acts(setting, at.0, by);
        self.submissions.remove(&at);
        if self.minds.contains(by) {
            self.submissions.insert(at);
        }
    }

    pub(crate) fn noted(&mut self, setting: &Setting<'_>, from: StepId, to: StepId, by: &str) {
        self.acts(setting, from, by);
        if self.minds.contains(by) {
            self.notes.insert(to);
        }
    }

    pub(crate) fn reset(&mut self, steps: &[StepId]) {
        self.results.retain(|at, _| !steps.contains(&at.0));
        self.submissions.retain(|at| !steps.contains(&at.0));
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = UseNo> + '_ {
        self.under_way.keys().copied()
    }

    /// What was put into something that is gone now is in nothing more, whatever is made of that name.
    fn removed(&mut self, setting: &Setting<'_>, remover: &Use, action: &Action) {
        let (relation, removes) = (setting.sight.relation(), &action.clauses.removes);
        if removes.is_empty() {
            return;
        }
        self.altered.retain(|Altered { at, args, in_doubt, .. }| {
            let writer = Use { at: *at, opening: 0, by: String::new(), args: args.clone(), result: None };
            let is_gone =
                |wrote| removes.iter().any(|gone| relation.removes((remover, gone), (&writer, wrote)));
            let Some((_, by)) = setting.workflow.granted(*at) else { return true };
            *in_doubt || *at == remover.at || !altering(by).all(|(wrote, _)| is_gone(wrote))
        });
    }

    fn over(&mut self, setting: &Setting<'_>, number: UseNo, in_doubt: bool) -> Option<Taken> {
        let taken = self.under_way.remove(&number)?;
        if let Some((_, action)) = setting.workflow.granted(taken.used.at)
            && altering(action).any(|(expr, sources)| {
                taken.intake.name(setting.workflow, taken.used.at, action, expr)
                    || sources.iter().any(|source| {
                        taken.intake.source(setting.workflow, taken.used.at, action, source, MAX_FOLLOWED)
                    })
            })
        {
            let Taken { used: Use { at, args, .. }, intake, .. } = taken.clone();
            self.altered.insert(Altered { at, args, intake, in_doubt });
        }
        Some(taken)
    }

    /// What uses under way read of what others alter, until nothing more is tainted.
    fn spread(&mut self, setting: &Setting<'_>) -> Vec<Vec<UseNo>> {
        let mut found = Vec::new();
        let over: Vec<(Option<UseNo>, Use, Intake)> = self
            .altered
            .iter()
            .map(|Altered { at, args, intake, .. }| {
                let used = Use { at: *at, opening: 0, by: String::new(), args: args.clone(), result: None };
                (None, used, intake.clone())
            })
            .collect();
        loop {
            let mut writers = over.clone();
            writers.extend(
                self.under_way
                    .iter()
                    .map(|(number, taken)| (Some(*number), taken.used.clone(), taken.intake.clone())),
            );
            let mut more: Vec<(UseNo, u32, Option<UseNo>)> = Vec::new();
            for (number, reader) in &self.under_way {
                let Some((grant, action)) = setting.workflow.granted(reader.used.at) else { continue };
                for (place, source) in (0_u32..).zip(things(setting.workflow, action)) {
                    if reader.intake.things.contains(&place) {
                        continue;
                    }
                    for passing in passing(setting.workflow, grant, &source) {
                        let Passing::Thing(expr) = passing else { continue };
                        if named(setting.workflow, reader.used.at, &expr)
                            .is_some_and(|datum| (setting.judged)(&datum))
                        {
                            continue;
                        }
                        let before = looked(setting, reader.used.at, &expr);
                        let feeding = writers.iter().find(|(writer, used, intake)| {
                            *writer != Some(*number)
                                && !before.contains(&used.at.0)
                                && feeds(setting, (used, intake), (&reader.used, &expr))
                        });
                        if let Some((writer, ..)) = feeding {
                            more.push((*number, place, *writer));
                        }
                    }
                }
            }
            if more.is_empty() {
                return found;
            }
            for (number, place, writer) in more {
                let Some(taken) = self.under_way.get_mut(&number) else { continue };
                taken.intake.things.insert(place);
                if taken.asked {
                    found.push(std::iter::once(number).chain(writer).collect());
                }
            }
        }
    }

    /// The tainted fields of an argument.
    fn argument(&self, setting: &Setting<'_>, pin: &Pin, chose: bool) -> BTreeSet<FieldPath> {
        let mut found = BTreeSet::new();
        for passing in pinned(pin, &[]) {
            match passing {
                Passing::Choice if chose => {
                    found.insert(Vec::new());
                }
                Passing::Datum(datum) if !(setting.judged)(&datum) => {
                    // A datum in a template is a part of the text.
                    let whole = !matches!(pin, Pin::Is(xp_artifact::workflow::Expr::Datum(_)));
                    let below = self.below(&datum);
                    found.extend(below.into_iter().map(|field| if whole { Vec::new() } else { field }));
                }
                Passing::Choice | Passing::Datum(_) | Passing::Field(_) | Passing::Thing(_) => {}
            }
        }
        found
    }

    /// The tainted fields of a datum, from there.
    fn below(&self, datum: &Datum) -> Vec<FieldPath> {
        match datum.root {
            Root::Param(_) => Vec::new(),
            Root::Submission { step, submission } => {
                if self.submissions.contains(&(step, submission)) {
                    vec![Vec::new()]
                } else {
                    Vec::new()
                }
            }
            Root::Result { step, grant } => {
                let fields = self.results.get(&(step, grant)).into_iter().flatten();
                let below = fields.filter_map(|field| match field.strip_prefix(datum.fields.as_slice()) {
                    Some(rest) => Some(rest.to_vec()),
                    None => datum.fields.starts_with(field).then(Vec::new),
                });
                below.collect()
            }
        }
    }

    fn holds(&self, datum: &Datum) -> bool {
        !self.below(datum).is_empty()
    }
}

impl Intake {
    /// A part of what decides which thing the use alters is tainted: of its name, or of what may pick among several.
    fn name(&self, workflow: &Workflow, at: GrantAt, action: &Action, expr: &ThingExpr) -> bool {
        let names = expr.keys().filter_map(|key| naming_argument(action, key));
        let by_argument =
            names.chain(picks(workflow, action, expr)).any(|(index, fields)| self.argument(index, &fields));
        let mut read = action.clauses.read().into_iter().filter(|_| expr.is_picked_from());
        by_argument
            || read.any(|thing| self.source(workflow, at, action, &Source::Thing(thing), MAX_FOLLOWED))
    }

    fn argument(&self, index: u32, fields: &[String]) -> bool {
        let tainted = self.args.get(&index);
        tainted.into_iter().flatten().any(|field| field.starts_with(fields) || fields.starts_with(field))
    }

    fn field(
        &self,
        workflow: &Workflow,
        at: GrantAt,
        action: &Action,
        field: &[String],
        left: usize,
    ) -> bool {
        is_strangers(workflow, action, field)
            || workflow
                .sources(action, field)
                .iter()
                .any(|source| self.source(workflow, at, action, source, left))
    }

    fn source(
        &self,
        workflow: &Workflow,
        at: GrantAt,
        action: &Action,
        source: &Source,
        left: usize,
    ) -> bool {
        let Some((left, (grant, _))) = left.checked_sub(1).zip(workflow.granted(at)) else { return true };
        if let Source::Argument { index, fields } = source {
            return self.argument(*index, fields);
        }
        if carried(workflow, action, std::slice::from_ref(source)).is_some() {
            return true;
        }
        let mut keys = source.thing().into_iter().flat_map(ThingExpr::keys);
        let is_tainted = |key: &KeyExpr| match (key, naming_argument(action, key)) {
            (_, Some((index, fields))) => self.argument(index, &fields),
            (KeyExpr::Field(fields), None) => self.field(workflow, at, action, fields, left),
            _ => false,
        };
        let mut picks = source.thing().into_iter().flat_map(|expr| picks(workflow, action, expr));
        if keys.any(is_tainted) || picks.any(|(index, fields)| self.argument(index, &fields)) {
            return true;
        }
        passing(workflow, grant, source).into_iter().any(|passing| match passing {
            Passing::Field(fields) => self.field(workflow, at, action, &fields, left),
            Passing::Datum(datum) => self.data.contains(&datum),
            Passing::Choice => false,
            Passing::Thing(_) => {
                let place = (0_u32..).zip(things(workflow, action)).find(|(_, thing)| thing == source);
                place.is_some_and(|(place, _)| self.things.contains(&place))
            }
        })
    }
}

/// The steps all of whose uses ended before the judge looked at the thing by its name, where a judgement of that is in force.
fn looked(setting: &Setting<'_>, at: GrantAt, expr: &ThingExpr) -> BTreeSet<StepId> {
    let Some((datum, looks)) = looked_at(setting.workflow, at, expr) else { return BTreeSet::new() };
    let looks: Vec<StepId> = looks.into_iter().filter(|step| (setting.judged_in)(&datum, *step)).collect();
    if looks.is_empty() {
        return BTreeSet::new();
    }
    let mut order = Order::of(setting.workflow);
    let steps = (0..setting.workflow.steps.len()).map(StepId::of);
    let before = |step: &StepId| looks.iter().any(|look| order.is_settled_at(Moment::open(*look), *step));
    steps.filter(before).collect()
}

/// The writer alters, with tainted content, what the reader reads; or it gives that a tainted name, which the reader reads.
fn feeds(setting: &Setting<'_>, writer: (&Use, &Intake), reader: (&Use, &ThingExpr)) -> bool {
    let (workflow, read) = (setting.workflow, reader.1);
    let Some((_, action)) = workflow.granted(writer.0.at) else { return false };
    let listed = workflow.granted(reader.0.at).is_none_or(|(_, action)| lists(workflow, action, read));
    altering(action).any(|(expr, sources)| {
        let is_named = listed || read.levels().len() < expr.levels().len();
        let mut sources = sources.iter();
        (is_named && writer.1.name(workflow, writer.0.at, action, expr)
            || sources.any(|source| writer.1.source(workflow, writer.0.at, action, source, MAX_FOLLOWED)))
            && setting.sight.relation().feeds((writer.0, expr), reader)
    })
}

/// The things that an action's content comes from, each once, always in one order.
pub(super) fn things(workflow: &Workflow, action: &Action) -> Vec<Source> {
    let mut found: Vec<Source> = Vec::new();
    let mut add = |sources: Vec<Source>| {
        for source in sources {
            if matches!(source, Source::Thing(_)) && !found.contains(&source) {
                found.push(source);
            }
        }
    };
    add(action.clauses.reads().into_iter().map(Source::Thing).collect());
    for (_, sources) in altering(action) {
        add(sources);
    }
    for leaf in workflow.leaves(&action.result) {
        add(workflow.sources(action, &leaf));
    }
    found
}
