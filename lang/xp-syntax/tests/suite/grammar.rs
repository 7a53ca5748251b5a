//! The grammar as data, and sentences made from it.

use std::collections::{BTreeMap, BTreeSet};

use pest_meta::ast::Expr;
use pest_meta::parser::{self, Rule};

/// Rules by name.
pub struct Grammar {
    rules: BTreeMap<String, Expr>,
}

impl Grammar {
    pub fn read() -> Self {
        let pairs = parser::parse(Rule::grammar_rules, include_str!("../../src/xp.pest")).unwrap();
        let rules = parser::consume_rules(pairs).unwrap();
        Self { rules: rules.into_iter().map(|rule| (rule.name, rule.expr)).collect() }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rules.keys().map(String::as_str)
    }

    /// Texts that stand in a rule itself.
    pub fn literals(&self, rule: &str) -> BTreeSet<String> {
        let texts = self.rules[rule].iter_top_down().filter_map(|expr| match expr {
            Expr::Str(text) => Some(text),
            _ => None,
        });
        texts.collect()
    }

    /// The tokens of a text that the rule reads, other ones for another seed.
    pub fn sentence(&self, rule: &str, seed: u64) -> Vec<String> {
        let mut writer = Writer {
            grammar: self,
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            tokens: Vec::new(),
            depth: 0,
        };
        writer.rule(rule);
        writer.tokens
    }
}

struct Writer<'g> {
    grammar: &'g Grammar,
    state: u64,
    tokens: Vec<String>,
    depth: usize,
}

impl Writer<'_> {
    /// One of the first `n` numbers (xorshift64).
    fn pick(&mut self, n: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from((self.state >> 32) % u64::try_from(n).unwrap()).unwrap()
    }

    fn one_of(&mut self, tokens: &[&str]) {
        let at = self.pick(tokens.len());
        self.tokens.push(tokens[at].to_owned());
    }

    fn rule(&mut self, name: &str) {
        let free = name.ends_with("_name") || matches!(name, "enum_word" | "result_outcome");
        match name {
            "SOI" | "EOI" | "claim_word" => {}
            "string" => self.tokens.push("\"src/**\"".to_owned()),
            "int" => self.tokens.push("3".to_owned()),
            // A unit stands in the line of its number or type.
            "decimal" => self.one_of(&["3.50", "3.50 EUR", "3 EUR"]),
            "decimal_type" => self.one_of(&["decimal(3)", "decimal(3) EUR"]),
            "duration" => self.tokens.push("15m".to_owned()),
            _ if free => self.tokens.push(format!("n{}", self.tokens.len())),
            _ => {
                self.depth += 1;
                let grammar = self.grammar;
                self.expr(&grammar.rules[name]);
                self.depth -= 1;
            }
        }
    }

    fn expr(&mut self, expr: &Expr) {
        let deep = self.depth > 9;
        match expr {
            Expr::Str(text) => self.tokens.push(text.clone()),
            Expr::Ident(name) => self.rule(name),
            Expr::PosPred(_) | Expr::NegPred(_) => {}
            Expr::Seq(first, second) => {
                self.expr(first);
                self.expr(second);
            }
            Expr::Choice(..) => {
                let options = options(expr);
                // The last option of each choice in the grammar is the plainest.
                let at = if deep { options.len() - 1 } else { self.pick(options.len()) };
                self.expr(options[at]);
            }
            Expr::Opt(inner) => {
                if !deep && self.pick(2) == 0 {
                    self.expr(inner);
                }
            }
            Expr::Rep(inner) => {
                for _ in 0..if deep { 0 } else { self.pick(3) } {
                    self.expr(inner);
                }
            }
            Expr::RepOnce(inner) => {
                for _ in 0..=self.pick(2) {
                    self.expr(inner);
                }
            }
            other => panic!("the grammar has a new kind of expression: {other:?}"),
        }
    }
}

/// The options of a choice, which is nested to one side.
fn options(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Choice(left, right) => options(left).into_iter().chain(options(right)).collect(),
        other => vec![other],
    }
}
