//! Things in the clauses of an action: kinds resolved, keys of their types.

mod keys;
mod wording;

use xp_artifact::declaration::{FieldPath, Identity, KeyExpr, LevelExpr, Making, Source, ThingExpr};
use xp_artifact::workflow::Record;
use xp_diagnostics::{Diagnostic, codes};
use xp_scope::Type;
use xp_scope::thing::Kind;
use xp_syntax::ast;

use crate::connector::{Connectors, ParamDecl};
use crate::fields::{any_field_of, may_be_absent};
use crate::kinds::{self, Own, short};
use crate::problems::Problems;

/// What clauses of one action can name.
pub struct Scope<'a> {
    pub connectors: &'a Connectors,
    pub connector: &'a ast::Connector,
    pub kinds: &'a Own,
    pub params: &'a [ParamDecl],
    pub result: Option<&'a Type>,
    /// The connector's records, inline ones among them.
    pub records: &'a [Record],
}

/// A name in a clause, resolved.
#[derive(Clone, Debug)]
pub enum Named {
    /// An argument with fields, and the type at their end.
    Argument(u32, FieldPath, Type),
    /// A field of the result, and its type.
    Field(FieldPath, Type),
}

impl Named {
    fn ty(&self) -> &Type {
        match self {
            Self::Argument(_, _, ty) | Self::Field(_, ty) => ty,
        }
    }

    fn key(&self, more: Option<&str>) -> KeyExpr {
        let with = |fields: &FieldPath| fields.iter().cloned().chain(more.map(str::to_owned)).collect();
        match self {
            Self::Argument(index, fields, _) => KeyExpr::Argument { index: *index, fields: with(fields) },
            Self::Field(fields, _) => KeyExpr::Field(with(fields)),
        }
    }

    /// As where content comes from.
    pub fn source(self) -> Source {
        match self {
            Self::Argument(index, fields, _) => Source::Argument { index, fields },
            Self::Field(fields, _) => Source::Field(fields),
        }
    }
}

impl Scope<'_> {
    /// An argument, or `result` with fields, that is always there; or none with the fault reported.
    pub fn named(&self, path: &ast::Path, problems: &mut Problems) -> Option<Named> {
        let (named, optional) = self.any_named(path, problems)?;
        if optional {
            problems.push(may_be_absent(path.span, &path.text()));
            return None;
        }
        Some(named)
    }

    /// An argument, or `result` with fields, and whether it may be absent; or none with the fault reported.
    pub fn any_named(&self, path: &ast::Path, problems: &mut Problems) -> Option<(Named, bool)> {
        let (root, fields) = path.segments.split_first()?;
        if root.text == "result" {
            let (fields, ty, optional) = self.any_field(fields, problems)?;
            return Some((Named::Field(fields, ty), optional));
        }
        let Some(index) = self.params.iter().position(|param| param.name == root.text) else {
            let fault = Diagnostic::error(
                codes::UNKNOWN_PARAMETER,
                format!("the action has no argument `{}`", root.text),
            )
            .at(root.span);
            let known = self.params.iter().map(|param| param.name.as_str());
            problems.push(problems.propose(fault, root.span, &root.text, "its arguments", known));
            return None;
        };
        let param = self.params.get(index)?;
        let (ty, optional) = self.follow(param.ty.clone()?, fields, problems)?;
        let fields = fields.iter().map(|field| field.text.clone()).collect();
        Some((Named::Argument(u32::try_from(index).ok()?, fields, ty), optional || param.optional))
    }

    /// The type of a field of a type, and whether it may be absent.
    fn follow(&self, mut ty: Type, fields: &[ast::Name], problems: &mut Problems) -> Option<(Type, bool)> {
        let mut absent = false;
        for field in fields {
            let (of_field, optional) = any_field_of(self.connectors, self.records, &ty, field, problems)?;
            (ty, absent) = (of_field, absent || optional);
        }
        Some((ty, absent))
    }

    /// A field of the result that is always there; or none with the fault reported.
    pub fn field(&self, fields: &[ast::Name], problems: &mut Problems) -> Option<(FieldPath, Type)> {
        let (found, ty, optional) = self.any_field(fields, problems)?;
        if let (true, Some(last)) = (optional, fields.last()) {
            problems.push(may_be_absent(last.span, &last.text));
            return None;
        }
        Some((found, ty))
    }

    /// A field of the result, and whether it may be absent; or none with the fault reported.
    pub fn any_field(
        &self,
        fields: &[ast::Name],
        problems: &mut Problems,
    ) -> Option<(FieldPath, Type, bool)> {
        let (ty, optional) = self.follow(self.result?.clone(), fields, problems)?;
        Some((fields.iter().map(|field| field.text.clone()).collect(), ty, optional))
    }

    /// A field of the result that is `true` or `false`; or none with the fault reported.
    pub fn flag(&self, field: &ast::Name, problems: &mut Problems) -> Option<FieldPath> {
        let (found, ty) = self.field(std::slice::from_ref(field), problems)?;
        if ty != Type::Bool {
            problems.push(
                Diagnostic::error(codes::BAD_THING, format!("`{}` is not of type `bool`", field.text))
                    .at(field.span)
                    .because("what is reported is whether the thing had changed")
                    .help("name a field of type `bool` that is `true` if it had"),
            );
            return None;
        }
        Some(found)
    }

    /// `result.field` where nothing else may stand; or none with the fault reported.
    pub fn result_path(&self, path: &ast::Path, problems: &mut Problems) -> Option<FieldPath> {
        match self.named(path, problems)? {
            Named::Field(fields, _) => Some(fields),
            Named::Argument(..) => {
                let text = path.text();
                problems.push(
                    Diagnostic::error(
                        codes::BAD_THING,
                        format!("`{text}` is an argument, and a field of the result is wanted"),
                    )
                    .at(path.span)
                    .help("write `result.field`"),
                );
                None
            }
        }
    }

    /// `result.field is argument`; or none with the fault reported.
    pub fn identity(
        &self,
        field: &ast::Path,
        argument: &ast::Path,
        problems: &mut Problems,
    ) -> Option<Identity> {
        let (of_result, ty) = self.field(&field.segments, problems)?;
        match self.named(argument, problems)? {
            Named::Argument(index, fields, other) if ty == other => {
                Some(Identity { field: of_result, argument: index, fields })
            }
            Named::Argument(_, _, other) => {
                problems.push(crate::literal::mismatch(argument.span, &other.to_string(), &ty));
                None
            }
            Named::Field(..) => {
                problems.push(
                    Diagnostic::error(codes::BAD_THING, "a field of the result is said to be another one")
                        .at(argument.span)
                        .help("say of both which argument they are"),
                );
                None
            }
        }
    }

    /// What is changed or removed can change; or none with the fault reported.
    pub fn changed(&self, things: &[ast::Thing], problems: &mut Problems) -> Option<Vec<ThingExpr>> {
        let mut found = Vec::new();
        for ast in things {
            let mut all = self.all(ast, problems)?;
            // What is altered of all that lies in it, an argument may pick.
            if let (ast::ThingKind::Anything(Some(_)), [ThingExpr::Path(levels)]) =
                (&ast.kind, all.as_slice())
            {
                all.extend(self.each_inside(&levels.clone()));
            }
            let fixed = |thing: &ThingExpr| {
                let kind = thing.levels().last().and_then(|level| self.kind_named(&level.kind));
                kind.filter(|kind| kind.immutable.is_some())
            };
            if all.len() > 1 && all.iter().any(|thing| fixed(thing).is_none()) {
                all.retain(|thing| fixed(thing).is_none());
            }
            if let Some(kind) = all.first().and_then(fixed) {
                problems.push(
                    Diagnostic::error(
                        codes::CHANGES_IMMUTABLE,
                        format!("`{}` never changes: it is declared `immutable`", short(&kind.name)),
                    )
                    .at(ast.span)
                    .help("name what does change, or leave `immutable` out where the kind is declared"),
                );
                return None;
            }
            found.extend(all);
        }
        Some(found)
    }

    /// `makes T valid while … from …`; or none with the fault reported.
    pub fn making(&self, making: &ast::Making, problems: &mut Problems) -> Option<Making> {
        let thing = self.thing(&making.thing, problems);
        let valid_while = self.things(&making.valid_while, problems);
        let from = making.from.as_ref().map(|from| self.sources(from, problems));
        let thing = thing?;
        let own = thing.own_keys();
        let one = matches!(making.thing.kind, ast::ThingKind::One(_));
        if !one || own.iter().any(|key| matches!(key, KeyExpr::Every(_) | KeyExpr::Some)) {
            problems.push(
                Diagnostic::error(codes::BAD_THING, "what is made needs a key of its own")
                    .at(making.thing.span)
                    .help("name it by an argument or by a field of the result, as in `makes Kind(result.field)`"),
            );
            return None;
        }
        Some(Making {
            thing,
            valid_while: valid_while?,
            from: from.map_or(Some(None), |from| from.map(Some))?,
        })
    }

    /// Where content comes from; or none with the fault reported.
    pub fn source(&self, source: &ast::Source, problems: &mut Problems) -> Option<Source> {
        match source {
            ast::Source::Path(path) => self.named(path, problems).map(Named::source),
            ast::Source::Thing(thing) => self.thing(thing, problems).map(Source::Thing),
        }
    }

    /// All of them; or none with the faults reported.
    pub fn sources(&self, sources: &[ast::Source], problems: &mut Problems) -> Option<Vec<Source>> {
        let found: Vec<Option<Vec<Source>>> = sources
            .iter()
            .map(|source| match source {
                // Content may be absent.
                ast::Source::Path(path) => Some(vec![self.any_named(path, problems)?.0.source()]),
                ast::Source::Thing(thing) => {
                    Some(self.all(thing, problems)?.into_iter().map(Source::Thing).collect())
                }
            })
            .collect();
        Some(found.into_iter().collect::<Option<Vec<_>>>()?.concat())
    }

    /// All of them; or none with the faults reported.
    pub fn things(&self, things: &[ast::Thing], problems: &mut Problems) -> Option<Vec<ThingExpr>> {
        let found: Vec<_> = things.iter().map(|thing| self.all(thing, problems)).collect();
        Some(found.into_iter().collect::<Option<Vec<_>>>()?.concat())
    }

    /// What a thing in a list of things means. A thing that never changes stands for itself alone, so what lies in it is named
    /// beside it where `anything in` it is meant.
    fn all(&self, thing: &ast::Thing, problems: &mut Problems) -> Option<Vec<ThingExpr>> {
        let whole = self.thing(thing, problems)?;
        let mut found = vec![whole.clone()];
        if let (ast::ThingKind::Anything(Some(_)), ThingExpr::Path(levels)) = (&thing.kind, whole)
            && let Some(own) = levels.last().and_then(|own| self.kind_named(&own.kind))
            && own.immutable.is_some()
        {
            found.extend(self.each_inside(&levels));
        }
        Some(found)
    }

    /// All of each kind that can lie in the thing.
    fn each_inside(&self, levels: &[LevelExpr]) -> Vec<ThingExpr> {
        let own = levels.last().and_then(|own| self.kind_named(&own.kind));
        let inside = own.into_iter().flat_map(|own| self.inside(own));
        let each = inside.map(|kind| {
            let keys = vec![KeyExpr::Every(None); kind.key.len()];
            let every = LevelExpr { kind: kind.name.clone(), keys, deep: true };
            ThingExpr::Path(levels.iter().cloned().chain([every]).collect())
        });
        each.collect()
    }

    /// A thing; or none with the fault reported.
    pub fn thing(&self, thing: &ast::Thing, problems: &mut Problems) -> Option<ThingExpr> {
        match &thing.kind {
            ast::ThingKind::Anything(None) => Some(ThingExpr::Anything),
            // All that is in a thing is what the thing encloses.
            ast::ThingKind::Anything(Some(inside)) => self.one(inside, problems).map(ThingExpr::Path),
            ast::ThingKind::One(one) => self.one(one, problems).map(ThingExpr::Path),
            ast::ThingKind::Every { kind, patterns, inside } => {
                let patterns = match patterns {
                    Some(patterns) => Some(crate::literal::patterns(patterns, problems)?),
                    None => None,
                };
                self.extent(kind, inside.as_ref(), &KeyExpr::Every(patterns), problems)
            }
            ast::ThingKind::Some { kind, inside } => {
                self.extent(kind, inside.as_ref(), &KeyExpr::Some, problems)
            }
        }
    }

    /// All, or one, of a kind in an enclosing thing, at any depth.
    fn extent(
        &self,
        path: &ast::Path,
        inside: Option<&ast::OneThing>,
        key: &KeyExpr,
        problems: &mut Problems,
    ) -> Option<ThingExpr> {
        let kind = self.kind(path, problems)?;
        let mut levels = match inside {
            Some(inside) => self.one(inside, problems)?,
            None => Vec::new(),
        };
        let lies_there = match levels.last().and_then(|outer| self.kind_named(&outer.kind)) {
            Some(outer) => self.inside(outer).iter().any(|inner| inner.name == kind.name),
            None => kind.parents.is_empty(),
        };
        if !lies_there {
            let word = if matches!(key, KeyExpr::Some) { "some" } else { "every" };
            let start = format!("{word} {}", short(&kind.name));
            let outer = self.outer_forms(kind);
            let forms: Vec<String> = outer.iter().map(|outer| format!("{start} in {outer}")).collect();
            let help = if forms.is_empty() { start } else { forms.join("` or `") };
            let help = format!("write `{help}`");
            problems.push(wording::encloses_not(path.span, kind, levels.last()).help(help));
            return None;
        }
        let keys = vec![key.clone(); kind.key.len()];
        levels.push(LevelExpr { kind: kind.name.clone(), keys, deep: true });
        Some(ThingExpr::Path(levels))
    }

    fn kind<'s>(&'s self, path: &ast::Path, problems: &mut Problems) -> Option<&'s Kind> {
        kinds::find(self.connectors, self.connector, self.kinds, path, problems)
    }

    /// A kind by qualified name.
    pub fn kind_named(&self, name: &str) -> Option<&Kind> {
        let (connector, short) = name.split_once('.')?;
        if connector == self.connector.name.text {
            return self.kinds.get(short)?.1.as_ref();
        }
        self.connectors.loaded.get(connector)?.kinds.iter().find(|kind| kind.name == name)
    }

    /// The kinds that may lie in things of a kind, at any depth. They are of one connector.
    fn inside(&self, outer: &Kind) -> Vec<&Kind> {
        let connector = outer.name.split_once('.').map(|(connector, _)| connector).unwrap_or_default();
        let all: Vec<&Kind> = if connector == self.connector.name.text {
            self.kinds.values().filter_map(|(_, kind)| kind.as_ref()).collect()
        } else {
            self.connectors
                .loaded
                .get(connector)
                .map(|loaded| loaded.kinds.iter().collect())
                .unwrap_or_default()
        };
        let mut found: Vec<&Kind> = Vec::new();
        let mut outers = vec![outer.name.as_str()];
        while let Some(outer) = outers.pop() {
            for kind in all.iter().filter(|kind| kind.parents.iter().any(|parent| parent == outer)) {
                if !found.iter().any(|known| known.name == kind.name) {
                    found.push(kind);
                    outers.push(&kind.name);
                }
            }
        }
        found
    }

    fn encloses(&self, levels: &[LevelExpr], kind: &Kind) -> bool {
        match levels.last() {
            None => kind.parents.is_empty(),
            Some(level) => kind.parents.contains(&level.kind),
        }
    }
}
