//! Deployment of artifacts: signed by a trusted key, with this server's declarations, and with all required
//! properties answered.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use xp_artifact::question::{Obligation, Status};
use xp_artifact::workflow::Workflow;
use xp_artifact::{Artifact, Envelope, Trust, VerifyingKey, tools};
use xp_machine::Machine;
use xp_scope::Digest;
use xp_wire::RefusalCode;
use xpd_audit::entry::{Body, Facts, Kind};
use xpd_proxy::{Fault, Refused, Stop};
use xpd_store::{Mode, StoreError};

use super::Orchestrator;
use super::caller::Caller;
use super::decide::outside;
use crate::memory::Line;
use crate::realms;
use crate::registry::qualified;
use crate::rules::Rules;

/// Upper bound on the lifetime of a grant, whatever the workflow states.
const MAX_TTL_SECONDS: u32 = 120;

/// A deployed artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// Its digest.
    pub digest: String,
    /// Name of its workflow.
    pub name: String,
    /// Whether it was not deployed in this mode before.
    pub new: bool,
    /// The mode.
    pub mode: Mode,
}

impl Orchestrator {
    /// Deploys an artifact and makes it the current one for the name of its workflow. A trusted signature
    /// alone does not suffice, since an older, weaker artifact of the same name stays signed; therefore an
    /// administrator must deploy it. A deployment in shadow mode is another one: it changes nothing about enforced runs, and
    /// none is started under it.
    ///
    /// # Errors
    /// The artifact is damaged, unsigned, signed by an unknown key only, has other declarations, is unproved
    /// or cannot be run.
    pub async fn deploy(
        &self,
        caller: Caller,
        mode: Mode,
        bytes: impl AsRef<[u8]> + Clone + Send + 'static,
    ) -> Result<Deployed, Fault> {
        let by = caller.name().to_owned();
        self.admit(caller).await?;
        let (rules, looked_at) = (self.rules(), bytes.clone());
        let checked = tokio::task::spawn_blocking(move || check(&rules, looked_at.as_ref())).await;
        let Checked { digest, name, signer, realms } = match checked.map_err(|_| StoreError::Closed)? {
            Ok(checked) => checked,
            Err(mut refused) => {
                let written = self.write(move |tx| {
                    refused.index = outside(tx, None, Some("deployment"), &refused)?;
                    Err(Stop::Refuse(refused))
                });
                return written.await;
            }
        };
        self.write(move |tx| {
            let text = digest.to_string();
            let new = tx.insert_artifact(&text, &name, &signer, bytes.as_ref(), mode)?;
            if new {
                let facts = [("name", &name), ("signer", &signer), ("by", &by)];
                let mut facts: Facts =
                    facts.into_iter().map(|(fact, said)| (fact.to_owned(), json!(said))).collect();
                if mode == Mode::Shadow {
                    facts.insert("shadow".to_owned(), json!(true));
                }
                if !realms.is_empty() {
                    facts.insert("realms".to_owned(), realms.into());
                }
                let written = tx.record_here(Body::Deployed { artifact: digest, facts })?;
                let (what, index) = (Kind::ArtifactDeployed.as_str(), Some(written.index));
                let shadow = mode == Mode::Shadow;
                tx.log_line(Line { shadow, what, principal: Some(by), index, ..Line::default() });
            }
            Ok(Deployed { digest: text, name, new, mode })
        })
        .await
    }
}

struct Checked {
    digest: Digest,
    name: String,
    signer: String,
    /// The bindings of its realms, for each choice of instances that a start can make at present.
    realms: Vec<serde_json::Value>,
}

fn check(rules: &Rules, bytes: &[u8]) -> Result<Checked, Refused> {
    let bad = |error: &xp_artifact::ArtifactError| {
        let mut refused = Refused::new(RefusalCode::BadArtifact, error.to_string());
        refused.clause = Some(error.code().id.to_owned());
        refused
    };
    let (envelope, artifact) =
        Envelope::open(bytes, Trust::AnyOf(&rules.trusted)).map_err(|error| bad(&error))?;
    let digest = artifact.digest().map_err(|error| bad(&error))?;
    declarations(rules, &artifact)?;
    answered(rules, &artifact.obligations)?;
    let name = artifact.workflow.name.clone();
    let long = artifact.workflow.steps.iter().flat_map(|step| &step.grants);
    if long.map(|grant| grant.ttl_seconds).max().unwrap_or(0) > MAX_TTL_SECONDS {
        return Err(Refused::new(
            RefusalCode::BadArtifact,
            format!("a token would live longer than {MAX_TTL_SECONDS} s"),
        ));
    }
    let machine = Machine::new(artifact.workflow)
        .map_err(|error| Refused::new(RefusalCode::BadArtifact, error.to_string()))?;
    tools::distinct(machine.workflow()).map_err(|error| bad(&error))?;
    let realms = realms(rules, machine.workflow(), &digest, &name)?;
    Ok(Checked { digest, name, signer: signer(rules, &envelope), realms })
}

/// Binds the realms as a start under each rule would. A choice that lacks an instance is skipped; a start
/// under it is refused.
fn realms(
    rules: &Rules,
    workflow: &Workflow,
    digest: &Digest,
    name: &str,
) -> Result<Vec<serde_json::Value>, Refused> {
    let digest = digest.to_string();
    let unnamed = BTreeMap::new();
    let named = rules.roster.rules_of(&digest, name).map(|rule| &rule.instances).chain([&unnamed]);
    let chosen: BTreeSet<BTreeMap<String, String>> =
        named.filter_map(|named| realms::instances(&rules.instances, named, workflow).ok()).collect();
    chosen.iter().map(|chosen| Ok(realms::bind(&rules.instances, chosen, workflow)?.to_json())).collect()
}

/// Ids of the trusted keys among the signers.
fn signer(rules: &Rules, envelope: &Envelope) -> String {
    let known: Vec<String> = rules.trusted.iter().map(VerifyingKey::id).collect();
    let named = envelope.signatures().iter().map(|signature| &signature.keyid);
    named.filter(|id| known.contains(id)).map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn declarations(rules: &Rules, artifact: &Artifact) -> Result<(), Refused> {
    for action in &artifact.workflow.actions {
        if !rules.registry.knows(action, &artifact.workflow.records, &artifact.workflow.kinds) {
            let mut reason =
                format!("`{}` is not declared here as the artifact declares it", qualified(action));
            if action.transport.is_some() {
                let name = &action.connector;
                reason.push_str(&format!(
                    "; `xpc build FILE --connector {name} -o {name}.json` writes its declaration, and `xpd connectors add \
                     {name}.json` registers it"
                ));
            }
            return Err(Refused::new(RefusalCode::UndeclaredAction, reason));
        }
    }
    Ok(())
}

/// Refuses an artifact without answers, or without an answer that this server requires.
fn answered(rules: &Rules, obligations: &[Obligation]) -> Result<(), Refused> {
    if obligations.is_empty() {
        return Err(Refused::new(RefusalCode::Unproved, "nothing was asked of the artifact"));
    }
    for kind in &rules.required {
        if !obligations.iter().any(|obligation| obligation.question.kind().as_str() == kind) {
            return Err(Refused::new(
                RefusalCode::Unproved,
                format!("`{kind}` was not asked of the artifact"),
            ));
        }
    }
    for obligation in obligations {
        let refuted = obligation.status == Status::Refuted;
        if !obligation.holds() && (refuted || !rules.unproved.contains(obligation.question.kind().as_str())) {
            let mut refused =
                Refused::new(RefusalCode::Unproved, format!("`{}` is not proved", obligation.id));
            refused.clause = Some(obligation.source.clone());
            return Err(refused);
        }
    }
    Ok(())
}
