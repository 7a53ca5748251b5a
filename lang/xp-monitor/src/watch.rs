//! Monitors of one run: they are told every fact and say which questions it breaks.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use xp_artifact::question::{Question, Sinks, Uses};
use xp_artifact::workflow::{Action, Atom, Workflow};
use xp_scope::Type;

use crate::breach::{Breach, Live, UseNo};
use crate::evidence::Evidence;
use crate::expected::asked;
use crate::fact::{End, Fact, Use};
use crate::questions::{at_most, both, fresh, never, once, requires, through, within};
use crate::sight::Sight;
use crate::uses::means;

/// How a question stands in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nothing broke it.
    Holds,
    /// It is broken if uses that are under way or in doubt happened.
    BrokenIfDone,
    /// It is broken.
    Broken,
}

/// What one monitor remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    /// Nothing: every use is judged by itself.
    Nothing,
    Fresh(Vec<fresh::State>),
    AtMost(at_most::State),
    Both(both::State),
    Once(once::State),
    Through(Box<through::State>),
}

/// One question of a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    kept: Kept,
    broken: bool,
    /// What would break it, with the uses that are not decided.
    breaches: BTreeSet<Breach>,
}

/// The monitors of one run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    live: Live,
    asked: Vec<Asked>,
}

/// The questions that are watched, with what their monitors look up; the same for every run of a workflow.
#[derive(Clone, Debug)]
pub struct Watched<'w> {
    workflow: &'w Workflow,
    questions: Vec<Question>,
    evidence: Vec<Evidence>,
}

/// The question has a monitor: it is about what happens in a run, event by event.
#[must_use]
pub fn is_safety(question: &Question) -> bool {
    match question {
        Question::FreshEvidence
        | Question::IrreversibleOnce
        | Question::NoRole(..)
        | Question::NoPrincipal(..)
        | Question::Requires(..)
        | Question::Never(_)
        | Question::OnlyWithin(..)
        | Question::AtMost(..)
        | Question::Through(..) => true,
        Question::StepsOpen
        | Question::OutcomesHappen
        | Question::NeverStuck
        | Question::Progress
        | Question::AutomaticOutcomes
        | Question::NamesBound
        | Question::Scopes
        | Question::StartRights
        | Question::ReviewedBeforeDeploy
        | Question::Bounds
        | Question::Unexposed(..)
        | Question::Private(..) => false,
    }
}

/// The question has a monitor, and nothing but the beginning of a use can break it: to refuse that use is to keep it.
#[must_use]
pub fn is_guardable(question: &Question) -> bool {
    match question {
        Question::NoRole(..)
        | Question::NoPrincipal(..)
        | Question::Requires(..)
        | Question::Never(_)
        | Question::OnlyWithin(..)
        | Question::AtMost(..) => true,
        // A settling breaks evidence, and a result brings what is untrusted into a use under way; the others are always asked,
        // and have no clause.
        Question::FreshEvidence
        | Question::IrreversibleOnce
        | Question::StepsOpen
        | Question::OutcomesHappen
        | Question::NeverStuck
        | Question::Progress
        | Question::AutomaticOutcomes
        | Question::NamesBound
        | Question::Scopes
        | Question::StartRights
        | Question::ReviewedBeforeDeploy
        | Question::Bounds
        | Question::Through(..)
        | Question::Unexposed(..)
        | Question::Private(..) => false,
    }
}

/// The uses that the question speaks of.
#[must_use]
pub fn spoken_of(question: &Question) -> Vec<&Uses> {
    match question {
        Question::NoRole(a, b) | Question::NoPrincipal(a, b) => vec![a, b],
        Question::Requires(uses, _)
        | Question::Never(uses)
        | Question::OnlyWithin(uses, _)
        | Question::AtMost(uses, _)
        | Question::Through(uses, _)
        | Question::Unexposed(uses, _)
        | Question::Private(_, Sinks::Uses(uses), _) => vec![uses],
        _ => Vec::new(),
    }
}

/// Whether the monitor of a question that can be guarded looks at an argument of a use of the action.
#[must_use]
pub fn looks_at(question: &Question, action: &Action, index: usize) -> bool {
    let spoken_of = spoken_of(question).into_iter().filter(|uses| means(uses, action));
    let ty = action.params.get(index).map(|param| &param.ty);
    spoken_of.into_iter().any(|uses| {
        let fixed =
            matches!(uses, Uses::Action { args, .. } if args.iter().any(|(ix, _)| *ix as usize == index));
        let may_be_path = matches!(ty, Some(Type::Path | Type::List(_) | Type::Set(_) | Type::Record(_)));
        fixed || matches!(question, Question::OnlyWithin(..)) && may_be_path
    })
}

impl<'w> Watched<'w> {
    /// Some questions of a workflow; those without a monitor stand for ever.
    #[must_use]
    pub fn of<'q>(workflow: &'w Workflow, questions: impl IntoIterator<Item = &'q Question>) -> Self {
        let questions: Vec<Question> = questions.into_iter().cloned().collect();
        let fresh = questions.contains(&Question::FreshEvidence);
        let evidence = if fresh { asked(workflow) } else { Vec::new() };
        Self { workflow, questions, evidence }
    }

    /// The questions, in the order of [`Watch::standing`].
    #[must_use]
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// A run that has not begun.
    #[must_use]
    pub fn start(&self) -> Watch {
        let asked = self.questions.iter().map(|question| {
            let kept = match question {
                Question::FreshEvidence => Kept::Fresh(vec![fresh::State::default(); self.evidence.len()]),
                Question::AtMost(..) => Kept::AtMost(at_most::State::default()),
                Question::NoRole(..) | Question::NoPrincipal(..) => Kept::Both(both::State::default()),
                Question::IrreversibleOnce => Kept::Once(once::State::default()),
                Question::Through(..) => Kept::Through(Box::default()),
                _ => Kept::Nothing,
            };
            Asked { kept, broken: false, breaches: BTreeSet::new() }
        });
        Watch { live: Live::default(), asked: asked.collect() }
    }

    /// Tells the monitors what happened. `sight` is the run after it.
    pub fn tell(&self, watch: &mut Watch, fact: &Fact<'_>, sight: &dyn Sight) {
        for (question, asked) in self.questions.iter().zip(&mut watch.asked) {
            if let (Question::Through(_, role), Kept::Through(state)) = (question, &mut asked.kept) {
                state.told(self.workflow, *role, fact, sight);
            }
        }
        match fact {
            Fact::Requested { id, of } => {
                watch.live.granted.insert((*id).to_owned(), of.clone());
            }
            Fact::Dropped { id } => {
                watch.live.granted.remove(*id);
            }
            Fact::Claimed { id } => {
                let Some(used) = watch.live.granted.remove(*id) else { return };
                let number = watch.free();
                // What is kept of it does not depend on how often its step was opened.
                let kept = Use { opening: 0, ..used.clone() };
                watch.live.under_way.insert((*id).to_owned(), (number, kept));
                let live = watch.live.clone();
                for (question, asked) in self.questions.iter().zip(&mut watch.asked) {
                    let found = self.claimed(question, &mut asked.kept, (id, number, &used), &live, sight);
                    asked.add(found, &live);
                }
            }
            Fact::Ended { id, end } => {
                let Some((number, used)) = watch.live.under_way.remove(*id) else { return };
                let live = watch.live.clone();
                for (question, asked) in self.questions.iter().zip(&mut watch.asked) {
                    if let (Question::Through(_, role), Kept::Through(state)) = (question, &mut asked.kept) {
                        let found = state.ended(self.workflow, *role, (number, *end), sight);
                        // The use that ends is decided.
                        asked.add(found, &live);
                    }
                    asked.ended(&self.evidence, number, &used, *end);
                }
            }
            Fact::Settled(atom) => {
                let live = watch.live.clone();
                for asked in &mut watch.asked {
                    let Kept::Fresh(states) = &mut asked.kept else { continue };
                    let relying = self.evidence.iter().zip(states);
                    let found = relying
                        .filter(|(one, _)| one.relying.contains(atom))
                        .flat_map(|(one, state)| state.settled(self.workflow, one, sight));
                    let found = found.collect();
                    asked.add(found, &live);
                }
            }
            Fact::Reset(steps) => {
                for asked in &mut watch.asked {
                    let Kept::Fresh(states) = &mut asked.kept else { continue };
                    self.evidence.iter().zip(states).for_each(|(one, state)| state.reset(one, steps));
                }
            }
            Fact::Submitted { .. } | Fact::Noted { .. } => {}
            Fact::Over => {
                for asked in &mut watch.asked {
                    if let Kept::Fresh(states) = &mut asked.kept {
                        states.iter_mut().for_each(|state| *state = fresh::State::default());
                    }
                }
            }
        }
    }

    fn claimed(
        &self,
        question: &Question,
        kept: &mut Kept,
        (id, number, used): (&str, UseNo, &Use),
        live: &Live,
        sight: &dyn Sight,
    ) -> Vec<Breach> {
        let w = self.workflow;
        let broken = match (question, kept) {
            (Question::FreshEvidence, Kept::Fresh(states)) => {
                let pairs = self.evidence.iter().zip(states.iter());
                let stale = pairs.filter(|(one, state)| state.is_stale_for(w, one, used, sight));
                let stale: Vec<Atom> = stale.flat_map(|(one, _)| &one.relying).copied().collect();
                let pairs = self.evidence.iter().zip(states);
                return pairs
                    .flat_map(|(one, state)| state.claimed(w, one, (number, used), (&stale, live), sight))
                    .collect();
            }
            (Question::AtMost(uses, most), Kept::AtMost(state)) => {
                return state.claimed(w, uses, *most, (number, used), sight);
            }
            (Question::NoRole(a, b), Kept::Both(state)) => {
                return state.claimed(w, (a, b), false, (number, used), sight);
            }
            (Question::NoPrincipal(a, b), Kept::Both(state)) => {
                return state.claimed(w, (a, b), true, (number, used), sight);
            }
            (Question::IrreversibleOnce, Kept::Once(state)) => return state.claimed(w, (number, used)),
            (Question::Through(uses, role), Kept::Through(state)) => {
                return state.claimed(w, (uses, *role), (id, number, used), sight);
            }
            (Question::Requires(uses, formula), _) => requires::broken(w, uses, formula, used, sight),
            (Question::Never(uses), _) => never::broken(w, uses, used, sight),
            (Question::OnlyWithin(uses, extent), _) => within::broken(w, uses, extent, used, sight),
            _ => false,
        };
        if broken { vec![Breach::of([number])] } else { Vec::new() }
    }
}

impl Watch {
    /// Identities of tokens that are granted and not claimed, as far as it was told.
    pub fn granted(&self) -> impl Iterator<Item = &str> {
        self.live.granted.keys().map(String::as_str)
    }

    /// How a question stands, by its place among those watched.
    #[must_use]
    pub fn standing(&self, question: usize) -> Standing {
        match self.asked.get(question) {
            Some(asked) if asked.broken => Standing::Broken,
            Some(asked) if !asked.breaches.is_empty() => Standing::BrokenIfDone,
            _ => Standing::Holds,
        }
    }

    /// The smallest number that no use has that something speaks of.
    fn free(&self) -> UseNo {
        let mut taken: BTreeSet<UseNo> = self.live.under_way().map(|(number, _)| number).collect();
        for asked in &self.asked {
            taken.extend(asked.breaches.iter().flat_map(|breach| &breach.0));
            match &asked.kept {
                Kept::Nothing => {}
                Kept::Fresh(states) => taken.extend(states.iter().flat_map(fresh::State::names)),
                Kept::AtMost(state) => taken.extend(state.names()),
                Kept::Both(state) => taken.extend(state.names()),
                Kept::Once(state) => taken.extend(state.names()),
                Kept::Through(state) => taken.extend(state.names()),
            }
        }
        (0..).find(|number| !taken.contains(number)).unwrap_or(UseNo::MAX)
    }
}

impl Asked {
    /// What rests on uses that are decided is broken.
    fn add(&mut self, found: Vec<Breach>, live: &Live) {
        if self.broken {
            return;
        }
        for mut breach in found {
            breach.0.retain(|number| live.under_way().any(|(other, _)| other == *number));
            if breach.0.is_empty() {
                self.breaches.clear();
                self.broken = true;
                return;
            }
            self.breaches.insert(breach);
        }
    }

    fn ended(&mut self, evidence: &[Evidence], number: UseNo, used: &Use, end: End<'_>) {
        match end {
            End::GivenBack => {
                self.breaches.retain(|breach| !breach.0.contains(&number));
                match &mut self.kept {
                    Kept::Nothing | Kept::Through(_) => {}
                    Kept::Fresh(states) => states.iter_mut().for_each(|state| state.given_back(number)),
                    Kept::AtMost(state) => state.given_back(number),
                    Kept::Both(state) => state.given_back(number),
                    Kept::Once(state) => state.given_back(number),
                }
            }
            // What failed may have changed something, and counts.
            End::Done { .. } | End::Failed => {
                let left = std::mem::take(&mut self.breaches).into_iter().map(|mut breach| {
                    breach.0.remove(&number);
                    breach
                });
                let left: BTreeSet<Breach> = left.collect();
                self.broken |= left.iter().any(|breach| breach.0.is_empty());
                if !self.broken {
                    self.breaches = left;
                }
                match &mut self.kept {
                    Kept::Nothing | Kept::Through(_) => {}
                    Kept::Fresh(states) => {
                        evidence.iter().zip(states).for_each(|(one, state)| state.done(one, number, end));
                    }
                    Kept::AtMost(state) => state.done(number),
                    Kept::Both(state) => state.done(number, &used.by),
                    Kept::Once(state) => state.done(number),
                }
            }
        }
    }
}
