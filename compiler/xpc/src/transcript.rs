//! A workflow from a transcript of calls: it permits what was done, in the order in which it was done, and nothing else.
//!
//! A transcript is text of others. Names of actions and arguments must be names of the language, values stand in the draft as escaped
//! literals, and nothing else of it is copied.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use xp_json::Tree;

use crate::import::names::{self, Names};
use crate::import::text::quoted_template;

/// Calls of a transcript, at most.
const MAX_CALLS: usize = 10_000;
/// Longest line, in bytes.
const MAX_LINE: usize = 1 << 20;
/// Steps of a draft, at most.
const MAX_STEPS: usize = 100;
/// Open questions that are told one by one.
const MAX_TOLD: usize = 50;

/// Which calls are meant.
pub struct Meant<'a> {
    /// The run; needed if the transcript has several.
    pub run: Option<&'a str>,
    /// Lines whose calls are taken although they were not accepted.
    pub include: &'a [usize],
}

/// A draft.
pub struct Drafted {
    /// Its text.
    pub text: String,
    /// What a person has to decide.
    pub open: Vec<String>,
}

/// A call.
#[derive(Clone, PartialEq, Eq)]
struct Call {
    action: String,
    /// Pins, each with the name of its argument.
    pins: Vec<(String, String)>,
}

/// Calls of one principal without one of another between them.
struct Step {
    principal: String,
    /// Each call with the lines in which it stands.
    calls: Vec<(Call, Vec<usize>)>,
}

/// The workflow `drafted` of a transcript.
///
/// # Errors
/// The text is no transcript, or nothing of it can be drafted.
pub fn draft(text: &str, meant: &Meant<'_>) -> Result<Drafted, String> {
    let (mut steps, mut open, mut runs) = (Vec::<Step>::new(), Vec::new(), BTreeSet::new());
    let mut included: BTreeSet<usize> = meant.include.iter().copied().collect();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        if number > MAX_CALLS || line.len() > MAX_LINE {
            return Err(format!("has more than {MAX_CALLS} lines, or one of more than {MAX_LINE} bytes"));
        }
        let wrong = |what: &str| format!("line {number}: {what}");
        let call = Tree::read(line.as_bytes()).map_err(|why| wrong(&why.to_string()))?;
        let named = |name: &str| call.get(name).and_then(Tree::as_text);
        let run = named("run").unwrap_or_default();
        if meant.run.is_some_and(|meant| meant != run) {
            continue;
        }
        runs.insert(run.to_owned());
        let Some(result) = named("result") else {
            return Err(wrong("has no `result`, which is `accepted` or `refused`"));
        };
        if result != "accepted" && !included.remove(&number) {
            open.push(format!(
                "line {number} was not accepted and is left out; `--include {number}` takes it"
            ));
            continue;
        }
        included.remove(&number);
        let action = named("action").filter(|action| is_action(action));
        let action = action.ok_or_else(|| wrong("has no `action` that is a name of the language"))?;
        let Some(principal) = named("principal") else { return Err(wrong("has no `principal`")) };
        let Some(args) = call.get("args").and_then(Tree::as_record) else {
            return Err(wrong("has no `args` that are an object"));
        };
        let pins = args.iter().map(|(name, value)| Some((name.clone(), literal(name, value)?)));
        let Some(pins) = pins.collect::<Option<Vec<_>>>() else {
            open.push(format!(
                "line {number}: an argument of {action} is neither text, integer nor Boolean, or its name or text cannot be written; pin it by hand"
            ));
            continue;
        };
        take(&mut steps, principal, Call { action: action.to_owned(), pins }, number);
    }
    if runs.len() > 1 {
        return Err(format!("has calls of {} runs: name one with `--run`", runs.len()));
    }
    if let Some(line) = included.first() {
        return Err(format!("has no call in line {line}, which `--include` names"));
    }
    if steps.is_empty() {
        return Err("has no call that can be drafted".to_owned());
    }
    if steps.len() > MAX_STEPS {
        return Err(format!("changes between principals more than {MAX_STEPS} times"));
    }
    open.push(
        "every value is pinned as it was: which of them are parameters, or results of earlier steps?"
            .to_owned(),
    );
    open.push("who may judge that a step is done? No step asks a person".to_owned());
    let text = written(&steps);
    let text = xp_syntax::format(&text)
        .map_err(|_| "has a draft with a syntax error; please report this".to_owned())?;
    Ok(Drafted { text, open })
}

/// What is open, for people.
pub fn told(open: &[String]) -> String {
    let mut text: String = open.iter().rev().take(MAX_TOLD).map(|one| format!("open: {one}\n")).collect();
    if open.len() > MAX_TOLD {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "open: {} more", open.len() - MAX_TOLD);
    }
    text
}

fn take(steps: &mut Vec<Step>, principal: &str, call: Call, line: usize) {
    if steps.last().is_none_or(|step| step.principal != principal) {
        steps.push(Step { principal: principal.to_owned(), calls: Vec::new() });
    }
    let Some(step) = steps.last_mut() else { return };
    match step.calls.iter_mut().find(|(known, _)| *known == call) {
        Some((_, lines)) => lines.push(line),
        None => step.calls.push((call, vec![line])),
    }
}

/// `CONNECTOR.ACTION`, in names of the language.
fn is_action(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() >= 2 && parts.iter().all(|part| names::is_name(part))
}

/// The pin of a value: this value.
fn literal(name: &str, value: &Tree) -> Option<String> {
    if !names::is_name(name) {
        return None;
    }
    match value {
        Tree::Text(text) => quoted_template(text),
        Tree::Bool(value) => Some(value.to_string()),
        Tree::Number(digits) => {
            let plain = digits.len() <= 18 && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.clone())
        }
        Tree::Null | Tree::List(_) | Tree::Record(_) => None,
    }
}

fn written(steps: &[Step]) -> String {
    let mut roles: Vec<(&str, String)> = Vec::new();
    let mut given = Names::default();
    for step in steps {
        if !roles.iter().any(|(principal, _)| *principal == step.principal) {
            roles.push((&step.principal, given.give(names::word(&step.principal.to_lowercase(), "agent_"))));
        }
    }
    let list: Vec<&str> = roles.iter().map(|(_, role)| role.as_str()).collect();
    let mut text = format!(
        "/// Drafted from a transcript: what was done, in its order, as often as it was done.\nworkflow drafted() {{\n  agent {}\n",
        list.join(", ")
    );
    for (number, step) in (1..).zip(steps) {
        let role =
            roles.iter().find(|(principal, _)| *principal == step.principal).map_or("", |(_, role)| role);
        let after = if number == 1 { String::new() } else { format!(" after part{}.done", number - 1) };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n  step part{number} by {role}{after} {{");
        for (call, lines) in &step.calls {
            let pins: Vec<String> = call.pins.iter().map(|(name, pin)| format!("{name}: {pin}")).collect();
            let cited: Vec<String> = lines.iter().take(20).map(usize::to_string).collect();
            let more = if lines.len() > 20 { " and more" } else { "" };
            let limit = match lines.len() {
                1 => "once per run".to_owned(),
                count => format!("max {count} per run"),
            };
            let _ = writeln!(text, "    // line {}{more}", cited.join(", "));
            let _ = writeln!(text, "    may {}({}) {limit}", call.action, pins.join(", "));
        }
        text.push_str("    outcome done\n  }\n");
    }
    text.push_str("}\n");
    text
}
