//! Writing a package.

use ed25519_dalek::VerifyingKey as LogKey;
use ed25519_dalek::pkcs8::EncodePublicKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use serde::Serialize;
use xp_artifact::VerifyingKey;
use xp_scope::Digest;

use super::archive::{self, Files};
use super::layout::{self, Proof};
use super::manifest::{Deployment, FORMAT, Manifest};
use crate::entry::{Blob, LogEntry, Salt};
use crate::merkle::Hash;
use crate::note::Vkey;

/// The parts of a package, as the store holds them.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// The artifact file.
    pub artifact: Vec<u8>,
    /// The entries of the run, in order.
    pub entries: Vec<EvidenceEntry>,
    /// Parts stored outside the entries and not erased.
    pub blobs: Vec<Blob>,
    /// The checkpoint to which the inclusion proofs lead, a signed note.
    pub checkpoint: Vec<u8>,
    /// A checkpoint from before the run, where there is one.
    pub start: Option<EvidenceStart>,
    /// The log's key.
    pub log_key: Vkey,
    /// Public keys of the artifact's signers.
    pub artifact_keys: Vec<VerifyingKey>,
    /// How the parts of the runtime were isolated.
    pub deployment: Deployment,
}

/// An entry with its inclusion proof.
#[derive(Clone, Debug)]
pub struct EvidenceEntry {
    /// Canonical bytes of the entry, [`crate::entry::Appended::bytes`].
    pub bytes: Vec<u8>,
    /// Its salt.
    pub salt: Salt,
    /// Inclusion path to the checkpoint's root, [`crate::merkle::inclusion_proof`].
    pub path: Vec<Hash>,
}

/// The log as it was before the run.
#[derive(Clone, Debug)]
pub struct EvidenceStart {
    /// A signed note whose size is at most the index of `run.opened`.
    pub checkpoint: Vec<u8>,
    /// Consistency proof from this checkpoint to the later one, [`crate::merkle::consistency_proof`].
    pub path: Vec<Hash>,
}

/// Why a package cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// There is no entry, or the entry at this position cannot be read or belongs to no run.
    #[error("entry {0} is not an entry of a run")]
    Entry(usize),
    /// The archive could not be written.
    #[error("package cannot be written: {0}")]
    Archive(String),
}

/// Writes a package. The same evidence gives the same bytes.
pub fn write_package(evidence: &Evidence) -> Result<Vec<u8>, EvidenceError> {
    let archive_error = |error: serde_json::Error| EvidenceError::Archive(error.to_string());
    let mut files = Files::new();
    let (mut events, mut proofs) = (Vec::new(), Vec::new());
    let mut run = None;
    for (at, item) in evidence.entries.iter().enumerate() {
        let entry: LogEntry = serde_json::from_slice(&item.bytes).map_err(|_| EvidenceError::Entry(at))?;
        // `entry` before `salt`: the canonical order, so the line is canonical if the entry is.
        events.extend_from_slice(b"{\"entry\":");
        events.extend_from_slice(&item.bytes);
        events.extend_from_slice(
            format!(",\"salt\":\"{}\"}}\n", Digest::from_bytes(item.salt.0).hex()).as_bytes(),
        );
        let proof = Proof { index: entry.index, path: layout::texts(&item.path) };
        proofs.extend(canonical(&proof).map_err(archive_error)?);
        proofs.push(b'\n');
        run = run.or_else(|| entry.run.zip(entry.art).map(|(run, artifact)| (run, artifact, entry.shadow)));
    }
    let (run, artifact, shadow) = run.ok_or(EvidenceError::Entry(0))?;
    files.insert(layout::EVENTS.into(), events);
    files.insert(layout::PROOFS.into(), proofs);
    files.insert(layout::ARTIFACT.into(), evidence.artifact.clone());
    files.insert(layout::CHECKPOINT.into(), evidence.checkpoint.clone());
    if let Some(start) = &evidence.start {
        files.insert(layout::START_CHECKPOINT.into(), start.checkpoint.clone());
        let path = canonical(&layout::texts(&start.path)).map_err(archive_error)?;
        files.insert(layout::CONSISTENCY.into(), path);
    }
    for blob in &evidence.blobs {
        files.insert(format!("{}{}", layout::BLOBS, blob.digest.hex()), blob.bytes.clone());
    }
    files.insert(layout::LOG_KEY.into(), format!("{}\n", evidence.log_key).into_bytes());
    files.insert(layout::LOG_PEM.into(), pem(&evidence.log_key)?);
    for (at, key) in evidence.artifact_keys.iter().enumerate() {
        let pem = key.to_pem().map_err(|error| EvidenceError::Archive(error.to_string()))?;
        files.insert(format!("{}{at}.pem", layout::ARTIFACT_KEYS), pem.into_bytes());
    }
    files.insert(layout::VERIFY.into(), include_bytes!("VERIFY.md").to_vec());
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        run,
        artifact,
        entries: evidence.entries.len() as u64,
        shadow,
        deployment: evidence.deployment,
        files: files.iter().map(|(name, bytes)| (name.clone(), Digest::of(bytes))).collect(),
    };
    files.insert(layout::MANIFEST.into(), canonical(&manifest).map_err(archive_error)?);
    archive::write(&files).map_err(EvidenceError::Archive)
}

fn canonical(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    serde_json_canonicalizer::to_vec(value)
}

fn pem(key: &Vkey) -> Result<Vec<u8>, EvidenceError> {
    let text =
        LogKey::from_bytes(key.bytes()).ok().and_then(|key| key.to_public_key_pem(LineEnding::LF).ok());
    Ok(text.ok_or_else(|| EvidenceError::Archive("log key".to_owned()))?.into_bytes())
}
