//! What actions touch and what results are about, by provenance.
//!
//! A commit written to a branch is about that branch, the result of tests of the commit as well, and a pull request for
//! it. What is not known to be apart counts as the same.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use xp_artifact::workflow::{Datum, Effect, Expr, Pin, Root, StepId, SubmissionIx};
use xp_scope::{Type, Value};

use crate::facts::{Class, Facts, GrantAt, class_of, pin_data};
use crate::pins::can_meet;

/// A resource, or what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Resource {
    /// What the grant made; it did not exist before, and no other run has it.
    Fresh(GrantAt),
    /// What a parameter names.
    Param(Datum),
    /// What a literal names.
    Literal(Value),
    /// What a submission names.
    Submission(StepId, SubmissionIx),
    /// The branch that merges go into.
    Protected,
    /// Anything.
    Unknown,
}

/// Resources by datum, computed once.
pub(crate) struct Resources<'f, 'm> {
    facts: &'f Facts<'m>,
    results: RefCell<HashMap<GrantAt, Rc<BTreeSet<Resource>>>>,
}

impl<'f, 'm> Resources<'f, 'm> {
    pub fn new(facts: &'f Facts<'m>) -> Self {
        Self { facts, results: RefCell::default() }
    }

    /// What a datum is about.
    pub fn of_datum(&self, datum: &Datum) -> BTreeSet<Resource> {
        match datum.root {
            Root::Param(_) => BTreeSet::from([Resource::Param(datum.clone())]),
            Root::Submission { step, submission } => BTreeSet::from([Resource::Submission(step, submission)]),
            Root::Result { step, grant } => self.of_result((step, grant)).as_ref().clone(),
        }
    }

    fn of_result(&self, at: GrantAt) -> Rc<BTreeSet<Resource>> {
        if let Some(known) = self.results.borrow().get(&at) {
            return Rc::clone(known);
        }
        let action = self.facts.action_of(at);
        let found = if action.fresh {
            BTreeSet::from([Resource::Fresh(at)])
        } else {
            let mut found = self.of_arguments(at, &action.about);
            if action.effect == Effect::Merge {
                found.extend(self.merged_into(at));
            } else {
                found.extend(self.of_arguments(at, &action.touches));
            }
            if found.is_empty() {
                found.insert(Resource::Unknown);
            }
            found
        };
        let found = Rc::new(found);
        self.results.borrow_mut().insert(at, Rc::clone(&found));
        found
    }

    fn of_arguments(&self, at: GrantAt, numbers: &[u32]) -> BTreeSet<Resource> {
        let pins = self.facts.grant(at).map(|grant| grant.pins.as_slice()).unwrap_or_default();
        let chosen = numbers.iter().filter_map(|number| pins.get(*number as usize));
        chosen.flat_map(|pin| self.of_pin(pin)).collect()
    }

    fn of_pin(&self, pin: &Pin) -> BTreeSet<Resource> {
        match pin {
            Pin::Is(Expr::Literal(value)) => BTreeSet::from([Resource::Literal(value.clone())]),
            Pin::Is(Expr::Datum(datum)) | Pin::OneOf { set: Expr::Datum(datum), .. } => self.of_datum(datum),
            Pin::Is(Expr::Template(_))
            | Pin::OneOf { .. }
            | Pin::Within(_)
            | Pin::Content { .. }
            | Pin::Any => BTreeSet::from([Resource::Unknown]),
        }
    }

    /// What using the grant changes; empty for effects that change no content.
    pub fn touched(&self, at: GrantAt) -> BTreeSet<Resource> {
        let action = self.facts.action_of(at);
        match action.effect {
            // Talk is not content.
            Effect::Read | Effect::Discuss => return BTreeSet::new(),
            Effect::Deploy | Effect::Execute | Effect::Pay | Effect::Publish if action.touches.is_empty() => {
                return BTreeSet::new();
            }
            _ => {}
        }
        if action.fresh {
            return BTreeSet::from([Resource::Fresh(at)]);
        }
        let is = |number: &u32, ty: &Type| {
            action.params.get(*number as usize).is_some_and(|param| param.ty == *ty)
        };
        if action.effect == Effect::Merge {
            return self.merged_into(at);
        }
        // A path is a place inside the resource that another argument names.
        let places: Vec<u32> =
            action.touches.iter().copied().filter(|number| !is(number, &Type::Path)).collect();
        let found = self.of_arguments(at, if places.is_empty() { &action.touches } else { &places });
        if !found.is_empty() {
            return found;
        }
        let data = self.facts.grant(at).into_iter().flat_map(pin_data);
        let mut found: BTreeSet<Resource> = data.flat_map(|(_, datum)| self.of_datum(datum)).collect();
        if found.is_empty() {
            found.insert(Resource::Unknown);
        }
        found
    }

    /// Where a merge goes. A commit given as what the branch must still be at names the branch's state, not where the commit
    /// came from: then it is the protected branch.
    fn merged_into(&self, at: GrantAt) -> BTreeSet<Resource> {
        let action = self.facts.action_of(at);
        let branch =
            |number: &u32| action.params.get(*number as usize).is_some_and(|param| param.ty == Type::Branch);
        let branches: Vec<u32> = action.touches.iter().copied().filter(branch).collect();
        let mut found = self.of_arguments(at, &branches);
        if branches.len() < action.touches.len() {
            found.insert(Resource::Protected);
        }
        found
    }

    /// What the grant's result is evidence about; nothing where it neither says so nor attests.
    pub fn told(&self, at: GrantAt) -> BTreeSet<Resource> {
        let action = self.facts.action_of(at);
        if !action.about.is_empty() {
            return self.of_arguments(at, &action.about);
        }
        if !action.attests {
            return BTreeSet::new();
        }
        let mut found: BTreeSet<Resource> =
            self.told_by(at).into_iter().flat_map(|datum| self.of_datum(datum)).collect();
        if found.is_empty() {
            found.insert(Resource::Unknown);
        }
        found
    }

    /// The data that say what the grant's result is about.
    pub fn told_by(&self, at: GrantAt) -> Vec<&'m Datum> {
        let about = &self.facts.action_of(at).about;
        let named = self.facts.grant(at).into_iter().flat_map(pin_data);
        named
            .filter(|(number, _)| about.is_empty() || about.contains(number))
            .map(|(_, datum)| datum)
            .collect()
    }

    /// Whether the two may be one.
    pub fn may_be_one(&self, a: &Resource, b: &Resource) -> bool {
        use Resource::{Fresh, Literal, Param, Protected, Submission, Unknown};
        match (a, b) {
            (Unknown | Submission(..), _) | (_, Unknown | Submission(..)) => true,
            (Fresh(x), Fresh(y)) => x == y,
            (Fresh(_), Param(_) | Protected) | (Param(_) | Protected, Fresh(_)) => false,
            (Fresh(at), Literal(value)) | (Literal(value), Fresh(at)) => self.made_as(*at, value),
            (Param(x), Param(y)) => {
                let parts = |datum: &Datum| (datum.root, datum.fields.clone());
                let ((r, f), (s, g)) = (parts(x), parts(y));
                let nested = r == s && (f.starts_with(&g) || g.starts_with(&f));
                nested || self.facts.type_of(x).is_some_and(|ty| self.facts.type_of(y) == Some(ty))
            }
            (Param(datum), Literal(value)) | (Literal(value), Param(datum)) => self
                .facts
                .type_of(datum)
                .is_none_or(|ty| matches!(value, Value::Text(_)) == (class_of(ty) == Class::Text)),
            (Param(datum), Protected) | (Protected, Param(datum)) => self
                .facts
                .type_of(datum)
                .is_none_or(|ty| matches!(ty, Type::Branch | Type::Text | Type::Record(_))),
            (Literal(x), Literal(y)) => x == y,
            (Literal(_), Protected) | (Protected, Literal(_) | Protected) => true,
        }
    }

    /// Whether what the grant makes may be called so.
    fn made_as(&self, at: GrantAt, name: &Value) -> bool {
        let action = self.facts.action_of(at);
        let pins = self.facts.grant(at).map(|grant| grant.pins.as_slice()).unwrap_or_default();
        action
            .touches
            .iter()
            .filter_map(|number| pins.get(*number as usize))
            .all(|pin| can_meet(self.facts, pin, &Expr::Literal(name.clone())))
    }

    /// Another run may change it meanwhile: a named branch.
    pub fn shared(&self, resource: &Resource) -> bool {
        match resource {
            Resource::Param(datum) => self.facts.type_of(datum) == Some(&Type::Branch),
            // A name written down is the same in every run.
            Resource::Literal(_) => true,
            _ => false,
        }
    }
}
