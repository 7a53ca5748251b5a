//! Things in the clauses of an action: kinds resolved, keys of their types.

use xp_artifact::declaration::{FieldPath, Identity, KeyExpr, LevelExpr, Making, Source, ThingExpr};
use xp_artifact::workflow::Record;
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_scope::thing::{KeyDecl, Kind};
use xp_scope::{PatternSet, Type};
use xp_syntax::ast;

use crate::connector::{Connectors, ParamDecl};
use crate::fields::field_of;
use crate::kinds::{self, Own, short};
use crate::problems::Problems;
use crate::types;

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

/// What a key is before its kind is known.
enum Given<'a> {
    Inside(&'a ast::OneThing),
    Key(&'a ast::ThingKey),
}

impl Scope<'_> {
    /// An argument, or `result` with fields; or none with the fault reported.
    pub fn named(&self, path: &ast::Path, problems: &mut Problems) -> Option<Named> {
        let (root, fields) = path.segments.split_first()?;
        if root.text == "result" {
            return self.field(fields, problems).map(|(fields, ty)| Named::Field(fields, ty));
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
        let mut ty = self.params.get(index)?.ty.clone()?;
        for field in fields {
            ty = field_of(self.connectors, self.records, &ty, field, problems)?;
        }
        let fields = fields.iter().map(|field| field.text.clone()).collect();
        Some(Named::Argument(u32::try_from(index).ok()?, fields, ty))
    }

    /// A field of the result; or none with the fault reported.
    pub fn field(&self, fields: &[ast::Name], problems: &mut Problems) -> Option<(FieldPath, Type)> {
        let mut ty = self.result?.clone();
        for field in fields {
            ty = field_of(self.connectors, self.records, &ty, field, problems)?;
        }
        Some((fields.iter().map(|field| field.text.clone()).collect(), ty))
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
        let found = self.things(things, problems)?;
        for (thing, ast) in found.iter().zip(things) {
            let kind = thing.levels().last().and_then(|level| self.kind_named(&level.kind));
            if let Some(kind) = kind.filter(|kind| kind.immutable.is_some()) {
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
        }
        Some(found)
    }

    /// `makes T valid while … from …`; or none with the fault reported.
    pub fn making(&self, making: &ast::Making, problems: &mut Problems) -> Option<Making> {
        let thing = self.thing(&making.thing, problems);
        let valid_while = self.things(&making.valid_while, problems);
        let from = making.from.as_ref().map(|from| self.sources(from, problems));
        let thing = thing?;
        let own = thing.levels().last().map(|level| level.keys.as_slice()).unwrap_or_default();
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
        let found: Vec<_> = sources.iter().map(|source| self.source(source, problems)).collect();
        found.into_iter().collect()
    }

    /// All of them; or none with the faults reported.
    pub fn things(&self, things: &[ast::Thing], problems: &mut Problems) -> Option<Vec<ThingExpr>> {
        let found: Vec<_> = things.iter().map(|thing| self.thing(thing, problems)).collect();
        found.into_iter().collect()
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
                    Some(patterns) => Some(pattern_set(patterns, problems)?),
                    None => None,
                };
                self.extent(kind, inside.as_ref(), &KeyExpr::Every(patterns), problems)
            }
            ast::ThingKind::Some { kind, inside } => {
                self.extent(kind, inside.as_ref(), &KeyExpr::Some, problems)
            }
        }
    }

    /// All, or one, of a kind in an enclosing thing.
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
        if !self.encloses(&levels, kind) {
            let word = if matches!(key, KeyExpr::Some) { "some" } else { "every" };
            let start = format!("{word} {}", short(&kind.name));
            let outer = self.outer_forms(kind);
            let forms: Vec<String> = outer.iter().map(|outer| format!("{start} in {outer}")).collect();
            let help = if forms.is_empty() { start } else { forms.join("` or `") };
            let help = format!("write `{help}`");
            problems.push(encloses_not(path.span, kind, levels.last()).help(help));
            return None;
        }
        levels.push(LevelExpr { kind: kind.name.clone(), keys: vec![key.clone(); kind.key.len()] });
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

    fn encloses(&self, levels: &[LevelExpr], kind: &Kind) -> bool {
        match levels.last() {
            None => kind.parents.is_empty(),
            Some(level) => kind.parents.contains(&level.kind),
        }
    }

    /// `Kind(key, …)`.
    fn one(&self, one: &ast::OneThing, problems: &mut Problems) -> Option<Vec<LevelExpr>> {
        let kind = self.kind(&one.kind, problems)?;
        let given: Vec<Given<'_>> = one
            .keys
            .iter()
            .map(|key| match &key.kind {
                ast::ThingKeyKind::Thing(inside) => Given::Inside(inside),
                _ => Given::Key(key),
            })
            .collect();
        let mut rest = given.as_slice();
        let levels = self.levels(kind, one, &mut rest, problems)?;
        if !rest.is_empty() {
            problems.push(
                self.cured(one, wrong(one.span, kind, format!("too many keys for `{}`", short(&kind.name)))),
            );
            return None;
        }
        Some(levels)
    }

    /// Takes the keys of a kind off the end, and those of what encloses it before them.
    fn levels(
        &self,
        kind: &Kind,
        whole: &ast::OneThing,
        given: &mut &[Given<'_>],
        problems: &mut Problems,
    ) -> Option<Vec<LevelExpr>> {
        let span = whole.span;
        let keys = self.own_key(kind, whole, given, problems)?;
        let mut levels = match (*given, kind.parents.as_slice()) {
            ([before @ .., Given::Inside(inside)], _) => {
                *given = before;
                self.one(inside, problems)?
            }
            (_, []) => Vec::new(),
            (_, [only]) => {
                let parent = self.kind_named(only)?;
                self.levels(parent, whole, given, problems)?
            }
            (_, _) => {
                let message = format!("which thing encloses `{}` is not said", short(&kind.name));
                problems.push(self.cured(whole, wrong(span, kind, message)));
                return None;
            }
        };
        if !self.encloses(&levels, kind) {
            problems.push(self.cured(whole, encloses_not(span, kind, levels.last())));
            return None;
        }
        levels.push(LevelExpr { kind: kind.name.clone(), keys });
        Some(levels)
    }

    /// The parts of a key: one value for each, or one record that has them all as fields.
    fn own_key(
        &self,
        kind: &Kind,
        whole: &ast::OneThing,
        given: &mut &[Given<'_>],
        problems: &mut Problems,
    ) -> Option<Vec<KeyExpr>> {
        let span = whole.span;
        if let [before @ .., Given::Key(last)] = *given
            && let ast::ThingKeyKind::Path(path) = &last.kind
        {
            let named = self.named(path, problems)?;
            if let Type::Record(_) = named.ty() {
                *given = before;
                return self.fields_of_record(kind, path.span, &named, problems);
            }
        }
        let start = given.len().checked_sub(kind.key.len());
        let Some((before, own)) = start.and_then(|start| given.split_at_checked(start)) else {
            let named = whole.kind.segments.last().map_or("", |name| name.text.as_str());
            problems.push(self.cured(whole, wrong(span, kind, format!("too few keys for `{named}`"))));
            return None;
        };
        let mut keys = Vec::with_capacity(own.len());
        for (given, decl) in own.iter().zip(&kind.key) {
            let Given::Key(key) = given else {
                let message =
                    format!("a thing stands where `{}` has its key `{}`", short(&kind.name), decl.name);
                problems.push(self.cured(whole, wrong(span, kind, message)));
                return None;
            };
            keys.push(self.part(key, decl, problems)?);
        }
        *given = before;
        Some(keys)
    }

    fn fields_of_record(
        &self,
        kind: &Kind,
        span: Span,
        named: &Named,
        problems: &mut Problems,
    ) -> Option<Vec<KeyExpr>> {
        let Type::Record(record) = named.ty() else { return None };
        let own = self.records.iter().find(|known| known.name == *record);
        let fields = own.or_else(|| self.connectors.records.get(record))?;
        let mut keys = Vec::with_capacity(kind.key.len());
        for part in &kind.key {
            let field = fields.fields.iter().find(|field| field.name == part.name);
            match field {
                Some(field) if types::fits(&field.ty, &part.ty) => keys.push(named.key(Some(&part.name))),
                _ => {
                    let message = format!(
                        "`{}` is given a `{record}`, which has no field `{}: {}`",
                        short(&kind.name),
                        part.name,
                        part.ty
                    );
                    problems.push(wrong(span, kind, message));
                    return None;
                }
            }
        }
        Some(keys)
    }

    /// The fault with the thing as it could be written.
    fn cured(&self, one: &ast::OneThing, fault: Diagnostic) -> Diagnostic {
        let kind = kinds::find(self.connectors, self.connector, self.kinds, &one.kind, &mut Problems::new());
        match kind {
            Some(kind) => fault.help(format!("write `{}`", self.forms(kind, MAX_SHOWN).join("` or `"))),
            None => fault,
        }
    }

    /// `File(Branch(name), path)`: how things of a kind are written, with the names of the parts of their keys.
    fn forms(&self, kind: &Kind, deep: usize) -> Vec<String> {
        let own = kind.key.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join(", ");
        let name = short(&kind.name);
        let parents = kind.parents.iter().filter_map(|parent| self.kind_named(parent));
        let mut outer =
            parents.filter(|_| deep > 0).flat_map(|parent| self.forms(parent, deep - 1)).peekable();
        if outer.peek().is_none() {
            return vec![format!("{name}({own})")];
        }
        outer.take(MAX_SHOWN).map(|outer| format!("{name}({outer}, {own})")).collect()
    }

    fn outer_forms(&self, kind: &Kind) -> Vec<String> {
        let parents = kind.parents.iter().filter_map(|parent| self.kind_named(parent));
        parents.flat_map(|parent| self.forms(parent, MAX_SHOWN)).take(MAX_SHOWN).collect()
    }

    fn part(&self, key: &ast::ThingKey, decl: &KeyDecl, problems: &mut Problems) -> Option<KeyExpr> {
        let literal = |kind: &ast::LiteralKind, problems: &mut Problems| {
            crate::literal::value(kind, key.span, &decl.ty, problems).map(KeyExpr::Literal)
        };
        match &key.kind {
            ast::ThingKeyKind::Any => Some(KeyExpr::Every(None)),
            ast::ThingKeyKind::Patterns(patterns) if decl.ty == Type::Path => {
                pattern_set(patterns, problems).map(|set| KeyExpr::Every(Some(set)))
            }
            ast::ThingKeyKind::Text(text) => literal(&ast::LiteralKind::Text(text.clone()), problems),
            ast::ThingKeyKind::Int(number) => literal(&ast::LiteralKind::Int(*number), problems),
            ast::ThingKeyKind::Path(path) => {
                let named = self.named(path, problems)?;
                if !types::fits(named.ty(), &decl.ty) {
                    let fault = crate::literal::mismatch(path.span, &named.ty().to_string(), &decl.ty);
                    problems.push(fault);
                    return None;
                }
                Some(named.key(None))
            }
            ast::ThingKeyKind::Patterns(_) | ast::ThingKeyKind::Thing(_) => {
                let fault = Diagnostic::error(
                    codes::BAD_THING,
                    format!("patterns are for paths, and the key `{}` is `{}`", decl.name, decl.ty),
                );
                problems.push(fault.at(key.span));
                None
            }
        }
    }
}

fn pattern_set(patterns: &ast::Patterns, problems: &mut Problems) -> Option<PatternSet> {
    crate::literal::patterns(patterns, problems)
}

/// How many levels, and how many ways to write a thing, a cure shows.
const MAX_SHOWN: usize = 4;

fn wrong(span: Span, kind: &Kind, message: String) -> Diagnostic {
    let parts: Vec<String> = kind.key.iter().map(|part| format!("{}: {}", part.name, part.ty)).collect();
    let inside = match kind.parents.as_slice() {
        [] => String::new(),
        parents => format!(" in {}", parents.iter().map(|name| short(name)).collect::<Vec<_>>().join(" | ")),
    };
    Diagnostic::error(codes::BAD_THING, message).at(span).because(format!(
        "the declaration is `resource {}{inside} {{ {} }}`",
        short(&kind.name),
        parts.join(", ")
    ))
}

fn encloses_not(span: Span, kind: &Kind, last: Option<&LevelExpr>) -> Diagnostic {
    let name = short(&kind.name);
    let message = match last {
        Some(level) => format!("`{name}` does not lie in `{}`", short(&level.kind)),
        None => format!("what `{name}` lies in is not said"),
    };
    wrong(span, kind, message)
}
