//! Bodies of entries. The kind follows from the body, so nothing can be recorded under another name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use xp_machine::{Accepted, Event, Input, Refusal, Start};
use xp_scope::Digest;
use xp_wire::RefusalCode;

use super::canonical::{EntryError, canonical, exact};
use super::commit::{Salt, blob_digest};
use super::kind::Kind;

/// Parts longer than this are kept outside the entry.
const MAX_INLINE: usize = 16 * 1024;

/// What is recorded beside what verification reads: upstream request id, HTTP status, credential id. No secrets.
pub type Facts = BTreeMap<String, Value>;

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Body {
    /// `run.opened`: the machine's `Start`.
    Opened {
        /// The start, complete.
        start: Part,
        /// Who started it, and the like.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// Any decision of the machine: its complete `Input` and what it answered.
    Decided(Decision),
    /// `decision.refused` by something other than the machine: a signature, a size, a connector's own check.
    RefusedOutside {
        /// Why. Written as on every wire; a code that is none of these cannot be read.
        code: RefusalCode,
        /// In words.
        reason: String,
        /// Who asked for what.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// `action.started`: from here on something may have happened.
    Started {
        /// The token.
        jti: String,
        /// Digest of the request that is carried out.
        req: Digest,
        /// What else is known.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// `artifact.deployed`.
    Deployed {
        /// Digest of the artifact.
        artifact: Digest,
        /// By whom, bound to what.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// `config.changed`.
    Configured {
        /// Digest of the configuration from now on.
        config: Digest,
        /// By whom, what.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// `killed`, of more than one run: a run's own end is a decision.
    Stopped {
        /// What was stopped, in words: `everything`, `principal developer-1`.
        scope: String,
        /// Why.
        reason: String,
        /// By whom.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// `kill.lift_asked`: it takes two people, and this is one.
    LiftAsked {
        /// What is stopped, in words.
        scope: String,
        /// Why.
        reason: String,
        /// By whom.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// `kill.lifted`: what is new goes on; nothing that was granted before does.
    Lifted {
        /// What was stopped, in words.
        scope: String,
        /// Why.
        reason: String,
        /// By whom.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// `refusals.counted`.
    Counted {
        /// How many were not logged one by one.
        count: u64,
        /// From when, milliseconds since 1970.
        from_ms: u64,
        /// Until when.
        to_ms: u64,
        /// Of whom, with which codes.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// `run.closed`. Made by [`super::Chain::closing`].
    Closed {
        /// Entries of the run, this one included.
        count: u64,
        /// Commitment of the entry before.
        last: Digest,
        /// How the run ended: the machine's `Status`.
        status: Value,
    },
}

/// A decision of the machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Its `Input`.
    pub input: Part,
    /// Its answer.
    pub result: Verdict,
    /// What else is known.
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub facts: Facts,
    /// By the event itself, where the decision was made here and not read.
    #[serde(skip)]
    kind: Option<Kind>,
}

impl PartialEq for Decision {
    /// Two decisions are equal that are written alike.
    fn eq(&self, other: &Self) -> bool {
        (&self.input, &self.result, &self.facts) == (&other.input, &other.result, &other.facts)
    }
}

impl Decision {
    fn kind(&self) -> Result<Kind, EntryError> {
        match (&self.result, self.kind, &self.input) {
            (Verdict::Refused(_), ..) => Ok(Kind::DecisionRefused),
            (Verdict::Accepted(_), Some(kind), _) => Ok(kind),
            (Verdict::Accepted(_), None, Part::Inline(input)) => {
                let event = input.get("event").unwrap_or(&Value::Null);
                Event::deserialize(event).map(|event| Kind::of(&event)).map_err(|_| EntryError::NoInput)
            }
            (Verdict::Accepted(_), None, Part::Outside { .. }) => Err(EntryError::NoInput),
        }
    }
}

/// What the machine answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Verdict {
    /// Its `Accepted`.
    Accepted(Part),
    /// Its `Refusal`.
    Refused(Part),
}

/// A value inside the entry, or its digest and length where it is kept outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Part {
    /// The value.
    Inline(Value),
    /// The value's canonical bytes are a [`Blob`].
    Outside {
        /// SHA-256 of `xp-blob-v1`, a zero byte, the entry's salt and the bytes.
        digest: Digest,
        /// How many bytes.
        bytes: u64,
    },
}

/// A part that is kept outside its entry and can be erased without touching the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// As the entry names it.
    pub digest: Digest,
    /// Canonical JSON.
    pub bytes: Vec<u8>,
}

impl Body {
    /// `run.opened`, with the machine's `Start`.
    pub fn opened(start: &Start, facts: Facts) -> Result<Self, EntryError> {
        Ok(Self::Opened { start: Part::Inline(exact(start)?), facts })
    }

    /// A decision: the machine's `Input` and what `apply` returned for it.
    pub fn decided(
        input: &Input,
        result: &Result<Accepted, Refusal>,
        facts: Facts,
    ) -> Result<Self, EntryError> {
        let result = match result {
            Ok(accepted) => Verdict::Accepted(Part::Inline(exact(accepted)?)),
            Err(refusal) => Verdict::Refused(Part::Inline(exact(refusal)?)),
        };
        let kind = Some(Kind::of(&input.event));
        Ok(Self::Decided(Decision { input: Part::Inline(exact(input)?), result, facts, kind }))
    }

    /// The kind of an entry with this body.
    ///
    /// # Errors
    /// A decision that was read from a log has an input that is none of the machine's, or that is kept outside and was not
    /// brought in. One made by [`Self::decided`] always has a kind.
    pub fn kind(&self) -> Result<Kind, EntryError> {
        Ok(match self {
            Self::Opened { .. } => Kind::RunOpened,
            Self::Decided(decision) => decision.kind()?,
            Self::RefusedOutside { .. } => Kind::DecisionRefused,
            Self::Started { .. } => Kind::ActionStarted,
            Self::Deployed { .. } => Kind::ArtifactDeployed,
            Self::Configured { .. } => Kind::ConfigChanged,
            Self::Stopped { .. } => Kind::Killed,
            Self::LiftAsked { .. } => Kind::KillLiftAsked,
            Self::Lifted { .. } => Kind::KillLifted,
            Self::Counted { .. } => Kind::RefusalsCounted,
            Self::Closed { .. } => Kind::RunClosed,
        })
    }

    /// Whether it can stand in the chain of a run.
    pub(crate) fn of_a_run(&self) -> bool {
        !matches!(
            self,
            Self::Deployed { .. }
                | Self::Configured { .. }
                | Self::Stopped { .. }
                | Self::LiftAsked { .. }
                | Self::Lifted { .. }
        )
    }

    /// Whether it can stand in the server's own chain.
    pub(crate) fn of_no_run(&self) -> bool {
        !self.of_a_run() || matches!(self, Self::RefusedOutside { .. } | Self::Counted { .. })
    }

    /// Moves large parts out.
    pub(crate) fn move_out(&mut self, salt: &Salt) -> Result<Vec<Blob>, EntryError> {
        let mut blobs = Vec::new();
        for part in self.parts_mut() {
            let Part::Inline(value) = part else { continue };
            let bytes = canonical(value)?;
            if bytes.len() > MAX_INLINE {
                let digest = blob_digest(salt, &bytes);
                *part = Part::Outside { digest: digest.clone(), bytes: bytes.len() as u64 };
                blobs.push(Blob { digest, bytes });
            }
        }
        Ok(blobs)
    }

    /// Brings parts back in; names the digest of one that is missing or damaged.
    pub(crate) fn bring_in<'b>(
        &mut self,
        salt: &Salt,
        find: impl Fn(&Digest) -> Option<&'b [u8]>,
    ) -> Result<(), Digest> {
        for part in self.parts_mut() {
            let Part::Outside { digest, bytes: length } = part else { continue };
            let found = find(digest).filter(|bytes| bytes.len() as u64 == *length);
            let value = found
                .filter(|bytes| blob_digest(salt, bytes) == *digest)
                .and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
            *part = Part::Inline(value.ok_or_else(|| digest.clone())?);
        }
        Ok(())
    }

    fn parts_mut(&mut self) -> Vec<&mut Part> {
        match self {
            Self::Opened { start, .. } => vec![start],
            Self::Decided(Decision { input, result, .. }) => {
                let (Verdict::Accepted(result) | Verdict::Refused(result)) = result;
                vec![input, result]
            }
            _ => Vec::new(),
        }
    }
}
