//! Kinds of things, and the clauses that speak of things.

use pest::iterators::Pair;

use super::cx::{Cx, Kids};
use crate::ast::{
    ClauseKind, ExprKind, KeyPart, LiteralKind, Making, Mark, MarkKind, OneThing, Path, Readers, Resource,
    Source, Thing, ThingKey, ThingKeyKind, ThingKind,
};
use crate::grammar::Rule;

/// A kind, without its doc comment.
pub(crate) fn resource(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Resource> {
    let span = cx.span(&pair);
    let mut kids = Kids::of(pair);
    let name = cx.name(&kids.eat(Rule::type_name)?);
    let parents = match kids.eat(Rule::parents) {
        Some(parents) => Kids::of(parents).all(Rule::kind, |kind| Some(cx.path(&kind)))?,
        None => Vec::new(),
    };
    let key = kids.all(Rule::key_part, |part| cx.key_part(part))?;
    let mut marks = Vec::new();
    while let Some(mark) = kids.any(&[Rule::immutable, Rule::audience]) {
        marks.push(cx.mark(mark)?);
    }
    Some(Resource { doc: None, name, parents, key, marks, span })
}

/// A clause that speaks of things.
pub(super) fn clause(cx: &mut Cx<'_, '_>, form: Pair<'_, Rule>) -> Option<ClauseKind> {
    let rule = form.as_rule();
    let mut kids = Kids::of(form);
    Some(match rule {
        Rule::changes => {
            let things = cx.things(&mut kids)?;
            ClauseKind::Changes(things, cx.put_in(&mut kids)?)
        }
        Rule::reads => ClauseKind::Reads(cx.things(&mut kids)?),
        Rule::removes => ClauseKind::Removes(cx.things(&mut kids)?),
        Rule::about => ClauseKind::About(None, cx.things(&mut kids)?),
        Rule::measured => ClauseKind::MeasuredBy(cx.sources(&mut kids)?),
        Rule::makes => {
            let thing = cx.thing(kids.eat(Rule::thing)?)?;
            let valid_while = match kids.eat(Rule::valid_while) {
                Some(inner) => cx.things(&mut Kids::of(inner))?,
                None => Vec::new(),
            };
            ClauseKind::Makes(Making { thing, valid_while, from: cx.put_in(&mut kids)? })
        }
        Rule::expects => {
            let thing = cx.thing(kids.eat(Rule::thing)?)?;
            let at = match kids.eat(Rule::source) {
                Some(source) => Some(cx.source(source)?),
                None => None,
            };
            let reports = match kids.eat(Rule::reports) {
                Some(reports) => Some(cx.name(&Kids::of(reports).eat(Rule::field_name)?)),
                None => None,
            };
            ClauseKind::Expects(thing, at, reports)
        }
        Rule::version => {
            let thing = cx.thing(kids.eat(Rule::thing)?)?;
            ClauseKind::Version(thing, cx.path(&kids.eat(Rule::datum)?))
        }
        Rule::result_clause => cx.of_result(kids)?,
        _ => return None,
    })
}

impl Cx<'_, '_> {
    fn key_part(&self, pair: Pair<'_, Rule>) -> Option<KeyPart> {
        let span = self.span(&pair);
        let mut kids = Kids::of(pair);
        let name = self.name(&kids.eat(Rule::field_name)?);
        let ty = self.type_expr(kids.eat(Rule::type_expr)?)?;
        let (mut fold, mut exact) = (None, None);
        while let Some(mark) = kids.any(&[Rule::fold, Rule::exact]) {
            let place = if mark.as_rule() == Rule::fold { &mut fold } else { &mut exact };
            *place = Some(self.span(&mark));
        }
        Some(KeyPart { name, ty, fold, exact, span })
    }

    fn mark(&self, pair: Pair<'_, Rule>) -> Option<Mark> {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut kids = Kids::of(pair);
        let kind = match rule {
            Rule::immutable => MarkKind::Immutable(kids.eat(Rule::minted).is_some()),
            _ if kids.eat(Rule::public).is_some() => MarkKind::Public,
            _ => MarkKind::Audience(kids.all(Rule::readers, |readers| {
                let mut kids = Kids::of(readers);
                let group = self.name(&kids.eat(Rule::label_name)?);
                Some(Readers { group, of: kids.eat(Rule::kind).map(|kind| self.path(&kind)) })
            })?),
        };
        Some(Mark { kind, span })
    }

    /// `result.field from | is | about …`.
    fn of_result(&mut self, mut kids: Kids<'_>) -> Option<ClauseKind> {
        let members = kids.all(Rule::member_name, |member| Some(self.name(&member)))?;
        let form = kids.any(&[Rule::result_from, Rule::result_is, Rule::result_about])?;
        let span = members.first().zip(members.last()).map(|(first, last)| first.span.to(last.span));
        let field = Path { segments: members, span: span.unwrap_or_else(|| self.span(&form)) };
        let rule = form.as_rule();
        let mut kids = Kids::of(form);
        Some(match rule {
            Rule::result_from => ClauseKind::From(field, self.sources(&mut kids)?),
            Rule::result_is => ClauseKind::Is(field, self.path(&kids.eat(Rule::datum)?)),
            _ => ClauseKind::About(Some(field), self.things(&mut kids)?),
        })
    }

    /// All that follow; none for `nothing`.
    fn things(&mut self, kids: &mut Kids<'_>) -> Option<Vec<Thing>> {
        kids.eat(Rule::nothing);
        kids.all(Rule::thing, |thing| self.thing(thing))
    }

    /// `from …`, where it is said.
    #[expect(clippy::option_option, reason = "none where the tree is not what the grammar makes")]
    fn put_in(&mut self, kids: &mut Kids<'_>) -> Option<Option<Vec<Source>>> {
        match kids.eat(Rule::made_from) {
            Some(inner) => self.sources(&mut Kids::of(inner)).map(Some),
            None => Some(None),
        }
    }

    fn sources(&mut self, kids: &mut Kids<'_>) -> Option<Vec<Source>> {
        kids.eat(Rule::nothing);
        kids.all(Rule::source, |source| self.source(source))
    }

    fn source(&mut self, pair: Pair<'_, Rule>) -> Option<Source> {
        let form = Kids::of(pair).next()?;
        match form.as_rule() {
            Rule::thing => Some(Source::Thing(self.thing(form)?)),
            _ => Some(Source::Path(self.path(&form))),
        }
    }

    pub(super) fn thing(&mut self, pair: Pair<'_, Rule>) -> Option<Thing> {
        let span = self.span(&pair);
        let form = Kids::of(pair).next()?;
        let rule = form.as_rule();
        if rule == Rule::one_thing {
            return Some(Thing { kind: ThingKind::One(self.one_thing(form)?), span });
        }
        let mut kids = Kids::of(form);
        let kind = kids.eat(Rule::kind).map(|kind| self.path(&kind));
        let patterns = match kids.eat(Rule::patterns) {
            Some(patterns) => Some(self.patterns(patterns)?),
            None => None,
        };
        let inside = match kids.eat(Rule::one_thing) {
            Some(inside) => Some(self.one_thing(inside)?),
            None => None,
        };
        let kind = match rule {
            Rule::anything => ThingKind::Anything(inside),
            Rule::every => ThingKind::Every { kind: kind?, patterns, inside },
            _ => ThingKind::Some { kind: kind?, inside },
        };
        Some(Thing { kind, span })
    }

    fn one_thing(&mut self, pair: Pair<'_, Rule>) -> Option<OneThing> {
        let span = self.span(&pair);
        let mut kids = Kids::of(pair);
        let kind = self.path(&kids.eat(Rule::kind)?);
        let keys = kids.all(Rule::thing_key, |key| self.thing_key(key))?;
        Some(OneThing { kind, keys, span })
    }

    fn thing_key(&mut self, pair: Pair<'_, Rule>) -> Option<ThingKey> {
        let span = self.span(&pair);
        let form = Kids::of(pair).next()?;
        let kind = match form.as_rule() {
            Rule::one_thing => ThingKeyKind::Thing(self.one_thing(form)?),
            Rule::patterns => ThingKeyKind::Patterns(self.patterns(form)?),
            Rule::any_pin => ThingKeyKind::Any,
            Rule::string => match self.template(&form)? {
                ExprKind::Template(parts) => ThingKeyKind::Template(parts),
                ExprKind::Literal(LiteralKind::Text(text)) => ThingKeyKind::Text(text),
                ExprKind::Literal(_) | ExprKind::Path(_) => return None,
            },
            Rule::int => ThingKeyKind::Int(self.int(&form)?.value),
            _ => ThingKeyKind::Path(self.path(&form)),
        };
        Some(ThingKey { kind, span })
    }
}
