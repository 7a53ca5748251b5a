//! `editors/vscode`: the TextMate grammar, read by the part of TextMate's rules that it uses.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use fancy_regex::{Captures, Regex};
use serde_json::Value;

use super::{read, words, workflows};

struct Rule {
    scope: Option<String>,
    begin: Regex,
    /// Scopes of groups.
    groups: Vec<(usize, String)>,
    /// Where what began ends, and what stands in between.
    end: Option<(Regex, Vec<Rule>)>,
}

struct Grammar {
    value: Value,
}

impl Grammar {
    fn read() -> Self {
        let text = read("editors/vscode/syntaxes/xp.tmLanguage.json");
        Self { value: serde_json::from_str(&text).unwrap() }
    }

    fn rules(&self, list: &Value) -> Vec<Rule> {
        list.as_array().into_iter().flatten().flat_map(|value| self.rule(value)).collect()
    }

    fn rule(&self, value: &Value) -> Vec<Rule> {
        if let Some(name) = value["include"].as_str() {
            return self.rule(&self.value["repository"][name.trim_start_matches('#')]);
        }
        let regex = |key: &str| value[key].as_str().map(|text| Regex::new(text).unwrap());
        let scope = value["name"].as_str().map(str::to_owned);
        if let Some(begin) = regex("match") {
            let groups = value["captures"].as_object().into_iter().flatten();
            let groups =
                groups.map(|(at, group)| (at.parse().unwrap(), group["name"].as_str().unwrap().to_owned()));
            return vec![Rule { scope, begin, groups: groups.collect(), end: None }];
        }
        match regex("begin") {
            Some(begin) => {
                let end = Some((regex("end").unwrap(), self.rules(&value["patterns"])));
                vec![Rule { scope, begin, groups: Vec::new(), end }]
            }
            None => self.rules(&value["patterns"]),
        }
    }

    /// The scope of each byte of a line.
    fn scopes(rules: &[Rule], line: &str) -> Vec<Option<String>> {
        let mut out = vec![None; line.len()];
        run(rules, line, 0, None, None, &mut out);
        out
    }
}

/// Applies rules until the line or what began ends: of those that match earliest, the first. Returns where it stopped.
fn run(
    rules: &[Rule],
    line: &str,
    from: usize,
    end: Option<&Regex>,
    scope: Option<&String>,
    out: &mut [Option<String>],
) -> usize {
    let mut at = from;
    // What each rule matches next, looked for again once that lies behind.
    let mut ahead: Vec<Option<Captures<'_, str>>> =
        rules.iter().map(|rule| next(&rule.begin, line, at)).collect();
    loop {
        for (rule, known) in rules.iter().zip(&mut ahead) {
            if known.as_ref().is_some_and(|captures| start(captures) < at) {
                *known = next(&rule.begin, line, at);
            }
        }
        let stop = end.and_then(|end| end.find_from_pos(line, at).unwrap());
        let found = rules
            .iter()
            .zip(&ahead)
            .filter_map(|(rule, known)| known.as_ref().map(|captures| (rule, captures)))
            .min_by_key(|(_, captures)| start(captures));
        if let Some(stop) = stop
            && found.as_ref().is_none_or(|(_, captures)| stop.start() <= start(captures))
        {
            out[at..stop.end()].fill(scope.cloned());
            return stop.end();
        }
        let Some((rule, captures)) = found else { return line.len() };
        let whole = captures.get(0).unwrap();
        out[at..whole.start()].fill(scope.cloned());
        out[whole.range()].fill(rule.scope.clone().or_else(|| scope.cloned()));
        for (group, scope) in &rule.groups {
            if let Some(group) = captures.get(*group) {
                out[group.range()].fill(Some(scope.clone()));
            }
        }
        at = whole.end();
        if let Some((end, inner)) = &rule.end {
            at = run(inner, line, at, Some(end), rule.scope.as_ref(), out);
        }
    }
}

fn next<'t>(regex: &Regex, line: &'t str, at: usize) -> Option<Captures<'t, str>> {
    regex.captures_from_pos(line, at).unwrap()
}

fn start(captures: &Captures<'_, str>) -> usize {
    captures.get(0).unwrap().start()
}

/// Stretches of one colour, a line each, with the colour behind: `text  colour`.
pub fn drawn(text: &str, colour: impl Fn(usize) -> Option<String>) -> String {
    let mut out = String::new();
    let mut start = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        writeln!(out, "{}: {}", number + 1, line.trim_end()).unwrap();
        let mut stretch: Option<(usize, String)> = None;
        for (at, _) in line.char_indices().chain([(line.len(), ' ')]) {
            let here = if at < line.len() { colour(start + at) } else { None };
            if stretch.as_ref().map(|(_, name)| name) != here.as_ref() {
                if let Some((from, name)) = stretch.take() {
                    writeln!(out, "    {:<40} {name}", line[from..at].trim()).unwrap();
                }
                stretch = here.map(|name| (at, name));
            }
        }
        start += line.len();
    }
    out
}

fn colours(text: &str) -> String {
    let grammar = Grammar::read();
    let rules = grammar.rules(&grammar.value["patterns"]);
    let scopes: Vec<Option<String>> = text
        .split_inclusive('\n')
        .flat_map(|line| {
            let body = line.trim_end_matches('\n');
            let mut scopes = Grammar::scopes(&rules, body);
            scopes.resize(line.len(), None);
            scopes
        })
        .collect();
    drawn(text, |at| scopes[at].clone())
}

#[test]
fn colours_are_as_the_snapshot_says() {
    insta::assert_snapshot!("textmate_bug_fix", colours(&read("lang/xp-syntax/tests/data/bug_fix.xp")));
    insta::assert_snapshot!("textmate_github", colours(&read("lang/xp-syntax/tests/data/github.xp")));
}

/// Words in the patterns of keywords and constants: exactly those of the table. Names of types that need no declaration are no words.
#[test]
fn its_words_are_those_of_the_table() {
    let grammar = Grammar::read();
    let mut found = BTreeSet::new();
    for name in ["declarations", "phrases", "clauses", "reserved"] {
        for rule in grammar.rule(&grammar.value["repository"][name]) {
            // Escapes such as `\b` are no words, and a class holds no word.
            let pattern =
                Regex::new(r"\\.|\[[^\]]*\]").unwrap().replace_all(rule.begin.as_str(), " ").into_owned();
            let letters = pattern.split(|c: char| !c.is_ascii_alphabetic());
            found.extend(letters.filter(|word| !word.is_empty()).map(str::to_owned));
        }
    }
    assert_eq!(found, words());
}

/// No word of the language stands uncoloured in a workflow where only a reserved word can stand.
#[test]
fn reserved_words_are_coloured_everywhere() {
    let grammar = Grammar::read();
    let rules = grammar.rules(&grammar.value["patterns"]);
    let word = Regex::new(r"(?<![.\w])[a-z]+\b(?!\s*:)").unwrap();
    let reserved: BTreeSet<&str> =
        xp_syntax::words().iter().filter(|word| word.is_reserved()).map(|word| word.text()).collect();
    let workflows = workflows();
    let lines: BTreeSet<&str> = workflows.iter().flat_map(|(_, text)| text.lines()).collect();
    let mut met = BTreeSet::new();
    for line in lines {
        let scopes = Grammar::scopes(&rules, line);
        for found in word.find_iter(line).map(Result::unwrap) {
            if reserved.contains(found.as_str()) {
                met.insert(found.as_str());
                assert!(scopes[found.start()].is_some(), "`{}` in {line}", found.as_str());
            }
        }
    }
    assert!(met.len() > 30, "{met:?}");
}
