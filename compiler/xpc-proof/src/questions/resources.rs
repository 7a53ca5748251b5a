//! What actions touch and what results are about, by provenance.
//!
//! A commit written to a branch is about that branch, the result of tests of the commit as well, and a pull request for
//! it. What is not known to be apart counts as the same.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use xp_artifact::workflow::{ActionParam, Datum, Effect, Expr, Grant, Pin, Root, StepId, SubmissionIx};
use xp_scope::{Type, Value};

use crate::facts::{Class, Facts, GrantAt, class_of};
use crate::pins::{can_meet, names_can_meet};
use crate::values::grant_at;

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
        let new = Self { facts, results: RefCell::default() };
        // Upstream first, so that nothing is looked up in depth.
        for step in &facts.order {
            for index in 0..facts.step(*step).grants.len() {
                new.of_result(grant_at(*step, index));
            }
        }
        new
    }

    /// What a datum is about. A field called like an argument is what that argument is about, too; a measurement's other
    /// fields may be about anything.
    pub fn of_datum(&self, datum: &Datum) -> BTreeSet<Resource> {
        let at = match datum.root {
            Root::Param(_) => return BTreeSet::from([Resource::Param(datum.clone())]),
            Root::Submission { step, submission } => {
                return BTreeSet::from([Resource::Submission(step, submission)]);
            }
            Root::Result { step, grant } => (step, grant),
        };
        let mut found = self.of_result(at).as_ref().clone();
        let action = self.facts.action_of(at);
        let Some(field) = datum.fields.first() else { return found };
        match self.pins(at).find(|(_, param, _)| param.name == *field) {
            Some((_, _, pin)) => found.extend(self.of_pin(pin)),
            None if action.touches.is_empty() && !action.fresh && action.effect != Effect::Merge => {
                found.insert(Resource::Unknown);
            }
            None => {}
        }
        found
    }

    fn of_result(&self, at: GrantAt) -> Rc<BTreeSet<Resource>> {
        if let Some(known) = self.results.borrow().get(&at) {
            return Rc::clone(known);
        }
        let action = self.facts.action_of(at);
        let mut found = self.of_arguments(at, &action.about);
        if action.effect == Effect::Merge {
            found.extend(self.merged_into(at));
        } else {
            found.extend(self.of_arguments(at, &self.touched_besides_name(at)));
        }
        if action.fresh {
            found.insert(Resource::Fresh(at));
        }
        if found.is_empty() {
            found.insert(Resource::Unknown);
        }
        let found = Rc::new(found);
        self.results.borrow_mut().insert(at, Rc::clone(&found));
        found
    }

    fn pins(&self, at: GrantAt) -> impl Iterator<Item = (u32, &'m ActionParam, &'m Pin)> + use<'m> {
        let pins = self.facts.grant(at).map(|grant| grant.pins.as_slice()).unwrap_or_default();
        let params = self.facts.action_of(at).params.iter();
        (0_u32..).zip(params.zip(pins)).map(|(number, (param, pin))| (number, param, pin))
    }

    fn of_arguments(&self, at: GrantAt, numbers: &[u32]) -> BTreeSet<Resource> {
        let chosen = self.pins(at).filter(|(number, ..)| numbers.contains(number));
        chosen.flat_map(|(_, _, pin)| self.of_pin(pin)).collect()
    }

    /// What the arguments name, where the declaration does not say which of them matter.
    fn of_all_arguments(&self, at: GrantAt) -> BTreeSet<Resource> {
        let naming = self.pins(at).filter(|(_, param, pin)| {
            !matches!(param.ty, Type::Bool | Type::Enum(_) | Type::Path)
                && !matches!(pin, Pin::Content { .. })
        });
        let found: BTreeSet<Resource> = naming.flat_map(|(_, _, pin)| self.of_pin(pin)).collect();
        if found.is_empty() { BTreeSet::from([Resource::Unknown]) } else { found }
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

    /// What the name of what a making action makes may be.
    fn name_of(&self, at: GrantAt) -> Option<&'m Pin> {
        let number = self.facts.action_of(at).name_of_made()?;
        self.pins(at).find(|(other, ..)| *other == number).map(|(_, _, pin)| pin)
    }

    fn touched_besides_name(&self, at: GrantAt) -> Vec<u32> {
        let action = self.facts.action_of(at);
        let name = action.name_of_made();
        action.touches.iter().copied().filter(|number| Some(*number) != name).collect()
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
        if action.effect == Effect::Merge {
            return self.merged_into(at);
        }
        let numbers = self.touched_besides_name(at);
        // A path is a place inside the resource that another argument names.
        let is_path =
            |number: &u32| action.params.get(*number as usize).is_some_and(|param| param.ty == Type::Path);
        let places: Vec<u32> = numbers.iter().copied().filter(|number| !is_path(number)).collect();
        let mut found = self.of_arguments(at, &places);
        if action.fresh {
            found.insert(Resource::Fresh(at));
        }
        if found.is_empty() { self.of_all_arguments(at) } else { found }
    }

    /// Where a merge goes: a branch. A commit given as what the branch must still be at names the protected branch's state, not
    /// where the commit came from. Anything else (a pull request, a repository) may go anywhere.
    fn merged_into(&self, at: GrantAt) -> BTreeSet<Resource> {
        let touches = &self.facts.action_of(at).touches;
        let mut found = BTreeSet::new();
        for (_, param, pin) in self.pins(at).filter(|(number, ..)| touches.contains(number)) {
            match param.ty {
                Type::Branch => found.extend(self.of_pin(pin)),
                Type::Commit => {
                    found.insert(Resource::Protected);
                }
                _ => {
                    found.insert(Resource::Unknown);
                }
            }
        }
        if found.is_empty() { BTreeSet::from([Resource::Unknown]) } else { found }
    }

    /// What the grant's result is evidence about; nothing where it neither says so nor attests.
    pub fn told(&self, at: GrantAt) -> BTreeSet<Resource> {
        let action = self.facts.action_of(at);
        if !action.about.is_empty() {
            return self.of_arguments(at, &action.about);
        }
        if action.attests { self.of_all_arguments(at) } else { BTreeSet::new() }
    }

    /// The data that say what the grant's result is about.
    pub fn told_by(&self, at: GrantAt) -> Vec<&'m Datum> {
        let about = &self.facts.action_of(at).about;
        let named = self.facts.grant(at).into_iter().flat_map(Grant::data);
        named
            .filter(|(number, _)| about.is_empty() || about.contains(number))
            .map(|(_, datum)| datum)
            .collect()
    }

    /// Whether the two may be one. What is not known to be apart may.
    pub fn may_be_one(&self, a: &Resource, b: &Resource) -> bool {
        use Resource::{Fresh, Literal, Param, Protected, Submission, Unknown};
        match (a, b) {
            (Unknown | Submission(..), _) | (_, Unknown | Submission(..)) => true,
            (Fresh(x), Fresh(y)) => x == y || self.may_share_a_name(*x, *y),
            // The machine makes nothing that is called like a branch, a commit or a tree that the run was given. A text may name
            // anything.
            (Fresh(at), Protected) | (Protected, Fresh(at)) => self.is_text(*at),
            (Fresh(at), Param(datum)) | (Param(datum), Fresh(at)) => match self.facts.type_of(datum) {
                Some(Type::Branch) => self.is_text(*at),
                _ => !self.fixed(datum),
            },
            (Fresh(at), Literal(value)) | (Literal(value), Fresh(at)) => self.made_as(*at, value),
            (Param(x), Param(y)) => {
                let nested =
                    x.root == y.root && (x.fields.starts_with(&y.fields) || y.fields.starts_with(&x.fields));
                let one_type = self.facts.type_of(x).is_some_and(|ty| self.facts.type_of(y) == Some(ty));
                nested || one_type || !self.fixed(x) && !self.fixed(y)
            }
            (Param(datum), Literal(value)) | (Literal(value), Param(datum)) => {
                self.facts.type_of(datum).is_none_or(|ty| {
                    matches!(ty, Type::Record(_) | Type::List(_))
                        || matches!(value, Value::Text(_)) == (class_of(ty) == Class::Text)
                })
            }
            (Param(datum), Protected) | (Protected, Param(datum)) => !self.fixed(datum),
            (Literal(x), Literal(y)) => x == y,
            (Literal(_), Protected) | (Protected, Literal(_) | Protected) => true,
        }
    }

    /// It names what cannot change, or no resource at all.
    fn fixed(&self, datum: &Datum) -> bool {
        let ty = self.facts.type_of(datum);
        matches!(ty, Some(Type::Commit | Type::Tree | Type::Path | Type::Bool | Type::Enum(_)))
    }

    /// What the grant makes is a text.
    fn is_text(&self, at: GrantAt) -> bool {
        self.facts.action_of(at).result == Type::Text
    }

    /// Whether what the two make may be called the same: the first may be gone when the second is made.
    fn may_share_a_name(&self, a: GrantAt, b: GrantAt) -> bool {
        let one_type = self.facts.action_of(a).result == self.facts.action_of(b).result;
        if !one_type && !self.is_text(a) && !self.is_text(b) {
            return false;
        }
        match (self.name_of(a), self.name_of(b)) {
            (Some(a), Some(b)) => names_can_meet(self.facts, a, b),
            // Named by the world, which names nothing twice.
            _ => false,
        }
    }

    /// Whether what the grant makes may be called so.
    fn made_as(&self, at: GrantAt, name: &Value) -> bool {
        self.name_of(at).is_none_or(|pin| can_meet(self.facts, pin, &Expr::Literal(name.clone())))
    }

    /// Another run may change it meanwhile.
    pub fn shared(&self, resource: &Resource) -> bool {
        match resource {
            Resource::Param(datum) => !self.fixed(datum),
            Resource::Fresh(_) | Resource::Submission(..) => false,
            Resource::Literal(_) | Resource::Protected | Resource::Unknown => true,
        }
    }
}
