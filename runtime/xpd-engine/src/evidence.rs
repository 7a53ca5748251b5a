//! The evidence of a run, out of the store.

use xp_artifact::{Envelope, Trust, VerifyingKey};
use xpd_audit::evidence::{Deployment, Evidence, EvidenceEntry, EvidenceStart, write_package};
use xpd_audit::merkle::{consistency_proof, inclusion_proof};
use xpd_audit::note::Vkey;

use crate::fault::Fault;
use crate::orchestrator::Orchestrator;
use crate::store::{StoreError, View};

fn broken(why: impl ToString) -> StoreError {
    StoreError::Broken(why.to_string())
}

impl Orchestrator {
    /// The evidence package of a run, up to now. Complete once the run is closed.
    ///
    /// # Errors
    /// There is no such run, or the store cannot.
    pub async fn evidence(&self, run: &str, log_key: Vkey) -> Result<Vec<u8>, Fault> {
        self.sign_checkpoint().await?;
        let id = run.to_owned();
        let trusted = self.rules().trusted.clone();
        let package = self.read(move |view| gather(view, &id, log_key, &trusted)).await?;
        let Some(evidence) = package else { return Err(Fault::unknown("run")) };
        let written = tokio::task::spawn_blocking(move || write_package(&evidence)).await;
        let written = written.map_err(|_| StoreError::Closed)?;
        Ok(written.map_err(broken)?)
    }
}

fn gather(
    view: &View<'_>,
    run: &str,
    log_key: Vkey,
    trusted: &[VerifyingKey],
) -> Result<Option<Evidence>, StoreError> {
    let Some(artifact) = view.artifact_of(run)? else { return Ok(None) };
    let Some((size, checkpoint)) = view.checkpoint()? else { return Ok(None) };
    let nodes = view.nodes();
    let mut entries = Vec::new();
    let mut first = None;
    for (index, salt, bytes) in view.entries(run)? {
        if index >= size {
            break;
        }
        first = first.or(Some(index));
        let path = inclusion_proof(&nodes, index, size).map_err(broken)?;
        entries.push(EvidenceEntry { bytes, salt, path });
    }
    let Some(first) = first else { return Ok(None) };
    let start = match view.checkpoint_before(first)? {
        Some((before, checkpoint)) => {
            let path = consistency_proof(&nodes, before, size).map_err(broken)?;
            Some(EvidenceStart { checkpoint, path })
        }
        None => None,
    };
    let (envelope, _) = Envelope::open(&artifact, Trust::FormOnly).map_err(broken)?;
    let signers: Vec<&str> = envelope.signatures().iter().map(|signature| signature.keyid.as_str()).collect();
    let artifact_keys = trusted.iter().filter(|key| signers.contains(&key.id().as_str())).cloned().collect();
    Ok(Some(Evidence {
        artifact,
        entries,
        blobs: view.blobs(run)?,
        checkpoint,
        start,
        log_key,
        artifact_keys,
        deployment: Deployment::OneProcess,
    }))
}
