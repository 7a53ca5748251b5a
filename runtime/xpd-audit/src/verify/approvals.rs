//! Judgements of people: each has a statement of what was decided, and a passkey signed the digest of that statement, or a login at a
//! provider is named for it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use webauthn_rs_core::proto::COSEKey;
use xp_machine::Event;

use super::decisions::{Step, What};
use super::report::{Fault, Finding};
use crate::approval::{self, Approval, Statement};
use crate::entry::Body;

/// Flags of an authenticator: a person was there, and was verified.
const VERIFIED: u8 = 0b101;

/// What a browser says of an assertion.
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
}

/// Judgements of people by the class of their approval.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Approved {
    /// Signed by passkeys.
    pub by_passkey: u64,
    /// By logins at providers, which sign no decision.
    pub by_login: u64,
}

/// Checks the judgements of people and counts them.
pub(super) fn check(steps: &[Step<'_>], findings: &mut Vec<Finding>) -> Approved {
    let mut approved = Approved::default();
    for step in steps {
        let What::Decided(input, result) = &step.what else { continue };
        let (Event::Judge { actor, .. }, Ok(_)) = (&input.event, result.as_ref()) else { continue };
        if !actor.principal.person {
            continue;
        }
        match one(step, &input.event, input.at) {
            Ok(true) => approved.by_passkey += 1,
            Ok(false) => approved.by_login += 1,
            Err(why) => findings.push(Finding::at(Fault::Approval, &step.read.name, why)),
        }
    }
    approved
}

/// Whether a passkey signed the judgement; else a login is what it rests on.
fn one(step: &Step<'_>, event: &Event, at: u64) -> Result<bool, String> {
    let Body::Decided(decision) = &step.read.entry.body else { return Err("it is no decision".to_owned()) };
    let fact = decision
        .facts
        .get(approval::FACT)
        .ok_or("a person judged, no passkey signed it, and no login is named for it")?;
    let approval = Approval::deserialize(fact).map_err(|error| format!("its approval: {error}"))?;
    states(&approval, step.read.entry.run.as_deref(), event)?;
    match &approval {
        Approval::Passkey { .. } => signs(&approval).map(|()| true),
        Approval::Oidc { origin, authenticated, .. } => by_login(origin, *authenticated, at).map(|()| false),
    }
}

/// How long after the authentication of a person a decision may rest on it, and by how much clocks may differ, milliseconds.
const FRESH: u64 = 10 * 60 * 1_000;
const SKEW: u64 = 60 * 1_000;

/// A login suffices for a while, and not on a loopback name, whose cookies other programs on the machine can receive.
fn by_login(origin: &str, authenticated: u64, at: u64) -> Result<(), String> {
    if approval::is_local(origin) {
        return Err("it rests on a login alone, at an origin where a passkey must sign".to_owned());
    }
    if at.saturating_sub(authenticated) > FRESH || authenticated.saturating_sub(at) > SKEW {
        return Err(
            "it rests on a login that is older than ten minutes, or later than the decision".to_owned()
        );
    }
    Ok(())
}

/// The statement is about this judgement.
fn states(approval: &Approval, run: Option<&str>, event: &Event) -> Result<(), String> {
    let Event::Judge { actor, step, outcome, notes } = event else {
        return Err("it is no judgement".to_owned());
    };
    let said = Statement::read(approval.statement());
    let same = said.is_some_and(|said| {
        said.person == actor.principal.name
            && Some(said.run.as_str()) == run
            && said.step == *step
            && said.outcome == *outcome
            && said.reason.as_deref().map(neutral) == *notes
            && said.digest == approval.digest()
    });
    if same { Ok(()) } else { Err("what was signed is about another judgement".to_owned()) }
}

/// A reason as the machine is given it.
fn neutral(reason: &str) -> String {
    xp_scope::neutralise(reason, usize::MAX).unwrap_or_default()
}

/// The passkey signed the digest of the statement, for this origin, with its owner verified.
fn signs(approval: &Approval) -> Result<(), String> {
    let Approval::Passkey { statement, origin, key, authenticator_data, client_data, signature, .. } =
        approval
    else {
        return Err("its approval is of another class".to_owned());
    };
    let decoded = |what: &str, text: &str| {
        URL_SAFE_NO_PAD.decode(text).map_err(|_| format!("`{what}` of its approval is not base64url"))
    };
    let client = decoded("client_data", client_data)?;
    let data = decoded("authenticator_data", authenticator_data)?;
    let signature = decoded("signature", signature)?;
    let said: ClientData = serde_json::from_slice(&client)
        .map_err(|error| format!("what the browser says of its approval: {error}"))?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(statement.as_bytes()));
    if said.kind != "webauthn.get"
        || said.challenge != challenge
        || said.origin.trim_end_matches('/') != origin
    {
        return Err("its passkey signed something else than the statement".to_owned());
    }
    let host = origin.split_once("://").map(|(_, host)| host).unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let flags = data.get(32).copied().unwrap_or_default();
    if data.get(..32) != Some(Sha256::digest(host.as_bytes()).as_slice()) || flags & VERIFIED != VERIFIED {
        return Err("its passkey is for another host, or did not verify its owner".to_owned());
    }
    let signed = [data.as_slice(), Sha256::digest(&client).as_slice()].concat();
    let key = COSEKey::deserialize(key).map_err(|error| format!("its approval: {error}"))?;
    match key.verify_signature(&signature, &signed) {
        Ok(true) => Ok(()),
        _ => Err("the signature of its passkey is wrong".to_owned()),
    }
}
