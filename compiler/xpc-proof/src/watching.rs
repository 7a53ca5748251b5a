//! The monitor of a question along a replay: what proves a refutation.

use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

use xp_artifact::declaration::ThingExpr;
use xp_artifact::question::Question;
use xp_artifact::workflow::StepId;
use xp_monitor::{Concrete, Evidence, Fact, GrantAt, Relation, Standing, Use, Watch, Watched};

use crate::facts::Facts;

/// How grants meet evidence, by its number, as far as somebody can choose it.
#[derive(Debug, Default)]
pub(crate) struct Met {
    pub evidence: Vec<Evidence>,
    pub alters: Vec<(GrantAt, usize)>,
    pub reaches: Vec<(GrantAt, usize)>,
    /// What one grant alters and another reads, by a clause of each.
    pub feeds: HashSet<(GrantAt, ThingExpr, GrantAt, ThingExpr)>,
}

impl Met {
    fn listed(&self, list: &[(GrantAt, usize)], at: GrantAt, evidence: &Evidence) -> bool {
        list.iter().any(|(grant, number)| *grant == at && self.evidence.get(*number) == Some(evidence))
    }
}

impl Met {
    /// What the one alters the other may read.
    pub fn may_feed(&self, wrote: (GrantAt, &ThingExpr), read: (GrantAt, &ThingExpr)) -> bool {
        self.feeds.contains(&(wrote.0, wrote.1.clone(), read.0, read.1.clone()))
    }

    /// As far as the values of a run agree.
    pub fn by_values<'a>(&'a self, values: Concrete<'a>) -> impl Relation + 'a {
        Meeting { met: self, values }
    }
}

/// The values of the replay itself, where the question is about the grants: what only a silent declaration lets meet shows nothing.
struct Meeting<'a> {
    met: &'a Met,
    values: Concrete<'a>,
}

impl Relation for Meeting<'_> {
    fn alters(&self, changer: &Use, evidence: &Evidence, given: &Use) -> bool {
        self.met.listed(&self.met.alters, changer.at, evidence)
            && self.values.alters(changer, evidence, given)
    }

    fn spends(&self, user: &Use, evidence: &Evidence, given: &Use) -> bool {
        self.values.spends(user, evidence, given)
    }

    fn reaches(&self, user: &Use, evidence: &Evidence, given: &Use) -> bool {
        self.met.listed(&self.met.reaches, user.at, evidence) && self.values.reaches(user, evidence, given)
    }

    fn feeds(&self, writer: (&Use, &ThingExpr), reader: (&Use, &ThingExpr)) -> bool {
        self.met.may_feed((writer.0.at, writer.1), (reader.0.at, reader.1))
            && self.values.feeds(writer, reader)
    }

    fn removes(&self, remover: (&Use, &ThingExpr), writer: (&Use, &ThingExpr)) -> bool {
        self.values.removes(remover, writer)
    }
}

/// A question that is watched.
#[derive(Clone, Debug)]
pub(crate) struct Watching<'m> {
    watched: Rc<Watched<'m>>,
    /// None where the values of the run alone say what meets, as they do for an auditor.
    met: Option<Rc<Met>>,
    watch: Watch,
    /// What can break it; none where anything may.
    concerned: Option<Rc<Concerned>>,
    /// The uses of this grant alone are told; none where those of all are.
    only: Option<GrantAt>,
}

/// What can break a question.
#[derive(Debug, Default)]
pub(crate) struct Concerned {
    /// Grants whose uses count.
    pub grants: BTreeSet<GrantAt>,
    /// Steps whose outcomes count, beside the steps of the grants.
    pub steps: BTreeSet<StepId>,
}

impl<'m> Watching<'m> {
    /// From the start of a run.
    pub fn new(facts: &Facts<'m>, question: &Question, met: Rc<Met>) -> Self {
        let watched = Watched::of(facts.w, [question]);
        let watch = watched.start();
        Self { watched: Rc::new(watched), met: Some(met), watch, concerned: None, only: None }
    }

    /// As an auditor watches it.
    pub fn by_values(facts: &Facts<'m>, question: &Question) -> Self {
        Self { met: None, ..Self::new(facts, question, Rc::default()) }
    }

    /// Only uses of these grants, and outcomes of these steps, are looked for to break it.
    pub fn about(self, concerned: Concerned) -> Self {
        Self { concerned: Some(Rc::new(concerned)), ..self }
    }

    /// Uses of other grants break nothing: for questions that each use breaks by itself, of which one is shown.
    pub fn only(self, at: GrantAt) -> Self {
        Self { only: Some(at), ..self }
    }

    /// What is looked for to break it; none where anything may.
    pub fn concerned(&self) -> Option<&Concerned> {
        self.concerned.as_deref()
    }

    /// Tells it what an accepted input did.
    pub fn tell(&mut self, state: &xp_machine::State, facts: &[Fact<'_>], values: Concrete<'_>) {
        let chosen = self.met.as_ref().map(|met| met.by_values(values));
        let relation: &dyn Relation = match &chosen {
            Some(chosen) => chosen,
            None => &values,
        };
        let sight = xp_machine::Seen { state, relation };
        // A use that it is not told of begins and ends unseen.
        let unseen = |fact: &&Fact<'_>| match fact {
            Fact::Requested { of, .. } => self.only.is_some_and(|only| only != of.at),
            _ => false,
        };
        for fact in facts.iter().filter(|fact| !unseen(fact)) {
            self.watched.tell(&mut self.watch, fact, &sight);
        }
    }

    /// It is broken, by uses that all happened.
    pub fn broken(&self) -> bool {
        self.watch.standing(0) == Standing::Broken
    }

    /// What it remembers.
    pub fn watch(&self) -> &Watch {
        &self.watch
    }
}
