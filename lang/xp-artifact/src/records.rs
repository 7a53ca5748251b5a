//! Record types by name, for checks of values.

use std::collections::BTreeMap;

use xp_scope::{Records, Type};

use crate::workflow::{Field, Record};

/// The record types of a workflow by qualified name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordTable(BTreeMap<String, Vec<Field>>);

impl RecordTable {
    /// The table of these records.
    #[must_use]
    pub fn of(records: &[Record]) -> Self {
        Self(records.iter().map(|record| (record.name.clone(), record.fields.clone())).collect())
    }

    /// The type at the end of these fields of a type, and whether it may be absent; none if there is no such field.
    #[must_use]
    pub fn followed<'t>(&'t self, ty: &'t Type, fields: &[String]) -> Option<(&'t Type, bool)> {
        fields.iter().try_fold((ty, false), |(ty, optional), name| {
            let Type::Record(record) = ty else { return None };
            let field = self.get(record)?.iter().find(|field| field.name == *name)?;
            Some((&field.ty, optional || field.optional))
        })
    }

    /// The fields of a record, in declaration order; none if there is no such record.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[Field]> {
        self.0.get(name).map(Vec::as_slice)
    }
}

impl Records for RecordTable {
    fn fields(&self, name: &str) -> Option<Vec<(&str, &Type)>> {
        Some(self.get(name)?.iter().map(|field| (field.name.as_str(), &field.ty)).collect())
    }

    fn is_optional(&self, record: &str, field: &str) -> bool {
        self.get(record)
            .is_some_and(|fields| fields.iter().any(|known| known.name == field && known.optional))
    }
}
