//! Data that comparisons join, and the values that stand for all of theirs.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::Test;
use xp_artifact::workflow::Datum;
use xp_scope::{Type, Value, check, rank};

use crate::plain;

/// Values that stand for all those of one datum at most. Beyond, its comparisons are not decided.
const MAX_VALUES: usize = 48;

/// Data that comparisons join, with what they are compared with.
#[derive(Default)]
pub(super) struct Group {
    /// Each with its own type.
    pub(super) data: BTreeMap<Datum, Type>,
    pub(super) literals: BTreeSet<Value>,
    /// The types that they are compared as.
    pub(super) types: BTreeSet<Type>,
    /// Comparisons of a datum with literals.
    pub(super) tests: Vec<(Test, Value)>,
    /// There are others, too.
    pub(super) others: bool,
}

impl Group {
    /// Of each datum; none where they are too many.
    pub(super) fn values(&self) -> Vec<(Datum, Option<Vec<Value>>)> {
        let types: BTreeSet<&Type> = self.types.iter().chain(self.data.values()).collect();
        let all = standing(&types, &self.literals, self.data.len());
        let of = |ty: &Type| {
            let mut values = all.clone()?;
            if types.len() > 1 {
                values.retain(|value| check(value, ty, &()).is_ok());
            }
            // One datum that only literals are compared with: one value of each kind that they tell apart.
            if self.data.len() == 1 && !self.others {
                let mut seen = BTreeSet::new();
                let told = |value: &Value| -> Vec<bool> {
                    let tests = self.tests.iter();
                    tests.map(|(test, other)| test.relation.holds(value, other, &test.ty)).collect()
                };
                values.retain(|value| seen.insert(told(value)));
            }
            (values.len() <= MAX_VALUES).then_some(values)
        };
        self.data.iter().map(|(datum, ty)| (datum.clone(), of(ty))).collect()
    }
}

/// Values of data of these types, of which so many are compared.
///
/// Values of several types are one where they are the same text. Any values are moved to those chosen by the form that they have: words
/// stay, of each form with an order what was in a gap stays in it, and other texts become other texts. What was a value of a type
/// then still is. That holds of forms that exclude each other; what a path or a branch can be overlaps with them, which is not decided.
fn standing(types: &BTreeSet<&Type>, literals: &BTreeSet<Value>, count: usize) -> Option<Vec<Value>> {
    if types.len() == 1 {
        return candidates(types.first()?, literals, count);
    }
    let has_form =
        |ty: &&Type| matches!(ty, Type::Decimal { .. } | Type::Time | Type::Commit | Type::Tree | Type::Url);
    let is_name = |ty: &&Type| matches!(ty, Type::Path | Type::Branch);
    let is_text = types.iter().all(|ty| ty.is_written_as_text());
    if !is_text
        || (types.iter().copied().any(|ty| has_form(&ty)) && types.iter().copied().any(|ty| is_name(&ty)))
    {
        return None;
    }
    let words = types.iter().flat_map(|ty| match ty {
        Type::Enum(words) => words.as_slice(),
        _ => &[],
    });
    let fixed: BTreeSet<Value> = words.cloned().map(Value::Text).chain(literals.iter().cloned()).collect();
    let mut found = fixed.clone();
    for ty in types.iter().filter(|ty| !matches!(ty, Type::Enum(_))) {
        found.extend(candidates(ty, &fixed, count)?);
    }
    Some(found.into_iter().collect())
}

/// The literals and values around them, for so many data.
fn candidates(ty: &Type, literals: &BTreeSet<Value>, count: usize) -> Option<Vec<Value>> {
    let ordered = rank::is_ordered(ty);
    if !ordered {
        return Some(match ty {
            Type::Bool => vec![Value::Bool(false), Value::Bool(true)],
            Type::Enum(words) => {
                let said = literals.iter().cloned();
                let others = words.iter().map(|word| Value::Text(word.clone()));
                let others = others.filter(|word| !literals.contains(word)).take(count);
                said.filter(|word| word.as_text().is_some_and(|word| words.iter().any(|one| one == word)))
                    .chain(others)
                    .collect()
            }
            _ => {
                let others = (0..).filter_map(|number| made_up(ty, number));
                let others = others.filter(|value| !literals.contains(value)).take(count);
                literals.iter().cloned().chain(others).collect()
            }
        });
    }
    let (least, most) = rank::bounds(ty)?;
    let marks: BTreeSet<i64> = literals.iter().filter_map(|value| rank::rank(value, ty)).collect();
    if marks.len() > MAX_VALUES || count > MAX_VALUES {
        return None;
    }
    let reach = i64::try_from(count).ok()?;
    let mut ranks = marks.clone();
    if marks.is_empty() {
        ranks.extend((0..reach).filter(|rank| (least..=most).contains(rank)));
    }
    for mark in &marks {
        // Above a literal, up to the next; below it, where nothing else fills the gap.
        ranks.extend(
            (1..=reach)
                .map(|step| mark.saturating_add(step))
                .take_while(|above| *above <= most && !marks.contains(above)),
        );
        ranks.extend(
            (1..=reach)
                .map(|step| mark.saturating_sub(step))
                .take_while(|below| *below >= least && !marks.contains(below)),
        );
    }
    ranks.into_iter().map(|rank| rank::ranked(rank, ty)).collect()
}

/// A value of a type without order, another one for each number.
fn made_up(ty: &Type, number: usize) -> Option<Value> {
    let name = if number == 0 { "other".to_owned() } else { format!("other-{number}") };
    match ty {
        Type::Url => plain::value(ty, number),
        Type::Commit | Type::Tree => Some(Value::Text(format!("{:040x}", 0xd000 + number))),
        _ => Some(Value::Text(name)),
    }
}
