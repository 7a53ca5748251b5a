//! Settings are put in force, at the start and while the server works: on the record, by what changed in them.
//!
//! A removal acts at the next decision. What is added to the roster acts in runs that start later: each part of it (a
//! principal under a key in a role) is known since the time at which it came in, and plays in a run only if that began later.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;
use xpd_audit::entry::{Body, Facts};
use xpd_proxy::Fault;

use super::Orchestrator;
use crate::memory::Tx;
use crate::rules::Rules;

/// Where the times are kept since which parts of the roster are known.
const SINCE: &str = "roster";

/// Names of a change that are put on the record; of more, how many there were.
const NAMED: usize = 32;

impl Orchestrator {
    /// Puts settings in force, and on the record if they differ from the last ones. True if they do.
    ///
    /// # Errors
    /// The store cannot; then those before stay in force.
    pub async fn reconfigure(&self, rules: Rules) -> Result<bool, Fault> {
        let (live, before) = (Arc::clone(&self.live), self.live.now());
        let done = self.insist(move |tx| {
            let mut rules = rules;
            rules.since = since(tx, &rules)?;
            let text = rules.digest.to_string();
            let changed = tx.remembered("config")?.as_deref() != Some(text.as_bytes());
            if changed {
                tx.remember_value("config", text.as_bytes())?;
                let facts = differences(&live.now(), &rules);
                tx.record_here(Body::Configured { config: rules.digest.clone(), facts })?;
            }
            // Before the commit: whatever is decided after this sees it.
            live.put(Arc::new(rules));
            Ok(changed)
        });
        let done = done.await;
        if done.is_err() {
            self.live.put(before);
        }
        done
    }

    /// Puts on the record under which settings the server starts.
    ///
    /// # Errors
    /// The store cannot.
    pub async fn settle_in(&self) -> Result<(), Fault> {
        self.reconfigure(Rules::clone(&self.live.now())).await.map(drop)
    }
}

/// Since when each part of the roster is known; the first roster of all always was.
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

/// What differs, by name.
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
    facts
}
