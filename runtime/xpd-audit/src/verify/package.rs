//! Verification of a package, from its bytes to a report.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::{Artifact, Envelope, VerifyingKey};
use xp_scope::Digest;

use super::lines::{Lines, Read};
use super::property::InRun;
use super::report::{Fault, Finding, LogName, Report, Verdict};
use super::{approvals, chain, decisions, lines, log, replay, uses};
use crate::entry::{Body, Kind};
use crate::evidence::{self, Deployment, Manifest};
use crate::left_open;
use crate::note::{Policy, Vkey};

/// What the verifier knows independently of the package.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// The log's key. Without it, and without a policy that names the log, the verdict is at most
    /// `self-consistent`.
    pub log_key: Option<Vkey>,
    /// Keys whose signatures on artifacts are trusted. Without any the verdict is at most `self-consistent`.
    pub artifact_keys: Vec<VerifyingKey>,
    /// The policy whose quorum the checkpoint must reach. A log that the policy names is trusted as by
    /// [`Self::log_key`].
    pub policy: Option<Policy>,
}

type Files = BTreeMap<String, Vec<u8>>;

/// Verifies a package offline.
#[must_use]
pub fn verify_package(bytes: &[u8], trust: &Trust) -> Report {
    let mut report = Report {
        verdict: Verdict::Failed,
        run: None,
        shadow: false,
        artifact: None,
        log: None,
        witnesses: Vec::new(),
        entries: BTreeMap::new(),
        replayed: 0,
        approvals: 0,
        by_login: 0,
        by_chat: 0,
        properties: Vec::new(),
        left_open: Vec::new(),
        findings: Vec::new(),
        unlisted: 0,
        skipped: Vec::new(),
        not_proved: Vec::new(),
    };
    let (files, faults) = evidence::read(bytes);
    let mut findings: Vec<Finding> =
        faults.into_iter().map(|fault| Finding::new(Fault::Archive, fault)).collect();
    let manifest = manifest(&files, &mut findings);
    let policy = trust.policy.as_ref();
    let log_key = trust.log_key.as_ref().or_else(|| log::key_of_policy(&files, policy?));
    let checkpoint = log::checkpoint(&files, log_key, &mut findings);
    if let Some(policy) = policy {
        report.witnesses = log::witnesses(&files, policy, &mut findings);
    }
    report.log = checkpoint.as_ref().map(|checkpoint| LogName {
        origin: checkpoint.origin.clone(),
        size: checkpoint.size,
        root: Digest::from_bytes(checkpoint.root),
    });
    let artifact = artifact(&files, trust, &mut findings);
    let file = |name: &str| files.get(name).map(Vec::as_slice).unwrap_or_default();
    let lines = lines::read(
        file(evidence::EVENTS),
        file(evidence::PROOFS),
        &files,
        checkpoint.as_ref(),
        &mut findings,
    );
    let order = chain::check(&lines, &mut findings);
    let read = || lines.read.iter().flatten();
    for line in read() {
        *report.entries.entry(line.entry.kind).or_default() += 1;
    }
    report.run = read().find_map(|line| line.entry.run.clone());
    report.shadow =
        read().any(|line| line.entry.shadow) || manifest.as_ref().is_some_and(|manifest| manifest.shadow);
    report.artifact = artifact.as_ref().and_then(|artifact| artifact.digest().ok());
    names(&lines, &report, manifest.as_ref(), log::start_size(&files), &mut findings);
    let mut reworded = 0;
    let open = match (&artifact, lines.whole && order.chained) {
        (Some(artifact), true) => {
            let steps = decisions::read(read(), &mut findings);
            let open = uses::check(&steps, &mut findings);
            let approved = approvals::check(&steps, &artifact.workflow, &mut findings);
            (report.approvals, report.by_login) = (approved.by_passkey, approved.by_login);
            report.by_chat = approved.by_chat;
            let replayed = replay::check(artifact, &steps, &mut findings);
            (report.replayed, reworded) = (replayed.decisions, replayed.reworded);
            report.properties = replayed.properties;
            open
        }
        _ => {
            let what =
                "grants, uses, replay and properties, because entries or the artifact are damaged or missing";
            report.skipped.push(what.to_owned());
            Vec::new()
        }
    };
    report.left_open = read()
        .find_map(|read| match &read.entry.body {
            Body::Opened { facts, .. } => Some(left_open::told(facts)),
            _ => None,
        })
        .unwrap_or_default();
    report.not_proved = not_proved(&files, trust, manifest.as_ref(), &read().collect::<Vec<_>>(), &open);
    report
        .not_proved
        .extend(log_key.is_none().then(|| "whose log it is: its key came with the package".into()));
    report.not_proved.push(same_log(policy, &report));
    if report.shadow {
        let claim = "anything about an enforced run: this is a shadow run";
        report.not_proved.push(claim.to_owned());
    }
    if report.approvals > 0 {
        let claim = "whose passkeys signed, and that people were shown what they decided on: enrolment and pages are the server's";
        report.not_proved.push(claim.to_owned());
    }
    if report.by_login > 0 {
        let claim = "that the people whose logins are named decided: nothing of theirs signed it, it is the server's word and the provider's";
        report.not_proved.push(claim.to_owned());
    }
    if report.by_chat > 0 {
        let claim = "that the people whose chat users are named decided: bridges signed it, and whose keys and users these are is the server's word";
        report.not_proved.push(claim.to_owned());
    }
    if order.open {
        report
            .not_proved
            .push("what came after the last entry: the run's end is not in the package".to_owned());
    }
    if reworded > 0 {
        let claim =
            format!("that {reworded} refusals were in the words logged: code and clause are the machine's");
        report.not_proved.push(claim);
    }
    let in_doubt = report.properties.iter().filter(|property| property.in_run == InRun::BrokenIfDone);
    let in_doubt: Vec<String> = in_doubt.map(|property| format!("`{}`", property.id)).collect();
    if !in_doubt.is_empty() {
        let claim = format!("that {} held: uses whose end is not known decide it", in_doubt.join(", "));
        report.not_proved.push(claim);
    }
    let keys_from_outside = log_key.is_some() && !trust.artifact_keys.is_empty();
    report.conclude(findings, keys_from_outside, order.open);
    report
}

fn manifest(files: &Files, findings: &mut Vec<Finding>) -> Option<Manifest> {
    let manifest: Option<Manifest> =
        files.get(evidence::MANIFEST).and_then(|bytes| serde_json::from_slice(bytes).ok());
    let Some(manifest) = manifest else {
        findings
            .push(Finding::new(Fault::Manifest, format!("`{}` is missing or damaged", evidence::MANIFEST)));
        return None;
    };
    for name in
        [evidence::ARTIFACT, evidence::EVENTS, evidence::PROOFS, evidence::CHECKPOINT, evidence::LOG_KEY]
    {
        if !files.contains_key(name) {
            findings.push(Finding::new(Fault::Archive, format!("`{name}` is missing")));
        }
    }
    let names: BTreeSet<&String> = files.keys().chain(manifest.files.keys()).collect();
    for name in names.into_iter().filter(|name| *name != evidence::MANIFEST) {
        let why = match (files.get(name), manifest.files.get(name)) {
            (Some(bytes), Some(digest)) if Digest::of(bytes) == *digest => continue,
            (Some(_), Some(_)) => "is not the file the manifest lists",
            (Some(_), None) => "is not in the manifest",
            (None, _) => "is in the manifest and missing",
        };
        findings.push(Finding::new(Fault::Manifest, format!("`{name}` {why}")));
    }
    Some(manifest)
}

fn artifact(files: &Files, trust: &Trust, findings: &mut Vec<Finding>) -> Option<Artifact> {
    let bytes = files.get(evidence::ARTIFACT)?;
    let packaged: Vec<VerifyingKey> = files
        .range(evidence::ARTIFACT_KEYS.to_owned()..)
        .take_while(|(name, _)| name.starts_with(evidence::ARTIFACT_KEYS))
        .filter_map(|(_, pem)| VerifyingKey::from_pem(std::str::from_utf8(pem).ok()?).ok())
        .collect();
    let keys = if trust.artifact_keys.is_empty() { &packaged } else { &trust.artifact_keys };
    match Envelope::open(bytes, xp_artifact::Trust::AnyOf(keys)) {
        Ok((_, artifact)) => Some(artifact),
        Err(error) => {
            findings.push(Finding::new(Fault::Artifact, error.to_string()));
            // Without a valid signature the replay still shows whether the machine made the decisions.
            Envelope::open(bytes, xp_artifact::Trust::FormOnly).ok().map(|(_, artifact)| artifact)
        }
    }
}

/// Checks that the parts of the package agree on run, artifact and position in the log.
fn names(
    lines: &Lines,
    report: &Report,
    manifest: Option<&Manifest>,
    start_size: Option<u64>,
    findings: &mut Vec<Finding>,
) {
    let read = || lines.read.iter().flatten();
    if let Some(artifact) = &report.artifact {
        // A difference between two entries was already reported by the check of the chain.
        if let Some(line) = read().next().filter(|line| line.entry.art.as_ref() != Some(artifact)) {
            let why = "it names another artifact than the package holds";
            findings.push(Finding::at(Fault::Artifact, &line.name, why));
        }
    }
    if let Some(manifest) = manifest {
        let same = Some(&manifest.run) == report.run.as_ref()
            && (report.artifact.is_none() || Some(&manifest.artifact) == report.artifact.as_ref())
            && manifest.entries == lines.read.len() as u64
            && read().next().is_none_or(|line| line.entry.shadow == manifest.shadow);
        if !same {
            let why = "the manifest names another run, artifact, mark or number of entries";
            findings.push(Finding::new(Fault::Manifest, why));
        }
    }
    if let (Some(size), Some(first)) = (start_size, read().next())
        && first.entry.index < size
    {
        let why = "it stands in the log before the checkpoint from before the run";
        findings.push(Finding::at(Fault::Consistency, &first.name, why));
    }
}

/// What is not excluded about other histories under the same log key.
fn same_log(policy: Option<&Policy>, report: &Report) -> String {
    match policy {
        Some(policy) if policy.asks() && !report.witnesses.is_empty() => {
            let names: Vec<&str> = report.witnesses.iter().map(|one| one.witness.as_str()).collect();
            format!("that the witnesses are independent of the log and of each other: {}", names.join(", "))
        }
        _ => "that everybody is shown the same log: no witness was asked".to_owned(),
    }
}

fn not_proved(
    files: &Files,
    trust: &Trust,
    manifest: Option<&Manifest>,
    lines: &[&Read],
    open: &[String],
) -> Vec<String> {
    let mut list = vec![
        "that what was recorded about the outside is true, or lasted".to_owned(),
        "that nothing was done past the proxy".to_owned(),
        "that the server's clock was right, and that principals, controllers and roles in the inputs are the roster's"
            .to_owned(),
    ];
    let mut add = |applies: bool, claim: String| list.extend(applies.then_some(claim));
    add(trust.artifact_keys.is_empty(), "who signed the artifact: the keys came with the package".into());
    add(
        !files.contains_key(evidence::START_CHECKPOINT),
        "that the log only grew since before the run: no checkpoint from then".into(),
    );
    add(
        manifest.is_some_and(|manifest| manifest.deployment == Deployment::OneProcess),
        "that an intruder in the one process of this deployment could not have acted unrecorded".into(),
    );
    let outside = lines.iter().filter(|line| matches!(line.entry.body, Body::RefusedOutside { .. })).count();
    add(outside > 0, format!("that {outside} refusals made before the machine was asked were right"));
    let counted = lines.iter().any(|line| line.entry.kind == Kind::RefusalsCounted);
    add(counted, "that refusals which were only counted were right".into());
    add(!open.is_empty(), format!("how {} claimed actions ended: {}", open.len(), open.join(", ")));
    list
}
