//! Fresh evidence by exhaustive search: the property's monitor is run along every run, with claims in flight.
//! Whether the things of two uses may be the same is decided here on their values, independently of the
//! verifier.

use std::hash::{Hash, Hasher};
use std::rc::Rc;

use xp_artifact::declaration::{KeyExpr, ThingExpr};
use xp_artifact::question::Question;
use xp_artifact::workflow::{Datum, Expr, GrantIx, Pin, Root, StepId, TemplatePart, Workflow};
use xp_machine::{Seen, State};
use xp_monitor::{Evidence, Fact, Looked, Relation, Standing, Use, Watch, Watched};
use xp_oracle::things::{Meets, Thing};
use xp_oracle::{At, Judge, Observer, World};
use xp_scope::Value;

/// A run with its monitor.
#[derive(Clone)]
pub struct Watching<'w> {
    pub watched: Rc<Watched<'w>>,
    pub workflow: &'w Workflow,
    pub watch: Watch,
    /// The least certainty at which two things count as the same.
    pub least: Meets,
}

impl<'w> Watching<'w> {
    pub fn of(workflow: &'w Workflow, question: &'w Question, least: Meets) -> Self {
        let watched = Watched::of(workflow, [question]);
        let watch = watched.start();
        Self { watched: Rc::new(watched), workflow, watch, least }
    }

    pub fn broken(&self) -> bool {
        self.watch.standing(0) == Standing::Broken
    }
}

impl PartialEq for Watching<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.watch == other.watch
    }
}

impl Eq for Watching<'_> {}

impl Hash for Watching<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.watch.hash(state);
    }
}

impl Observer for Watching<'_> {
    fn is_decided(&self) -> bool {
        self.broken()
    }

    fn accepted(&mut self, at: &At<'_>, fact: &Fact<'_>) {
        let sampled = Sampled { workflow: self.workflow, at: *at, least: self.least };
        let sight = Seen { state: at.state, relation: &sampled };
        self.watched.tell(&mut self.watch, fact, &sight);
    }
}

/// Sampled values stand for all values that could be chosen in their place.
struct Sampled<'a> {
    workflow: &'a Workflow,
    at: At<'a>,
    least: Meets,
}

impl Sampled<'_> {
    fn thing(&self, of: (StepId, GrantIx), expr: &ThingExpr, making: bool) -> Option<Thing> {
        let (state, judge): (&State, &Judge<'_>) = (self.at.state, self.at.judge);
        let result = state.step(of.0).and_then(|step| step.grants.get(of.1.index())?.result.as_ref());
        judge.thing(state, of, expr, result, making)
    }

    /// The thing that evidence is about; a thing that a judge read has the judged name.
    fn about<'e>(&'e self, evidence: &'e Evidence) -> impl Iterator<Item = Thing> + 'e {
        evidence.about.iter().filter_map(|(at, expr)| match &evidence.looked {
            Some(looked) if *at == evidence.by && looked.is_whole() => {
                self.at.judge.thing_where(self.at.state, *at, expr, (looked.argument, &looked.name))
            }
            _ => self.thing(*at, expr, false),
        })
    }

    fn world(&self) -> &World {
        self.at.world
    }
}

impl Relation for Sampled<'_> {
    fn alters(&self, changer: &Use, evidence: &Evidence, _: &Use) -> bool {
        let grant = &self.workflow.steps[changer.at.0.index()].grants[changer.at.1.index()];
        let clauses = &self.workflow.actions[grant.action.index()].clauses;
        let plain = clauses.changes.iter().chain(&clauses.removes).map(|expr| (expr, false));
        let made = clauses.makes.iter().map(|making| (&making.thing, true));
        let changed: Vec<Thing> =
            plain.chain(made).filter_map(|(expr, making)| self.thing(changer.at, expr, making)).collect();
        let mut about = self.about(evidence).filter(|about| !self.at.judge.never_changes(about));
        about.any(|about| {
            let meets = |changed| self.at.judge.meet(self.world(), changed, &about) >= self.least;
            changed.iter().any(meets)
        })
    }

    fn spends(&self, user: &Use, evidence: &Evidence, _: &Use) -> bool {
        let grant = &self.workflow.steps[user.at.0.index()].grants[user.at.1.index()];
        let clauses = &self.workflow.actions[grant.action.index()].clauses;
        let mut finals = clauses.spent_on();
        finals.any(|thing| {
            let one = |at, about| {
                let named = evidence.looked.as_ref().filter(|_| at == evidence.by);
                certainly_one(self.workflow, (user.at, thing), (at, about), named)
            };
            let mut certain = evidence.about.iter().filter(|subject| !evidence.perhaps.contains(subject));
            certain.any(|(at, about)| one(*at, about))
        })
    }

    fn reaches(&self, user: &Use, evidence: &Evidence, given: &Use) -> bool {
        let grant = &self.workflow.steps[user.at.0.index()].grants[user.at.1.index()];
        let clauses = &self.workflow.actions[grant.action.index()].clauses;
        let finals = clauses.spent_on().filter_map(|expr| self.thing(user.at, expr, false));
        let about: Vec<Thing> =
            self.about(evidence).filter(|about| !self.at.judge.never_changes(about)).collect();
        let mut finals = finals;
        self.spends(user, evidence, given)
            || finals.any(|thing| {
                about.iter().any(|about| self.at.judge.meet(self.world(), &thing, about) == Meets::Yes)
            })
    }

    fn feeds(&self, (writer, wrote): (&Use, &ThingExpr), (reader, reads): (&Use, &ThingExpr)) -> bool {
        let grant = &self.workflow.steps[writer.at.0.index()].grants[writer.at.1.index()];
        let clauses = &self.workflow.actions[grant.action.index()].clauses;
        let made = clauses.makes.iter().any(|making| making.thing == *wrote);
        let (wrote, read) = (self.thing(writer.at, wrote, made), self.thing(reader.at, reads, false));
        match (wrote, read) {
            (Some(wrote), Some(read)) => self.at.judge.meet(self.world(), &wrote, &read) >= self.least,
            // The value is gone, so there is no name to compare.
            _ => false,
        }
    }

    fn removes(&self, _: (&Use, &ThingExpr), _: (&Use, &ThingExpr)) -> bool {
        // A value stands for others, so nothing is certain.
        false
    }
}

/// Whether two clauses of two grants denote the same thing for all values.
fn certainly_one(
    workflow: &Workflow,
    a: ((StepId, GrantIx), &ThingExpr),
    b: ((StepId, GrantIx), &ThingExpr),
    named: Option<&Looked>,
) -> bool {
    let own = |(at, expr): ((StepId, GrantIx), &ThingExpr), named: Option<&Looked>| {
        let levels = expr.levels().iter().map(|level| {
            let keys = level.keys.iter().map(|key| match (key, named) {
                (KeyExpr::Argument { index, fields }, Some(looked)) if *index == looked.argument => {
                    let fields = looked.name.fields.iter().chain(fields).cloned().collect();
                    of_datum(workflow, Datum { root: looked.name.root, fields }, 32)
                }
                _ => origin(workflow, at, key, 32),
            });
            Some((level.kind.clone(), keys.collect::<Option<Vec<Origin>>>()?))
        });
        levels.collect::<Option<Vec<_>>>().filter(|levels| !levels.is_empty())
    };
    own(a, None).is_some_and(|a| own(b, named) == Some(a))
}

/// The origin of a key's value, where it is certain.
#[derive(PartialEq, Eq)]
enum Origin {
    Written(Value),
    Datum(Datum),
    Text(Vec<Origin>),
}

fn origin(workflow: &Workflow, at: (StepId, GrantIx), key: &KeyExpr, left: usize) -> Option<Origin> {
    let grant = &workflow.steps[at.0.index()].grants[at.1.index()];
    match key {
        KeyExpr::Literal(value) => Some(Origin::Written(value.clone())),
        KeyExpr::Argument { index, fields } => match grant.pins.get(*index as usize)? {
            Pin::Is(expr) => of_expr(workflow, expr, fields, left),
            _ => None,
        },
        KeyExpr::Field(fields) => {
            let datum = Datum { root: Root::Result { step: at.0, grant: at.1 }, fields: fields.clone() };
            of_datum(workflow, datum, left)
        }
        KeyExpr::Every(_) | KeyExpr::Some => None,
    }
}

fn of_expr(workflow: &Workflow, expr: &Expr, fields: &[String], left: usize) -> Option<Origin> {
    match expr {
        Expr::Literal(value) => value.at(fields).cloned().map(Origin::Written),
        Expr::Datum(datum) => {
            let fields = datum.fields.iter().chain(fields).cloned().collect();
            of_datum(workflow, Datum { root: datum.root, fields }, left)
        }
        Expr::Template(parts) => {
            let parts = parts.iter().map(|part| match part {
                TemplatePart::Text(text) => Some(Origin::Written(Value::Text(text.clone()))),
                TemplatePart::Datum(datum) => of_datum(workflow, datum.clone(), left),
            });
            parts.collect::<Option<Vec<_>>>().map(Origin::Text)
        }
    }
}

fn of_datum(workflow: &Workflow, datum: Datum, left: usize) -> Option<Origin> {
    let left = left.checked_sub(1)?;
    if let Root::Result { step, grant } = datum.root {
        let granted = &workflow.steps[step.index()].grants[grant.index()];
        let clauses = &workflow.actions[granted.action.index()].clauses;
        if let Some((index, fields)) = clauses.identity(&datum.fields) {
            return match granted.pins.get(index as usize)? {
                Pin::Is(expr) => of_expr(workflow, expr, &fields, left),
                // Chosen at each use: the same value as that of the last result.
                _ => Some(Origin::Datum(datum)),
            };
        }
    }
    Some(Origin::Datum(datum))
}
