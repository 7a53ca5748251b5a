//! Judgements of people: each has a statement of what was decided, and a passkey signed the digest of that statement, or a login at a
//! provider is named for it.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use webauthn_rs_core::proto::COSEKey;
use xp_artifact::workflow::Workflow;
use xp_machine::{Accepted, Change, Event};

use super::decisions::{Step, What};
use super::report::{Fault, Finding};
use crate::approval::{self, Approval, Statement};
use crate::chat::{self, ChatStatement};
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
    /// Signed by bridges to chats.
    pub by_chat: u64,
}

/// What bridges have signed so far.
#[derive(Default)]
struct Bridges {
    /// Keys with nonces.
    nonces: BTreeSet<(String, String)>,
    /// Steps with bridges by which somebody has judged in the opening.
    judged: BTreeSet<(String, String)>,
}

/// Checks the judgements of people and counts them.
pub(super) fn check(steps: &[Step<'_>], workflow: &Workflow, findings: &mut Vec<Finding>) -> Approved {
    let (mut approved, mut bridges) = (Approved::default(), Bridges::default());
    for step in steps {
        let What::Decided(input, result) = &step.what else { continue };
        let Ok(accepted) = result.as_ref() else { continue };
        if let Event::Judge { actor, .. } = &input.event
            && actor.principal.person
        {
            match one(step, &input.event, input.at) {
                Ok(Approval::Passkey { .. }) => approved.by_passkey += 1,
                Ok(Approval::Oidc { .. }) => approved.by_login += 1,
                Ok(approval @ Approval::Webhook { .. }) => {
                    match bridges.take(workflow, &approval, &input.event, accepted) {
                        Ok(()) => approved.by_chat += 1,
                        Err(why) => findings.push(Finding::at(Fault::Approval, &step.read.name, why)),
                    }
                }
                Err(why) => findings.push(Finding::at(Fault::Approval, &step.read.name, why)),
            }
        }
        bridges.open(workflow, accepted);
    }
    approved
}

impl Bridges {
    /// A bridge is one controller for all its people, uses a nonce once, and is not the last to approve what is for good.
    fn take(
        &mut self,
        workflow: &Workflow,
        approval: &Approval,
        event: &Event,
        accepted: &Accepted,
    ) -> Result<(), String> {
        let (Approval::Webhook { statement, bridge, key, .. }, Event::Judge { step, outcome, .. }) =
            (approval, event)
        else {
            return Err("its approval is of another class".to_owned());
        };
        let said = ChatStatement::read(statement).ok_or("what a bridge signed cannot be read")?;
        if !self.nonces.insert((key.clone(), said.nonce)) {
            return Err("a bridge signed it with a nonce that it had used before".to_owned());
        }
        if !self.judged.insert((step.clone(), bridge.clone())) {
            return Err(
                "two judgements in one opening came by one bridge, which is one controller".to_owned()
            );
        }
        if !matches!(accepted, Accepted::Voted { .. }) && chat::settles_for_good(workflow, step, outcome) {
            return Err("a chat gave the last approval of what is done for good".to_owned());
        }
        Ok(())
    }

    /// In another opening of a step, a bridge judges again.
    fn open(&mut self, workflow: &Workflow, accepted: &Accepted) {
        let (Accepted::Ended { changes, .. }
        | Accepted::Done { changes }
        | Accepted::Closing { changes, .. }) = accepted
        else {
            return;
        };
        for change in changes {
            if let Change::Opened { step, .. } = change
                && let Some(step) = workflow.steps.get(step.index())
            {
                self.judged.retain(|(name, _)| *name != step.name);
            }
        }
    }
}

/// What stands for a judgement, if it does.
fn one(step: &Step<'_>, event: &Event, at: u64) -> Result<Approval, String> {
    let Body::Decided(decision) = &step.read.entry.body else { return Err("it is no decision".to_owned()) };
    let fact = decision
        .facts
        .get(approval::FACT)
        .ok_or("a person judged, no passkey signed it, and no login is named for it")?;
    let approval = Approval::deserialize(fact).map_err(|error| format!("its approval: {error}"))?;
    let run = step.read.entry.run.as_deref();
    match &approval {
        Approval::Passkey { .. } => states(&approval, run, event).and_then(|()| signs(&approval))?,
        Approval::Oidc { origin, authenticated, .. } => {
            states(&approval, run, event).and_then(|()| by_login(origin, *authenticated, at))?;
        }
        Approval::Webhook { .. } => by_chat(&approval, run, event, at)?,
    }
    Ok(approval)
}

/// A bridge signed a statement about this judgement, at its time. The statement names a user of the chat, and whose that is the server says.
fn by_chat(approval: &Approval, run: Option<&str>, event: &Event, at: u64) -> Result<(), String> {
    let (Approval::Webhook { digest, statement, bridge, key, user, signature }, Event::Judge { .. }) =
        (approval, event)
    else {
        return Err("its approval is of another class".to_owned());
    };
    if !chat::is_signed(key, statement, signature) {
        return Err("the signature of its bridge is wrong".to_owned());
    }
    let Event::Judge { step, outcome, notes, .. } = event else {
        return Err("it is no judgement".to_owned());
    };
    let said = ChatStatement::read(statement).ok_or("what its bridge signed cannot be read")?;
    let same = Some(said.run.as_str()) == run
        && said.step == *step
        && said.outcome == *outcome
        && notes.is_none()
        && said.digest == *digest
        && said.bridge == *bridge
        && said.user == *user;
    if !same {
        return Err("what was signed is about another judgement".to_owned());
    }
    said.is_of(at).map_err(str::to_owned)
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
