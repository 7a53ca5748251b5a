//! Decisions of people that arrive from a chat, by a bridge that signs them; and what bridges are told.
//!
//! A bridge counts as one controller for all its people: one of its decisions counts in an opening, it judges in no two roles that are
//! separate, and nowhere if its own controller acts in a separate role or started the run. It gives no last approval of what is for good.

use std::collections::BTreeMap;

use serde_json::json;
use xp_artifact::workflow::RoleId;
use xp_machine::Offer;
use xp_wire::RefusalCode;
use xpd_audit::approval::Approval;
use xpd_audit::chat::{self, ChatStatement};
use xpd_proxy::{Fault, Refused, Stop};
use xpd_store::{Clock as _, StoreError};

use super::Orchestrator;
use super::caller::Caller;
use super::decide::refuse;
use super::drawn::limit;
use super::waiting::{Decided, Judged, judge, opened, waits};
use crate::memory::Tx;
use crate::rules::{Bridge, Rules};

/// Requests that bridges are told at once.
const TOLD: usize = 100;

/// A decision as a bridge sends it.
#[derive(Clone, Debug)]
pub struct ChatAnswer {
    /// Name of the bridge.
    pub bridge: String,
    /// The text that it signed: a [`ChatStatement`].
    pub statement: String,
    /// Its signature, base64url.
    pub signature: String,
}

/// Something that a bridge is told.
#[derive(Clone, Debug)]
pub struct Telling {
    /// Name of the bridge.
    pub bridge: String,
    /// Where it is.
    pub url: String,
    /// The run.
    pub run: String,
    /// The step.
    pub step: String,
    /// What it is told, without text of agents and upstreams, and without values of the run.
    pub message: serde_json::Value,
    /// The name under which it is kept that it was told.
    name: String,
}

fn refused(code: RefusalCode, why: &str) -> Fault {
    Fault::refused(code, why)
}

/// The bridge that signed an answer, and the person for whom.
fn signer<'r>(
    rules: &'r Rules,
    answer: &ChatAnswer,
    said: &ChatStatement,
) -> Result<(&'r Bridge, &'r str, String), Fault> {
    let bridge = rules.bridges.get(&answer.bridge);
    let bridge = bridge.ok_or_else(|| refused(RefusalCode::NotAllowed, "no such bridge is registered"))?;
    if !chat::is_signed(&bridge.key, &answer.statement, &answer.signature) {
        return Err(refused(RefusalCode::Unauthenticated, "the signature is not by the key of the bridge"));
    }
    if said.bridge != answer.bridge {
        return Err(refused(RefusalCode::BadRequest, "the statement is of another bridge"));
    }
    let unbound = || refused(RefusalCode::NotAllowed, "the roster names nobody who is this user of the chat");
    let (person, part) = rules.roster.chat(&said.bridge, &said.user).ok_or_else(unbound)?;
    Ok((bridge, person, part))
}

impl Orchestrator {
    /// Records a decision that a bridge signed.
    ///
    /// # Errors
    /// The refusal.
    pub async fn decide_in_chat(&self, answer: ChatAnswer) -> Result<Judged, Fault> {
        let unread = || refused(RefusalCode::BadRequest, "the statement is not one of a decision");
        let said = ChatStatement::read(&answer.statement).ok_or_else(unread)?;
        // Beside the writer: anybody can ask.
        let person = signer(&self.live.now(), &answer, &said)?.1.to_owned();
        let caller = self.by_person(&person, self.clock.now(), None)?;
        self.command(caller, move |tx, caller| in_chat(tx, caller, &answer, &said)).await
    }

    /// What bridges are to be told, and were not.
    ///
    /// # Errors
    /// The store failed.
    pub async fn to_tell(&self, door: &str) -> Result<Vec<Telling>, Fault> {
        let rules = self.live.now();
        if rules.bridges.is_empty() || !rules.roster.has_chats() {
            return Ok(Vec::new());
        }
        let mut callers: BTreeMap<(String, String), Caller> = BTreeMap::new();
        for bridge in rules.bridges.keys() {
            for (user, person) in rules.roster.users(bridge) {
                if let Ok(caller) = self.by_person(person, self.clock.now(), None) {
                    callers.insert((bridge.clone(), user.to_owned()), caller);
                }
            }
        }
        let door = door.to_owned();
        self.write(move |tx| {
            let mut all = Vec::new();
            for run in tx.open_runs()? {
                tellings(tx, &callers, &door, &run, &mut all)?;
                if all.len() >= TOLD {
                    break;
                }
            }
            Ok(all)
        })
        .await
    }

    /// Remembers that a bridge was told.
    ///
    /// # Errors
    /// The store failed.
    pub async fn told(&self, telling: Telling) -> Result<(), Fault> {
        self.write(move |tx| {
            if tx.run(&telling.run)?.is_some_and(|run| run.closed.is_none()) {
                tx.set_counter(&telling.run, &telling.name, 1)?;
            }
            Ok(())
        })
        .await
    }
}

/// What bridges are to be told of a run.
fn tellings(
    tx: &mut Tx<'_>,
    callers: &BTreeMap<(String, String), Caller>,
    door: &str,
    id: &str,
    all: &mut Vec<Telling>,
) -> Result<(), Stop> {
    let rules = tx.rules();
    let Some(run) = tx.run(id)? else { return Ok(()) };
    let (machine, digest) = (std::sync::Arc::clone(&run.machine), run.artifact.to_string());
    let workflow = machine.workflow();
    let open = workflow.steps.iter().zip(run.state.steps()).filter(|(_, now)| now.open);
    let open: Vec<(String, Option<u64>)> = open
        .map(|(step, _)| (step.name.clone(), limit(&machine, &run.state, &step.name).map(|limit| limit.ends)))
        .collect();
    for (step, ends) in open {
        for (bridge, _) in rules.roster.chats_of(&digest, &workflow.name, &step) {
            let Some(registered) = rules.bridges.get(bridge) else { continue };
            let mut people = Vec::new();
            let mut outcomes: Vec<String> = Vec::new();
            for ((_, user), caller) in callers.iter().filter(|((of, _), _)| of == bridge) {
                if allowed(tx, caller, id, &step, bridge, user)?.is_err() {
                    continue;
                }
                if let Some((offer, digest)) = waits(tx, caller, id, &step)? {
                    outcomes.extend(offer.outcomes.iter().map(|one| one.outcome.clone()));
                    people.push(json!({ "user": user, "digest": digest }));
                }
            }
            if people.is_empty() {
                continue;
            }
            outcomes.sort();
            outcomes.dedup();
            let message = json!({
                "version": 1, "run": id, "artifact": digest, "workflow": workflow.name, "step": step, "outcomes": outcomes,
                "people": people, "ends": ends, "link": format!("{door}/runs/{id}/steps/{step}"),
            });
            let name = json!(["told", bridge, step, xp_scope::Digest::of(message.to_string().as_bytes())]);
            let name = name.to_string();
            if tx.counter(id, &name)?.is_none() {
                let (bridge, url) = (bridge.to_owned(), registered.url.clone());
                all.push(Telling { bridge, url, run: id.to_owned(), step: step.clone(), message, name });
            }
        }
    }
    Ok(())
}

/// Whether a user of a chat may decide in a step of a run: the roster says so since before the run began.
fn allowed(
    tx: &mut Tx<'_>,
    caller: &Caller,
    id: &str,
    step: &str,
    bridge: &str,
    user: &str,
) -> Result<Result<(), &'static str>, StoreError> {
    let rules = tx.rules();
    let Some(run) = tx.run(id)? else { return Ok(Err("there is no such run")) };
    let (digest, name, began) = (run.artifact.to_string(), run.machine.workflow().name.clone(), run.opened);
    let before = |part: &String| rules.since.get(part).is_some_and(|since| *since <= began);
    if !rules.roster.chats_of(&digest, &name, step).any(|(of, part)| of == bridge && before(&part)) {
        return Ok(Err(
            "people do not decide in this chat in this step: open the request at the people's door",
        ));
    }
    if !rules.roster.chat(bridge, user).is_some_and(|(person, part)| person == caller.name() && before(&part))
    {
        return Ok(Err("the roster did not name this user of the chat when the run began"));
    }
    if rules.roster.person(caller.name()).is_none_or(|member| member.passkey) {
        return Ok(Err(
            "the roster asks for a passkey for your decisions: open the request at the people's door",
        ));
    }
    Ok(Ok(()))
}

fn in_chat(
    tx: &mut Tx<'_>,
    caller: &Caller,
    answer: &ChatAnswer,
    said: &ChatStatement,
) -> Result<Judged, Stop> {
    let rules = tx.rules();
    let (bridge, person, _) = signer(&rules, answer, said)?;
    if person != caller.name() {
        return Err(refused(RefusalCode::NotAllowed, "this user of the chat is somebody else by now").into());
    }
    if let Some(trouble) = tx.trouble() {
        return Err(Fault::refused(RefusalCode::ClockOff, trouble.to_string()).into());
    }
    said.is_of(tx.now).map_err(|why| refused(RefusalCode::NotAllowed, why))?;
    // Once, whatever comes of it: what follows is committed, also if it refuses.
    let until = said.at.saturating_add(chat::LASTS).saturating_add(chat::SKEW) / 1_000 + 1;
    let until = i64::try_from(until).unwrap_or(i64::MAX);
    let (id, step) = (said.run.as_str(), said.step.as_str());
    let not = |tx: &mut Tx<'_>, code, why: &str| refuse(tx, id, caller.name(), Refused::new(code, why));
    if !tx.record_proof(&format!("bridge:{}", said.bridge), &said.nonce, until)? {
        return Err(not(tx, RefusalCode::ProofReplayed, "the bridge has used this nonce before"));
    }
    if let Err(why) = allowed(tx, caller, id, step, &said.bridge, &said.user)? {
        return Err(not(tx, RefusalCode::NotAllowed, why));
    }
    let Some((offer, digest)) = waits(tx, caller, id, step)? else {
        return Err(not(tx, RefusalCode::NotShown, "nothing waits for you there now"));
    };
    if digest != said.digest {
        let why = "what the decision is about is not what waits now: open the request again";
        return Err(not(tx, RefusalCode::NotShown, why));
    }
    if tx.counter(id, &opened(caller, step, &digest))?.is_none() {
        let why = "you have not opened this request at the people's door, as it is now";
        return Err(not(tx, RefusalCode::NotShown, why));
    }
    let (vote, role) = (
        json!(["bridge", said.bridge, step, offer.opening]).to_string(),
        json!(["bridge", said.bridge, offer.role]).to_string(),
    );
    if tx.counter(id, &vote)?.is_some() {
        let why = "another decision by this bridge counts in this opening, and a bridge is one controller";
        return Err(not(tx, RefusalCode::NotSeparate, why));
    }
    if is_apart(tx, id, &offer, &said.bridge, &bridge.controller)? {
        let why = "the bridge, or who runs it, already acts in a role that must be separate from this one, or started the run";
        return Err(not(tx, RefusalCode::NotSeparate, why));
    }
    if is_last(tx, id, &offer, &said.outcome)? {
        let why = "the last approval of what is paid, deployed, deleted, published or otherwise done for good is given at the people's door";
        return Err(not(tx, RefusalCode::NotAllowed, why));
    }
    let approval = Approval::Webhook {
        digest: digest.clone(),
        statement: answer.statement.clone(),
        bridge: said.bridge.clone(),
        key: bridge.key.clone(),
        user: said.user.clone(),
        signature: answer.signature.clone(),
    };
    let (step, outcome) = (said.step.clone(), said.outcome.clone());
    let judged = judge(tx, caller, id, Decided { step, outcome, notes: None, digest }, &approval)?;
    if tx.run(id)?.is_some_and(|run| run.closed.is_none()) {
        tx.set_counter(id, &vote, 1)?;
        tx.set_counter(id, &role, 1)?;
    }
    Ok(judged)
}

/// Whether a bridge, or who runs it, is known in a role that is separate from that of a request, or started the run.
fn is_apart(
    tx: &mut Tx<'_>,
    id: &str,
    offer: &Offer,
    bridge: &str,
    controller: &str,
) -> Result<bool, StoreError> {
    let rules = tx.rules();
    let Some(run) = tx.run(id)? else { return Ok(true) };
    if run.state.starter().is_none_or(|starter| starter.controller == controller) {
        return Ok(true);
    }
    let (workflow, state) = (run.machine.workflow(), &run.state);
    let Some(own) = workflow.roles.iter().position(|role| role.name == offer.role) else { return Ok(true) };
    // Who runs the bridge would decide once by it and once in person, or act later in what is separate from this.
    let separate = (0..).map(RoleId::of).zip(&workflow.roles);
    let mut separate = separate.filter(|(other, _)| workflow.are_separate(RoleId::of(own), *other));
    let roster = &rules.roster;
    if roster.plays(controller, &offer.role) || separate.any(|(_, role)| roster.plays(controller, &role.name))
    {
        return Ok(true);
    }
    let mut by_bridge = Vec::new();
    for (index, role) in workflow.roles.iter().enumerate() {
        if !workflow.are_separate(RoleId::of(own), RoleId::of(index)) {
            continue;
        }
        let staff = state.staff().get(index).and_then(Option::as_ref);
        let people = state.people().get(index).into_iter().flatten();
        if staff.into_iter().chain(people).any(|one| one.controller == controller) {
            return Ok(true);
        }
        by_bridge.push(json!(["bridge", bridge, role.name]).to_string());
    }
    for name in by_bridge {
        if tx.counter(id, &name)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether one more judgement settles an outcome that lets something be done for good.
fn is_last(tx: &mut Tx<'_>, id: &str, offer: &Offer, outcome: &str) -> Result<bool, StoreError> {
    let Some(run) = tx.run(id)? else { return Ok(true) };
    let Some(offered) = offer.outcomes.iter().find(|one| one.outcome == outcome) else { return Ok(false) };
    let judged = u32::try_from(offered.judged.len()).unwrap_or(u32::MAX);
    let is_last = judged.saturating_add(1) >= offered.needed;
    Ok(is_last && chat::settles_for_good(run.machine.workflow(), &offer.step, outcome))
}
