//! Bodies of entries. The kind of an entry is computed from its body, so an entry cannot be recorded under
//! another kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use xp_machine::{Accepted, Event, Input, Refusal, Start};
use xp_scope::Digest;
use xp_wire::RefusalCode;

use super::canonical::{EntryError, canonical, exact};
use super::commit::{Salt, blob_digest};
use super::kind::Kind;

/// Parts with a longer canonical encoding, in bytes, are stored outside the entry as a [`Blob`].
const MAX_INLINE: usize = 16 * 1024;

/// Supplementary facts that verification does not read, such as upstream request id, HTTP status, credential
/// id. Never secrets.
pub type Facts = BTreeMap<String, Value>;

/// The content of an entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Body {
    /// `run.opened`: the machine's `Start`.
    Opened {
        /// The complete `Start`.
        start: Part,
        /// Supplementary facts, such as who started the run.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// A decision of the machine: its complete `Input` and its answer.
    Decided(Decision),
    /// `decision.refused` by a check outside the machine, such as a signature, a size limit or a connector's
    /// own check.
    RefusedOutside {
        /// The refusal code in its wire form. An unknown code makes the entry unreadable.
        code: RefusalCode,
        /// Description for people.
        reason: String,
        /// Supplementary facts, such as the principal and the request.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// `action.started`: from this entry on the action may have taken effect.
    Started {
        /// `jti` of the grant.
        jti: String,
        /// Digest of the request that is carried out.
        req: Digest,
        /// Supplementary facts.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// `artifact.deployed`.
    Deployed {
        /// Digest of the artifact.
        artifact: Digest,
        /// Supplementary facts, such as who deployed it and to which realms it is bound.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// `config.changed`.
    Configured {
        /// Digest of the configuration in force from this entry on.
        config: Digest,
        /// Supplementary facts: who changed what.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// `killed`, with a scope larger than one run. A kill of a single run is a decision of its machine.
    Stopped {
        /// Scope as text: `everything`, `principal developer-1`.
        scope: String,
        /// Why.
        reason: String,
        /// Supplementary facts, such as the administrator.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// `kill.lift_asked`: the first of the two administrators who must ask.
    LiftAsked {
        /// Scope as text.
        scope: String,
        /// Why.
        reason: String,
        /// Supplementary facts, such as the administrator.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// `kill.lifted`: new requests are accepted again. Grants issued before the kill stay void.
    Lifted {
        /// Scope as text.
        scope: String,
        /// Why.
        reason: String,
        /// Supplementary facts, such as the administrators.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// `person.…`: what became of a person's credentials and sessions.
    Person {
        /// What happened.
        what: PersonEvent,
        /// The person.
        person: String,
        /// Supplementary facts, such as the passkey and the administrator.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// `refusals.counted`: a summary of refusals that were not logged one by one.
    Counted {
        /// Number of refusals.
        count: u64,
        /// Start of the interval, milliseconds since 1970.
        from_ms: u64,
        /// End of the interval, milliseconds since 1970.
        to_ms: u64,
        /// Supplementary facts, such as principals and codes.
        #[serde(default, skip_serializing_if = "Facts::is_empty")]
        facts: Facts,
    },
    /// `run.closed`. Made by [`super::Chain::closing`].
    Closed {
        /// Number of entries of the run, this one included.
        count: u64,
        /// Commitment of the preceding entry.
        last: Digest,
        /// How the run ended: the machine's `Status`.
        status: Value,
    },
}

/// What became of a person's credentials and sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonEvent {
    /// `person.invited`.
    Invited,
    /// `person.enrolled`.
    Enrolled,
    /// `person.confirmed`.
    Confirmed,
    /// `person.suspended`.
    Suspended,
    /// `person.revoked`.
    Revoked,
    /// `person.logged_in`.
    LoggedIn,
    /// `person.logged_out`.
    LoggedOut,
}

impl PersonEvent {
    /// The kind of an entry for it.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Invited => Kind::PersonInvited,
            Self::Enrolled => Kind::PersonEnrolled,
            Self::Confirmed => Kind::PersonConfirmed,
            Self::Suspended => Kind::PersonSuspended,
            Self::Revoked => Kind::PersonRevoked,
            Self::LoggedIn => Kind::PersonLoggedIn,
            Self::LoggedOut => Kind::PersonLoggedOut,
        }
    }
}

/// A decision of the machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The machine's `Input`.
    pub input: Part,
    /// The machine's answer.
    pub result: Verdict,
    /// Supplementary facts.
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub facts: Facts,
    /// Set when the decision was made in this process, from the event's type; computed from `input` when it
    /// was read.
    #[serde(skip)]
    kind: Option<Kind>,
}

impl PartialEq for Decision {
    /// `kind` is derived and takes no part in equality.
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

/// The machine's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Verdict {
    /// The machine's `Accepted`.
    Accepted(Part),
    /// The machine's `Refusal`.
    Refused(Part),
}

/// A value inside the entry, or the digest and length of a value stored outside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Part {
    /// The value.
    Inline(Value),
    /// The canonical bytes of the value are stored in a [`Blob`].
    Outside {
        /// SHA-256 of `xp-blob-v1`, a zero byte, the entry's salt and the bytes.
        digest: Digest,
        /// Length in bytes.
        bytes: u64,
    },
}

/// A part stored outside its entry. It can be erased without changing the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Digest under which the entry names the part.
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
    /// For a decision read from a log: its input is not an `Input` of the machine, or is stored outside the
    /// entry and was not restored with [`Self::bring_in`]. A decision made by [`Self::decided`] always has a
    /// kind.
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
            Self::Person { what, .. } => what.kind(),
            Self::Counted { .. } => Kind::RefusalsCounted,
            Self::Closed { .. } => Kind::RunClosed,
        })
    }

    /// Whether the body may appear in the chain of a run.
    pub(crate) fn of_a_run(&self) -> bool {
        !matches!(
            self,
            Self::Deployed { .. }
                | Self::Configured { .. }
                | Self::Stopped { .. }
                | Self::Person { .. }
                | Self::LiftAsked { .. }
                | Self::Lifted { .. }
        )
    }

    /// Whether the body may appear in the server's own chain.
    pub(crate) fn of_no_run(&self) -> bool {
        !self.of_a_run() || matches!(self, Self::RefusedOutside { .. } | Self::Counted { .. })
    }

    /// Moves parts longer than [`MAX_INLINE`] out of the entry and returns them.
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

    /// Restores parts from blobs. The error is the digest of a blob that is missing or damaged.
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
