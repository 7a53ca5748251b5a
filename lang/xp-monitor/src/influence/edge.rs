//! Where content and knowledge are in a workflow, and what passes between.

use std::collections::HashSet;

use xp_artifact::order::Moment;
use xp_artifact::workflow::{Datum, RoleId, StepId};
use xp_scope::thing::{Class, Term};

use crate::fact::GrantAt;

/// Where content or knowledge is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// In a datum of the run.
    Datum(Datum),
    /// In a thing, as uses in the step read it.
    Thing(Term, StepId),
    /// In a thing, put in when one of the last steps may have been open or settled.
    Changed(Term, StepId, Vec<StepId>),
    /// In a thing, as uses in the step copy it, but not where it is secret itself.
    Elsewhere(Term, StepId),
    /// With whoever plays the role, when it acts in the step.
    Mind(RoleId, StepId),
    /// With strangers, who write what a use of the grant reads.
    Strangers(GrantAt),
    /// In a use itself: its arguments, and what it takes effect on.
    Use(GrantAt),
}

impl Node {
    /// It is in a thing.
    #[must_use]
    pub fn is_thing(&self) -> bool {
        matches!(self, Self::Thing(..) | Self::Changed(..) | Self::Elsewhere(..))
    }
}

/// What was told of what alters things: by term and entry, and whether names were told that go in as such.
pub(super) type Told = HashSet<((usize, usize), bool)>;

/// Something passes from one place to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// From here.
    pub from: Node,
    /// To there.
    pub to: Node,
    /// When.
    pub at: Moment,
    /// The datum that passes, where it is one: it does not while a judgement of it that cuts this edge is in force.
    pub datum: Option<Datum>,
    /// The steps whose judgements of the datum cut this edge, where not all do.
    pub looks: Option<Vec<StepId>>,
    /// What the edge is worth: it is declared or can be chosen, rests on how an upstream spells names, or is there only because a
    /// declaration is silent.
    pub class: Class,
}

impl Edge {
    /// Judgements in the step may cut this edge.
    #[must_use]
    pub fn is_cut_in(&self, step: StepId) -> bool {
        self.looks.as_ref().is_none_or(|looks| looks.contains(&step))
    }
}
