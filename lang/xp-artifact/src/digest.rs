//! Digests of declarations and requests, each in a domain of its own.

use std::collections::BTreeMap;

use serde::Serialize;
use xp_scope::thing::{Kind, Kinds};
use xp_scope::{Digest, Type, Value};

use crate::workflow::{Action, Record};

/// Digest of a declaration with every record type and kind it names, however deep: what a server registers and an artifact
/// must match. They are part of it, or an artifact could give an action another meaning under the same digest.
#[must_use]
pub fn action_digest(action: &Action, records: &[Record], kinds: &Kinds) -> Digest {
    #[derive(Serialize)]
    struct Declaration<'a> {
        action: &'a Action,
        records: Vec<&'a Record>,
        kinds: Vec<&'a Kind>,
    }
    let kinds = enclosing(action.clauses.kinds(), kinds);
    tagged("xp-action-v3", &Declaration { action, records: records_of(action, records), kinds })
}

/// Kinds by name with all that may enclose them, and those whose readers they speak of; sorted by name. Names that the
/// table does not have are left out.
#[must_use]
pub fn enclosing<'a>(named: impl Iterator<Item = &'a str>, kinds: &'a Kinds) -> Vec<&'a Kind> {
    let mut found: BTreeMap<&str, &Kind> = BTreeMap::new();
    let mut open: Vec<&str> = named.collect();
    while let Some(name) = open.pop() {
        let Some(kind) = kinds.named(name).and_then(|ix| kinds.get(ix)) else { continue };
        if found.insert(&kind.name, kind).is_none() {
            open.extend(kind.parents.iter().map(String::as_str));
        }
    }
    found.into_values().collect()
}

/// Digest of one request: declaration, connector instance and complete typed arguments. A token is good for these only.
#[must_use]
pub fn request_digest(declaration: &Digest, instance: &str, args: &BTreeMap<String, Value>) -> Digest {
    #[derive(Serialize)]
    struct Request<'a> {
        action: &'a Digest,
        instance: &'a str,
        args: &'a BTreeMap<String, Value>,
    }
    tagged("xp-req-v1", &Request { action: declaration, instance, args })
}

/// The record types an action names, and those they name, sorted by name.
#[must_use]
pub fn records_of<'a>(action: &Action, records: &'a [Record]) -> Vec<&'a Record> {
    let mut found: BTreeMap<&str, &Record> = BTreeMap::new();
    let mut open: Vec<&Type> = action.params.iter().map(|param| &param.ty).chain([&action.result]).collect();
    while let Some(ty) = open.pop() {
        match ty {
            Type::List(element) | Type::Set(element) => open.push(element),
            Type::Record(name) => {
                let record = records.iter().find(|record| record.name == *name);
                if let Some(record) = record.filter(|record| found.insert(&record.name, record).is_none()) {
                    open.extend(record.fields.iter().map(|field| &field.ty));
                }
            }
            Type::Bool
            | Type::Int
            | Type::Text
            | Type::Path
            | Type::Branch
            | Type::Commit
            | Type::Tree
            | Type::Decimal { .. }
            | Type::Time
            | Type::Duration
            | Type::Url
            | Type::Enum(_) => {}
        }
    }
    found.into_values().collect()
}

/// SHA-256 over a tag, a zero byte and canonical JSON.
fn tagged<T: Serialize>(tag: &str, value: &T) -> Digest {
    let mut bytes = tag.as_bytes().to_vec();
    bytes.push(0);
    // Types of this crate always encode; were one not to, two such values must not share a digest of nothing.
    match serde_json_canonicalizer::to_vec(value) {
        Ok(canonical) => bytes.extend(canonical),
        Err(error) => bytes.extend(format!("\u{0}unencodable {error}").into_bytes()),
    }
    Digest::of(&bytes)
}
