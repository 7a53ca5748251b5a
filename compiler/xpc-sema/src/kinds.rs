//! The kinds of things that a connector declares.

use std::collections::BTreeMap;

use xp_diagnostics::{Diagnostic, Span, codes};
use xp_scope::Type;
use xp_scope::thing::{Audience, Immutable, KeyDecl, Kind, Kinds, Readers};
use xp_syntax::ast;

use crate::connector::Connectors;
use crate::problems::Problems;
use crate::types;

/// Kinds by short name, with the places of their names.
pub type Own = BTreeMap<String, (Span, Option<Kind>)>;

/// The connector's own kinds; a faulty one is known by name only.
pub fn lower(place: &mut types::Place<'_>, ast: &ast::Connector, problems: &mut Problems) -> Own {
    let mut own: Own = BTreeMap::new();
    for resource in &ast.resources {
        match own.get(&resource.name.text) {
            Some((first, _)) => problems.push(
                Diagnostic::error(
                    codes::DUPLICATE_NAME,
                    format!("the resource `{}` is declared twice", resource.name.text),
                )
                .at(resource.name.span)
                .label(*first, "the first one"),
            ),
            None => {
                own.insert(resource.name.text.clone(), (resource.name.span, None));
            }
        }
    }
    for resource in &ast.resources {
        let lowered = kind(place, ast, resource, &own, problems);
        if let Some((span, known)) = own.get_mut(&resource.name.text)
            && *span == resource.name.span
        {
            *known = lowered;
        }
    }
    nesting(ast, &mut own, problems);
    own
}

fn kind(
    place: &mut types::Place<'_>,
    ast: &ast::Connector,
    resource: &ast::Resource,
    own: &Own,
    problems: &mut Problems,
) -> Option<Kind> {
    let before = problems.errors();
    let name = format!("{}.{}", ast.name.text, resource.name.text);
    let mut parents = Vec::with_capacity(resource.parents.len());
    for parent in &resource.parents {
        if parent.segments.len() > 1 {
            problems.push(
                Diagnostic::error(codes::BAD_KIND, "a resource lies only in resources of its own connector")
                    .at(parent.span)
                    .because("what another connector declares is another upstream's")
                    .help("leave `in` out, or declare the enclosing resource here"),
            );
        } else if let Some(parent) = known(ast, parent, own, problems) {
            parents.push(parent);
        }
    }
    let mut key = Vec::with_capacity(resource.key.len());
    for part in &resource.key {
        let ty = types::resolve(place, &part.ty, &format!("{name}.{}", part.name.text), None, problems);
        if let Some(
            composite @ (Type::Bool
            | Type::Decimal { .. }
            | Type::Time
            | Type::Duration
            | Type::List(_)
            | Type::Set(_)
            | Type::Record(_)),
        ) = &ty
        {
            let fault = Diagnostic::error(codes::WRONG_TYPE, format!("a key cannot be `{composite}`"))
                .at(part.ty.span)
                .because(
                    "a key is a text, a number, a path, branch, commit or tree, a URL, or a word of an enumeration",
                );
            problems.push(match composite {
                Type::Record(_) => fault.help("give the key several parts, as `{ owner: text, name: text }`"),
                _ => fault,
            });
        }
        if key.iter().any(|other: &KeyDecl| other.name == part.name.text) {
            problems.push(
                Diagnostic::error(
                    codes::DUPLICATE_NAME,
                    format!("the key has two parts called `{}`", part.name.text),
                )
                .at(part.name.span),
            );
        }
        key.extend(ty.map(|ty| KeyDecl {
            name: part.name.text.clone(),
            ty,
            fold: part.fold.is_some(),
            exact: part.exact.is_some(),
        }));
    }
    let (immutable, audience) = marks(ast, resource, own, problems);
    let realm = ast.name.text.clone();
    (problems.errors() == before).then_some(Kind { name, realm, parents, key, immutable, audience })
}

fn marks(
    ast: &ast::Connector,
    resource: &ast::Resource,
    own: &Own,
    problems: &mut Problems,
) -> (Option<Immutable>, Option<Audience>) {
    let (mut immutable, mut audience) = (None, None);
    for mark in &resource.marks {
        let (word, before) = match &mark.kind {
            ast::MarkKind::Immutable(minted) => {
                let said = if *minted { Immutable::Minted } else { Immutable::Content };
                ("immutable", immutable.replace(said).is_some())
            }
            ast::MarkKind::Public => ("audience", audience.replace(Audience::Public).is_some()),
            ast::MarkKind::Audience(groups) => {
                let mut readers = Vec::with_capacity(groups.len());
                for group in groups {
                    let of = group.of.as_ref().map(|of| known(ast, of, own, problems));
                    match of {
                        Some(None) => {}
                        Some(of @ Some(_)) => readers.push(Readers { group: group.group.text.clone(), of }),
                        None => readers.push(Readers { group: group.group.text.clone(), of: None }),
                    }
                }
                ("audience", audience.replace(Audience::Groups(readers)).is_some())
            }
        };
        if before {
            problems.push(
                Diagnostic::error(codes::REPEATED_CLAUSE, format!("`{word}` is given twice")).at(mark.span),
            );
        }
    }
    (immutable, audience)
}

/// The qualified name of a kind of this connector, or none with the fault reported.
fn known(ast: &ast::Connector, path: &ast::Path, own: &Own, problems: &mut Problems) -> Option<String> {
    let name = path.segments.last()?;
    if path.segments.len() == 1 && own.contains_key(&name.text) {
        return Some(format!("{}.{}", ast.name.text, name.text));
    }
    if !(ast.damaged && problems.may_be_lost(&name.text)) {
        unknown(path, own.keys().map(String::as_str), problems);
    }
    None
}

fn unknown<'a>(path: &ast::Path, known: impl Iterator<Item = &'a str>, problems: &mut Problems) {
    let text = path.text();
    let fault =
        Diagnostic::error(codes::UNKNOWN_KIND, format!("there is no resource `{text}`")).at(path.span);
    problems.push(problems.propose(fault, path.span, &text, "resources", known));
}

/// Kinds that lie in themselves, or too deep, and readers of what does not enclose.
fn nesting(ast: &ast::Connector, own: &mut Own, problems: &mut Problems) {
    let whole: Vec<Kind> = own.values().filter_map(|(_, kind)| kind.clone()).collect();
    let complete = own.values().all(|(_, kind)| kind.is_some());
    if !complete {
        return;
    }
    match Kinds::new(whole) {
        Ok(kinds) => {
            for kind in kinds.iter() {
                let Some(Audience::Groups(groups)) = &kind.audience else { continue };
                let enclosing = xp_artifact::enclosing([kind.name.as_str()].into_iter(), &kinds);
                for of in groups.iter().filter_map(|readers| readers.of.as_ref()) {
                    if !enclosing.iter().any(|kind| kind.name == *of) {
                        let (kind_name, of) = (short(&kind.name), short(of));
                        let resource = ast.resources.iter().find(|resource| resource.name.text == kind_name);
                        problems.push(
                            Diagnostic::error(
                                codes::BAD_KIND,
                                format!("`{kind_name}` does not lie in `{of}`"),
                            )
                            .at(resource.map_or(ast.name.span, |resource| place_of(resource, of)))
                            .because(format!(
                                "`readers of {of}` are those of the `{of}` that encloses the thing"
                            )),
                        );
                    }
                }
            }
        }
        Err(error) => {
            let name = short(&error.kind);
            let resource = ast.resources.iter().find(|resource| resource.name.text == name);
            let fault = match circle(own, &error.kind) {
                Some(circle) => {
                    Diagnostic::error(codes::BAD_KIND, format!("the resource `{name}` lies in itself"))
                        .because(circle)
                }
                None => {
                    Diagnostic::error(codes::BAD_KIND, format!("the resource `{name}` is nested too deeply"))
                }
            };
            problems.push(fault.at(resource.map_or(ast.name.span, |resource| resource.name.span)));
            own.values_mut().for_each(|(_, kind)| *kind = None);
        }
    }
}

/// "`A` lies in `B`, which lies in `A`", for a kind that lies in itself.
fn circle(own: &Own, start: &str) -> Option<String> {
    let kind = |name: &str| own.get(short(name)).and_then(|(_, kind)| kind.as_ref());
    let mut ways = vec![vec![start.to_owned()]];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(way) = ways.pop() {
        let parents = way.last().and_then(|last| kind(last)).map(|kind| kind.parents.as_slice());
        for parent in parents.unwrap_or_default() {
            if parent == start {
                let names: Vec<String> =
                    way.iter().chain([parent]).map(|name| format!("`{}`", short(name))).collect();
                let (first, rest) = names.split_first()?;
                return Some(format!("{first} lies in {}", rest.join(", which lies in ")));
            }
            if seen.insert(parent.clone()) {
                ways.push(way.iter().cloned().chain([parent.clone()]).collect());
            }
        }
    }
    None
}

/// Where the readers of a kind are named.
fn place_of(resource: &ast::Resource, of: &str) -> Span {
    let marks = resource.marks.iter().filter_map(|mark| match &mark.kind {
        ast::MarkKind::Audience(groups) => Some(groups),
        _ => None,
    });
    let paths = marks.flatten().filter_map(|group| group.of.as_ref());
    let mut found = paths.filter(|path| path.segments.last().is_some_and(|name| name.text == of));
    found.next().map_or(resource.name.span, |path| path.span)
}

/// The name of a kind inside its connector.
pub fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The qualified name of the only kind of this short name that some connector has.
fn elsewhere(connectors: &Connectors, name: &str) -> Option<String> {
    let all = connectors.visible.keys().filter_map(|connector| connectors.get(connector));
    let mut found = all.flat_map(|connector| &connector.kinds).filter(|kind| short(&kind.name) == name);
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only.name.clone()),
        _ => None,
    }
}

/// The kind a path names, of this connector or of one that may be named; or none with the fault reported.
pub fn find<'k>(
    connectors: &'k Connectors,
    connector: &ast::Connector,
    own: &'k Own,
    path: &ast::Path,
    problems: &mut Problems,
) -> Option<&'k Kind> {
    match path.segments.as_slice() {
        [name] => {
            if let Some((_, kind)) = own.get(&name.text) {
                return kind.as_ref();
            }
            if let Some(whole) = elsewhere(connectors, &name.text) {
                problems.push(
                    Diagnostic::error(codes::UNKNOWN_KIND, format!("there is no resource `{}`", name.text))
                        .at(path.span)
                        .help(format!("did you mean `{whole}`?"))
                        .fix(path.span, whole.clone(), format!("write `{whole}`")),
                );
            } else if !(connector.damaged && problems.may_be_lost(&name.text)) {
                unknown(path, own.keys().map(String::as_str), problems);
            }
            None
        }
        [elsewhere, name] => {
            let found = crate::names::connector(connectors, elsewhere, problems)?;
            let full = format!("{}.{}", elsewhere.text, name.text);
            let kind = found.kinds.iter().find(|kind| kind.name == full);
            let faulty = found.faulty_kinds.contains(&name.text);
            let lost = faulty || (connectors.partial(found) && problems.may_be_lost(&name.text));
            if kind.is_none() && !lost {
                let names = found.kinds.iter().map(|kind| kind.name.as_str());
                unknown(path, names, problems);
            }
            kind
        }
        _ => {
            unknown(path, own.keys().map(String::as_str), problems);
            None
        }
    }
}
