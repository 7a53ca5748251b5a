//! Clauses that begin with `http` or `mcp`.

use pest::iterators::Pair;

use super::cx::{Cx, Kids};
use crate::ast::{Expr, Filler, Name, Path, Text, Transport};
use crate::grammar::Rule;
use crate::number::seconds;

pub(super) fn clause(cx: &mut Cx<'_, '_>, pair: Pair<'_, Rule>) -> Option<Transport> {
    let form = Kids::of(pair).next()?;
    let rule = form.as_rule();
    let span = cx.span(&form);
    let mut kids = Kids::of(form);
    Some(match rule {
        Rule::http_success | Rule::mcp_success => {
            let statuses = kids.all(Rule::int, |int| cx.int(&int))?;
            let condition = match kids.eat(Rule::string) {
                Some(at) => Some((cx.text(&at), cx.expr(kids.eat(Rule::expr)?)?)),
                None => None,
            };
            Transport::Success { statuses, condition }
        }
        Rule::http_result | Rule::mcp_result => {
            let segments = kids.all(Rule::member_name, |member| Some(cx.name(&member)))?;
            let whole = segments.first().zip(segments.last()).map(|(first, last)| first.span.to(last.span));
            let field = Path { segments, span: whole.unwrap_or(span) };
            let place = kids.eat(Rule::http_place_name).map(|place| cx.name(&place));
            let at = kids.eat(Rule::string).map(|at| cx.text(&at));
            Transport::Result { field, place, at, form: cx.http_form(&mut kids)? }
        }
        Rule::http_key => {
            let header = cx.text(&kids.eat(Rule::string)?);
            Transport::Key { header, seconds: seconds(kids.eat(Rule::duration)?.as_str()) }
        }
        Rule::http_marker => Transport::Marker {
            place: cx.name(&kids.eat(Rule::http_place_name)?),
            at: cx.text(&kids.eat(Rule::string)?),
        },
        Rule::http_probe => cx.http_probe(kids.next()?)?,
        Rule::http_line => {
            let word = cx.name(&kids.eat(Rule::http_word_name)?);
            let text = cx.templated(&kids.eat(Rule::string)?)?;
            let value = match kids.eat(Rule::expr) {
                Some(value) => Some(cx.filler(value, &mut kids)?),
                None => None,
            };
            Transport::Line { word, text, value }
        }
        _ => return None,
    })
}

impl Cx<'_, '_> {
    fn http_probe(&mut self, pair: Pair<'_, Rule>) -> Option<Transport> {
        let rule = pair.as_rule();
        let mut kids = Kids::of(pair);
        if rule == Rule::http_pair {
            let place = self.name(&kids.eat(Rule::http_place_name)?);
            let name = self.text(&kids.eat(Rule::string)?);
            let value = kids.eat(Rule::expr)?;
            return Some(Transport::ProbePair { place, name, value: self.filler(value, &mut kids)? });
        }
        let path = self.templated(&kids.eat(Rule::string)?)?;
        let mut texts: Vec<Text> = Vec::new();
        let mut max = None;
        while let Some(next) = kids.any(&[Rule::string, Rule::int]) {
            match next.as_rule() {
                Rule::int => max = Some(self.int(&next)?),
                _ => texts.push(self.text(&next)),
            }
        }
        let marker = texts.pop()?;
        Some(Transport::Probe { path, list: texts.pop().zip(max), marker })
    }

    fn filler(&mut self, value: Pair<'_, Rule>, kids: &mut Kids<'_>) -> Option<Filler> {
        Some(Filler { value: self.expr(value)?, form: self.http_form(kids)? })
    }

    #[expect(clippy::option_option, reason = "none where the tree is not what the grammar makes")]
    fn http_form(&self, kids: &mut Kids<'_>) -> Option<Option<Name>> {
        match kids.eat(Rule::http_form) {
            Some(form) => Some(Some(self.name(&Kids::of(form).eat(Rule::http_word_name)?))),
            None => Some(None),
        }
    }

    fn templated(&mut self, pair: &Pair<'_, Rule>) -> Option<Expr> {
        Some(Expr { kind: self.template(pair)?, span: self.span(pair) })
    }
}
