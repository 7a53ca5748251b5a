//! What a question asks of a live map, as data: it is encoded, evaluated and supported from one definition.

use xp_artifact::workflow::{Atom, Datum, Formula, StepId};
use xp_scope::Value;
use xpc_model::Place;
use z3::ast::Bool;

use crate::encode::{MapVars, Sink};
use crate::evidence;
use crate::facts::{Facts, GrantAt};
use crate::map::Map;
use crate::way::Way;

/// A conjunct of a question.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Need {
    /// The step is open.
    Open(StepId),
    /// The grant can be used now.
    Use(GrantAt),
    /// The grant can be used now or could before its step settled.
    Used(GrantAt),
    /// The step is open or settled.
    Begun(StepId),
    /// The step is open and the outcome can come about.
    Enabled(Atom),
    /// The formula does not hold.
    Not(Formula),
    /// It has not been judged in this way.
    Unjudged(Way),
    /// The datum has no value.
    Lacks(Datum),
    /// The datum has a value.
    Has(Datum),
    /// The datum, which is compared, has this value.
    Is(Datum, Value),
    /// The step is open and no outcome of it can be counted on, the grants listed being spent.
    Stranded(StepId, Vec<GrantAt>),
    /// The step is settled.
    Settled(StepId),
    /// No step is open.
    NothingOpen,
}

/// All must hold.
pub(crate) type Goal = Vec<Need>;

impl Need {
    /// The steps it speaks of, or `None` for all.
    pub fn steps(&self) -> Option<Vec<StepId>> {
        match self {
            Self::Open(step) | Self::Settled(step) | Self::Begun(step) | Self::Stranded(step, _) => {
                Some(vec![*step])
            }
            Self::Use((step, _)) | Self::Used((step, _)) => Some(vec![*step]),
            Self::Enabled(atom) => Some(vec![atom.step]),
            Self::Not(formula) => Some(formula.steps()),
            Self::Unjudged(way) => Some(way.steps()),
            Self::Lacks(datum) | Self::Has(datum) | Self::Is(datum, _) => {
                Some(datum.root.step().into_iter().collect())
            }
            Self::NothingOpen => None,
        }
    }

    /// It denies nothing of other steps.
    pub fn asks_for_more(&self) -> bool {
        !matches!(
            self,
            Self::Not(_) | Self::Unjudged(_) | Self::Lacks(_) | Self::NothingOpen | Self::Stranded(..)
        )
    }

    /// [`Self::holds`] decides it, on the steps it speaks of and those they depend on.
    pub fn decidable(&self) -> bool {
        match self {
            Self::NothingOpen | Self::Stranded(..) => false,
            // Values that a map does not fix are any.
            Self::Not(formula) => formula.tests().is_empty(),
            _ => true,
        }
    }

    /// It assumes values of results in a step that is open. Two of these may assume different ones.
    pub fn about_luck(&self) -> bool {
        matches!(self, Self::Enabled(_) | Self::Stranded(..))
    }

    /// A step that must be open or settled for it.
    pub fn begins(&self) -> Option<StepId> {
        match self {
            Self::Open(step) | Self::Begun(step) | Self::Settled(step) | Self::Stranded(step, _) => {
                Some(*step)
            }
            Self::Use(at) | Self::Used(at) => Some(at.0),
            Self::Enabled(atom) => Some(atom.step),
            Self::Has(datum) | Self::Is(datum, _) => datum.root.step(),
            Self::Not(_) | Self::Unjudged(_) | Self::Lacks(_) | Self::NothingOpen => None,
        }
    }

    /// Its conjuncts, each with the place in the source that demands it.
    pub fn encode(&self, sink: &Sink, copy: &MapVars<'_, '_>) -> Vec<(Option<Place>, Bool)> {
        let open = |step: StepId| {
            let mut parts = begun(sink, copy, step);
            parts.push((None, copy.settled(step).not()));
            parts
        };
        match self {
            Self::Open(step) => open(*step),
            Self::Begun(step) => begun(sink, copy, *step),
            Self::Use(at) => with(open(at.0), copy.pins(sink, *at)),
            Self::Used(at) => with(begun(sink, copy, at.0), copy.pins(sink, *at)),
            Self::Enabled(atom) => with(open(atom.step), copy.enabled(sink, *atom)),
            Self::Not(formula) => vec![(None, copy.formula(sink, formula).not())],
            Self::Unjudged(way) => vec![(None, copy.way(sink, way).not())],
            Self::Lacks(datum) => vec![(None, copy.has(datum).not())],
            Self::Has(datum) => vec![(None, copy.has(datum))],
            Self::Is(datum, value) => vec![(None, copy.is(sink, datum, value))],
            Self::Stranded(step, spent) => {
                let spent = |at: GrantAt| spent.contains(&at);
                let mut parts = open(*step);
                for (atom, _) in copy.facts.atoms(*step) {
                    parts.push((None, copy.surely_enabled(sink, atom, &spent).not()));
                }
                parts
            }
            Self::Settled(step) => vec![(None, copy.settled(*step))],
            Self::NothingOpen => copy
                .steps
                .iter()
                .map(|step| (None, Bool::or(&[copy.begun(sink, *step).not(), copy.settled(*step)])))
                .collect(),
        }
    }

    /// Whether it holds of a map over all steps. Values that no comparison of the map's fixed are free.
    pub fn holds(&self, facts: &Facts<'_>, map: &Map) -> bool {
        let pins = |at: GrantAt| evidence::pinned(facts, at, map);
        match self {
            Self::Open(step) => map.open(facts, *step),
            Self::Begun(step) => map.begun(facts, *step),
            Self::Use(at) => map.open(facts, at.0) && pins(*at),
            Self::Used(at) => map.begun(facts, at.0) && pins(*at),
            Self::Enabled(atom) => {
                map.open(facts, atom.step) && facts.possible(*atom) && evidence::obtainable(facts, *atom, map)
            }
            Self::Not(formula) => !map.truth(formula),
            Self::Unjudged(way) => !map.is_judged(facts, way),
            Self::Lacks(datum) => !map.has(datum),
            Self::Has(datum) => map.has(datum),
            Self::Is(datum, value) => map.has(datum) && map.values.get(datum) == Some(value),
            // Only asked of the solver: the values matter.
            Self::Stranded(..) => false,
            Self::Settled(step) => map.settled.contains_key(step),
            Self::NothingOpen => facts.steps().all(|step| !map.open(facts, step)),
        }
    }
}

fn begun(sink: &Sink, copy: &MapVars<'_, '_>, step: StepId) -> Vec<(Option<Place>, Bool)> {
    copy.after_parts(sink, step).into_iter().map(|(place, part)| (Some(place), part)).collect()
}

fn with(mut parts: Vec<(Option<Place>, Bool)>, more: Bool) -> Vec<(Option<Place>, Bool)> {
    parts.push((None, more));
    parts
}
