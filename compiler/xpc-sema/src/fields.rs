//! Fields of record types.

use xp_artifact::workflow::Record;
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_scope::Type;
use xp_syntax::ast;

use crate::connector::Connectors;
use crate::problems::Problems;

/// A value that may be absent is named where one must be there.
pub fn may_be_absent(span: Span, text: &str) -> Diagnostic {
    Diagnostic::error(codes::MAY_BE_ABSENT, format!("`{text}` may be absent, and a value is wanted here"))
        .at(span)
        .because("it is declared `optional`")
}

/// The type of a field that is always there, or none with the fault reported.
pub fn field_of(
    connectors: &Connectors,
    records: &[Record],
    ty: &Type,
    field: &ast::Name,
    problems: &mut Problems,
) -> Option<Type> {
    let (ty, optional) = any_field_of(connectors, records, ty, field, problems)?;
    if optional {
        problems.push(may_be_absent(field.span, &field.text));
        return None;
    }
    Some(ty)
}

/// The type of a field and whether it may be absent; or none with the fault reported.
pub fn any_field_of(
    connectors: &Connectors,
    records: &[Record],
    ty: &Type,
    field: &ast::Name,
    problems: &mut Problems,
) -> Option<(Type, bool)> {
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
    found.map(|field| (field.ty.clone(), field.optional))
}

/// A record by name: one of the connector at hand, or one that is loaded.
pub fn record_of<'a>(connectors: &'a Connectors, records: &'a [Record], name: &str) -> Option<&'a Record> {
    records.iter().find(|record| record.name == name).or_else(|| connectors.records.get(name))
}
