//! The result of an action, from the places of an answer.

use std::collections::BTreeMap;

use xp_artifact::RecordTable;
use xp_artifact::workflow::Action;
use xp_scope::{Type, Value};

/// An action whose result is read.
pub(crate) struct Expected<'a> {
    pub action: &'a Action,
    pub records: &'a RecordTable,
    pub args: &'a BTreeMap<String, Value>,
}

/// What stands in a place of an answer.
pub(crate) enum Found {
    /// A value of the type.
    Value(Value),
    /// Nothing, which is not the same as something that cannot be read.
    Nothing,
    /// Something else.
    Unreadable,
}

impl Found {
    /// What was read, where something stands there.
    pub fn of(value: Option<Value>) -> Self {
        value.map_or(Self::Unreadable, Self::Value)
    }
}

/// Where the fields of a result are in an answer.
pub(crate) trait Places {
    /// The fields.
    fn fields(&self) -> Vec<&[String]>;
    /// What stands in the place of the field of this number.
    fn read(&self, number: usize, ty: &Type, records: &RecordTable) -> Found;
}

impl Expected<'_> {
    /// The result from the places of an answer.
    pub fn value(&self, places: &impl Places) -> Result<Value, String> {
        let mut result = match &self.action.result {
            Type::Record(_) => Some(Value::Record(BTreeMap::new())),
            _ => None,
        };
        let fields = places.fields();
        for (number, field) in fields.iter().enumerate() {
            let of = self.records.followed(&self.action.result, field);
            let (ty, optional) = of.ok_or("the declaration contradicts itself")?;
            match places.read(number, ty, self.records) {
                Found::Value(value) => {
                    put(&mut result, field, value).ok_or("the declaration contradicts itself")?;
                }
                Found::Nothing if optional => {}
                Found::Nothing | Found::Unreadable => {
                    return Err(format!("the upstream's answer has no `{ty}` for `result{}`", dotted(field)));
                }
            }
        }
        for identity in &self.action.clauses.is {
            // What the answer repeats was read from it, and is compared when the end is recorded.
            if fields.iter().any(|field| identity.field.starts_with(field)) {
                continue;
            }
            let index = usize::try_from(identity.argument).ok();
            let param = index.and_then(|index| self.action.params.get(index));
            let value = param
                .and_then(|param| self.args.get(&param.name))
                .and_then(|value| value.at(&identity.fields));
            let value = value.ok_or("an argument that the result repeats is missing")?.clone();
            put(&mut result, &identity.field, value).ok_or("the declaration contradicts itself")?;
        }
        let result = result.ok_or("the declaration does not say where the result is")?;
        xp_scope::check(&result, &self.action.result, self.records)
            .map_err(|_| "the upstream's answer does not have the declared type".to_owned())?;
        Ok(result)
    }
}

fn put(result: &mut Option<Value>, field: &[String], value: Value) -> Option<()> {
    let Some((first, rest)) = field.split_first() else {
        *result = Some(value);
        return Some(());
    };
    let Value::Record(members) = result.get_or_insert_with(|| Value::Record(BTreeMap::new())) else {
        return None;
    };
    let mut inner = members.remove(first);
    put(&mut inner, rest, value)?;
    members.insert(first.clone(), inner?);
    Some(())
}

fn dotted(field: &[String]) -> String {
    field.iter().map(|name| format!(".{name}")).collect()
}
