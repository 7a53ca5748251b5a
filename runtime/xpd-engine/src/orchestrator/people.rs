//! The credentials of people: invitations, passkeys, and what voids sessions. The
//! people's door verifies signatures; what is recorded here decides whether a credential or a session counts.

use serde_json::{Value, json};
use xp_scope::Digest;
use xp_wire::RefusalCode;
use xpd_audit::entry::{Body, Facts, PersonEvent};
use xpd_proxy::{Fault, Stop};
use xpd_store::{Read, StoreError};

use super::Orchestrator;
use super::caller::Caller;
use super::credentials::{Invite, PasskeyState, People, PersonPasskey, read, read_rows, write};
use crate::memory::{Line, Tx};

/// How long a link can be used, and how long an enrolled passkey waits for its confirmation, in milliseconds.
const LINK: u64 = 10 * 60 * 1_000;
/// Invitations and passkeys that are kept per person.
const MOST: usize = 16;
/// Wrong numbers after which a passkey that waits is dropped.
const TRIES: u32 = 3;

/// A link for one person.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The secret of the link.
    pub secret: String,
    /// Seconds for which it can be used.
    pub expires_in: u64,
}

pub(super) fn record(
    tx: &mut Tx<'_>,
    what: PersonEvent,
    person: &str,
    facts: Facts,
) -> Result<u64, StoreError> {
    let written = tx.record_here(Body::Person { what, person: person.to_owned(), facts })?;
    tx.log_line(Line {
        what: what.kind().as_str(),
        principal: Some(person.to_owned()),
        index: Some(written.index),
        ..Line::default()
    });
    Ok(written.index)
}

fn refused(code: RefusalCode, why: &str) -> Stop {
    Fault::refused(code, why).into()
}

fn named(tx: &Tx<'_>, person: &str) -> Result<(), Stop> {
    match tx.rules().roster.person(person) {
        Some(_) => Ok(()),
        None => Err(refused(RefusalCode::Unknown, "the roster names no such person")),
    }
}

/// Suspends the passkey of a link that was used again, and ends its owner's sessions.
fn suspend(tx: &mut Tx<'_>, people: &mut People, invite: &Invite) -> Result<(), StoreError> {
    let mut own = people.passkeys.iter_mut();
    let found = own.find(|passkey| Some(&passkey.id) == invite.spent.as_ref());
    let Some(passkey) = found.filter(|passkey| passkey.state != PasskeyState::Suspended) else {
        return Ok(());
    };
    passkey.state = PasskeyState::Suspended;
    let facts = Facts::from([("passkey".to_owned(), json!(passkey.id))]);
    people.void.insert(invite.person.clone(), tx.now);
    write(tx, people)?;
    record(tx, PersonEvent::Suspended, &invite.person, facts).map(drop)
}

const NO_LINK: &str = "this link is not in force; ask for another";

/// What using a link comes to.
enum Link {
    Good(String),
    /// Refused after what was recorded is committed.
    Refused(&'static str),
}

fn follow_link(tx: &mut Tx<'_>, people: &mut People, secret: &str) -> Result<Link, Stop> {
    let digest = Digest::of(secret.as_bytes()).to_string();
    let found = people.invites.iter().find(|invite| invite.secret == digest).cloned();
    let Some(invite) = found else { return Ok(Link::Refused(NO_LINK)) };
    if invite.spent.is_some() {
        suspend(tx, people, &invite)?;
        return Ok(Link::Refused(
            "this link was used before; the passkey that was enrolled by it is suspended: tell an administrator",
        ));
    }
    if invite.expires < tx.now {
        return Ok(Link::Refused("this link has run out; ask for another"));
    }
    named(tx, &invite.person)?;
    Ok(Link::Good(invite.person))
}

impl Orchestrator {
    /// Makes a link for a person of the roster. Earlier links that were not used are withdrawn.
    ///
    /// # Errors
    /// The roster names no such person.
    pub async fn invite(&self, caller: Caller, person: String) -> Result<Invitation, Fault> {
        let secret = format!("{}{}", super::random_id()?, super::random_id()?);
        let digest = Digest::of(secret.as_bytes()).to_string();
        self.command(caller, move |tx, caller| {
            named(tx, &person)?;
            let mut people = read(tx)?;
            people.invites.retain(|invite| invite.person != person || invite.spent.is_some());
            let now = tx.now;
            people.passkeys.retain(|passkey| {
                passkey.state != PasskeyState::Waiting || now.saturating_sub(passkey.at) <= LINK
            });
            let expires = now.saturating_add(LINK);
            people.invites.push(Invite { person: person.clone(), secret: digest, expires, spent: None });
            write(tx, &people)?;
            record(
                tx,
                PersonEvent::Invited,
                &person,
                Facts::from([("by".to_owned(), json!(caller.name()))]),
            )?;
            Ok(())
        })
        .await?;
        Ok(Invitation { secret, expires_in: LINK / 1_000 })
    }

    /// The person for whom a link is, and the ids of the person's passkeys. A link that was used before suspends its passkey.
    ///
    /// # Errors
    /// The link is not in force.
    pub async fn invited(&self, secret: String) -> Result<(String, Vec<PersonPasskey>), Fault> {
        let digest = Digest::of(secret.as_bytes()).to_string();
        let known =
            move |rows: &dyn Read| Ok(read_rows(rows)?.invites.iter().any(|invite| invite.secret == digest));
        // Beside the writer: anybody can ask.
        if !self.store.read(known).await? {
            return Err(Fault::refused(RefusalCode::NotAllowed, NO_LINK));
        }
        let found = self
            .write(move |tx| {
                let mut people = read(tx)?;
                match follow_link(tx, &mut people, &secret)? {
                    Link::Refused(why) => Ok(Err(why)),
                    Link::Good(person) => {
                        people.passkeys.retain(|passkey| passkey.person == person);
                        Ok(Ok((person, people.passkeys)))
                    }
                }
            })
            .await?;
        found.map_err(|why| Fault::refused(RefusalCode::NotAllowed, why))
    }

    /// Spends a link: a passkey was made by it. Returns the person and the number that an administrator confirms.
    ///
    /// # Errors
    /// The link is not in force.
    pub async fn enrol(
        &self,
        secret: String,
        id: String,
        credential: Value,
    ) -> Result<(String, String), Fault> {
        let mut bytes = [0; 4];
        getrandom::fill(&mut bytes).map_err(StoreError::broken)?;
        let number = format!("{:06}", u32::from_le_bytes(bytes) % 1_000_000);
        let found = self
            .write(move |tx| {
                let mut people = read(tx)?;
                let person = match follow_link(tx, &mut people, &secret)? {
                    Link::Refused(why) => return Ok(Err(why)),
                    Link::Good(person) => person,
                };
                let own = people.passkeys.iter().filter(|passkey| passkey.person == person).count();
                if people.passkeys.iter().any(|passkey| passkey.id == id) || own >= MOST {
                    return Ok(Err("this passkey is enrolled already, or there are too many"));
                }
                let digest = Digest::of(secret.as_bytes()).to_string();
                let own = people.invites.iter_mut().find(|invite| invite.secret == digest);
                if let Some(invite) = own {
                    invite.spent = Some(id.clone());
                }
                let (at, state) = (tx.now, PasskeyState::Waiting);
                let passkey = PersonPasskey {
                    person: person.clone(),
                    id: id.clone(),
                    credential,
                    number: number.clone(),
                    tries: 0,
                    state,
                    at,
                };
                people.passkeys.push(passkey);
                write(tx, &people)?;
                record(tx, PersonEvent::Enrolled, &person, Facts::from([("passkey".to_owned(), json!(id))]))?;
                Ok(Ok((person, number)))
            })
            .await?;
        found.map_err(|why| Fault::refused(RefusalCode::NotAllowed, why))
    }

    /// Confirms the passkey that shows this number.
    ///
    /// # Errors
    /// No passkey of the person waits, or none shows the number.
    pub async fn confirm(&self, caller: Caller, person: String, number: String) -> Result<(), Fault> {
        let found = self
            .command(caller, move |tx, caller| {
                named(tx, &person)?;
                let (mut people, now) = (read(tx)?, tx.now);
                let waits = |passkey: &&mut PersonPasskey| {
                    passkey.person == person
                        && passkey.state == PasskeyState::Waiting
                        && now.saturating_sub(passkey.at) <= LINK
                };
                let mut waiting: Vec<&mut PersonPasskey> = people.passkeys.iter_mut().filter(waits).collect();
                if waiting.is_empty() {
                    return Ok(Err("no passkey of this person waits: it must be confirmed within ten minutes"));
                }
                let Some(passkey) = waiting.iter_mut().find(|passkey| passkey.number == number) else {
                    for passkey in waiting {
                        passkey.tries += 1;
                    }
                    people.passkeys.retain(|passkey| passkey.tries < TRIES);
                    write(tx, &people)?;
                    return Ok(Err("this is not the number of a passkey that waits; after three wrong numbers it is dropped"));
                };
                passkey.state = PasskeyState::Active;
                people.signing.insert(person.clone());
                let facts =
                    [("by".to_owned(), json!(caller.name())), ("passkey".to_owned(), json!(passkey.id))];
                write(tx, &people)?;
                record(tx, PersonEvent::Confirmed, &person, Facts::from(facts))?;
                Ok(Ok(()))
            })
            .await?;
        found.map_err(|why| Fault::refused(RefusalCode::NotAllowed, why))
    }

    /// Withdraws all passkeys, links and sessions of a person.
    ///
    /// # Errors
    /// Nothing of that person is known here.
    pub async fn revoke(&self, caller: Caller, person: String) -> Result<(), Fault> {
        self.command(caller, move |tx, caller| {
            let mut people = read(tx)?;
            let known = people.passkeys.iter().any(|passkey| passkey.person == person)
                || people.invites.iter().any(|invite| invite.person == person);
            if !known {
                named(tx, &person)?;
            }
            people.passkeys.retain(|passkey| passkey.person != person);
            people.invites.retain(|invite| invite.person != person);
            people.void.insert(person.clone(), tx.now);
            write(tx, &people)?;
            record(
                tx,
                PersonEvent::Revoked,
                &person,
                Facts::from([("by".to_owned(), json!(caller.name()))]),
            )?;
            Ok(())
        })
        .await
    }

    /// All passkeys, for administrators.
    ///
    /// # Errors
    /// The store failed.
    pub async fn all_passkeys(&self, caller: Caller) -> Result<Vec<PersonPasskey>, Fault> {
        self.command(caller, |tx, _| Ok(read(tx)?.passkeys)).await
    }

    /// The passkeys with which a person can log in and decide.
    ///
    /// # Errors
    /// The store failed.
    pub async fn passkeys(&self, person: String) -> Result<Vec<PersonPasskey>, Fault> {
        if self.live.now().roster.person(&person).is_none() {
            return Ok(Vec::new());
        }
        // Beside the writer: anybody can ask.
        Ok(self.store.read(move |rows| Ok(active(read_rows(rows)?, &person))).await?)
    }

    /// Whether a passkey signs the decisions of a person, also where it was suspended or withdrawn.
    ///
    /// # Errors
    /// The store failed.
    pub async fn signs(&self, person: String) -> Result<bool, Fault> {
        Ok(self.store.read(move |rows| Ok(read_rows(rows)?.signs(&person))).await?)
    }

    /// Records that a person logged in by a passkey. Returns when, which is when the session begins.
    ///
    /// # Errors
    /// The passkey is no longer in force.
    pub async fn logged_in(&self, person: String, id: String, credential: Value) -> Result<u64, Fault> {
        self.write(move |tx| {
            named(tx, &person)?;
            used(tx, &person, &id, credential)?;
            record(tx, PersonEvent::LoggedIn, &person, Facts::from([("passkey".to_owned(), json!(id))]))?;
            // After the sessions that were ended in this millisecond.
            let void = read(tx)?.void.get(&person).copied().unwrap_or_default();
            Ok(tx.now.max(void.saturating_add(1)))
        })
        .await
    }

    /// Records that a person logged out.
    ///
    /// # Errors
    /// The store failed.
    pub async fn logged_out(&self, caller: Caller) -> Result<(), Fault> {
        self.command(caller, |tx, caller| {
            record(tx, PersonEvent::LoggedOut, caller.name(), Facts::new())?;
            Ok(())
        })
        .await
    }
}

pub(super) fn active(people: People, person: &str) -> Vec<PersonPasskey> {
    let mut own = people.passkeys;
    own.retain(|passkey| passkey.person == person && passkey.state == PasskeyState::Active);
    own
}

/// Checks that a passkey is in force, and stores its counter.
pub(super) fn used(tx: &mut Tx<'_>, person: &str, id: &str, credential: Value) -> Result<(), Stop> {
    let mut people = read(tx)?;
    let mut own = people.passkeys.iter_mut();
    let found = own.find(|passkey| {
        passkey.person == person && passkey.id == id && passkey.state == PasskeyState::Active
    });
    let Some(passkey) = found else {
        return Err(refused(RefusalCode::Unauthenticated, "this passkey is not in force"));
    };
    if passkey.credential != credential {
        passkey.credential = credential;
        write(tx, &people)?;
    }
    Ok(())
}
