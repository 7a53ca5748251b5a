//! Folds over formulas, conditions and expressions, and the data that each part of a workflow names.

use xp_scope::{Type, Value, rank};

use crate::declaration::Source;
use crate::formula::{Operand, Test};
use crate::question::{Question, Uses};
use crate::workflow::{
    Action, Atom, Condition, Datum, Expr, Formula, Grant, GrantIx, Guard, How, Pin, RoleId, Root, Step,
    StepId, TemplatePart, Workflow,
};

/// Records of records that are followed; a checked workflow has none that deep.
const MAX_DEPTH: usize = 32;

impl Formula {
    /// Puts a value for each leaf together, from the leaves up.
    pub fn fold<T>(
        &self,
        atom: &impl Fn(Atom) -> T,
        test: &impl Fn(&Test) -> T,
        all: &impl Fn(Vec<T>) -> T,
        any: &impl Fn(Vec<T>) -> T,
    ) -> T {
        match self {
            Self::Is(leaf) => atom(*leaf),
            Self::Test(leaf) => test(leaf),
            Self::All(parts) => all(parts.iter().map(|part| part.fold(atom, test, all, any)).collect()),
            Self::Any(parts) => any(parts.iter().map(|part| part.fold(atom, test, all, any)).collect()),
        }
    }

    /// Whether it holds where exactly these leaves do.
    pub fn holds(&self, settled: &impl Fn(Atom) -> bool, test: &impl Fn(&Test) -> bool) -> bool {
        match self {
            Self::Is(atom) => settled(*atom),
            Self::Test(leaf) => test(leaf),
            Self::All(parts) => parts.iter().all(|part| part.holds(settled, test)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(settled, test)),
        }
    }

    /// Whether it can hold where exactly these outcomes are in force, whatever values data have.
    pub fn can_hold(&self, settled: &impl Fn(Atom) -> bool) -> bool {
        self.holds(settled, &|_| true)
    }

    /// Its atoms in the order of the text, as often as they stand there.
    #[must_use]
    pub fn atoms(&self) -> Vec<Atom> {
        let mut found = Vec::new();
        self.leaves(&mut |leaf| found.extend(if let Self::Is(atom) = leaf { Some(*atom) } else { None }));
        found
    }

    /// Its comparisons in the order of the text.
    #[must_use]
    pub fn tests(&self) -> Vec<&Test> {
        let mut found: Vec<&Test> = Vec::new();
        self.leaves(&mut |leaf| found.extend(if let Self::Test(test) = leaf { Some(&**test) } else { None }));
        found
    }

    fn leaves<'f>(&'f self, see: &mut dyn FnMut(&'f Self)) {
        let mut stack = vec![self];
        while let Some(here) = stack.pop() {
            match here {
                Self::Is(_) | Self::Test(_) => see(here),
                Self::All(parts) | Self::Any(parts) => stack.extend(parts.iter().rev()),
            }
        }
    }

    /// The steps it names, by outcomes or data, each once, in id order.
    #[must_use]
    pub fn steps(&self) -> Vec<StepId> {
        let compared = self.tests().into_iter().flat_map(Test::data).filter_map(|datum| datum.root.step());
        let mut steps: Vec<StepId> = self.atoms().into_iter().map(|atom| atom.step).chain(compared).collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }

    /// Formulas that hold together exactly when it does: the parts of a conjunction, or itself.
    #[must_use]
    pub fn conjuncts(&self) -> &[Self] {
        match self {
            Self::All(parts) => parts,
            Self::Is(_) | Self::Test(_) | Self::Any(_) => std::slice::from_ref(self),
        }
    }
}

/// A leaf of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Literal<'c> {
    /// The grant of the own step has a result.
    Bound(GrantIx),
    /// A comparison of values that are there.
    Test(&'c Test),
}

impl Literal<'_> {
    /// The grants of a step whose results it reads.
    pub fn grants(self, own: StepId) -> impl Iterator<Item = GrantIx> {
        let (bound, test) = match self {
            Self::Bound(grant) => (Some(grant), None),
            Self::Test(test) => (None, Some(test)),
        };
        let compared = test.into_iter().flat_map(Test::data).filter_map(move |datum| match datum.root {
            Root::Result { step, grant } if step == own => Some(grant),
            _ => None,
        });
        bound.into_iter().chain(compared)
    }
}

impl Condition {
    /// Puts a value for each literal together, from the leaves up.
    pub fn fold<'c, T>(
        &'c self,
        literal: &impl Fn(Literal<'c>) -> T,
        all: &impl Fn(Vec<T>) -> T,
        any: &impl Fn(Vec<T>) -> T,
    ) -> T {
        match self {
            Self::Bound(grant) => literal(Literal::Bound(*grant)),
            Self::Test(test) => literal(Literal::Test(test)),
            Self::All(parts) => all(parts.iter().map(|part| part.fold(literal, all, any)).collect()),
            Self::Any(parts) => any(parts.iter().map(|part| part.fold(literal, all, any)).collect()),
        }
    }

    /// Whether it holds where exactly these literals do.
    pub fn holds<'c>(&'c self, literal: &impl Fn(Literal<'c>) -> bool) -> bool {
        match self {
            Self::Bound(grant) => literal(Literal::Bound(*grant)),
            Self::Test(test) => literal(Literal::Test(test)),
            Self::All(parts) => parts.iter().all(|part| part.holds(literal)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(literal)),
        }
    }

    /// It holds only where some of these literals does: one in each way to satisfy it.
    pub fn needs(&self, one: &dyn Fn(Literal<'_>) -> bool) -> bool {
        match self {
            Self::Bound(grant) => one(Literal::Bound(*grant)),
            Self::Test(test) => one(Literal::Test(test)),
            Self::All(parts) => parts.iter().any(|part| part.needs(one)),
            Self::Any(parts) => parts.iter().all(|part| part.needs(one)),
        }
    }

    /// Its literals in the order of the text, as often as they stand there.
    #[must_use]
    pub fn literals(&self) -> Vec<Literal<'_>> {
        let mut found = Vec::new();
        let mut stack = vec![self];
        while let Some(here) = stack.pop() {
            match here {
                Self::Bound(grant) => found.push(Literal::Bound(*grant)),
                Self::Test(test) => found.push(Literal::Test(test)),
                Self::All(parts) | Self::Any(parts) => stack.extend(parts.iter().rev()),
            }
        }
        found
    }

    /// The data it compares, in the order of the text.
    pub fn data(&self) -> impl Iterator<Item = &Datum> {
        let tests = self.literals().into_iter().filter_map(|literal| match literal {
            Literal::Bound(_) => None,
            Literal::Test(test) => Some(test),
        });
        tests.flat_map(Test::data)
    }
}

impl Test {
    /// What it compares exists and has the type that it says, and values of that type compare so. Nobody's word is compared: a
    /// submission decides nothing by its value, and what may be absent is not compared.
    #[must_use]
    pub fn is_typed(&self, workflow: &Workflow) -> bool {
        let is_known = |datum: &Datum| {
            !matches!(datum.root, Root::Submission { .. })
                && workflow.type_of(datum) == Some(&self.ty)
                && !workflow.may_be_absent(datum)
        };
        let is_literal = match &self.right {
            Operand::Literal(literal) => xp_scope::check(literal, &self.ty, &()).is_ok(),
            Operand::Datum(_) => true,
        };
        let is_ordered = !self.relation.needs_order() || rank::is_ordered(&self.ty);
        self.ty.is_single() && is_ordered && is_literal && self.data().all(is_known)
    }
}

impl How {
    /// The condition of an outcome, if it has one.
    #[must_use]
    pub fn condition(&self) -> Option<&Condition> {
        match self {
            Self::JudgedIf(condition) | Self::Auto(condition) => Some(condition),
            Self::Judged | Self::Exhausted(_) | Self::TimedOut => None,
        }
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
            Self::Within(_) | Self::Content { .. } | Self::Any | Self::Absent => None,
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

    /// The data that its guard and the conditions of its outcomes compare. They are not shown to anybody for that.
    pub fn compared(&self) -> impl Iterator<Item = &Datum> {
        let guard = self.after.tests().into_iter().flat_map(Test::data);
        guard.chain(
            self.outcomes.iter().filter_map(|outcome| outcome.how.condition()).flat_map(Condition::data),
        )
    }
}

impl Uses {
    /// It speaks of uses of the action, at least of some.
    #[must_use]
    pub fn means(&self, action: &Action) -> bool {
        match self {
            Self::Effect(effect) => action.effect == *effect,
            Self::Action { name, .. } => name
                .split_once('.')
                .is_some_and(|(connector, rest)| action.connector == connector && action.name == rest),
        }
    }
}

impl Guard {
    /// The formula that it requires, if it requires one.
    #[must_use]
    pub fn formula(&self) -> Option<&Formula> {
        match &self.question {
            Question::Requires(_, formula) => Some(formula),
            _ => None,
        }
    }

    /// The data that it compares.
    pub fn compared(&self) -> impl Iterator<Item = &Datum> {
        self.formula().into_iter().flat_map(Formula::tests).flat_map(Test::data)
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
        if let Root::Result { step, grant } = datum.root {
            self.granted((step, grant))?.0.binder.as_ref()?;
        }
        self.type_given(datum)
    }

    /// The type of a datum, also of a result to which no binder gives a name.
    #[must_use]
    pub fn type_given(&self, datum: &Datum) -> Option<&Type> {
        let root = match datum.root {
            Root::Param(id) => &self.params.get(id.index())?.ty,
            Root::Result { step, grant } => &self.granted((step, grant))?.1.result,
            Root::Submission { step, submission } => {
                &self.steps.get(step.index())?.submissions.get(submission.index())?.ty
            }
        };
        datum.fields.iter().try_fold(root, |ty, field| self.field_type(ty, field))
    }

    /// Something on the way to the datum may be absent, so that it has no value even where it is there.
    #[must_use]
    pub fn may_be_absent(&self, datum: &Datum) -> bool {
        (0..datum.fields.len()).any(|depth| {
            let within =
                Datum { root: datum.root, fields: datum.fields.iter().take(depth).cloned().collect() };
            let Some(Type::Record(name)) = self.type_of(&within) else { return false };
            let record = self.records.iter().find(|record| record.name == *name);
            let field = datum.fields.get(depth);
            record.is_some_and(|record| {
                record.fields.iter().any(|known| Some(&known.name) == field && known.optional)
            })
        })
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
