//! The result of verification.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use xp_scope::Digest;

use super::property::{EntryName, Property};
use crate::entry::Kind;
use crate::note::Cosigned;

/// Findings beyond this many are counted, not listed.
const MAX_FINDINGS: usize = 100;

/// Overall result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every check holds, under keys supplied from outside the package.
    Verified,
    /// Every check holds, under keys supplied from outside the package, and the run is a shadow run: it was not enforced and is no evidence
    /// about an enforced one.
    Shadow,
    /// Every check holds, under keys that the author of the package could have generated.
    SelfConsistent,
    /// Every check holds for the entries present, and `run.closed` is missing: the package was made while the
    /// run was open, or was truncated.
    Incomplete,
    /// A check failed; see the findings.
    Failed,
}

/// The check that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The archive is malformed, or a file is missing or unexpected.
    Archive,
    /// The manifest is malformed, or a file does not match it.
    Manifest,
    /// A checkpoint or its signature.
    Checkpoint,
    /// The witness policy is not satisfied, or a cosignature does not verify.
    Witness,
    /// The log before the run is not a prefix of the log after it.
    Consistency,
    /// A line that is not an entry in canonical form.
    Line,
    /// An entry that is not in the log.
    Inclusion,
    /// Entries are missing, duplicated or out of order.
    Chain,
    /// `run.closed` is missing or does not match the entries.
    Incomplete,
    /// The artifact or its signature is invalid, or an entry names another artifact.
    Artifact,
    /// A part stored outside an entry is missing or damaged.
    Blob,
    /// An action without a grant, or more than one action under a grant.
    Use,
    /// A decision differs from the machine's.
    Replay,
    /// A judgement of a person that no passkey, no login and no bridge stands for.
    Approval,
    /// The run broke a property of the artifact.
    Property,
}

/// A failed check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check.
    pub fault: Fault,
    /// The entry concerned, if there is one.
    pub entry: Option<EntryName>,
    /// Description for people.
    pub message: String,
}

/// The log to which the package belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogName {
    /// Origin of the log.
    pub origin: String,
    /// Its size at the checkpoint.
    pub size: u64,
    /// Root hash at the checkpoint.
    pub root: Digest,
}

/// The result of verification, and its limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Overall result.
    pub verdict: Verdict,
    /// Run id.
    pub run: Option<String>,
    /// One of the entries, or the manifest, says that the run is a shadow run.
    pub shadow: bool,
    /// Digest of the artifact in the package.
    pub artifact: Option<Digest>,
    /// The log.
    pub log: Option<LogName>,
    /// Valid cosignatures by witnesses of the policy.
    pub witnesses: Vec<Cosigned>,
    /// Number of entries by kind.
    pub entries: BTreeMap<Kind, u64>,
    /// Number of decisions that were replayed on the machine.
    pub replayed: u64,
    /// Number of judgements of people, each signed by a passkey.
    pub approvals: u64,
    /// Number of judgements of people that rest on a login at a provider, which signs no decision.
    pub by_login: u64,
    /// Number of judgements of people that bridges to chats signed.
    pub by_chat: u64,
    /// The properties of the artifact, in its order, with their standing in the run. Empty if nothing was
    /// replayed.
    pub properties: Vec<Property>,
    /// What the server said it leaves open, when the run began.
    pub left_open: Vec<String>,
    /// Failed checks, sorted by line.
    pub findings: Vec<Finding>,
    /// Number of findings beyond the ones listed.
    pub unlisted: usize,
    /// Checks omitted because of earlier findings.
    pub skipped: Vec<String>,
    /// What this verdict does not prove.
    pub not_proved: Vec<String>,
}

impl Report {
    /// `open`: one of the findings is the missing end of the run.
    pub(crate) fn conclude(&mut self, mut findings: Vec<Finding>, keys_from_outside: bool, open: bool) {
        findings.sort_by_key(|finding| finding.entry.as_ref().map_or(0, |entry| entry.line));
        self.verdict = match (findings.len(), keys_from_outside) {
            (0, true) if self.shadow => Verdict::Shadow,
            (0, true) => Verdict::Verified,
            (0, false) => Verdict::SelfConsistent,
            // No check was skipped, so everything present was checked.
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
            Self::Shadow => "shadow",
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
        let also = if self.shadow && self.verdict != Verdict::Shadow { " (shadow)" } else { "" };
        writeln!(f, "{}{also}", self.verdict)?;
        if let Some(run) = &self.run {
            writeln!(f, "  run       {run}")?;
        }
        if self.shadow {
            writeln!(
                f,
                "  shadow    what was refused was not enforced, and what was granted was not sent unless an entry says so"
            )?;
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
        if self.approvals > 0 {
            writeln!(f, "  approved  {} judgements of people, signed by passkeys", self.approvals)?;
        }
        if self.by_login > 0 {
            writeln!(f, "  by login  {} judgements of people, which no passkey signed", self.by_login)?;
        }
        if self.by_chat > 0 {
            writeln!(f, "  by chat   {} judgements of people, which bridges to chats signed", self.by_chat)?;
        }
        for property in &self.properties {
            writeln!(f, "  property  {property}")?;
        }
        for open in &self.left_open {
            writeln!(f, "left open: {open}")?;
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
