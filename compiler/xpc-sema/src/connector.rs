//! Connectors as later passes see them: records and actions, with what is known of faulty ones.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use xp_artifact::workflow::{Action, Record};
use xp_diagnostics::Span;
use xp_scope::thing::Kind;
use xp_scope::{Type, Value};

/// A connector.
#[derive(Debug)]
pub struct Connector {
    /// Its name.
    pub name: String,
    /// Its name in its declaration.
    pub span: Span,
    /// Its record types by short name; the value is the name's place. A faulty one is here too.
    pub types: BTreeMap<String, Span>,
    /// The records that are not faulty, those of inline types among them.
    pub records: Vec<Record>,
    /// The kinds of things that are not faulty.
    pub kinds: Vec<Kind>,
    /// Short names of those that are.
    pub faulty_kinds: BTreeSet<String>,
    /// Its actions by name inside the connector.
    pub actions: BTreeMap<String, ActionDecl>,
    /// Connectors its declarations name.
    pub uses: Vec<String>,
    /// A member was not understood: what seems to be missing may be in it.
    pub damaged: bool,
}

/// An action.
#[derive(Debug)]
pub struct ActionDecl {
    /// `github.issues.read`.
    pub qualified: String,
    /// Its arguments.
    pub params: Vec<ParamDecl>,
    /// Type of its result; none when that is faulty.
    pub result: Option<Type>,
    /// As the artifact carries it; none when something is faulty.
    pub lowered: Option<Action>,
    /// Its name in its declaration.
    pub span: Span,
}

/// An argument of an action.
#[derive(Debug)]
pub struct ParamDecl {
    /// Its name.
    pub name: String,
    /// Its type; none when that is faulty.
    pub ty: Option<Type>,
    /// A use need not have it.
    pub optional: bool,
    /// What it is when a grant leaves it out.
    pub default: Option<Default>,
    /// Where it is declared.
    pub span: Span,
}

/// What a left out argument is.
#[derive(Clone, Debug)]
pub enum Default {
    /// This value.
    Value(Value),
    /// A field of another argument, which must be pinned to a datum.
    Field {
        /// The other argument.
        param: usize,
        /// The fields followed from it.
        fields: Vec<String>,
    },
    /// Faulty: a grant that leaves the argument out is not at fault.
    Faulty,
}

impl ActionDecl {
    /// The argument with this name.
    pub fn param(&self, name: &str) -> Option<usize> {
        self.params.iter().position(|param| param.name == name)
    }
}

/// The connectors a file can name, and those that these rest on.
#[derive(Debug, Default)]
pub struct Connectors {
    /// By name, those that are only rested on among them.
    pub loaded: BTreeMap<String, Rc<Connector>>,
    /// Names that may be written; the value is the `use` line or the declaration.
    pub visible: BTreeMap<String, Span>,
    /// Records by qualified name.
    pub records: HashMap<String, Record>,
    /// Connectors that exist in modules that are not used, by name, with their module.
    pub unused: BTreeMap<String, String>,
    /// A `use` or a declaration was not understood: what seems to be missing may be in it.
    pub damaged: bool,
    /// Names that two connectors have: what one of them lacks may be in the other.
    pub contested: BTreeSet<String>,
    /// Where a `use` line can be put, and whether there are others before it.
    pub insert: (Span, bool),
}

impl Connectors {
    /// A connector that may be named.
    pub fn get(&self, name: &str) -> Option<&Connector> {
        if self.visible.contains_key(name) { self.loaded.get(name).map(Rc::as_ref) } else { None }
    }

    /// The type of a field of a record type; none when there is no such field.
    pub fn field(&self, ty: &Type, name: &str) -> Option<&Type> {
        let Type::Record(record) = ty else { return None };
        self.records.get(record)?.fields.iter().find(|field| field.name == name).map(|field| &field.ty)
    }

    /// The field of a record type may be absent.
    pub fn is_optional(&self, ty: &Type, name: &str) -> bool {
        let Type::Record(record) = ty else { return false };
        let fields = self.records.get(record).into_iter().flat_map(|record| &record.fields);
        fields.into_iter().any(|field| field.name == name && field.optional)
    }

    /// The fields of a record type; empty for others.
    pub fn fields(&self, ty: &Type) -> Vec<&str> {
        let Type::Record(record) = ty else { return Vec::new() };
        self.records
            .get(record)
            .map(|record| record.fields.iter().map(|field| field.name.as_str()).collect())
            .unwrap_or_default()
    }

    /// What seems to be missing in a connector may be in a part that was not understood.
    pub fn partial(&self, connector: &Connector) -> bool {
        connector.damaged || self.contested.contains(&connector.name)
    }

    /// The edit that uses a module.
    pub fn use_line(&self, module: &str) -> (Span, String) {
        let (span, after) = self.insert;
        (span, if after { format!("\nuse {module}") } else { format!("use {module}\n\n") })
    }

    /// Adds one with its records.
    pub fn load(&mut self, connector: &Rc<Connector>) {
        for record in &connector.records {
            self.records.insert(record.name.clone(), record.clone());
        }
        self.loaded.insert(connector.name.clone(), Rc::clone(connector));
    }
}
