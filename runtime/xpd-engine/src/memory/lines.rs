//! The server's own log of what was decided: a line each, written once the decision is durable.

use xp_wire::RefusalCode;

/// A decision. Names are those of the workflow and the roster, never what a caller wrote; no arguments, no tokens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    /// The run, if it is of one.
    pub run: Option<String>,
    /// What was asked or recorded, as the kind of its entry.
    pub what: &'static str,
    /// The step.
    pub step: Option<String>,
    /// The role that acts in it.
    pub role: Option<String>,
    /// Whose doing it is.
    pub principal: Option<String>,
    /// The action.
    pub action: Option<String>,
    /// Why it was refused, if it was.
    pub refused: Option<RefusalCode>,
    /// Its entry in the audit log.
    pub index: Option<u64>,
}

impl Line {
    fn write(&self) {
        tracing::info!(
            target: "xpd::decision",
            run = self.run.as_deref(),
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

/// Lines of the running commit.
#[derive(Default)]
pub(super) struct Lines {
    lines: Vec<Line>,
    /// How many there were when the command began.
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
