//! How a property stands in a run, and how entries are named in findings.

use std::fmt;

use serde::Serialize;
use xp_artifact::question::Status;

use crate::entry::Kind;

/// The entry that a finding is about, as far as it can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryName {
    /// Line of `events.jsonl`, from 1.
    pub line: usize,
    /// Position in the log, from 0.
    pub index: Option<u64>,
    /// Position in the run, from 0.
    pub run_seq: Option<u64>,
    /// Kind.
    pub kind: Option<Kind>,
}

/// Standing of a property in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InRun {
    /// The entries do not break it.
    Held,
    /// Broken if uses whose end is not in the entries were carried out.
    BrokenIfDone,
    /// Broken.
    Broken,
    /// The replay stopped before the last entry and had not found it broken.
    NotChecked,
    /// The property is about all runs; the log of one run cannot show it.
    NotInLog,
}

/// A property of the artifact and its standing in the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Property {
    /// Name of the obligation, `bug_fix/merge-requires`.
    pub id: String,
    /// The clause in source form, or the name of a built-in property.
    pub source: String,
    /// The compiler's answer, as recorded in the artifact.
    pub answer: Status,
    /// Standing in the run.
    pub in_run: InRun,
    /// The entry that broke it, or that would have if done.
    pub since: Option<EntryName>,
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |n: Option<u64>| n.map_or_else(|| "?".to_owned(), |n| n.to_string());
        let kind = self.kind.map_or("kind unreadable", Kind::as_str);
        let (index, run_seq) = (number(self.index), number(self.run_seq));
        write!(f, "entry {index} (line {}, run_seq {run_seq}, {kind})", self.line)
    }
}

impl fmt::Display for InRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Held => "held",
            Self::BrokenIfDone => "broken if done",
            Self::Broken => "broken",
            Self::NotChecked => "not checked",
            Self::NotInLog => "not in a log",
        })
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<14}  {}", self.in_run.to_string(), self.id)?;
        match &self.since {
            Some(since) => write!(f, ", since {since}"),
            None => Ok(()),
        }
    }
}
