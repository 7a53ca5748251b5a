//! Keys of a thing: which kind each is of, and what encloses it.

use xp_artifact::declaration::{KeyExpr, LevelExpr};
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_scope::Type;
use xp_scope::thing::{KeyDecl, Kind};
use xp_syntax::ast;

use super::{Named, Scope, wording};
use crate::fields::record_of;
use crate::kinds::short;
use crate::literal;
use crate::problems::Problems;
use crate::types;

/// What a key is before its kind is known.
enum Given<'a> {
    Inside(&'a ast::OneThing),
    Key(&'a ast::ThingKey),
}

impl Scope<'_> {
    /// `Kind(key, …)`.
    pub(super) fn one(&self, one: &ast::OneThing, problems: &mut Problems) -> Option<Vec<LevelExpr>> {
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
            problems.push(self.cured(
                one,
                wording::wrong(one.span, kind, format!("too many keys for `{}`", short(&kind.name))),
            ));
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
                problems.push(self.cured(whole, wording::wrong(span, kind, message)));
                return None;
            }
        };
        if !self.encloses(&levels, kind) {
            problems.push(self.cured(whole, wording::encloses_not(span, kind, levels.last())));
            return None;
        }
        levels.push(LevelExpr { kind: kind.name.clone(), keys, deep: false });
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
            problems
                .push(self.cured(whole, wording::wrong(span, kind, format!("too few keys for `{named}`"))));
            return None;
        };
        let mut keys = Vec::with_capacity(own.len());
        for (given, decl) in own.iter().zip(&kind.key) {
            let Given::Key(key) = given else {
                let message =
                    format!("a thing stands where `{}` has its key `{}`", short(&kind.name), decl.name);
                problems.push(self.cured(whole, wording::wrong(span, kind, message)));
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
        let fields = record_of(self.connectors, self.records, record)?;
        let mut keys = Vec::with_capacity(kind.key.len());
        for part in &kind.key {
            let field = fields.fields.iter().find(|field| field.name == part.name);
            match field {
                Some(field) if !field.optional && types::fits(&field.ty, &part.ty) => {
                    keys.push(named.key(Some(&part.name)))
                }
                _ => {
                    let message = format!(
                        "`{}` is given a `{record}`, which has no field `{}: {}`",
                        short(&kind.name),
                        part.name,
                        part.ty
                    );
                    problems.push(wording::wrong(span, kind, message));
                    return None;
                }
            }
        }
        Some(keys)
    }

    fn part(&self, key: &ast::ThingKey, decl: &KeyDecl, problems: &mut Problems) -> Option<KeyExpr> {
        let fixed = |kind: &ast::LiteralKind, problems: &mut Problems| {
            literal::value(kind, key.span, &decl.ty, problems).map(KeyExpr::Literal)
        };
        match &key.kind {
            ast::ThingKeyKind::Any => Some(KeyExpr::Every(None)),
            ast::ThingKeyKind::Patterns(patterns) if decl.ty == Type::Path => {
                literal::patterns(patterns, problems).map(|set| KeyExpr::Every(Some(set)))
            }
            ast::ThingKeyKind::Text(text) => fixed(&ast::LiteralKind::Text(text.clone()), problems),
            ast::ThingKeyKind::Int(number) => fixed(&ast::LiteralKind::Int(*number), problems),
            ast::ThingKeyKind::Path(path) => {
                let named = self.named(path, problems)?;
                if !types::fits(named.ty(), &decl.ty) {
                    let fault = literal::mismatch(path.span, &named.ty().to_string(), &decl.ty);
                    problems.push(fault);
                    return None;
                }
                Some(named.key(None))
            }
            ast::ThingKeyKind::Template(_) => {
                let fault =
                    Diagnostic::error(codes::BAD_THING, "a key in a clause cannot be put together from data");
                problems.push(
                    fault.at(key.span).help("name an argument, or a field of the result; a brace is `{{`"),
                );
                None
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
