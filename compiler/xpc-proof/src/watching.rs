//! The monitor of a question along a replay: what proves a refutation.

use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

use xp_artifact::declaration::ThingExpr;
use xp_artifact::question::Question;
use xp_artifact::workflow::StepId;
use xp_monitor::{Evidence, Fact, GrantAt, Relation, Standing, Use, Watch, Watched};

use crate::facts::Facts;

/// How grants meet evidence, by its number: what may be altered, and what is certainly spent.
#[derive(Debug, Default)]
pub(crate) struct Met {
    pub evidence: Vec<Evidence>,
    pub alters: Vec<(GrantAt, usize)>,
    pub spends: Vec<(GrantAt, usize)>,
    pub reaches: Vec<(GrantAt, usize)>,
    /// What one grant alters and another reads, by a clause of each.
    pub feeds: HashSet<(GrantAt, ThingExpr, GrantAt, ThingExpr)>,
}

impl Met {
    fn listed(&self, list: &[(GrantAt, usize)], at: GrantAt, evidence: &Evidence) -> bool {
        list.iter().any(|(grant, number)| *grant == at && self.evidence.get(*number) == Some(evidence))
    }
}

// A value of a replay stands for all that could be chosen in its place, so grants are compared, not uses.
impl Relation for Met {
    fn alters(&self, changer: &Use, evidence: &Evidence, _: &Use) -> bool {
        self.listed(&self.alters, changer.at, evidence)
    }

    fn spends(&self, user: &Use, evidence: &Evidence, _: &Use) -> bool {
        self.listed(&self.spends, user.at, evidence)
    }

    fn reaches(&self, user: &Use, evidence: &Evidence, _: &Use) -> bool {
        self.listed(&self.reaches, user.at, evidence)
    }

    fn feeds(&self, (writer, wrote): (&Use, &ThingExpr), (reader, read): (&Use, &ThingExpr)) -> bool {
        self.feeds.contains(&(writer.at, wrote.clone(), reader.at, read.clone()))
    }
}

/// A question that is watched.
#[derive(Clone, Debug)]
pub(crate) struct Watching<'m> {
    watched: Rc<Watched<'m>>,
    met: Rc<Met>,
    watch: Watch,
    /// What can break it; none where anything may.
    concerned: Option<Rc<Concerned>>,
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
        Self { watched: Rc::new(watched), met, watch, concerned: None }
    }

    /// Only uses of these grants, and outcomes of these steps, are looked for to break it.
    pub fn about(self, concerned: Concerned) -> Self {
        Self { concerned: Some(Rc::new(concerned)), ..self }
    }

    /// What is looked for to break it; none where anything may.
    pub fn concerned(&self) -> Option<&Concerned> {
        self.concerned.as_deref()
    }

    /// Tells it what an accepted input did.
    pub fn tell(&mut self, state: &xp_machine::State, facts: &[Fact<'_>]) {
        let sight = xp_machine::Seen { state, relation: &*self.met };
        for fact in facts {
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
