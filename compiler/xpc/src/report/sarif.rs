//! `--format sarif`: SARIF 2.1.0.

use serde_json::Value;
use xp_diagnostics::render;

use crate::report::Report;

/// The log.
pub fn log(report: &Report<'_>) -> Value {
    render::sarif::render(&report.compiled.sources, &report.diagnostics, env!("CARGO_PKG_VERSION"))
}
