//! What a file can name: the connectors of the modules it uses and its own.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use xp_diagnostics::{Diagnostic, Span, codes};
use xp_syntax::ast;

use crate::connector::{Connector, Connectors};
use crate::declare;
use crate::problems::Problems;

/// The connectors of a file.
pub fn of(
    file: &ast::File,
    modules: &BTreeMap<String, Rc<Connector>>,
    problems: &mut Problems,
) -> Connectors {
    let last = file.uses.last().map(|line| line.span.end as usize);
    let at = last.unwrap_or(0);
    let mut connectors = Connectors {
        damaged: file.damaged,
        insert: (Span::new(file.span.source, at, at), last.is_some()),
        ..Connectors::default()
    };
    for (name, connector) in modules {
        connectors.unused.insert(connector.name.clone(), name.clone());
    }
    for line in &file.uses {
        use_module(&mut connectors, line, modules, problems);
    }
    declare_all(&mut connectors, file, problems);
    connectors
}

fn use_module(
    connectors: &mut Connectors,
    line: &ast::Use,
    modules: &BTreeMap<String, Rc<Connector>>,
    problems: &mut Problems,
) {
    let name = line.path.text();
    let Some(connector) = modules.get(&name) else {
        let fault = Diagnostic::error(codes::UNKNOWN_MODULE, format!("there is no module `{name}`"))
            .at(line.path.span);
        problems.push(problems.propose(
            fault,
            line.path.span,
            &name,
            "modules",
            modules.keys().map(String::as_str),
        ));
        // Nobody can tell which names it was to bring, unless it is nearly a module that exists.
        let near = problems.nearest(&name, modules.keys().map(String::as_str));
        let meant = near.and_then(|near| modules.get(near));
        match meant {
            Some(connector) => load(connectors, connector, modules, line.span),
            None => connectors.damaged = true,
        }
        return;
    };
    if let Some(first) = connectors.visible.get(&connector.name) {
        problems.push(
            Diagnostic::warning(codes::REPEATED_USE, format!("`{name}` is used already"))
                .at(line.span)
                .label(*first, "here")
                .fix(line.span, "", "remove the line"),
        );
        return;
    }
    load(connectors, connector, modules, line.span);
}

/// Loads a connector with those it rests on, and lets it be named.
fn load(
    connectors: &mut Connectors,
    connector: &Rc<Connector>,
    modules: &BTreeMap<String, Rc<Connector>>,
    line: Span,
) {
    connectors.visible.insert(connector.name.clone(), line);
    connectors.unused.remove(&connector.name);
    let mut wanted = vec![Rc::clone(connector)];
    while let Some(next) = wanted.pop() {
        if connectors.loaded.contains_key(&next.name) {
            continue;
        }
        connectors.load(&next);
        wanted.extend(
            next.uses.iter().filter_map(|name| modules.values().find(|found| found.name == *name)).cloned(),
        );
    }
}

/// The file's own connectors, each after those it names.
fn declare_all(connectors: &mut Connectors, file: &ast::File, problems: &mut Problems) {
    let mut left: Vec<&ast::Connector> = Vec::new();
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for connector in &file.connectors {
        let name = connector.name.text.as_str();
        let taken = connectors
            .visible
            .get(name)
            .copied()
            .or_else(|| connectors.loaded.get(name).map(|other| other.span));
        if let Some(first) = taken {
            let fault = Diagnostic::error(
                codes::DUPLICATE_CONNECTOR,
                format!("there are two connectors named `{name}`"),
            )
            .at(connector.name.span)
            .label(first, "the other one")
            .help("give this one another name, or remove one of them");
            problems.push(if connectors.visible.contains_key(name) {
                fault
            } else {
                fault.because(format!("a module that is used rests on the other `{name}`"))
            });
            connectors.contested.insert(name.to_owned());
            connectors.visible.entry(name.to_owned()).or_insert(first);
            continue;
        }
        connectors.visible.insert(name.to_owned(), connector.name.span);
        connectors.unused.remove(name);
        names.insert(name);
        left.push(connector);
    }
    while !left.is_empty() {
        let (ready, waiting): (Vec<&ast::Connector>, Vec<&ast::Connector>) =
            left.into_iter().partition(|connector| {
                named(connector).iter().all(|name| {
                    *name == connector.name.text
                        || !names.contains(name)
                        || connectors.loaded.contains_key(*name)
                })
            });
        if ready.is_empty() {
            for connector in &waiting {
                problems.push(
                    Diagnostic::error(
                        codes::NOT_YET,
                        format!(
                            "connector `{}` is one of several that name each other's types",
                            connector.name.text
                        ),
                    )
                    .at(connector.name.span)
                    .help("declare these types in one connector, and name them from the others"),
                );
            }
            return;
        }
        for connector in ready {
            let declared = declare::connector(connectors, connector, problems);
            connectors.load(&Rc::new(declared));
        }
        left = waiting;
    }
}

/// The connectors whose types and kinds a declaration names.
pub fn named(connector: &ast::Connector) -> BTreeSet<&str> {
    let clauses = connector.actions.iter().flat_map(|action| &action.clauses);
    let kinds = clauses.flat_map(ast::Clause::kinds).filter_map(|path| match path.segments.as_slice() {
        [name, _] => Some(name.text.as_str()),
        _ => None,
    });
    let fields = connector.types.iter().flat_map(|ty| ty.fields.iter().map(|field| &field.ty));
    let actions = connector
        .actions
        .iter()
        .flat_map(|action| action.params.iter().map(|param| &param.ty).chain(action.result.iter()));
    type_connectors(fields.chain(actions)).into_iter().chain(kinds).collect()
}

/// The connectors that types name.
pub fn type_connectors<'a>(types: impl Iterator<Item = &'a ast::Type>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut left: Vec<&ast::Type> = types.collect();
    while let Some(ty) = left.pop() {
        match &ty.kind {
            ast::TypeKind::Named(path) => {
                if let [name, _] = path.segments.as_slice() {
                    found.insert(name.text.as_str());
                }
            }
            ast::TypeKind::List(item) | ast::TypeKind::Set(item) | ast::TypeKind::Optional(item) => {
                left.push(item);
            }
            ast::TypeKind::Record(fields) => left.extend(fields.iter().map(|field| &field.ty)),
            ast::TypeKind::Enum(_) | ast::TypeKind::Decimal { .. } => {}
        }
    }
    found
}
