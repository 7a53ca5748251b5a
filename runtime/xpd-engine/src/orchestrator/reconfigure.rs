//! Putting rules in force, at start and on a reload. A log entry names what changed.
//!
//! A removal takes effect at the next decision. An addition to the roster takes effect in runs started later:
//! for each part of the roster (a principal under a key in a role) the time of its addition is stored, and it
//! takes part in a run only if the run began later.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;
use xpd_audit::entry::{Body, Facts};
use xpd_proxy::Fault;

use super::Orchestrator;
use crate::memory::Tx;
use crate::rules::{Bridge, Rules};

/// The key in the store under which these times are kept.
const SINCE: &str = "roster";

/// Upper bound on the names listed in a log entry. Beyond it their number is logged.
const NAMED: usize = 32;

impl Orchestrator {
    /// Puts rules in force. If they differ from the previous ones, the change is logged and true returned.
    ///
    /// # Errors
    /// The store failed; the previous rules stay in force.
    pub async fn reconfigure(&self, rules: Rules) -> Result<bool, Fault> {
        let (live, before) = (Arc::clone(&self.live), self.live.now());
        let done = self.write_past_reserve(move |tx| {
            let mut rules = rules;
            rules.since = since(tx, &rules)?;
            let text = rules.digest.to_string();
            let changed = tx.remembered("config")?.as_deref() != Some(text.as_bytes());
            if changed {
                tx.remember_value("config", text.as_bytes())?;
                let facts = differences(&live.now(), &rules);
                tx.record_here(Body::Configured { config: rules.digest.clone(), facts })?;
            }
            // Replaced before the commit, so every later decision sees the new rules.
            live.put(Arc::new(rules));
            Ok(changed)
        });
        let done = done.await;
        if done.is_err() {
            self.live.put(before);
        }
        done
    }

    /// Logs the rules with which the server starts, if they changed.
    ///
    /// # Errors
    /// The store failed.
    pub async fn record_rules(&self) -> Result<(), Fault> {
        self.reconfigure(Rules::clone(&self.live.now())).await.map(drop)
    }
}

/// The time of addition of each part of the roster. Parts of the very first roster have none.
fn since(tx: &mut Tx<'_>, rules: &Rules) -> Result<BTreeMap<String, u64>, Fault> {
    let known: Option<BTreeMap<String, u64>> = match tx.remembered(SINCE)? {
        Some(bytes) => Some(serde_json::from_slice(&bytes).map_err(xpd_store::StoreError::from)?),
        None => None,
    };
    let now = tx.now;
    let at = |part: &String| match &known {
        None => 0,
        Some(known) => known.get(part).copied().unwrap_or(now),
    };
    let parts: BTreeMap<String, u64> = rules.roster.parts().map(|part| (part.clone(), at(&part))).collect();
    if known.as_ref() != Some(&parts) {
        let bytes = serde_json::to_vec(&parts).map_err(xpd_store::StoreError::from)?;
        tx.remember_value(SINCE, &bytes)?;
    }
    Ok(parts)
}

/// The differences, by name.
fn differences(before: &Rules, after: &Rules) -> Facts {
    let mut facts = Facts::new();
    let mut note = |what: &str, old: BTreeSet<String>, new: BTreeSet<String>| {
        for (how, names) in [("removed", &old - &new), ("added", &new - &old)] {
            if !names.is_empty() {
                let named: Vec<&String> = names.iter().take(NAMED).collect();
                facts.insert(format!("{what}_{how}"), json!({ "count": names.len(), "names": named }));
            }
        }
    };
    let keys = |rules: &Rules| rules.trusted.iter().map(xp_artifact::VerifyingKey::id).collect();
    note("principals", before.roster.described(), after.roster.described());
    note("administrators", before.roster.administrators(), after.roster.administrators());
    note("signers", keys(before), keys(after));
    let connectors = |rules: &Rules| rules.instances.keys().cloned().collect();
    note("connectors", connectors(before), connectors(after));
    note("starts", before.roster.starts(), after.roster.starts());
    note("shadow_sends", sends(before), sends(after));
    note("providers", before.providers.clone(), after.providers.clone());
    note("chats", before.roster.chat_steps(), after.roster.chat_steps());
    note("bridges", bridges(before), bridges(after));
    note("limits", limits(before), limits(after));
    facts
}

/// Each action that shadow runs may send.
fn sends(rules: &Rules) -> BTreeSet<String> {
    let all = rules.shadow_sends.iter();
    all.flat_map(|(instance, names)| names.iter().map(move |name| format!("{instance}: {name}"))).collect()
}

/// The bounds on what people are asked and decide.
fn limits(rules: &Rules) -> BTreeSet<String> {
    let Rules { decisions_per_hour, requests_per_hour, .. } = rules;
    BTreeSet::from([
        format!("decisions_per_hour = {decisions_per_hour}"),
        format!("requests_per_hour = {requests_per_hour}"),
    ])
}

/// Each bridge to a chat.
fn bridges(rules: &Rules) -> BTreeSet<String> {
    let words = |(name, bridge): (&String, &Bridge)| {
        let Bridge { key, controller, url } = bridge;
        let key = xp_scope::Digest::of(key.as_bytes());
        // The path of such an address is often all that keeps others from writing into the chat.
        let url = xp_scope::Digest::of(url.as_str().as_bytes());
        format!("{name} of {controller} at the address {url} ({key})")
    };
    rules.bridges.iter().map(words).collect()
}
