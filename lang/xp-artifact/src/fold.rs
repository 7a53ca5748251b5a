//! Folds over formulas, conditions and expressions, and the data that each part of a workflow names.

use xp_scope::{Type, Value};

use crate::declaration::Source;
use crate::workflow::{
    Action, Atom, Condition, Datum, Expr, Formula, Grant, GrantIx, Pin, RoleId, Root, Step, StepId,
    TemplatePart, Workflow,
};

/// Records of records that are followed; a checked workflow has none that deep.
const MAX_DEPTH: usize = 32;

impl Formula {
    /// Puts a value for each atom together, from the leaves up.
    pub fn fold<T>(
        &self,
        atom: &impl Fn(Atom) -> T,
        all: &impl Fn(Vec<T>) -> T,
        any: &impl Fn(Vec<T>) -> T,
    ) -> T {
        match self {
            Self::Is(leaf) => atom(*leaf),
            Self::All(parts) => all(parts.iter().map(|part| part.fold(atom, all, any)).collect()),
            Self::Any(parts) => any(parts.iter().map(|part| part.fold(atom, all, any)).collect()),
        }
    }

    /// Whether it holds where exactly these atoms do.
    pub fn holds(&self, settled: &impl Fn(Atom) -> bool) -> bool {
        match self {
            Self::Is(atom) => settled(*atom),
            Self::All(parts) => parts.iter().all(|part| part.holds(settled)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(settled)),
        }
    }

    /// Its atoms in the order of the text, as often as they stand there.
    #[must_use]
    pub fn atoms(&self) -> Vec<Atom> {
        let mut found = Vec::new();
        let mut stack = vec![self];
        while let Some(here) = stack.pop() {
            match here {
                Self::Is(atom) => found.push(*atom),
                Self::All(parts) | Self::Any(parts) => stack.extend(parts.iter().rev()),
            }
        }
        found
    }

    /// The steps it names, each once, in id order.
    #[must_use]
    pub fn steps(&self) -> Vec<StepId> {
        let mut steps: Vec<StepId> = self.atoms().into_iter().map(|atom| atom.step).collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }

    /// Formulas that hold together exactly when it does: the parts of a conjunction, or itself.
    #[must_use]
    pub fn conjuncts(&self) -> &[Self] {
        match self {
            Self::All(parts) => parts,
            Self::Is(_) | Self::Any(_) => std::slice::from_ref(self),
        }
    }
}

/// A leaf of a condition. One that reads a Boolean needs the result as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Literal<'c> {
    /// The grant whose result is read.
    pub grant: GrantIx,
    /// The Boolean of the result that is read, by its path of fields, and what it must be.
    pub flag: Option<(&'c [String], bool)>,
}

impl Condition {
    /// Puts a value for each literal together, from the leaves up.
    pub fn fold<T>(
        &self,
        literal: &impl Fn(Literal<'_>) -> T,
        all: &impl Fn(Vec<T>) -> T,
        any: &impl Fn(Vec<T>) -> T,
    ) -> T {
        match self {
            Self::Bound(grant) => literal(Literal { grant: *grant, flag: None }),
            Self::Flag { grant, fields, is } => literal(Literal { grant: *grant, flag: Some((fields, *is)) }),
            Self::All(parts) => all(parts.iter().map(|part| part.fold(literal, all, any)).collect()),
            Self::Any(parts) => any(parts.iter().map(|part| part.fold(literal, all, any)).collect()),
        }
    }

    /// Whether it holds where exactly these literals do.
    pub fn holds(&self, literal: &impl Fn(Literal<'_>) -> bool) -> bool {
        match self {
            Self::Bound(grant) => literal(Literal { grant: *grant, flag: None }),
            Self::Flag { grant, fields, is } => literal(Literal { grant: *grant, flag: Some((fields, *is)) }),
            Self::All(parts) => parts.iter().all(|part| part.holds(literal)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(literal)),
        }
    }

    /// Its literals in the order of the text, as often as they stand there.
    #[must_use]
    pub fn literals(&self) -> Vec<Literal<'_>> {
        let mut found = Vec::new();
        let mut stack = vec![self];
        while let Some(here) = stack.pop() {
            match here {
                Self::Bound(grant) => found.push(Literal { grant: *grant, flag: None }),
                Self::Flag { grant, fields, is } => {
                    found.push(Literal { grant: *grant, flag: Some((fields, *is)) });
                }
                Self::All(parts) | Self::Any(parts) => stack.extend(parts.iter().rev()),
            }
        }
        found
    }
}

impl Expr {
    /// The data it names.
    pub fn data(&self) -> impl Iterator<Item = &Datum> {
        let (whole, parts) = match self {
            Self::Literal(_) => (None, [].as_slice()),
            Self::Datum(datum) => (Some(datum), [].as_slice()),
            Self::Template(parts) => (None, parts.as_slice()),
        };
        whole.into_iter().chain(parts.iter().filter_map(|part| match part {
            TemplatePart::Text(_) => None,
            TemplatePart::Datum(datum) => Some(datum),
        }))
    }

    /// Its value, if everything it names has one.
    pub fn value<'v>(&self, of: impl Fn(&Datum) -> Option<&'v Value>) -> Option<Value> {
        match self {
            Self::Literal(value) => Some(value.clone()),
            Self::Datum(datum) => of(datum).cloned(),
            Self::Template(parts) => xp_scope::template(parts.iter().map(|part| match part {
                TemplatePart::Text(text) => Some(xp_scope::Piece::Text(text)),
                TemplatePart::Datum(datum) => of(datum).map(xp_scope::Piece::Value),
            }))
            .map(Value::Text),
        }
    }
}

impl Pin {
    /// The data it names.
    pub fn data(&self) -> impl Iterator<Item = &Datum> {
        let named = match self {
            Self::Is(expr) | Self::OneOf { set: expr, .. } => Some(expr),
            Self::Within(_) | Self::Content { .. } | Self::Any => None,
        };
        named.into_iter().flat_map(Expr::data)
    }
}

impl Grant {
    /// The data its pins name, each with the number of the pin.
    pub fn data(&self) -> impl Iterator<Item = (u32, &Datum)> {
        self.pins.iter().enumerate().flat_map(|(number, pin)| {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            pin.data().map(move |datum| (number, datum))
        })
    }
}

impl Step {
    /// The data it lets its role see: what its pins and judgements name.
    pub fn data(&self) -> impl Iterator<Item = &Datum> {
        let pinned = self.grants.iter().flat_map(Grant::data).map(|(_, datum)| datum);
        pinned.chain(self.outcomes.iter().filter_map(|outcome| outcome.of.as_ref()))
    }
}

impl Workflow {
    /// A grant of a step, with its action.
    #[must_use]
    pub fn granted(&self, (step, grant): (StepId, GrantIx)) -> Option<(&Grant, &Action)> {
        let grant = self.steps.get(step.index())?.grants.get(grant.index())?;
        Some((grant, self.actions.get(grant.action.index())?))
    }

    /// Every grant, by its step and its place there, in source order.
    pub fn grants(&self) -> impl Iterator<Item = (StepId, GrantIx)> + '_ {
        self.steps.iter().enumerate().flat_map(|(step, declared)| {
            (0..declared.grants.len()).map(move |grant| (StepId::of(step), GrantIx::of(grant)))
        })
    }

    /// The two roles must have different controllers.
    #[must_use]
    pub fn are_separate(&self, a: RoleId, b: RoleId) -> bool {
        a != b && self.separations.iter().any(|rule| rule.roles.contains(&a) && rule.roles.contains(&b))
    }

    /// The type of a datum, if it names something: a result only where the grant has a binder.
    #[must_use]
    pub fn type_of(&self, datum: &Datum) -> Option<&Type> {
        let root = match datum.root {
            Root::Param(id) => &self.params.get(id.index())?.ty,
            Root::Result { step, grant } => {
                let grant = self.steps.get(step.index())?.grants.get(grant.index())?;
                grant.binder.as_ref()?;
                &self.actions.get(grant.action.index())?.result
            }
            Root::Submission { step, submission } => {
                &self.steps.get(step.index())?.submissions.get(submission.index())?.ty
            }
        };
        datum.fields.iter().try_fold(root, |ty, field| self.field_type(ty, field))
    }

    /// What may be in a field of the result of an action. Unsaid, all arguments and all that is read; in a record, what is in
    /// any member.
    #[must_use]
    pub fn sources(&self, action: &Action, field: &[String]) -> Vec<Source> {
        let clauses = &action.clauses;
        let below = clauses.said_below(field);
        if let Some(mut said) = clauses.said_of(field) {
            if clauses.identity(field).is_none() {
                said.extend(below);
            }
            return said;
        }
        let everything = || clauses.everything(action.params.len());
        if below.is_empty() {
            return everything();
        }
        let ty = field.iter().try_fold(&action.result, |ty, field| self.field_type(ty, field));
        let record = ty.and_then(|ty| match ty {
            Type::Record(name) => self.records.iter().find(|record| record.name == *name),
            _ => None,
        });
        let Some(record) = record else { return everything().into_iter().chain(below).collect() };
        let members = record.fields.iter().flat_map(|member| {
            let path: Vec<String> = field.iter().chain([&member.name]).cloned().collect();
            self.sources(action, &path)
        });
        let mut found: Vec<Source> = Vec::new();
        for source in members {
            if !found.contains(&source) {
                found.push(source);
            }
        }
        found
    }

    /// The fields of a type that have no fields of their own, by their paths; the type itself where it has none.
    #[must_use]
    pub fn leaves(&self, ty: &Type) -> Vec<Vec<String>> {
        let (mut found, mut open) = (Vec::new(), vec![(ty, Vec::new())]);
        while let Some((ty, path)) = open.pop() {
            let record = match ty {
                Type::Record(name) => self.records.iter().find(|record| record.name == *name),
                _ => None,
            };
            match record.filter(|record| !record.fields.is_empty() && path.len() < MAX_DEPTH) {
                None => found.push(path),
                Some(record) => open.extend(record.fields.iter().rev().map(|field| {
                    (&field.ty, path.iter().chain([&field.name]).cloned().collect::<Vec<String>>())
                })),
            }
        }
        found
    }

    /// The type of a field, if the type is a record that has it.
    #[must_use]
    pub fn field_type(&self, ty: &Type, field: &str) -> Option<&Type> {
        let Type::Record(name) = ty else { return None };
        let record = self.records.iter().find(|record| record.name == *name)?;
        record.fields.iter().find(|candidate| candidate.name == field).map(|found| &found.ty)
    }
}
