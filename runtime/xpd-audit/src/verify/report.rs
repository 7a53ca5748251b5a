//! What verification found.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use xp_scope::Digest;

use super::property::{EntryName, Property};
use crate::entry::Kind;
use crate::note::Cosigned;

/// Findings beyond this many are counted, not listed.
const MAX_FINDINGS: usize = 100;

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything checked holds, by keys that came from outside the package.
    Verified,
    /// Everything checked holds, by keys that whoever made the package could have made too.
    SelfConsistent,
    /// Everything checked holds as far as the package goes, and the run's end is not in it: it was open then, or its tail
    /// was cut.
    Incomplete,
    /// Something does not hold; the findings say what.
    Failed,
}

/// What kind of thing does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The archive, or a file that is missing or too many.
    Archive,
    /// The manifest, or a file that is not what it says.
    Manifest,
    /// A checkpoint or its signature.
    Checkpoint,
    /// Too few cosignatures by the witness policy, or a wrong one.
    Witness,
    /// The log before the run is not the beginning of the log after it.
    Consistency,
    /// A line that is not an entry in canonical form.
    Line,
    /// An entry that is not in the log.
    Inclusion,
    /// Entries missing, doubled or out of order.
    Chain,
    /// The run's end is missing, or does not fit.
    Incomplete,
    /// The artifact, its signature, or an entry that names another.
    Artifact,
    /// A part outside an entry that is missing or damaged.
    Blob,
    /// An action without a grant, or more than one action for one.
    Use,
    /// A decision that is not the machine's.
    Replay,
    /// A property of the artifact that the run broke.
    Property,
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of thing.
    pub fault: Fault,
    /// The entry, where it is about one.
    pub entry: Option<EntryName>,
    /// In words.
    pub message: String,
}

/// The log a package leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogName {
    /// Its name.
    pub origin: String,
    /// Its size at the checkpoint.
    pub size: u64,
    /// Its root there.
    pub root: Digest,
}

/// What verification found, and what it cannot find.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The answer.
    pub verdict: Verdict,
    /// The run.
    pub run: Option<String>,
    /// The artifact in the package.
    pub artifact: Option<Digest>,
    /// The log.
    pub log: Option<LogName>,
    /// Witnesses of the policy that cosigned the checkpoint.
    pub witnesses: Vec<Cosigned>,
    /// Entries by kind.
    pub entries: BTreeMap<Kind, u64>,
    /// Decisions replayed on the machine.
    pub replayed: u64,
    /// The properties of the artifact, in its order, with what the run showed of each; none where nothing was replayed.
    pub properties: Vec<Property>,
    /// What does not hold; by line, then as found.
    pub findings: Vec<Finding>,
    /// Findings that are not listed.
    pub unlisted: usize,
    /// Checks that were left out because of earlier findings.
    pub skipped: Vec<String>,
    /// What this verdict does not prove.
    pub not_proved: Vec<String>,
}

impl Report {
    /// `open`: one finding is that the run's end is missing.
    pub(crate) fn conclude(&mut self, mut findings: Vec<Finding>, keys_from_outside: bool, open: bool) {
        findings.sort_by_key(|finding| finding.entry.as_ref().map_or(0, |entry| entry.line));
        self.verdict = match (findings.len(), keys_from_outside) {
            (0, true) => Verdict::Verified,
            (0, false) => Verdict::SelfConsistent,
            // Nothing was skipped then: all that is there was checked.
            (1, _) if open && self.skipped.is_empty() => Verdict::Incomplete,
            _ => Verdict::Failed,
        };
        self.unlisted = findings.len().saturating_sub(MAX_FINDINGS);
        findings.truncate(MAX_FINDINGS);
        self.findings = findings;
    }
}

impl Finding {
    pub(crate) fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self { fault, entry: None, message: message.into() }
    }

    pub(crate) fn at(fault: Fault, entry: &EntryName, message: impl Into<String>) -> Self {
        Self { fault, entry: Some(entry.clone()), message: message.into() }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Verified => "verified",
            Self::SelfConsistent => "self-consistent",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entry {
            Some(entry) => write!(f, "{entry}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.verdict)?;
        if let Some(run) = &self.run {
            writeln!(f, "  run       {run}")?;
        }
        if let Some(artifact) = &self.artifact {
            writeln!(f, "  artifact  {artifact}")?;
        }
        if let Some(log) = &self.log {
            writeln!(f, "  log       {} at size {}", log.origin, log.size)?;
        }
        if !self.witnesses.is_empty() {
            let names: Vec<&str> = self.witnesses.iter().map(|one| one.witness.as_str()).collect();
            writeln!(f, "  cosigned  {}", names.join(", "))?;
        }
        let entries: u64 = self.entries.values().sum();
        writeln!(f, "  entries   {entries}, {} decisions replayed", self.replayed)?;
        for property in &self.properties {
            writeln!(f, "  property  {property}")?;
        }
        for finding in &self.findings {
            writeln!(f, "error: {finding}")?;
        }
        if self.unlisted > 0 {
            writeln!(f, "error: and {} more", self.unlisted)?;
        }
        for skipped in &self.skipped {
            writeln!(f, "not checked: {skipped}")?;
        }
        for claim in &self.not_proved {
            writeln!(f, "not proved: {claim}")?;
        }
        Ok(())
    }
}
