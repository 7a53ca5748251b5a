//! The credentials of people as they are stored. Only public data of them is.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use xp_wire::RefusalCode;
use xpd_proxy::Fault;
use xpd_store::{Read, StoreError};

use crate::memory::Tx;

/// The key in the store.
const PEOPLE: &str = "people";
/// State of a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasskeyState {
    /// It waits for an administrator's confirmation.
    Waiting,
    /// It works.
    Active,
    /// Its link was used again, so somebody else may have had the link.
    Suspended,
}

/// A passkey of a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonPasskey {
    /// Whose it is.
    pub person: String,
    /// Its credential id, base64url.
    pub id: String,
    /// The public credential, as the people's door verifies with it.
    pub credential: Value,
    /// The number that both screens show.
    pub(super) number: String,
    /// Wrong numbers so far.
    #[serde(default)]
    pub(super) tries: u32,
    /// Its state.
    pub state: PasskeyState,
    /// When it was enrolled, milliseconds since 1970.
    pub at: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Invite {
    pub person: String,
    /// Digest of the secret.
    pub secret: String,
    pub expires: u64,
    /// The passkey that was enrolled by it.
    pub spent: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct People {
    pub invites: Vec<Invite>,
    pub passkeys: Vec<PersonPasskey>,
    /// Sessions of these people that were opened up to then are void.
    pub void: BTreeMap<String, u64>,
    /// These people have had a passkey that was confirmed.
    #[serde(default)]
    pub signing: BTreeSet<String>,
}

impl People {
    /// Whether a passkey signs this person's decisions: there is one, or there was one and it was suspended or withdrawn.
    pub(super) fn signs(&self, person: &str) -> bool {
        let counts =
            |passkey: &PersonPasskey| passkey.person == person && passkey.state != PasskeyState::Waiting;
        self.signing.contains(person) || self.passkeys.iter().any(counts)
    }
}

/// What is stored of them.
pub(super) fn read(tx: &Tx<'_>) -> Result<People, StoreError> {
    read_rows(tx.rows())
}

/// As `read`, beside the writer.
pub(super) fn read_rows(rows: &dyn Read) -> Result<People, StoreError> {
    match rows.remembered(PEOPLE)? {
        Some(bytes) => Ok(serde_json::from_slice(&bytes)?),
        None => Ok(People::default()),
    }
}

/// Stores it.
pub(super) fn write(tx: &mut Tx<'_>, people: &People) -> Result<(), StoreError> {
    let bytes = serde_json::to_vec(people)?;
    tx.remember_value(PEOPLE, &bytes)
}

/// Whether a session that was opened then still counts.
pub(super) fn in_force(tx: &Tx<'_>, person: &str, opened: u64) -> Result<(), Fault> {
    if read(tx)?.void.get(person).is_some_and(|void| opened <= *void) {
        return Err(Fault::refused(RefusalCode::Unauthenticated, "the session was ended; log in again"));
    }
    Ok(())
}
