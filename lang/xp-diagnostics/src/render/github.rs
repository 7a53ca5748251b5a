//! Annotations: workflow commands of GitHub Actions, one line each.

use crate::{Diagnostic, Severity, Sources};

/// A fault as one line, without a line break.
#[must_use]
pub fn render(sources: &Sources, fault: &Diagnostic) -> String {
    let command = match fault.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(path) = super::path(sources, fault) {
        properties.push(format!("file={}", property(path)));
    }
    if let Some(span) = fault.primary {
        let (start, end) = super::places(sources, span);
        properties.push(format!("line={}", start.line));
        properties.push(format!("endLine={}", end.line));
        // Columns are only understood within one line.
        if start.line == end.line {
            properties.push(format!("col={}", start.column));
            properties.push(format!("endColumn={}", end.column));
        }
    }
    properties.push(format!("title={}", fault.code));
    format!("::{command} {}::{}", properties.join(","), data(&super::text(sources, fault)))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
