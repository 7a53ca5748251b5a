//! Decisions that arrive from a chat: what a bridge signs, and what such a decision may settle.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::DecodePublicKey as _;
use serde_json::json;
use xp_artifact::workflow::{Action, Effect, How, RoleKind, Step, Then, Workflow};

/// First member of a statement.
const VERSION: &str = "xp-chat-decision-v1";
/// Bytes of a statement.
pub const MOST: usize = 4_096;
/// How old a statement may be at the decision, milliseconds.
pub const LASTS: u64 = 2 * 60 * 1_000;
/// By how much the clock of a bridge may be ahead, milliseconds.
pub const SKEW: u64 = 30 * 1_000;
/// Bytes of a nonce, at least and at most.
const NONCE: std::ops::RangeInclusive<usize> = 16..=64;

/// What a bridge signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatStatement {
    /// A value that the bridge uses once.
    pub nonce: String,
    /// When, milliseconds since 1970.
    pub at: u64,
    /// Name of the bridge.
    pub bridge: String,
    /// The id of the user in the chat, which is never given to somebody else.
    pub user: String,
    /// The run.
    pub run: String,
    /// The step.
    pub step: String,
    /// The outcome.
    pub outcome: String,
    /// Digest of what the decision rests on.
    pub digest: String,
}

impl ChatStatement {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { nonce, at, bridge, user, run, step, outcome, digest } = self;
        json!([VERSION, nonce, at, bridge, user, run, step, outcome, digest]).to_string()
    }

    /// Reads a text; none if it is not of this version, or not written as [`Self::text`] writes it.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > MOST {
            return None;
        }
        let (version, nonce, at, bridge, user, run, step, outcome, digest): (
            String,
            String,
            u64,
            String,
            String,
            String,
            String,
            String,
            String,
        ) = serde_json::from_str(text).ok()?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if version != VERSION || !NONCE.contains(&nonce.len()) || !nonce.bytes().all(plain) {
            return None;
        }
        let said = Self { nonce, at, bridge, user, run, step, outcome, digest };
        (said.text() == text).then_some(said)
    }

    /// Whether it is of the time of the decision.
    ///
    /// # Errors
    /// Why not.
    pub fn is_of(&self, now: u64) -> Result<(), &'static str> {
        if self.at.saturating_sub(now) > SKEW {
            return Err("the bridge signed it at a time that has not come");
        }
        if now.saturating_sub(self.at) > LASTS {
            return Err("the bridge signed it more than two minutes before");
        }
        Ok(())
    }
}

/// Whether the key (SPKI PEM) made the signature (base64url) of a statement.
#[must_use]
pub fn is_signed(key: &str, statement: &str, signature: &str) -> bool {
    let Ok(key) = ed25519_dalek::VerifyingKey::from_public_key_pem(key) else { return false };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
    let Ok(signature) = <[u8; 64]>::try_from(signature) else { return false };
    key.verify_strict(statement.as_bytes(), &ed25519_dalek::Signature::from_bytes(&signature)).is_ok()
}

/// Whether an outcome lets steps begin that may do something for good, without people being asked in between: pay, deploy, delete, publish
/// and the like, by the effect and the clauses that the action declares. Of an outcome that opens a step again, what follows when its loop is
/// used up counts.
#[must_use]
pub fn settles_for_good(workflow: &Workflow, step: &str, outcome: &str) -> bool {
    let Some(at) = workflow.steps.iter().position(|declared| declared.name == step) else { return true };
    let declared =
        workflow.steps.get(at).and_then(|step| step.outcomes.iter().find(|one| one.name == outcome));
    let Some(declared) = declared else { return true };
    match declared.then {
        Then::Settle => {}
        Then::Reopen(by) => {
            let used_up = workflow.loops.get(by.index()).map(|by| by.exhausted);
            let used_up = used_up.and_then(|used_up| {
                workflow.steps.get(at).and_then(|step| step.outcomes.get(used_up.index()))
            });
            match used_up.map(|outcome| outcome.then) {
                Some(Then::End | Then::Reopen(_)) => return false,
                Some(Then::Settle) | None => {}
            }
        }
        Then::End => return false,
    }
    let (mut before, mut seen) = (BTreeSet::from([at]), BTreeSet::new());
    while !before.is_empty() {
        let mut next = BTreeSet::new();
        for (index, step) in workflow.steps.iter().enumerate() {
            if seen.contains(&index) || !waits_for(step, &before) {
                continue;
            }
            seen.insert(index);
            let mut actions =
                step.grants.iter().filter_map(|grant| workflow.actions.get(grant.action.index()));
            if actions.any(is_for_good) {
                return true;
            }
            let role = workflow.roles.get(step.role.index());
            // A step of people in which nobody need be asked is none.
            let by_itself = settles(workflow, index, |how| {
                matches!(how, How::Auto(_) | How::TimedOut | How::Exhausted(_))
            });
            if by_itself || role.is_none_or(|role| role.kind != RoleKind::Human) {
                next.insert(index);
            }
        }
        before = next;
    }
    false
}

/// Whether an action does something for good: it pays, deploys, deletes, publishes or the like, by its effect and its clauses.
#[must_use]
pub fn is_for_good(action: &Action) -> bool {
    action.clauses.is_final()
        || action.irreversible
        || action.publishes
        || !matches!(action.effect, Effect::Read | Effect::Discuss | Effect::Write)
}

/// An outcome of the step that comes about so settles it.
fn settles(workflow: &Workflow, step: usize, so: impl Fn(&How) -> bool) -> bool {
    let outcomes = workflow.steps.get(step).map(|step| step.outcomes.as_slice()).unwrap_or_default();
    outcomes.iter().any(|outcome| outcome.then == Then::Settle && so(&outcome.how))
}

/// The step begins by an outcome of one of these, or by what one of them gave.
fn waits_for(step: &Step, steps: &BTreeSet<usize>) -> bool {
    step.after.steps().into_iter().any(|source| steps.contains(&source.index()))
}
