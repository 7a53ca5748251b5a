//! Traces: what happens, step by step, up to what must not.

use xp_artifact::print;
use xp_diagnostics::Sources;
use xpc_model::{Event, EventKind, Model, Trace};

/// Longest argument printed in a line of a trace, in characters.
const MAX_VALUE: usize = 48;

/// A line for each event: number, who, in which step, what, where.
pub fn text(sources: &Sources, model: &Model, trace: &Trace) -> String {
    let rows: Vec<[String; 4]> = trace.events.iter().map(|event| row(sources, model, event)).collect();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let (who, step, what) = (width(0), width(1), width(2));
    let mut lines = vec!["this run shows it:".to_owned()];
    for (number, [a, b, c, d]) in rows.iter().enumerate() {
        lines.push(format!("{:>3}  {a:who$}  {b:step$}  {c:what$}  {d}", number + 1).trim_end().to_owned());
    }
    lines.push(format!("  => {}", trace.ends_in));
    lines.join("\n")
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
        EventKind::Use { args, .. } => {
            let arguments: Vec<String> = args
                .iter()
                .map(|(name, value)| format!("{name}: {}", shortened(&print::value(value))))
                .collect();
            format!("uses {}({})", action(model, event).unwrap_or_default(), arguments.join(", "))
        }
        EventKind::Settle { outcome: atom } => format!("settles {}", outcome(atom)),
        EventKind::Reopen { outcome: atom, by } => {
            let target = workflow.loops.get(by.index()).and_then(|l| workflow.steps.get(l.target.index()));
            let target = target.map(|step| step.name.as_str()).unwrap_or_default();
            format!("{}: reopens {target}", outcome(atom))
        }
        EventKind::End { outcome: atom } => format!("{}: ends the run", outcome(atom)),
    };
    let place = event.span.map(|span| {
        let line = sources.position(span.source, span.start).line;
        format!("{}:{line}", sources.path(span.source))
    });
    [who, step.map(|step| step.name.clone()).unwrap_or_default(), what, place.unwrap_or_default()]
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
