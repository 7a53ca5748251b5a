//! Data that conditions and guards compare: which of them are known or are one with another datum, because the declaration says
//! that they are arguments of their use, and finitely many values that stand for all.
//!
//! Comparisons see of a value only how it relates to the literals and to the other data that it is compared with, directly or
//! through others. Of ordered types the values at the literals, and in each gap between them as many as there are such data (or
//! as the gap has), therefore satisfy together whatever any values do; of other types the literals and as many others. Where data
//! of several types are compared, since a value of one may stand where text is wanted, each has those of them that are of its type.

mod group;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use xp_artifact::question::Question;
use xp_artifact::workflow::{Action, Condition, Datum, Expr, GrantIx, Pin, Root, StepId, Workflow};
use xp_artifact::{Operand, Test};
use xp_scope::{Type, Value};

use group::Group;

type GrantAt = (StepId, GrantIx);

/// Identities followed from one datum at most; a checked workflow has no circle.
const MAX_FOLLOWED: usize = 64;
/// Combinations of values that are written out at most.
const MAX_COMBINATIONS: usize = 1 << 16;

/// What a datum that is compared is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Known {
    /// This, in every run.
    Is(Value),
    /// The same as a datum: itself, or what its argument is pinned to.
    Of(Datum),
}

/// What a datum is.
pub(crate) fn known(w: &Workflow, datum: &Datum) -> Known {
    let mut datum = datum.clone();
    for _ in 0..MAX_FOLLOWED {
        let Root::Result { step, grant } = datum.root else { break };
        let Some((granted, action)) = w.granted((step, grant)) else { break };
        let Some((index, fields)) = action.clauses.identity(&datum.fields) else { break };
        match granted.pins.get(index as usize) {
            Some(Pin::Is(Expr::Literal(value))) => match value.at(&fields) {
                Some(value) => return Known::Is(value.clone()),
                None => break,
            },
            Some(Pin::Is(Expr::Datum(next))) => {
                let fields = next.fields.iter().chain(&fields).cloned().collect();
                datum = Datum { root: next.root, fields };
            }
            // Chosen at the use: all fields that are this argument are one.
            _ => {
                datum.fields = first_name(action, index, &fields).unwrap_or(datum.fields);
                break;
            }
        }
    }
    Known::Of(datum)
}

/// The least field of a result that is this part of the argument.
fn first_name(action: &Action, index: u32, part: &[String]) -> Option<Vec<String>> {
    let of_it = action.clauses.is.iter().filter(|identity| identity.argument == index);
    let named = of_it.filter_map(|identity| {
        let rest = part.strip_prefix(identity.fields.as_slice())?;
        Some(identity.field.iter().chain(rest).cloned().collect::<Vec<String>>())
    });
    named.min()
}

/// The field of a result that is another datum.
pub(crate) fn tied_to(w: &Workflow, at: GrantAt, fields: &[String]) -> Option<Datum> {
    let root = Root::Result { step: at.0, grant: at.1 };
    match known(w, &Datum { root, fields: fields.to_vec() }) {
        Known::Of(datum) if datum.root != root => Some(datum),
        Known::Of(_) | Known::Is(_) => None,
    }
}

/// Values of some data.
pub(crate) type Assignment = BTreeMap<Datum, Value>;

/// The data that a workflow and the questions about it compare.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// What each is that some comparison names.
    known: BTreeMap<Datum, Known>,
    /// Values that stand for all, by datum that is itself; none where they would be too many.
    values: HashMap<Datum, Option<Vec<Value>>>,
    /// The comparisons that the values were chosen for.
    tests: BTreeSet<Test>,
    /// Steps whose conditions or guard compare what others have, or fields of results that are other data.
    tied: BTreeSet<StepId>,
}

impl Compared {
    pub fn of<'q>(w: &'q Workflow, questions: impl Iterator<Item = &'q Question>) -> Self {
        let mut tests: Vec<&Test> = Vec::new();
        for step in &w.steps {
            tests.extend(step.after.tests());
            for condition in step.outcomes.iter().filter_map(|outcome| outcome.how.condition()) {
                tests.extend(own_tests(condition));
            }
        }
        let asked: Vec<&Question> = questions.chain(w.guards.iter().map(|guard| &guard.question)).collect();
        for question in asked {
            if let Question::Requires(_, formula) = question {
                tests.extend(formula.tests());
            }
        }
        let named: BTreeSet<&Datum> = tests.iter().flat_map(|test| test.data()).collect();
        let known: BTreeMap<Datum, Known> =
            named.into_iter().map(|datum| (datum.clone(), known(w, datum))).collect();
        let values = values(w, &tests, &known);
        let tied = tied(w, &known);
        Self { known, values, tests: tests.into_iter().cloned().collect(), tied }
    }

    /// What a datum is; itself, if nothing compares it.
    pub fn known(&self, datum: &Datum) -> Known {
        self.known.get(datum).cloned().unwrap_or_else(|| Known::Of(datum.clone()))
    }

    /// The values that stand for all were chosen with this comparison in view.
    pub fn covers(&self, test: &Test) -> bool {
        let opposite = test.opposite();
        self.tests.contains(test) || self.tests.contains(&opposite)
    }

    /// Values that stand for all of a datum; none where they are too many.
    pub fn values(&self, datum: &Datum) -> Option<&[Value]> {
        self.values.get(datum)?.as_deref()
    }

    /// The data of which there are values that stand for all.
    pub fn all_values(&self) -> impl Iterator<Item = (&Datum, &[Value])> {
        self.values.iter().filter_map(|(datum, values)| Some((datum, values.as_deref()?)))
    }

    /// Of a comparison of the datum with a literal, whether it holds of this value of it; of any other that it may.
    pub fn may_hold(&self, test: &Test, (datum, value): (&Datum, &Value)) -> bool {
        match (&test.right, self.known(&test.left)) {
            (Operand::Literal(right), Known::Of(of)) if of == *datum && self.covers(test) => {
                test.relation.holds(value, right, &test.ty)
            }
            _ => true,
        }
    }

    /// The data that are compared among the results of a step.
    pub fn in_step(&self, step: StepId) -> impl Iterator<Item = &Datum> {
        let from = Datum { root: Root::Result { step, grant: GrantIx(0) }, fields: Vec::new() };
        let of_it = move |datum: &Datum| matches!(datum.root, Root::Result { step: of, .. } if of == step);
        self.known.range(from..).map(|(datum, _)| datum).take_while(move |datum| of_it(datum))
    }

    /// The fields of a grant's results that are compared.
    pub fn of_grant(&self, (step, grant): GrantAt) -> impl Iterator<Item = &Datum> {
        let root = Root::Result { step, grant };
        self.in_step(step).filter(move |datum| datum.root == root)
    }

    /// What one use returns, or a parameter, decides what another use may return, or whether the step opens.
    pub fn is_tied(&self, step: StepId) -> bool {
        self.tied.contains(&step)
    }

    /// All values that the data can have together; none where they are too many.
    pub fn assignments<'d>(&self, data: impl IntoIterator<Item = &'d Datum>) -> Option<Vec<Assignment>> {
        let data: BTreeSet<&Datum> = data.into_iter().collect();
        let mut found: Vec<(Assignment, HashMap<Datum, Value>)> = vec![Default::default()];
        for datum in data {
            let mut next = Vec::new();
            for (so_far, chosen) in found {
                let with = |value: &Value| {
                    let mut one = so_far.clone();
                    one.insert(datum.clone(), value.clone());
                    one
                };
                match self.known(datum) {
                    Known::Is(value) => next.push((with(&value), chosen)),
                    Known::Of(of) => match chosen.get(&of) {
                        Some(value) => next.push((with(value), chosen.clone())),
                        None => {
                            for value in self.values(&of)? {
                                let mut chosen = chosen.clone();
                                chosen.insert(of.clone(), value.clone());
                                next.push((with(value), chosen));
                            }
                        }
                    },
                }
                if next.len() > MAX_COMBINATIONS {
                    return None;
                }
            }
            found = next;
        }
        Some(found.into_iter().map(|(assignment, _)| assignment).collect())
    }

    /// Data can have these values in one run.
    pub fn fit<'v>(&self, values: impl IntoIterator<Item = (&'v Datum, &'v Value)>) -> bool {
        let mut chosen: HashMap<Datum, &Value> = HashMap::new();
        values.into_iter().all(|(datum, value)| match self.known(datum) {
            Known::Is(known) => known == *value,
            Known::Of(of) => *chosen.entry(of).or_insert(value) == value,
        })
    }
}

fn own_tests(condition: &Condition) -> Vec<&Test> {
    let literals = condition.literals().into_iter();
    literals
        .filter_map(|literal| match literal {
            xp_artifact::Literal::Bound(_) => None,
            xp_artifact::Literal::Test(test) => Some(test),
        })
        .collect()
}

fn tied(w: &Workflow, known: &BTreeMap<Datum, Known>) -> BTreeSet<StepId> {
    let is_elsewhere = |own: StepId, datum: &Datum| {
        datum.root.step() != Some(own)
            || matches!(known.get(datum), Some(Known::Of(of)) if of.root != datum.root)
    };
    let steps = w.steps.iter().enumerate().map(|(number, step)| (StepId::of(number), step));
    steps
        .filter(|(id, step)| step.compared().any(|datum| is_elsewhere(*id, datum)))
        .map(|(id, _)| id)
        .collect()
}

/// The type of a datum that is itself: where several fields are one argument, that of the argument, which is the narrowest.
fn type_of(w: &Workflow, datum: &Datum) -> Option<Type> {
    let argument = || {
        let Root::Result { step, grant } = datum.root else { return None };
        let (_, action) = w.granted((step, grant))?;
        let (index, fields) = action.clauses.identity(&datum.fields)?;
        let param = action.params.get(usize::try_from(index).ok()?)?;
        fields.iter().try_fold(&param.ty, |ty, field| w.field_type(ty, field))
    };
    argument().or_else(|| w.type_given(datum)).cloned()
}

fn values(
    w: &Workflow,
    tests: &[&Test],
    known: &BTreeMap<Datum, Known>,
) -> HashMap<Datum, Option<Vec<Value>>> {
    let side = |datum: &Datum| known.get(datum).cloned().unwrap_or_else(|| Known::Of(datum.clone()));
    let mut groups: Vec<Group> = Vec::new();
    for test in tests {
        let left = side(&test.left);
        let right = match &test.right {
            Operand::Literal(value) => Known::Is(value.clone()),
            Operand::Datum(datum) => side(datum),
        };
        let mut group = Group::default();
        let typed = |datum: Datum| {
            let ty = type_of(w, &datum).unwrap_or_else(|| test.ty.clone());
            (datum, ty)
        };
        group.types.insert(test.ty.clone());
        match (left, right) {
            (Known::Is(_), Known::Is(_)) => continue,
            (Known::Of(datum), Known::Is(value)) => {
                group.tests.push(((*test).clone(), value.clone()));
                group.data.extend([typed(datum)]);
                group.literals.insert(value);
            }
            (Known::Is(value), Known::Of(datum)) => {
                group.others = true;
                group.data.extend([typed(datum)]);
                group.literals.insert(value);
            }
            (Known::Of(one), Known::Of(other)) => {
                group.others = true;
                group.data.extend([typed(one), typed(other)]);
            }
        }
        let (joined, apart): (Vec<Group>, Vec<Group>) = groups
            .into_iter()
            .partition(|known| known.data.keys().any(|datum| group.data.contains_key(datum)));
        groups = apart;
        for one in joined {
            group.data.extend(one.data);
            group.types.extend(one.types);
            group.literals.extend(one.literals);
            group.tests.extend(one.tests);
            group.others |= one.others;
        }
        groups.push(group);
    }
    groups.iter().flat_map(Group::values).collect()
}
