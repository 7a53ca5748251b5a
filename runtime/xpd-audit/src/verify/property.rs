//! How a property stands in a run, and entries by name.

use std::fmt;

use serde::Serialize;
use xp_artifact::question::Status;

use crate::entry::Kind;

/// Which entry a finding is about, as far as it can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryName {
    /// Line of `events.jsonl`, from 1.
    pub line: usize,
    /// Position in the log.
    pub index: Option<u64>,
    /// Position in the run.
    pub run_seq: Option<u64>,
    /// Kind.
    pub kind: Option<Kind>,
}

/// How a property stands in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InRun {
    /// Nothing in the entries broke it.
    Held,
    /// It is broken if uses whose end is not in the entries were carried out.
    BrokenIfDone,
    /// It is broken.
    Broken,
    /// The replay did not get through every entry and had not found it broken.
    NotChecked,
    /// It speaks of all runs: no log of one shows it.
    NotInLog,
}

/// A property of the artifact and what the run showed of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Property {
    /// Name of the obligation, `bug_fix/merge-requires`.
    pub id: String,
    /// The clause, or the name of the question that is always asked.
    pub source: String,
    /// What the compiler answered, as the artifact carries it.
    pub answer: Status,
    /// How it stands.
    pub in_run: InRun,
    /// The entry since which it is broken, or broken if done.
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
