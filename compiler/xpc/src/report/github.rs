//! `--format github`: workflow commands that annotate a pull request.

use xp_diagnostics::{Severity, codes, render};

use crate::report::{Report, human};

/// One command a diagnostic, then the summary.
pub fn lines(report: &Report<'_>) -> String {
    let sources = &report.compiled.sources;
    let mut text = String::new();
    for diagnostic in &report.diagnostics {
        let mut diagnostic = diagnostic.clone();
        // Without an answer the job fails: an annotation that only warns would not say why.
        if [codes::CONDITIONAL, codes::NO_ANSWER].contains(&diagnostic.code) {
            diagnostic.severity = Severity::Error;
        }
        text.push_str(render::github::render(sources, &diagnostic).trim_end());
        text.push('\n');
    }
    text.push_str(&human::summary(report));
    text
}
