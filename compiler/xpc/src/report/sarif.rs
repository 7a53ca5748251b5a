//! `--format sarif`: SARIF 2.1.0. What is enforced is no result: it stands among the properties of the run.

use serde_json::{Value, json};
use xp_diagnostics::render;

use crate::report::Report;

/// The log.
pub fn log(report: &Report<'_>) -> Value {
    let mut log =
        render::sarif::render(&report.compiled.sources, &report.diagnostics, env!("CARGO_PKG_VERSION"));
    let guards = report.proved.iter().flat_map(|proved| &proved.model.workflow.guards);
    let enforced: Vec<Value> =
        guards.map(|guard| json!({ "id": guard.id, "source": guard.source })).collect();
    let run = log.get_mut("runs").and_then(|runs| runs.get_mut(0)).and_then(Value::as_object_mut);
    if let Some(run) = run.filter(|_| !enforced.is_empty()) {
        run.insert("properties".to_owned(), json!({ "enforced": enforced }));
    }
    log
}
