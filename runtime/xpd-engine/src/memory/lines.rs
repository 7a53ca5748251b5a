//! Lines of the server's own log: one per decision, written once the decision is durable.

use xp_wire::RefusalCode;

/// A decision, described with names from the workflow and the roster only: no text from a caller, no
/// arguments, no tokens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    /// Run id, if any.
    pub run: Option<String>,
    /// Whether it is a shadow run.
    pub shadow: bool,
    /// The kind of its audit entry.
    pub what: &'static str,
    /// The step.
    pub step: Option<String>,
    /// The role that acts in the step.
    pub role: Option<String>,
    /// The principal.
    pub principal: Option<String>,
    /// The action.
    pub action: Option<String>,
    /// The refusal code, if refused.
    pub refused: Option<RefusalCode>,
    /// Index of its audit entry.
    pub index: Option<u64>,
}

impl Line {
    fn write(&self) {
        tracing::info!(
            target: "xpd::decision",
            run = self.run.as_deref(),
            shadow = self.shadow.then_some(true),
            step = self.step.as_deref(),
            role = self.role.as_deref(),
            principal = self.principal.as_deref(),
            action = self.action.as_deref(),
            refused = self.refused.map(RefusalCode::as_str),
            index = self.index,
            "{}",
            self.what
        );
    }
}

/// Lines of the current commit.
#[derive(Default)]
pub(super) struct Lines {
    lines: Vec<Line>,
    /// Number of lines when the current command began.
    before: usize,
}

impl Lines {
    pub fn push(&mut self, line: Line) {
        self.lines.push(line);
    }

    pub fn begin(&mut self) {
        self.before = self.lines.len();
    }

    pub fn undo(&mut self) {
        self.lines.truncate(self.before);
    }

    pub fn forget(&mut self) {
        self.lines.clear();
    }

    pub fn write(&mut self) {
        self.lines.drain(..).for_each(|line| line.write());
    }
}
