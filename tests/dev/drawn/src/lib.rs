//! Random small workflows as source text, covering every construct of the language, with the constructs counted.

#![allow(clippy::indexing_slicing)]

mod dice;
mod world;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dice::Dice;
pub use world::WORLD;

#[derive(Default)]
struct Drawn {
    name: String,
    continuing: Vec<String>,
    /// Bound names, each with its action.
    binders: Vec<(String, &'static str)>,
    submission: bool,
    /// A set of texts is handed in.
    labels: bool,
    upstream: std::collections::BTreeSet<usize>,
}

/// A workflow, and how often each construct occurs in it.
pub struct Generated {
    /// Source text, including the connectors it uses.
    pub text: String,
    /// Number of occurrences by construct.
    pub constructs: BTreeMap<&'static str, u32>,
}

struct Generator {
    dice: Dice,
    steps: Vec<Drawn>,
    text: String,
    constructs: BTreeMap<&'static str, u32>,
    roles: Vec<&'static str>,
    /// Whether to draw evidence about one kind of thing and final uses of it.
    focused: bool,
    /// Whether people take a role.
    people: bool,
    /// Some step has a time limit.
    limited: bool,
    /// Whether values are compared.
    comparing: bool,
    /// The formula being drawn may compare values.
    may_compare: bool,
    /// Steps named in the formula being drawn.
    named: std::collections::BTreeSet<usize>,
}

/// A workflow small enough for exhaustive search.
#[must_use]
pub fn small(seed: u64) -> Generated {
    of_steps(seed, |dice| 2 + dice.pick(4))
}

/// A workflow with this many steps.
#[must_use]
pub fn sized(seed: u64, steps: usize) -> Generated {
    of_steps(seed, |_| steps)
}

fn of_steps(seed: u64, steps: impl FnOnce(&mut Dice) -> usize) -> Generated {
    let mut dice = Dice::of(seed);
    let roles = ["ann", "bob", "cid"][..2 + dice.pick(2)].to_vec();
    let mut generator = Generator {
        dice,
        steps: Vec::new(),
        text: WORLD.to_owned(),
        constructs: BTreeMap::new(),
        roles,
        focused: seed.is_multiple_of(4),
        people: false,
        limited: false,
        comparing: seed % 4 == 1,
        may_compare: false,
        named: Default::default(),
    };
    generator.workflow(steps);
    Generated { text: generator.text, constructs: generator.constructs }
}

impl Generator {
    fn met(&mut self, construct: &'static str) {
        *self.constructs.entry(construct).or_default() += 1;
    }

    fn workflow(&mut self, steps: impl FnOnce(&mut Dice) -> usize) {
        let _ = writeln!(
            self.text,
            "workflow drawn(main: branch, head: commit, place: text, number: int, size: int) {{"
        );
        let _ = writeln!(self.text, "  agent {}", self.roles.join(", "));
        self.people = self.dice.chance(30);
        if self.people {
            self.met("human");
            let _ = writeln!(self.text, "  human dee");
            self.roles.push("dee");
        }
        if self.dice.chance(40) {
            self.met("separate");
            let first = self.dice.pick(self.roles.len());
            let second = (first + 1 + self.dice.pick(self.roles.len() - 1)) % self.roles.len();
            let _ = writeln!(self.text, "  separate roles {}, {}", self.roles[first], self.roles[second]);
        }
        if self.dice.chance(10) {
            self.met("lease");
            let repo = if self.dice.chance(50) { "place" } else { "\"home\"" };
            let _ = writeln!(self.text, "  lease world.Pull({repo}, number)");
        }
        let count = steps(&mut self.dice);
        for index in 0..count {
            self.step(index);
        }
        if self.dice.chance(20) {
            self.met("finish when");
            let formula = self.formula(count, 2);
            let _ = writeln!(self.text, "  finish when {formula}");
        }
        let guarding = self.dice.chance(25);
        for _ in 0..8 + self.dice.pick(6) {
            self.prove(count, guarding);
        }
        self.text.push_str("}\n");
    }

    fn step(&mut self, index: usize) {
        let name = format!("s{index}");
        let submitted = self.steps.iter().any(|step| step.submission || step.labels);
        let by_people = self.people && self.dice.chance(if submitted { 60 } else { 20 });
        let agents = self.roles.len() - usize::from(self.people);
        let role = if by_people { "dee" } else { self.roles[self.dice.pick(agents)] };
        let after = if index == 0 || self.dice.chance(12) {
            String::new()
        } else {
            self.met("after");
            self.named.clear();
            self.may_compare = self.comparing;
            let formula = self.formula(index, 2);
            self.may_compare = false;
            format!(" after {formula}")
        };
        let when = if self.comparing && self.dice.chance(20) {
            self.met("when");
            let first = self.comparison(index, true);
            match self.dice.pick(4) {
                0 => format!(" when not ({first})"),
                1 => format!(" when {first} and {}", self.comparison(index, true)),
                _ => format!(" when {first}"),
            }
        } else {
            String::new()
        };
        let _ = writeln!(self.text, "  step {name} by {role}{after}{when} {{");
        let mut drawn = Drawn { name: name.clone(), ..Drawn::default() };
        if !after.is_empty() {
            for step in std::mem::take(&mut self.named) {
                drawn.upstream.extend(self.steps[step].upstream.iter().copied());
                drawn.upstream.insert(step);
            }
        }
        if by_people {
            self.by_people(&mut drawn);
            self.time_limit(&mut drawn);
            self.text.push_str("  }\n");
            self.steps.push(drawn);
            return;
        }
        let mut tests = None;
        let mut plain = None;
        for number in 0..self.dice.pick(3) {
            let action = if self.focused {
                *self.dice.of_list(&[
                    "inspect", "inspect", "rate", "view", "edit", "pay", "pay", "close", "propose", "bill",
                ])
            } else {
                *self.dice.of_list(&[
                    "talk", "make", "make", "write", "write", "test", "check", "check", "scan", "inspect",
                    "rate", "pay", "propose", "edit", "look", "merge", "deploy", "drop", "call", "bill",
                ])
            };
            // An action that expects a version needs an earlier use that yields one.
            let rated = self.data(index, &["rate"]);
            let action = match action {
                "close" if rated.is_none() => "pay",
                "close" if self.dice.chance(35) => "settle",
                action => action,
            };
            let binder = self.dice.chance(65).then(|| format!("b{number}"));
            self.grant((index, number), action, binder.as_deref());
            if number > 0 && self.dice.chance(15) {
                let last = self.text.trim_end().lines().last().unwrap_or_default().to_owned();
                let call = last.split(')').next().unwrap_or_default().to_owned();
                if call.contains("may world.") || call.contains("may silent.") {
                    self.met("overlapping grants");
                    let _ = writeln!(self.text, "{call}) once per opening as twin{number}");
                }
            }
            if let Some(binder) = binder {
                match action {
                    "test" | "deploy" | "check" | "scan" | "inspect" | "rate" => tests = Some(binder.clone()),
                    _ => plain = Some(binder.clone()),
                }
                drawn.binders.push((binder, action));
            }
        }
        if self.dice.chance(15) {
            self.met("submit");
            let max = 1 + self.dice.pick(2);
            let _ = writeln!(self.text, "    submit files: set of path within [\"src/**\"] max {max}");
            drawn.submission = true;
        }
        if self.dice.chance(10) {
            self.met("submit a set of texts");
            let _ = writeln!(self.text, "    submit labels: set of text max 2");
            drawn.labels = true;
        }
        self.outcomes(index, &mut drawn, tests, plain);
        self.time_limit(&mut drawn);
        self.text.push_str("  }\n");
        self.steps.push(drawn);
    }

    /// The outcomes of a step that only judges.
    fn by_people(&mut self, drawn: &mut Drawn) {
        self.met("by people");
        let mut judged = Vec::new();
        for step in &self.steps {
            judged.extend(step.submission.then(|| format!("{}.files", step.name)));
            judged.extend(step.labels.then(|| format!("{}.labels", step.name)));
        }
        let of = match judged.is_empty() || self.dice.chance(25) {
            true => String::new(),
            false => {
                self.met("people judge");
                format!(" of {}", self.dice.of_list(&judged))
            }
        };
        let distinct = match self.dice.pick(3) {
            0 => {
                self.met("distinct");
                " by 2 distinct"
            }
            _ => "",
        };
        let _ = writeln!(self.text, "    outcome done{of}{distinct}");
        drawn.continuing.push("done".to_owned());
        if self.dice.chance(30) {
            let _ = writeln!(self.text, "    outcome other");
            drawn.continuing.push("other".to_owned());
        }
        if self.dice.chance(50) {
            self.ending("back", "", drawn);
        }
    }

    /// A time limit for some steps; mostly for one, since the exhaustive search decides no more.
    fn time_limit(&mut self, drawn: &mut Drawn) {
        if !self.dice.chance(if self.limited { 3 } else { 12 }) {
            return;
        }
        self.met("time limit");
        self.limited = true;
        if drawn.submission || drawn.labels || self.dice.chance(40) {
            let _ = writeln!(self.text, "    within 1h else late -> end");
            return;
        }
        let _ = writeln!(self.text, "    within 1h else late");
        self.ending("late", "", drawn);
    }

    fn grant(&mut self, (index, number): (usize, usize), action: &'static str, binder: Option<&str>) {
        let arguments = match action {
            "talk" | "call" => self.body(index),
            "check" | "propose" => self.branch(index),
            "inspect" | "edit" | "rate" | "pay" | "view" => self.number(index),
            "bill" => self.bill(index),
            "close" | "settle" => {
                self.met(if action == "close" { "expects" } else { "expects or reports" });
                let rated = self.data(index, &["rate"]).unwrap_or_default();
                format!("{}, version: {rated}.version", self.number(index))
            }
            "scan" => format!("{}, path: {}", self.branch(index), self.path(index)),
            "make" if self.data(index, &["talk", "drop"]).is_some() && self.dice.chance(70) => {
                self.met("template");
                let said = self.data(index, &["talk", "drop"]).unwrap_or_default();
                format!("\"made-{{{said}.id}}-{index}-{number}\"")
            }
            "make" if self.dice.chance(25) => {
                self.met("one name for several");
                "\"topic\"".to_owned()
            }
            "make" => {
                self.met("literal");
                format!("\"made-{index}-{number}\"")
            }
            "write" => format!("{}, path: {}", self.branch(index), self.path(index)),
            "drop" => self.branch(index),
            "merge" => format!("{}, into: main", self.commit(index)),
            _ => self.commit(index),
        };
        let placed = [
            "make", "write", "check", "scan", "inspect", "propose", "edit", "merge", "drop", "rate", "pay",
            "close", "settle", "view", "bill",
        ];
        let repo = match self.dice.pick(8) {
            0 | 1 if placed.contains(&action) => ", repo: \"away\"",
            2 if placed.contains(&action) => ", repo: place",
            _ => "",
        };
        if !repo.is_empty() {
            self.met("another container");
        }
        let connector = if action == "call" { "silent" } else { "world" };
        let mut limit = match self.dice.pick(9) {
            0..=4 => "once per opening",
            5 | 6 => "once per run",
            7 => "max 2",
            8 => "max 2 per opening",
            _ => "max 2 per run",
        };
        if index == 0 && matches!(action, "talk" | "look") && binder.is_none() {
            limit = "";
        }
        self.met(match limit {
            "once per opening" => "once per opening",
            "once per run" => "once per run",
            "max 2 per run" => "max per run",
            "" => "implied limit",
            _ => "max per opening",
        });
        let bound = binder.map(|name| format!(" as {name}")).unwrap_or_default();
        if binder.is_some() {
            self.met("binder");
        }
        let _ = writeln!(self.text, "    may {connector}.{action}({arguments}{repo}) {limit}{bound}");
    }

    fn body(&mut self, index: usize) -> String {
        let said = self.data(index, &["talk", "drop"]);
        match (self.dice.pick(4), said) {
            (0..=2, Some(said)) => {
                self.met("template");
                format!("\"about {{{said}.id}}\"")
            }
            (1, _) => {
                self.met("any");
                "any".to_owned()
            }
            (2, _) => {
                self.met("literal");
                "\"fixed\"".to_owned()
            }
            _ => {
                self.met("content");
                "content".to_owned()
            }
        }
    }

    fn branch(&mut self, index: usize) -> String {
        let made = self.data(index, &["make"]);
        match (self.dice.pick(8), made) {
            (0, _) => {
                self.met("any");
                "any".to_owned()
            }
            (1, _) if self.dice.chance(50) => {
                self.met("a literal that may be made");
                "\"topic\"".to_owned()
            }
            (1 | 2, _) | (_, None) => {
                self.met("parameter");
                "main".to_owned()
            }
            (_, Some(made)) => {
                self.met("datum");
                made
            }
        }
    }

    fn number(&mut self, index: usize) -> String {
        let said = self.data(index, &["propose", "propose", "edit"]);
        if self.focused && self.dice.chance(60) {
            return "number".to_owned();
        }
        match (self.dice.pick(6), said) {
            (0, _) => {
                self.met("any");
                "any".to_owned()
            }
            (1, _) => "1".to_owned(),
            (2, _) => "2".to_owned(),
            (3, _) | (_, None) => {
                self.met("parameter");
                "number".to_owned()
            }
            (_, Some(said)) => format!("{said}.id"),
        }
    }

    /// Arguments of the types that are neither names nor free text, each a literal, a datum of an earlier bill, or anything.
    fn bill(&mut self, index: usize) -> String {
        let number = self.number(index);
        let earlier = self.data(index, &["bill"]);
        let mut list = vec![number];
        let literals = [
            ("total", "5 EUR"),
            ("due", "\"2026-11-26T18:00:00Z\""),
            ("grace", "90m"),
            ("page", "\"https://example.com/terms?v=1\""),
        ];
        for (field, literal) in literals {
            list.push(match (self.dice.pick(4), &earlier) {
                (0, _) => {
                    self.met("any of another type");
                    format!("{field}: any")
                }
                (1 | 2, Some(bill)) => {
                    self.met("datum of another type");
                    format!("{field}: {bill}.{field}")
                }
                _ => {
                    self.met("literal of another type");
                    format!("{field}: {literal}")
                }
            });
        }
        let labelled: Vec<String> =
            self.steps[..index].iter().filter(|s| s.labels).map(|s| format!("{}.labels", s.name)).collect();
        list.push(match (self.dice.pick(3), &earlier) {
            (0, Some(bill)) => {
                self.met("one of a set");
                format!("tag: one of {bill}.tags")
            }
            (1, _) if !labelled.is_empty() => {
                self.met("one of a set");
                format!("tag: one of {}", self.dice.of_list(&labelled))
            }
            _ => "tag: \"new\"".to_owned(),
        });
        match (self.dice.pick(4), &earlier) {
            (0, _) => {
                self.met("any optional");
                list.push("note: any".to_owned());
            }
            (1, Some(bill)) => {
                self.met("optional datum");
                list.push(format!("note: {bill}.note"));
            }
            (2, _) => list.push("note: content max 100".to_owned()),
            _ => self.met("optional left out"),
        }
        list.join(", ")
    }

    fn commit(&mut self, index: usize) -> String {
        let made = self.data(index, &["write", "test", "merge", "deploy", "check", "scan"]);
        match (self.dice.pick(8), made) {
            (0, _) => {
                self.met("any");
                "any".to_owned()
            }
            (1, _) | (_, None) => {
                self.met("parameter");
                "head".to_owned()
            }
            (_, Some(made)) => {
                self.met("datum");
                format!("{made}.commit")
            }
        }
    }

    fn path(&mut self, index: usize) -> String {
        let planned: Vec<String> =
            self.steps[..index].iter().filter(|s| s.submission).map(|s| s.name.clone()).collect();
        match self.dice.pick(5) {
            0 | 1 if !planned.is_empty() => {
                self.met("one of");
                let step = self.dice.of_list(&planned).clone();
                let within = if self.dice.chance(30) { " within [\"src/**\"]" } else { "" };
                format!("one of {step}.files{within}")
            }
            2 => {
                self.met("any");
                "any".to_owned()
            }
            3 => {
                self.met("literal");
                "\"src/lib.rs\"".to_owned()
            }
            _ => {
                self.met("within");
                "within [\"src/**\", \"docs/*.md\"]".to_owned()
            }
        }
    }

    /// A name bound in an earlier step to the result of one of these actions.
    fn data(&mut self, index: usize, actions: &[&str]) -> Option<String> {
        let all: Vec<String> = self.steps[..index]
            .iter()
            .flat_map(|step| {
                let made = step.binders.iter().filter(|(_, action)| actions.contains(action));
                made.map(|(binder, _)| format!("{}.{binder}", step.name))
            })
            .collect();
        (!all.is_empty()).then(|| self.dice.of_list(&all).clone())
    }

    /// A comparison of the parameter, or of what a step below gave; a Boolean by its name alone, where that may stand.
    fn comparison(&mut self, below: usize, flags: bool) -> String {
        let rated = self.data(below, &["rate"]).map(|rated| format!("{rated}.version"));
        if flags
            && self.dice.chance(20)
            && let Some(flag) = self.data(below, &["test", "check", "scan", "inspect", "rate"])
        {
            self.met("compares a Boolean");
            return format!("{flag}.passed");
        }
        self.met("compares");
        let sign = *self.dice.of_list(&["<", "<=", ">", ">=", "is", "is not"]);
        let limit = if self.dice.chance(80) { "10" } else { "12" };
        match rated {
            Some(rated) if self.dice.chance(40) => {
                self.met("compares two data");
                format!("{rated} {sign} size")
            }
            Some(rated) if self.dice.chance(50) => format!("{rated} {sign} {limit}"),
            _ => format!("size {sign} {limit}"),
        }
    }

    fn outcomes(&mut self, index: usize, drawn: &mut Drawn, tests: Option<String>, plain: Option<String>) {
        let mut automatic = false;
        if self.comparing && self.dice.chance(25) {
            self.met("auto when compared");
            let rated = drawn.binders.iter().find(|(_, action)| *action == "rate");
            let left = rated.map_or("size".to_owned(), |(binder, _)| format!("{binder}.version"));
            let right = if rated.is_some() && self.dice.chance(50) { "size" } else { "10" };
            let (sign, other) =
                *self.dice.of_list(&[("<=", ">"), ("<", ">="), ("is", "is not"), ("<=", ">=")]);
            let _ = writeln!(self.text, "    outcome small auto when {left} {sign} {right}");
            drawn.continuing.push("small".to_owned());
            self.ending("large", &format!(" auto when {left} {other} {right}"), drawn);
            return;
        }
        match (self.dice.pick(6), tests, plain) {
            (0..=2, Some(tests), _) => {
                automatic = true;
                self.met("auto when");
                self.met("not");
                let flag = if self.dice.chance(20) {
                    self.met("condition and/or");
                    format!("{tests}.passed and {tests}.clean")
                } else {
                    format!("{tests}.passed")
                };
                let said = self.data(index, &["propose", "edit", "pay"]);
                let (of, counts) = match said.filter(|_| self.focused || self.dice.chance(30)) {
                    Some(said) => {
                        self.met("counts as judgement");
                        (format!(" of {said}.id"), " counts as judgement because \"it was measured\"")
                    }
                    None => (String::new(), ""),
                };
                let _ = writeln!(self.text, "    outcome good{of} auto when {flag}{counts}");
                drawn.continuing.push("good".to_owned());
                let negated = if self.dice.chance(15) {
                    // Leaves a gap, or lets both be due at once.
                    self.met("auto with a gap");
                    format!("not {tests}.clean")
                } else if flag.contains(" and ") {
                    format!("not ({flag})")
                } else {
                    format!("not {flag}")
                };
                self.ending("bad", &format!(" auto when {negated}"), drawn);
            }
            (0..=3, _, Some(plain)) => {
                automatic = true;
                self.met("auto when");
                let _ = writeln!(self.text, "    outcome done auto when {plain}");
                drawn.continuing.push("done".to_owned());
            }
            (4, Some(binder), _) | (4, None, Some(binder)) => {
                self.met("outcome if");
                let _ = writeln!(self.text, "    outcome done if {binder}");
                drawn.continuing.push("done".to_owned());
            }
            _ => {
                let judged = self.judged(index);
                let of = judged.map(|(datum, shown)| format!(" of {datum}{shown}")).unwrap_or_default();
                if !of.is_empty() {
                    self.met("of");
                }
                let _ = writeln!(self.text, "    outcome done{of}");
                drawn.continuing.push("done".to_owned());
            }
        }
        if !automatic && self.dice.chance(30) {
            let _ = writeln!(self.text, "    outcome other");
            drawn.continuing.push("other".to_owned());
        }
        if self.dice.chance(35) {
            self.ending("back", "", drawn);
        }
    }

    /// A datum that a step may judge: a submission, a commit that it can be shown, or the name of something. With it the condition
    /// that the judge has looked at that, if there is one.
    fn judged(&mut self, index: usize) -> Option<(String, &'static str)> {
        if !self.dice.chance(30) {
            return None;
        }
        if let Some(made) = self.data(index, &["make"]).filter(|_| self.dice.chance(35)) {
            self.met("judges what was made");
            let looked = if self.dice.chance(20) { "any" } else { &made };
            let limit = if self.dice.chance(50) { "once per opening" } else { "max 2" };
            let _ = writeln!(self.text, "    may world.check({looked}) {limit} as seen");
            let shown = match self.dice.pick(3) {
                0 => "",
                1 => " if seen",
                _ => " if seen.passed",
            };
            return Some((made, shown));
        }
        let planned: Vec<String> = self.steps[..index]
            .iter()
            .filter(|s| s.submission)
            .map(|s| format!("{}.files", s.name))
            .collect();
        if !planned.is_empty() && self.dice.chance(50) {
            return Some((self.dice.of_list(&planned).clone(), ""));
        }
        if self.focused || self.dice.chance(40) {
            // A name, and possibly a read of what it denotes.
            let said = self.data(index, &["edit", "pay", "view", "propose"]).map(|said| format!("{said}.id"));
            let name = said.filter(|_| self.dice.chance(70)).unwrap_or_else(|| "number".to_owned());
            self.met("judges a name");
            let looked = match self.dice.pick(4) {
                0 => "any",
                1 => "number",
                _ => &name,
            };
            let bound = self.dice.chance(40);
            let shown = if bound && self.dice.chance(50) { " if seen" } else { "" };
            let bound = if bound { " as seen" } else { "" };
            let _ = writeln!(self.text, "    may world.view({looked}) max 2{bound}");
            return Some((name, shown));
        }
        let commit = format!("{}.commit", self.data(index, &["write", "test", "check", "scan", "inspect"])?);
        if self.dice.chance(80) {
            let _ = writeln!(self.text, "    may world.look({commit}) once per opening");
        }
        Some((commit, ""))
    }

    /// An outcome that reopens, ends the run, or continues.
    fn ending(&mut self, name: &str, how: &str, drawn: &mut Drawn) {
        let upstream: Vec<usize> = drawn.upstream.iter().copied().collect();
        match self.dice.pick(4) {
            0 => {
                self.met("end");
                let _ = writeln!(self.text, "    outcome {name}{how} -> end");
            }
            n if n == 1 || upstream.is_empty() => {
                let _ = writeln!(self.text, "    outcome {name}{how}");
                drawn.continuing.push(name.to_owned());
            }
            _ => {
                self.met("reopen");
                let target = *self.dice.of_list(&upstream);
                let max = 1 + self.dice.pick(2);
                let notes = if self.dice.chance(50) { " with notes" } else { "" };
                let gone = format!("{name}_spent");
                let then = match self.dice.pick(3) {
                    0 => {
                        self.met("then in place");
                        format!("{gone} -> end")
                    }
                    1 => {
                        self.met("then declared");
                        let _ = writeln!(self.text, "    outcome {gone} -> end");
                        gone
                    }
                    _ => {
                        self.met("then continues");
                        let _ = writeln!(self.text, "    outcome {gone}");
                        drawn.continuing.push(gone.clone());
                        gone
                    }
                };
                let _ = writeln!(
                    self.text,
                    "    outcome {name}{how} -> reopen s{target}{notes} (max {max}, then {then})"
                );
            }
        }
    }

    fn formula(&mut self, below: usize, depth: usize) -> String {
        if depth > 0 && self.dice.chance(35) {
            let and = self.dice.chance(55);
            self.met(if and { "and" } else { "or" });
            let word = if and { " and " } else { " or " };
            let parts: Vec<String> = (0..2).map(|_| self.formula(below, depth - 1)).collect();
            let wrapped: Vec<String> =
                parts.iter().map(|p| if p.contains(' ') { format!("({p})") } else { p.clone() }).collect();
            return wrapped.join(word);
        }
        if self.may_compare && self.dice.chance(12) {
            return self.comparison(below, false);
        }
        let step = self.dice.pick(below);
        self.named.insert(step);
        let outcomes = self.steps[step].continuing.clone();
        let name = self.steps[step].name.clone();
        if outcomes.len() == 1 && self.dice.chance(20) {
            self.met("bare step");
            return name;
        }
        if self.dice.chance(10) {
            self.met("any outcome");
            return format!("{name}.any");
        }
        format!("{name}.{}", self.dice.of_list(&outcomes))
    }

    fn is_granted(&self, action: &str) -> bool {
        self.text.contains(&format!("may world.{action}("))
    }

    /// In most cases an action that some step may use, since other properties are vacuous.
    fn uses(&mut self) -> String {
        let literal = self.text.contains("\"topic\"");
        if !literal && self.dice.chance(15) && (self.is_granted("write") || self.is_granted("check")) {
            self.met("uses with arguments");
            let action = if self.is_granted("write") { "write" } else { "check" };
            return format!("world.{action}(at: main)");
        }
        let all = ["write", "test", "merge", "deploy", "look", "make", "drop", "talk", "check", "propose"];
        let granted: Vec<&str> = all.iter().copied().filter(|action| self.is_granted(action)).collect();
        let action = match granted.is_empty() || self.dice.chance(10) {
            true => *self.dice.of_list(&all),
            false => *self.dice.of_list(&granted),
        };
        if self.dice.chance(40) {
            return format!("world.{action}");
        }
        let effect = match action {
            "write" | "make" => "write",
            "test" => "execute",
            "look" | "check" => "read",
            "talk" | "propose" => "discuss",
            "drop" => "delete",
            other => other,
        };
        format!("effect {effect}")
    }

    fn prove(&mut self, count: usize, guarding: bool) {
        let clause = match self.dice.pick(10) {
            0 => {
                self.met("no role");
                format!("no role can {} and {}", self.uses(), self.uses())
            }
            1 | 2 => {
                self.met("no principal");
                format!("no principal can {} and {}", self.uses(), self.uses())
            }
            3 | 4 => {
                self.met("requires");
                self.may_compare = self.comparing;
                let formula = self.formula(count, 1);
                self.may_compare = false;
                format!("{} requires {formula}", self.uses())
            }
            5 => {
                self.met("never");
                let what = match self.dice.pick(3) {
                    // The exhaustive search gives the parameter a single value, which is not a literal.
                    0 | 1 if self.text.contains("\"topic\"") => self.uses(),
                    0 if self.is_granted("write") || self.dice.chance(20) => {
                        "world.write(at: main)".to_owned()
                    }
                    1 if self.is_granted("drop") || self.dice.chance(20) => "world.drop(at: main)".to_owned(),
                    _ => self.uses(),
                };
                format!("never {what}")
            }
            8 => {
                self.met("only through");
                format!(
                    "untrusted text reaches {} only through {}",
                    self.uses(),
                    self.dice.of_list(&self.roles)
                )
            }
            6 if self.is_granted("write") || self.dice.chance(20) => {
                self.met("only within");
                let planned: Vec<String> =
                    self.steps.iter().filter(|s| s.submission).map(|s| format!("{}.files", s.name)).collect();
                if !planned.is_empty() && self.dice.chance(60) {
                    format!("world.write only within {}", self.dice.of_list(&planned))
                } else {
                    "world.write only within [\"src/**\"]".to_owned()
                }
            }
            _ => {
                self.met("at most");
                format!("{} at most {} per run", self.uses(), 1 + self.dice.pick(2))
            }
        };
        if guarding && !clause.starts_with("untrusted") && self.dice.chance(30) {
            self.met("guard");
            let _ = writeln!(self.text, "  guard {clause}");
            return;
        }
        let marked = if self.dice.chance(20) {
            self.met("or vacuous");
            " or vacuous"
        } else {
            ""
        };
        let _ = writeln!(self.text, "  prove {clause}{marked}");
    }
}
