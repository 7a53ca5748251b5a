//! `--format github`: workflow commands that annotate a pull request.

use xp_diagnostics::render;

use crate::report::{Report, human};

/// One command a diagnostic, then the summary.
pub fn lines(report: &Report<'_>) -> String {
    let sources = &report.compiled.sources;
    let mut text = String::new();
    for diagnostic in &report.diagnostics {
        text.push_str(render::github::render(sources, diagnostic).trim_end());
        text.push('\n');
    }
    text.push_str(&human::summary(report));
    text
}
