//! Witness policies (C2SP tlog-policy): logs, witnesses, and the quorum of cosignatures.

use super::cosignature::cosigned_at;
use super::signed::{Note, NoteError};
use super::vkey::{CosignerKey, Vkey};

/// Upper bound on the lines of each kind.
const MAX: usize = 64;

/// A log named by a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyLog {
    /// The log's key; the key's name is the log's origin.
    pub key: Vkey,
    /// URL of the log, if stated.
    pub url: Option<String>,
}

/// A witness named by a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyWitness {
    /// Name of the witness in the policy.
    pub name: String,
    /// Its key.
    pub key: CosignerKey,
    /// Submission prefix (URL) of the witness, if stated.
    pub url: Option<String>,
}

/// A group, satisfied when at least `k` of its members are.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    name: String,
    k: usize,
    members: Vec<Member>,
}

/// Index of a witness or a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

/// A parsed policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    /// `None` for `quorum none`.
    quorum: Option<Member>,
}

/// A syntax error in a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct PolicyError {
    /// The line, from 1; 0 for the policy as a whole.
    pub line: usize,
    /// Description of the fault.
    pub what: String,
}

/// A valid cosignature.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Cosigned {
    /// The witness, by its name in the policy.
    pub witness: String,
    /// Time of the cosignature, in seconds since 1970 by the clock of the witness.
    pub time: u64,
}

/// Why a checkpoint does not satisfy a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuorumError {
    /// A cosignature claims a witness of the policy and does not verify. Holds the witness.
    #[error("the cosignature of `{0}` is wrong")]
    Wrong(String),
    /// The quorum is not reached.
    #[error("cosigned by {}, and the policy's quorum is {quorum}", list(.cosigned))]
    Missing {
        /// Witnesses whose cosignatures are valid.
        cosigned: Vec<String>,
        /// The quorum as text.
        quorum: String,
    },
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "no witness of the policy".to_owned() } else { names.join(", ") }
}

impl Policy {
    /// Parses a policy.
    ///
    /// # Errors
    /// The first line with a fault.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let mut policy = Self { logs: Vec::new(), witnesses: Vec::new(), groups: Vec::new(), quorum: None };
        let mut has_quorum = false;
        let mut used = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let wrong = |what: String| PolicyError { line: at + 1, what };
            if line.chars().any(|c| c.is_ascii_control() && c != '\t') {
                return Err(wrong("a control character".to_owned()));
            }
            let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            match words.as_slice() {
                [] => {}
                [first, ..] if first.starts_with('#') => {}
                ["log", key] => policy.log(key, None).map_err(wrong)?,
                ["log", key, url] => policy.log(key, Some(url)).map_err(wrong)?,
                ["witness", name, key] => policy.witness(name, key, None).map_err(wrong)?,
                ["witness", name, key, url] => policy.witness(name, key, Some(url)).map_err(wrong)?,
                ["group", name, k, members @ ..] => {
                    policy.group(name, k, members, &mut used).map_err(wrong)?;
                }
                ["quorum", _] if has_quorum => return Err(wrong("a second quorum".to_owned())),
                ["quorum", name] => {
                    has_quorum = true;
                    policy.quorum = match *name {
                        "none" => None,
                        name => Some(policy.named(name).map_err(wrong)?),
                    };
                }
                _ => {
                    return Err(wrong(
                        "none of `log`, `witness`, `group`, `quorum` with its words".to_owned(),
                    ));
                }
            }
        }
        if has_quorum {
            return Ok(policy);
        }
        Err(PolicyError { line: 0, what: "there is no `quorum` line".to_owned() })
    }

    fn log(&mut self, key: &str, url: Option<&str>) -> Result<(), String> {
        let key: Vkey = key.parse().map_err(|error: super::VkeyError| error.to_string())?;
        if self.logs.iter().any(|log| log.key.bytes() == key.bytes()) {
            return Err("the key of another log line".to_owned());
        }
        self.logs.push(PolicyLog { key, url: url.map(str::to_owned) });
        bounded(&self.logs)
    }

    fn witness(&mut self, name: &str, key: &str, url: Option<&str>) -> Result<(), String> {
        let key: CosignerKey = key.parse().map_err(|error: super::VkeyError| error.to_string())?;
        if self.witnesses.iter().any(|witness| witness.key.bytes() == key.bytes()) {
            return Err("the key of another witness line: it would count twice".to_owned());
        }
        self.is_free(name)?;
        self.witnesses.push(PolicyWitness { name: name.to_owned(), key, url: url.map(str::to_owned) });
        bounded(&self.witnesses)
    }

    fn group(&mut self, name: &str, k: &str, members: &[&str], used: &mut Vec<Member>) -> Result<(), String> {
        self.is_free(name)?;
        let members = members.iter().map(|name| self.named(name)).collect::<Result<Vec<_>, _>>()?;
        for member in &members {
            if used.contains(member) {
                return Err("a member that is named as one before: it would count twice".to_owned());
            }
            used.push(*member);
        }
        let k = match k {
            "any" => 1,
            "all" => members.len(),
            number => number.parse().map_err(|_| format!("`{number}` is no number, `any` or `all`"))?,
        };
        if k == 0 || k > members.len() {
            return Err(format!("{k} of {} members cannot cosign", members.len()));
        }
        self.groups.push(Group { name: name.to_owned(), k, members });
        bounded(&self.groups)
    }

    fn is_free(&self, name: &str) -> Result<(), String> {
        if name == "none" || self.named(name).is_ok() {
            return Err(format!("the name `{name}` is taken"));
        }
        Ok(())
    }

    fn named(&self, name: &str) -> Result<Member, String> {
        let witness = self.witnesses.iter().position(|witness| witness.name == name).map(Member::Witness);
        let group = || self.groups.iter().position(|group| group.name == name).map(Member::Group);
        witness.or_else(group).ok_or_else(|| format!("`{name}` is not defined above"))
    }

    /// The logs.
    #[must_use]
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The witnesses.
    #[must_use]
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// Whether the policy has a quorum.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.quorum.is_some()
    }

    /// The valid cosignatures of a checkpoint, if they reach the quorum. Does not verify the log's own
    /// signature.
    ///
    /// # Errors
    /// The quorum is not reached, or a cosignature by a witness of the policy does not verify.
    pub fn check(&self, note: &Note) -> Result<Vec<Cosigned>, QuorumError> {
        let mut cosigned = Vec::new();
        let mut has = Vec::new();
        for witness in &self.witnesses {
            let time = match cosigned_at(note, &witness.key) {
                Ok(time) => Some(time),
                Err(NoteError::Unsigned) => None,
                Err(_) => return Err(QuorumError::Wrong(witness.name.clone())),
            };
            has.push(time.is_some());
            cosigned.extend(time.map(|time| Cosigned { witness: witness.name.clone(), time }));
        }
        match self.quorum {
            Some(quorum) if !self.has(quorum, &has) => Err(QuorumError::Missing {
                cosigned: cosigned.into_iter().map(|one| one.witness).collect(),
                quorum: self.in_words(quorum),
            }),
            _ => Ok(cosigned),
        }
    }

    /// Terminates, since a group can only name members defined before it.
    fn has(&self, member: Member, cosigned: &[bool]) -> bool {
        match member {
            Member::Witness(at) => cosigned.get(at).copied().unwrap_or(false),
            Member::Group(at) => self.groups.get(at).is_some_and(|group| {
                group.members.iter().filter(|member| self.has(**member, cosigned)).count() >= group.k
            }),
        }
    }

    fn in_words(&self, member: Member) -> String {
        match member {
            Member::Witness(at) => self.witnesses.get(at).map(|one| one.name.clone()).unwrap_or_default(),
            Member::Group(at) => self.groups.get(at).map_or_else(String::new, |group| {
                let members: Vec<String> = group.members.iter().map(|one| self.in_words(*one)).collect();
                format!("{} of ({})", group.k, members.join(", "))
            }),
        }
    }
}

fn bounded<T>(lines: &[T]) -> Result<(), String> {
    if lines.len() > MAX { Err(format!("more than {MAX} of these")) } else { Ok(()) }
}
