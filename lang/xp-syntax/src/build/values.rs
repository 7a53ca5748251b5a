//! Types, pins and values.

use pest::iterators::Pair;

use super::cx::{Cx, Kids};
use crate::ast::{
    Arg, Expr, ExprKind, Field, Int, LiteralKind, Param, Patterns, Pin, PinKind, Type, TypeKind, UsesArg,
};
use crate::grammar::Rule;
use crate::number::seconds;

impl Cx<'_, '_> {
    pub(super) fn int(&self, pair: &Pair<'_, Rule>) -> Option<Int> {
        Some(Int { value: pair.as_str().parse().ok()?, span: self.span(pair) })
    }

    /// A duration, in seconds.
    pub(super) fn seconds(&self, pair: &Pair<'_, Rule>) -> Option<Int> {
        Some(Int { value: seconds(pair.as_str())?, span: self.span(pair) })
    }

    /// `max n`.
    pub(super) fn max(&self, pair: Pair<'_, Rule>) -> Option<Int> {
        self.int(&Kids::of(pair).eat(Rule::int)?)
    }

    pub(super) fn patterns(&self, pair: Pair<'_, Rule>) -> Option<Patterns> {
        let span = self.span(&pair);
        let items = Kids::of(pair).all(Rule::string, |string| Some(self.text(&string)))?;
        Some(Patterns { items, span })
    }

    /// `within […]`.
    pub(super) fn within(&self, pair: Pair<'_, Rule>) -> Option<Patterns> {
        self.patterns(Kids::of(pair).eat(Rule::patterns)?)
    }

    pub(super) fn type_expr(&self, pair: Pair<'_, Rule>) -> Option<Type> {
        let span = self.span(&pair);
        let form = Kids::of(pair).next()?;
        let kind = match form.as_rule() {
            Rule::list_type => TypeKind::List(Box::new(self.type_expr(Kids::of(form).next()?)?)),
            Rule::set_type => TypeKind::Set(Box::new(self.type_expr(Kids::of(form).next()?)?)),
            Rule::optional_type => TypeKind::Optional(Box::new(self.type_expr(Kids::of(form).next()?)?)),
            Rule::decimal_type => {
                let mut kids = Kids::of(form);
                let scale = self.int(&kids.eat(Rule::int)?)?;
                TypeKind::Decimal { scale, unit: kids.eat(Rule::unit_name).map(|unit| self.name(&unit)) }
            }
            Rule::record_type => {
                TypeKind::Record(Kids::of(form).all(Rule::field, |field| self.field(field))?)
            }
            Rule::enum_type => {
                TypeKind::Enum(Kids::of(form).all(Rule::enum_word, |word| Some(self.name(&word)))?)
            }
            Rule::named_type => TypeKind::Named(self.path(&form)),
            _ => return None,
        };
        Some(Type { kind, span })
    }

    pub(super) fn field(&self, pair: Pair<'_, Rule>) -> Option<Field> {
        let span = self.span(&pair);
        let mut kids = Kids::of(pair);
        let name = self.name(&kids.eat(Rule::field_name)?);
        Some(Field { name, ty: self.type_expr(kids.eat(Rule::type_expr)?)?, span })
    }

    pub(super) fn param(&self, pair: Pair<'_, Rule>) -> Option<Param> {
        let span = self.span(&pair);
        let mut kids = Kids::of(pair);
        let name = self.name(&kids.eat(Rule::param_name)?);
        Some(Param { name, ty: self.type_expr(kids.eat(Rule::type_expr)?)?, span })
    }

    pub(super) fn arg(&mut self, pair: Pair<'_, Rule>) -> Option<Arg> {
        let span = self.span(&pair);
        let mut kids = Kids::of(pair);
        let name = kids.eat(Rule::arg_name).map(|name| self.name(&name));
        Some(Arg { name, pin: self.pin(kids.eat(Rule::pin)?)?, span })
    }

    pub(super) fn uses_arg(&mut self, pair: Pair<'_, Rule>) -> Option<UsesArg> {
        let span = self.span(&pair);
        let mut kids = Kids::of(pair);
        let name = kids.eat(Rule::arg_name).map(|name| self.name(&name));
        Some(UsesArg { name, value: self.expr(kids.eat(Rule::expr)?)?, span })
    }

    fn pin(&mut self, pair: Pair<'_, Rule>) -> Option<Pin> {
        let span = self.span(&pair);
        let form = Kids::of(pair).next()?;
        let kind = match form.as_rule() {
            Rule::one_of => {
                let mut kids = Kids::of(form);
                let set = self.path(&kids.eat(Rule::datum)?);
                let within = match kids.eat(Rule::within) {
                    Some(within) => Some(self.within(within)?),
                    None => None,
                };
                PinKind::OneOf { set, within }
            }
            Rule::within => PinKind::Within(self.within(form)?),
            Rule::content => {
                let max = match Kids::of(form).eat(Rule::max) {
                    Some(max) => Some(self.max(max)?),
                    None => None,
                };
                PinKind::Content { max }
            }
            Rule::any_pin => PinKind::Any,
            Rule::expr => PinKind::Is(self.expr(form)?),
            _ => return None,
        };
        Some(Pin { kind, span })
    }

    pub(super) fn expr(&mut self, pair: Pair<'_, Rule>) -> Option<Expr> {
        let span = self.span(&pair);
        let form = Kids::of(pair).next()?;
        let kind = match form.as_rule() {
            Rule::datum => ExprKind::Path(self.path(&form)),
            Rule::string => self.template(&form)?,
            _ => ExprKind::Literal(self.plain(&form)?),
        };
        Some(Expr { kind, span })
    }

    fn plain(&self, form: &Pair<'_, Rule>) -> Option<LiteralKind> {
        match form.as_rule() {
            Rule::int => Some(LiteralKind::Int(self.int(form)?.value)),
            Rule::boolean => Some(LiteralKind::Bool(form.as_str().trim_end() == "true")),
            Rule::duration => seconds(form.as_str()).map(LiteralKind::Duration),
            Rule::decimal => {
                let mut kids = Kids::of(form.clone());
                let number = kids.next()?.as_str().to_owned();
                let unit = kids.eat(Rule::unit_name).map(|unit| self.name(&unit).text);
                Some(LiteralKind::Decimal { number, unit })
            }
            _ => None,
        }
    }
}
