//! Judgements of people: each has a statement of what was decided, and a passkey signed the digest of that statement.

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

/// Checks the judgements of people and returns how many are signed.
pub(super) fn check(steps: &[Step<'_>], findings: &mut Vec<Finding>) -> u64 {
    let mut signed = 0;
    for step in steps {
        let What::Decided(input, result) = &step.what else { continue };
        let (Event::Judge { actor, .. }, Ok(_)) = (&input.event, result.as_ref()) else { continue };
        if !actor.principal.person {
            continue;
        }
        match approved(step, &input.event) {
            Ok(()) => signed += 1,
            Err(why) => findings.push(Finding::at(Fault::Approval, &step.read.name, why)),
        }
    }
    signed
}

fn approved(step: &Step<'_>, event: &Event) -> Result<(), String> {
    let Body::Decided(decision) = &step.read.entry.body else { return Err("it is no decision".to_owned()) };
    let fact = decision.facts.get(approval::FACT).ok_or("a person judged, and no passkey signed it")?;
    let approval = Approval::deserialize(fact).map_err(|error| format!("its approval: {error}"))?;
    if approval.class != approval::PASSKEY {
        return Err(format!("its approval is of the unknown class `{}`", approval.class));
    }
    states(&approval, step.read.entry.run.as_deref(), event)?;
    signs(&approval)
}

/// The statement is about this judgement.
fn states(approval: &Approval, run: Option<&str>, event: &Event) -> Result<(), String> {
    let Event::Judge { actor, step, outcome, notes } = event else {
        return Err("it is no judgement".to_owned());
    };
    let said = Statement::read(&approval.statement);
    let same = said.is_some_and(|said| {
        said.person == actor.principal.name
            && Some(said.run.as_str()) == run
            && said.step == *step
            && said.outcome == *outcome
            && said.reason.as_deref().map(neutral) == *notes
            && said.digest == approval.digest
    });
    if same { Ok(()) } else { Err("what was signed is about another judgement".to_owned()) }
}

/// A reason as the machine is given it.
fn neutral(reason: &str) -> String {
    xp_scope::neutralise(reason, usize::MAX).unwrap_or_default()
}

/// The passkey signed the digest of the statement, for this origin, with its owner verified.
fn signs(approval: &Approval) -> Result<(), String> {
    let decoded = |what: &str, text: &str| {
        URL_SAFE_NO_PAD.decode(text).map_err(|_| format!("`{what}` of its approval is not base64url"))
    };
    let client = decoded("client_data", &approval.client_data)?;
    let data = decoded("authenticator_data", &approval.authenticator_data)?;
    let signature = decoded("signature", &approval.signature)?;
    let said: ClientData = serde_json::from_slice(&client)
        .map_err(|error| format!("what the browser says of its approval: {error}"))?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(approval.statement.as_bytes()));
    if said.kind != "webauthn.get"
        || said.challenge != challenge
        || said.origin.trim_end_matches('/') != approval.origin
    {
        return Err("its passkey signed something else than the statement".to_owned());
    }
    let host = approval.origin.split_once("://").map(|(_, host)| host).unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let flags = data.get(32).copied().unwrap_or_default();
    if data.get(..32) != Some(Sha256::digest(host.as_bytes()).as_slice()) || flags & VERIFIED != VERIFIED {
        return Err("its passkey is for another host, or did not verify its owner".to_owned());
    }
    let signed = [data.as_slice(), Sha256::digest(&client).as_slice()].concat();
    let key = COSEKey::deserialize(&approval.key).map_err(|error| format!("its approval: {error}"))?;
    match key.verify_signature(&signature, &signed) {
        Ok(true) => Ok(()),
        _ => Err("the signature of its passkey is wrong".to_owned()),
    }
}
