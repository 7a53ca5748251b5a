//! Evidence packages from the store.

use xp_artifact::{Envelope, Trust, VerifyingKey};
use xpd_audit::entry::{Blob, Salt};
use xpd_audit::evidence::{Deployment, Evidence, EvidenceEntry, EvidenceStart, write_package};
use xpd_audit::merkle::{consistency_proof, inclusion_proof};
use xpd_audit::note::Vkey;
use xpd_proxy::Fault;
use xpd_store::{Read, StoreError};

use super::Orchestrator;
use crate::log_key::Nodes;

impl Orchestrator {
    /// The evidence package of a run up to the present. Complete once the run is closed.
    ///
    /// # Errors
    /// There is no such run, or the store failed.
    pub async fn evidence(&self, run: &str, log_key: Vkey) -> Result<Vec<u8>, Fault> {
        match self.sign_checkpoint().await {
            // On a full disk, the package is made under the last checkpoint.
            Ok(()) | Err(Fault::Store(StoreError::Full(_))) => {}
            Err(fault) => return Err(fault),
        }
        if self.rules().witnessed {
            self.until_cosigned().await;
        }
        let id = run.to_owned();
        let trusted = self.rules().trusted.clone();
        let package = self.store.read(move |rows| gather(rows, &id, log_key, &trusted)).await?;
        let Some(evidence) = package else { return Err(Fault::unknown("run")) };
        let written = tokio::task::spawn_blocking(move || write_package(&evidence)).await;
        let written = written.map_err(|_| StoreError::Closed)?;
        Ok(written.map_err(StoreError::broken)?)
    }
}

fn gather(
    rows: &dyn Read,
    run: &str,
    log_key: Vkey,
    trusted: &[VerifyingKey],
) -> Result<Option<Evidence>, StoreError> {
    let Some(row) = rows.run_row(run)? else { return Ok(None) };
    let Some(artifact) = rows.artifact_bytes(&row.artifact)? else { return Ok(None) };
    let recorded = rows.entries(run)?;
    let Some(last) = recorded.last() else { return Ok(None) };
    // Prefers a cosigned checkpoint, if it covers the run.
    let cosigned = rows.cosigned()?.filter(|checkpoint| checkpoint.size > last.index);
    let checkpoint = if cosigned.is_some() { cosigned } else { rows.checkpoint(u64::MAX)? };
    let Some(checkpoint) = checkpoint else { return Ok(None) };
    let (size, nodes) = (checkpoint.size, Nodes(rows));
    let mut entries = Vec::new();
    let mut first = None;
    for entry in recorded {
        if entry.index >= size {
            break;
        }
        first = first.or(Some(entry.index));
        let path = inclusion_proof(&nodes, entry.index, size).map_err(StoreError::broken)?;
        entries.push(EvidenceEntry { bytes: entry.bytes, salt: Salt(entry.salt), path });
    }
    let Some(first) = first else { return Ok(None) };
    let start = match rows.checkpoint(first)? {
        Some(before) => {
            let path = consistency_proof(&nodes, before.size, size).map_err(StoreError::broken)?;
            Some(EvidenceStart { checkpoint: before.note, path })
        }
        None => None,
    };
    let mut blobs = Vec::new();
    for blob in rows.blobs(run)? {
        let digest = xp_scope::Digest::parse(&blob.digest).map_err(StoreError::broken)?;
        blobs.push(Blob { digest, bytes: blob.bytes });
    }
    let (envelope, _) = Envelope::open(&artifact, Trust::FormOnly).map_err(StoreError::broken)?;
    let signers: Vec<&str> = envelope.signatures().iter().map(|signature| signature.keyid.as_str()).collect();
    let artifact_keys = trusted.iter().filter(|key| signers.contains(&key.id().as_str())).cloned().collect();
    Ok(Some(Evidence {
        artifact,
        entries,
        blobs,
        checkpoint: checkpoint.note,
        start,
        log_key,
        artifact_keys,
        deployment: Deployment::OneProcess,
    }))
}
