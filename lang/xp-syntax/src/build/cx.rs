//! What every builder needs: spans, names, and the inner pairs in order.

use pest::iterators::{Pair, Pairs};
use xp_diagnostics::{Diagnostic, Span};

use crate::ast::{Name, Path};
use crate::grammar::Rule;
use crate::lexer::{Lexed, Token};

/// The piece that is being built.
pub(crate) struct Cx<'a, 't> {
    pub lexed: &'a Lexed<'t>,
    /// Tokens of the piece.
    pub tokens: &'a [Token],
    /// Byte at which the piece starts.
    pub base: usize,
    pub faults: &'a mut Vec<Diagnostic>,
}

impl Cx<'_, '_> {
    /// The span of a pair. Pest counts space and comments before an absent optional part as belonging to the rule: cut at the last token.
    pub(super) fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let found = pair.as_span();
        let (start, end) = (self.base + found.start(), self.base + found.end());
        let last = self.tokens.partition_point(|token| token.end <= end);
        let end =
            last.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(end, |token| token.end.max(start));
        Span::new(self.lexed.source, start, end)
    }

    pub(super) fn name(&self, pair: &Pair<'_, Rule>) -> Name {
        Name { text: pair.as_str().to_owned(), span: self.span(pair) }
    }

    /// A rule that holds names with dots between.
    pub(super) fn path(&self, pair: &Pair<'_, Rule>) -> Path {
        let segments = pair
            .clone()
            .into_inner()
            .filter(|kid| !noise(kid.as_rule()))
            .map(|kid| self.name(&kid))
            .collect();
        Path { segments, span: self.span(pair) }
    }
}

/// The inner pairs of a rule, taken in order; words and marks that nobody asks for are skipped.
pub(super) struct Kids<'i> {
    pub(super) pairs: std::iter::Peekable<Pairs<'i, Rule>>,
}

impl<'i> Kids<'i> {
    pub(super) fn of(pair: Pair<'i, Rule>) -> Self {
        Self { pairs: pair.into_inner().peekable() }
    }

    /// The next one, if it is one of these.
    pub(super) fn any(&mut self, rules: &[Rule]) -> Option<Pair<'i, Rule>> {
        loop {
            let next = self.pairs.peek()?.as_rule();
            if rules.contains(&next) {
                return self.pairs.next();
            }
            if !noise(next) {
                return None;
            }
            self.pairs.next();
        }
    }

    pub(super) fn eat(&mut self, rule: Rule) -> Option<Pair<'i, Rule>> {
        self.any(&[rule])
    }

    /// The next one that says something.
    pub(super) fn next(&mut self) -> Option<Pair<'i, Rule>> {
        self.pairs.by_ref().find(|pair| !noise(pair.as_rule()))
    }

    /// All that follow of this rule.
    pub(super) fn all<T>(
        &mut self,
        rule: Rule,
        mut build: impl FnMut(Pair<'i, Rule>) -> Option<T>,
    ) -> Option<Vec<T>> {
        // Each is built before any is missed: the faults of all are to be shown.
        let mut list = Vec::new();
        while let Some(pair) = self.eat(rule) {
            list.push(build(pair));
        }
        list.into_iter().collect()
    }
}

/// Words and marks that only hold a rule together.
pub(super) fn noise(rule: Rule) -> bool {
    rule == Rule::EOI || crate::words::is_word(rule)
}
