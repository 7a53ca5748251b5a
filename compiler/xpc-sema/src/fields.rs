//! Fields of record types.

use xp_artifact::workflow::Record;
use xp_diagnostics::{Diagnostic, codes};
use xp_scope::Type;
use xp_syntax::ast;

use crate::connector::Connectors;
use crate::problems::Problems;

/// The type of a field, or none with the fault reported.
pub fn field_of(
    connectors: &Connectors,
    records: &[Record],
    ty: &Type,
    field: &ast::Name,
    problems: &mut Problems,
) -> Option<Type> {
    let Type::Record(name) = ty else {
        problems.push(
            Diagnostic::error(codes::UNKNOWN_FIELD, format!("a value of type `{}` has no fields", ty))
                .at(field.span),
        );
        return None;
    };
    let record = record_of(connectors, records, name)?;
    let found = record.fields.iter().find(|known| known.name == field.text);
    if found.is_none() {
        let fault =
            Diagnostic::error(codes::UNKNOWN_FIELD, format!("`{name}` has no field `{}`", field.text))
                .at(field.span);
        let known = record.fields.iter().map(|field| field.name.as_str());
        problems.push(problems.propose(fault, field.span, &field.text, "its fields", known));
    }
    found.map(|field| field.ty.clone())
}

/// A record by name: one of the connector at hand, or one that is loaded.
pub fn record_of<'a>(connectors: &'a Connectors, records: &'a [Record], name: &str) -> Option<&'a Record> {
    records.iter().find(|record| record.name == name).or_else(|| connectors.records.get(name))
}
