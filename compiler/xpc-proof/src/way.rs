//! When something has been judged: a formula over the outcomes in force and the steps that have begun.

use xp_artifact::workflow::{Atom, Formula, StepId};

use crate::facts::GrantAt;

/// It holds more often the more outcomes are in force and the fewer steps have begun.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Way {
    /// The outcome is in force.
    Is(Atom),
    /// The step has not begun, so no use of this grant of it has done anything.
    Unbegun(GrantAt),
    /// All hold; always, if there are none.
    All(Vec<Way>),
    /// Any holds; never, if there are none.
    Any(Vec<Way>),
}

impl Way {
    /// It holds in no run.
    pub const NEVER: Self = Self::Any(Vec::new());

    pub fn holds(&self, is: &dyn Fn(Atom) -> bool, unbegun: &dyn Fn(GrantAt) -> bool) -> bool {
        match self {
            Self::Is(atom) => is(*atom),
            Self::Unbegun(at) => unbegun(*at),
            Self::All(parts) => parts.iter().all(|part| part.holds(is, unbegun)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(is, unbegun)),
        }
    }

    /// As a formula over outcomes, where all steps have begun: if that holds, so does this.
    pub fn begun(&self) -> Formula {
        match self {
            Self::Is(atom) => Formula::Is(*atom),
            Self::Unbegun(_) => Formula::Any(Vec::new()),
            Self::All(parts) => Formula::All(parts.iter().map(Self::begun).collect()),
            Self::Any(parts) => Formula::Any(parts.iter().map(Self::begun).collect()),
        }
    }

    /// The same where these outcomes are never taken.
    pub fn without(&self, never: &dyn Fn(Atom) -> bool) -> Self {
        let each = |parts: &[Self]| parts.iter().map(|part| part.without(never)).collect();
        match self {
            Self::Is(atom) if never(*atom) => Self::NEVER,
            Self::Is(_) | Self::Unbegun(_) => self.clone(),
            Self::All(parts) => Self::All(each(parts)),
            Self::Any(parts) => Self::Any(each(parts)),
        }
    }

    /// How many parts it has.
    pub fn size(&self) -> usize {
        match self {
            Self::Is(_) | Self::Unbegun(_) => 1,
            Self::All(parts) | Self::Any(parts) => 1 + parts.iter().map(Self::size).sum::<usize>(),
        }
    }

    /// The outcomes it speaks of, each once.
    pub fn atoms(&self) -> Vec<Atom> {
        let mut atoms = Vec::new();
        self.walk(&mut |part| atoms.extend(if let Self::Is(atom) = part { Some(*atom) } else { None }));
        atoms.sort_unstable();
        atoms.dedup();
        atoms
    }

    /// The grants of whose steps it asks whether they have begun, each once.
    pub fn grants(&self) -> Vec<GrantAt> {
        let mut grants = Vec::new();
        self.walk(&mut |part| grants.extend(if let Self::Unbegun(at) = part { Some(*at) } else { None }));
        grants.sort_unstable();
        grants.dedup();
        grants
    }

    /// The steps it speaks of.
    pub fn steps(&self) -> Vec<StepId> {
        let atoms = self.atoms().into_iter().map(|atom| atom.step);
        let mut steps: Vec<StepId> = atoms.chain(self.grants().into_iter().map(|at| at.0)).collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }

    /// Of the grants whose steps have begun, some without which it would hold; none if it holds.
    pub fn denied_by(
        &self,
        is: &dyn Fn(Atom) -> bool,
        begun: &dyn Fn(GrantAt) -> bool,
    ) -> Option<Vec<GrantAt>> {
        let mut by: Vec<GrantAt> = self.grants().into_iter().filter(|at| begun(*at)).collect();
        if self.holds(is, &|at| !by.contains(&at)) {
            return None;
        }
        for at in by.clone() {
            let less = |one: GrantAt| one == at || !by.contains(&one);
            if !self.holds(is, &less) {
                by.retain(|one| *one != at);
            }
        }
        Some(by)
    }

    fn walk(&self, see: &mut dyn FnMut(&Self)) {
        see(self);
        if let Self::All(parts) | Self::Any(parts) = self {
            parts.iter().for_each(|part| part.walk(see));
        }
    }
}
