//! Traces: what happens, step by step, up to what must not.

use xp_artifact::print;
use xp_diagnostics::Sources;
use xpc_model::{Event, EventKind, Model, Trace};

/// Longest argument printed in a line of a trace, in characters.
const MAX_VALUE: usize = 48;

/// The first line of a trace.
const HEAD: &str = "this run shows it:";
/// Before an argument; events start with fewer spaces.
const INDENT: &str = "       ";
/// Fewer events in common are not worth a reference.
const MIN_SHARED: usize = 3;
/// So many events of one wording share a line.
const MIN_ALIKE: usize = 4;
/// Before the number of the last event of such a line.
const UP_TO: &str = ", up to event ";

/// A line for each event: number, place, who, in which step, what. Arguments are shown where the run ends: what leads
/// there is in the source, and JSON has all of it.
pub fn text(sources: &Sources, model: &Model, trace: &Trace) -> String {
    let rows: Vec<[String; 4]> = trace.events.iter().map(|event| row(sources, model, event)).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let (place, who, step) = (width(0), width(1), width(2));
    let mut lines = vec![HEAD.to_owned()];
    let mut number = 1;
    for alike in rows.chunk_by(|one, other| one == other) {
        let Some([a, b, c, d]) = alike.first() else { continue };
        let mut line = |number: usize, more: &str| {
            lines.push(format!("{number:>3}  {a:place$}  {b:who$}  {c:step$}  {d}{more}"));
        };
        if alike.len() >= MIN_ALIKE {
            line(number, &format!(", {} times{UP_TO}{}", alike.len(), number + alike.len() - 1));
        } else {
            (number..number + alike.len()).for_each(|number| line(number, ""));
        }
        number += alike.len();
    }
    if let Some(EventKind::Use { args, .. }) = trace.events.last().map(|event| &event.kind) {
        let shown = args.iter().filter(|(_, value)| value.as_record().is_none());
        lines.extend(
            shown.map(|(name, value)| format!("{INDENT}{name}: {}", shortened(&print::value(value)))),
        );
    }
    lines.push(format!("  => {}", trace.ends_in));
    lines.join("\n")
}

/// A trace whose beginning was just shown, with a reference to that instead; any other text as it is.
pub fn after(before: &str, text: &str) -> String {
    let event = |line: &str| line.trim_start().starts_with(|c: char| c.is_ascii_digit());
    let lines: Vec<&str> = text.lines().collect();
    let mut shared = before.lines().zip(&lines).take_while(|(a, b)| a == *b).count();
    // An event is told with all its arguments, or not at all.
    while lines.get(shared).is_some_and(|line| line.starts_with(INDENT)) {
        shared -= 1;
    }
    let last = lines.iter().take(shared).rfind(|line| event(line));
    let number = |line: &&str| match line.rsplit_once(UP_TO) {
        Some((_, last)) => last.parse().ok(),
        None => line.split_whitespace().next()?.parse::<usize>().ok(),
    };
    let told = last.and_then(number).unwrap_or_default();
    if !text.starts_with(HEAD) || told < MIN_SHARED {
        return text.to_owned();
    }
    let rest: Vec<&str> = lines.into_iter().skip(shared).collect();
    format!("{HEAD}\n  1 to {told} as in the run above, then\n{}", rest.join("\n"))
}

fn row(sources: &Sources, model: &Model, event: &Event) -> [String; 4] {
    let workflow = &model.workflow;
    let role = workflow.roles.get(event.role.index()).map(|role| role.name.clone()).unwrap_or_default();
    let who = match &event.principal {
        Some(principal) => format!("{role} ({principal})"),
        None => role,
    };
    let step = workflow.steps.get(event.step.index());
    let outcome = |atom: &xp_artifact::workflow::Atom| {
        let outcome = step.and_then(|step| step.outcomes.get(atom.outcome.index()));
        outcome.map(|outcome| outcome.name.clone()).unwrap_or_default()
    };
    let what = match &event.kind {
        EventKind::Use { .. } => format!("uses {}", action(model, event).unwrap_or_default()),
        EventKind::Settle { outcome: atom } => format!("settles {}", outcome(atom)),
        EventKind::Reopen { outcome: atom, by } => {
            let target = workflow.loops.get(by.index()).and_then(|l| workflow.steps.get(l.target.index()));
            let target = target.map(|step| step.name.as_str()).unwrap_or_default();
            format!("{}: reopens {target}", outcome(atom))
        }
        EventKind::End { outcome: atom } => format!("{}: ends the run", outcome(atom)),
    };
    let place = event.span.map(|span| format!("line {}", sources.position(span.source, span.start).line));
    [place.unwrap_or_default(), who, step.map(|step| step.name.clone()).unwrap_or_default(), what]
}

/// The qualified action of a use.
pub fn action(model: &Model, event: &Event) -> Option<String> {
    let EventKind::Use { grant, .. } = &event.kind else { return None };
    let grant = model.workflow.steps.get(event.step.index())?.grants.get(grant.index())?;
    let action = model.workflow.actions.get(grant.action.index())?;
    Some(format!("{}.{}", action.connector, action.name))
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= MAX_VALUE {
        return text.to_owned();
    }
    let kept: String = text.chars().take(MAX_VALUE).collect();
    format!("{kept}…")
}
