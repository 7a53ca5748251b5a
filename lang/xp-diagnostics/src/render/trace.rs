//! Traces as text and as JSON: what happens, step by step, up to what must not.

use serde_json::{Map, Value as Json, json};
use xp_scope::Value;

use crate::{Event, EventKind, Sources, Trace};

/// Longest argument printed in a line of a trace, in characters.
const MAX_VALUE: usize = 48;
/// Fewer events in common are not worth a reference.
const MIN_SHARED: usize = 3;
/// So many events of one wording share a line.
const MIN_ALIKE: usize = 4;

/// A line for each event: number, place, who, in which step, what. Arguments are shown where the run ends: what leads
/// there is in the source, and JSON has all of it. A beginning that was just shown with the trace `before` is referred to.
#[must_use]
pub fn text(sources: &Sources, trace: &Trace, before: Option<&Trace>) -> String {
    let rows: Vec<[String; 4]> = trace.events.iter().map(|event| row(sources, event)).collect();
    let shared = before.map_or(0, |before| shared(sources, &rows, before));
    let rest = rows.get(shared..).unwrap_or_default();
    let width = |column: usize| {
        let cells = rest.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let (place, who, step) = (width(0), width(1), width(2));
    let mut lines = vec!["this run shows it:".to_owned()];
    if shared > 0 {
        lines.push(format!("  1 to {shared} as in the run above, then"));
    }
    if !trace.chosen.is_empty() {
        let chosen: Vec<String> =
            trace.chosen.iter().map(|(name, value)| format!("{name} = {}", shortened(value))).collect();
        lines.push(format!("  with {}", chosen.join(", ")));
    }
    let mut number = shared + 1;
    for alike in rest.chunk_by(|one, other| one == other) {
        let Some([a, b, c, d]) = alike.first() else { continue };
        let mut line = |number: usize, more: &str| {
            lines.push(format!("{number:>3}  {a:place$}  {b:who$}  {c:step$}  {d}{more}"));
        };
        let next = number + alike.len();
        if alike.len() >= MIN_ALIKE {
            line(number, &format!(", {} times, up to event {}", alike.len(), next - 1));
        } else {
            (number..next).for_each(|number| line(number, ""));
        }
        number = next;
    }
    if let Some(EventKind::Use { args, .. }) = trace.events.last().map(|event| &event.kind) {
        let shown = args.iter().filter(|(_, value)| value.as_record().is_none());
        lines.extend(shown.map(|(name, value)| format!("       {name}: {}", shortened(value))));
    }
    lines.push(format!("  => {}", trace.ends_in));
    lines.join("\n")
}

/// How many events two runs begin with in common, where that is worth a reference. The last event is always shown.
fn shared(sources: &Sources, rows: &[[String; 4]], before: &Trace) -> usize {
    let common =
        rows.iter().zip(&before.events).take_while(|(row, event)| **row == self::row(sources, event));
    let common = common.count().min(rows.len().saturating_sub(1));
    if common < MIN_SHARED { 0 } else { common }
}

fn row(sources: &Sources, event: &Event) -> [String; 4] {
    let place = event.span.map(|span| format!("line {}", sources.position(span.source, span.start).line));
    [place.unwrap_or_default(), who(event), event.step.clone(), what(event)]
}

/// An event as a sentence: `senior in step review settles approved`.
pub(super) fn sentence(event: &Event) -> String {
    format!("{} in step {} {}", who(event), event.step, what(event))
}

/// What a use is given.
pub(super) fn arguments(event: &Event) -> Option<Json> {
    match &event.kind {
        EventKind::Use { args, .. } => Some(object(args)),
        EventKind::Settle { .. } | EventKind::Reopen { .. } | EventKind::End { .. } => None,
    }
}

fn who(event: &Event) -> String {
    match &event.principal {
        Some(principal) => format!("{} ({principal})", event.role),
        None => event.role.clone(),
    }
}

fn what(event: &Event) -> String {
    match &event.kind {
        EventKind::Use { action, .. } => format!("uses {action}"),
        EventKind::Settle { outcome } => format!("settles {outcome}"),
        EventKind::Reopen { outcome, target } => format!("{outcome}: reopens {target}"),
        EventKind::End { outcome } => format!("{outcome}: ends the run"),
    }
}

fn shortened(value: &Value) -> String {
    let text = serde_json::to_string(value).unwrap_or_else(|_| "?".to_owned());
    if text.chars().count() <= MAX_VALUE {
        return text;
    }
    let kept: String = text.chars().take(MAX_VALUE).collect();
    format!("{kept}…")
}

/// The events, as `check --format json` lists them under an obligation.
#[must_use]
pub fn events(sources: &Sources, trace: &Trace) -> Json {
    Json::Array(trace.events.iter().map(|one| event(sources, one)).collect())
}

/// What a trace assumes besides its events: with it, anybody can replay them on the machine.
#[must_use]
pub fn example(trace: &Trace) -> Json {
    let submissions: Map<String, Json> = trace
        .submissions
        .iter()
        .map(|one| (format!("{}.{}", one.step, one.name), json!(one.value)))
        .collect();
    json!({ "params": object(&trace.params), "submissions": submissions, "ends_in": trace.ends_in })
}

fn event(sources: &Sources, event: &Event) -> Json {
    let (kind, outcome) = match &event.kind {
        EventKind::Use { .. } => ("use", None),
        EventKind::Settle { outcome } => ("settle", Some(outcome)),
        EventKind::Reopen { outcome, .. } => ("reopen", Some(outcome)),
        EventKind::End { outcome } => ("end", Some(outcome)),
    };
    let (action, args, result) = match &event.kind {
        EventKind::Use { action, args, result, .. } => (json!(action), object(args), json!(result)),
        EventKind::Settle { .. } | EventKind::Reopen { .. } | EventKind::End { .. } => {
            (Json::Null, Json::Null, Json::Null)
        }
    };
    json!({
        "step": event.step,
        "role": event.role,
        "principal": event.principal,
        "event": kind,
        "action": action,
        "args": args,
        "result": result,
        "outcome": outcome,
        "file": event.span.map(|span| sources.path(span.source)),
        "span": event.span.map(|span| super::json::span(sources, span)),
    })
}

fn object(members: &[(String, Value)]) -> Json {
    Json::Object(members.iter().map(|(name, value)| (name.clone(), json!(value))).collect())
}
