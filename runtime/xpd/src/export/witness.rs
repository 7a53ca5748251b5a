//! Requests to witnesses for cosignatures and for the checkpoints they have cosigned (C2SP tlog-witness).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{StatusCode, Url};
use tokio::task::JoinSet;
use xpd_audit::note::{Checkpoint, Note, NoteSignature, Policy, PolicyWitness, Vkey, cosigned_at};
use xpd_audit::witness::{AddCheckpoint, origin_hash};
use xpd_egress::Reach;
use xpd_engine::Orchestrator;
use xpd_store::StoreError;

use super::destination;

/// Upper bound on an answer, in bytes.
const MAX_ANSWER: usize = 256 * 1024;
/// Attempts per cosignature. The first may only yield the size that the witness has.
const TRIES: u32 = 3;
/// How long to wait for further witnesses once the quorum is reached.
const STRAGGLERS: Duration = Duration::from_secs(1);

/// A witness and how it is reached.
struct Site {
    witness: PolicyWitness,
    base: Url,
    http: reqwest::Client,
}

impl Site {
    /// The witnesses of a policy.
    ///
    /// # Errors
    /// The URL of one is missing, or no HTTP client can be created for it.
    fn all(policy: &Policy, reach: &Reach) -> Result<Vec<Arc<Self>>, String> {
        let site = |witness: &PolicyWitness| {
            let (base, http) = destination(witness.url.as_deref().unwrap_or_default(), reach)?;
            Ok(Arc::new(Self { witness: witness.clone(), base, http }))
        };
        policy.witnesses().iter().map(site).collect()
    }

    fn url(&self, segments: &[&str]) -> Result<Url, String> {
        xpd_egress::compose(&self.base, segments, &[]).map_err(|error| error.to_string())
    }
}

/// The witnesses of a policy.
pub(super) struct Witnesses {
    policy: Policy,
    sites: Vec<Arc<Site>>,
    log_key: Vkey,
    /// Size of the checkpoint that each witness cosigned last.
    known: BTreeMap<String, u64>,
}

/// Why a witness did not cosign.
enum Refusal {
    /// A temporary failure.
    Later(String),
    /// The witness has cosigned a log that is inconsistent with this one.
    Fork(StoreError),
}

impl From<reqwest::Error> for Refusal {
    fn from(error: reqwest::Error) -> Self {
        Self::Later(crate::with_causes(&error.without_url()))
    }
}

impl Witnesses {
    pub fn new(policy: &Policy, log_key: Vkey, reach: &Reach) -> Result<Self, String> {
        let sites = Site::all(policy, reach)?;
        Ok(Self { policy: policy.clone(), sites, log_key, known: BTreeMap::new() })
    }

    /// Compares the log with the checkpoints of all witnesses.
    pub async fn compare_all(&self, orchestrator: &Orchestrator) -> Result<(), StoreError> {
        for (name, seen) in seen(&self.sites, &self.log_key).await {
            match seen {
                Ok(Some((checkpoint, _))) => same_log(orchestrator, &name, checkpoint).await?,
                Ok(None) => {}
                Err(why) => {
                    tracing::warn!(witness = name, why, "a witness cannot be asked what it has cosigned")
                }
            }
        }
        Ok(())
    }

    /// Requests cosignatures from all witnesses. Returns the checkpoint with the valid ones, and a
    /// description of what is missing. It is stored as soon as the quorum is reached; further witnesses get
    /// [`STRAGGLERS`] more.
    pub async fn cosign(
        &mut self,
        orchestrator: &Arc<Orchestrator>,
        note: &[u8],
    ) -> Result<(Vec<u8>, Option<String>), StoreError> {
        let mut cosigned = Note::parse(note).map_err(StoreError::broken)?;
        let checkpoint = Checkpoint::open(note, &self.log_key).map_err(StoreError::broken)?;
        let size = checkpoint.size;
        let mut asked = JoinSet::new();
        for site in &self.sites {
            let ask = Ask {
                orchestrator: Arc::clone(orchestrator),
                site: Arc::clone(site),
                log_key: self.log_key.clone(),
                note: note.to_vec(),
                size,
                old: self.known.get(&site.witness.name).copied().unwrap_or_default(),
            };
            asked.spawn(ask.run());
        }
        let mut enough = false;
        loop {
            let next = match enough {
                true => tokio::time::timeout(STRAGGLERS, asked.join_next()).await.unwrap_or_default(),
                false => asked.join_next().await,
            };
            let Some(next) = next else { break };
            let Ok((name, old, answer)) = next else { continue };
            self.known.insert(name.clone(), old);
            match answer {
                Ok(line) => cosigned.add(line),
                Err(Refusal::Later(why)) => tracing::warn!(witness = name, why, "a witness does not cosign"),
                Err(Refusal::Fork(error)) => return Err(error),
            }
            if self.policy.check(&cosigned).is_ok() {
                enough = true;
                if let Err(fault) = orchestrator.keep_cosigned(size, cosigned.to_bytes()).await {
                    tracing::warn!(?fault, "a cosigned checkpoint cannot be kept");
                    return Ok((
                        cosigned.to_bytes(),
                        Some("a cosigned checkpoint cannot be kept".to_owned()),
                    ));
                }
            }
        }
        let missing = self.policy.check(&cosigned).err().map(|why| format!("the log's checkpoint is {why}"));
        Ok((cosigned.to_bytes(), missing))
    }
}

/// A checkpoint for one witness.
struct Ask {
    orchestrator: Arc<Orchestrator>,
    site: Arc<Site>,
    log_key: Vkey,
    note: Vec<u8>,
    size: u64,
    /// Size of the checkpoint that the witness cosigned last, as far as known.
    old: u64,
}

impl Ask {
    async fn run(mut self) -> (String, u64, Result<NoteSignature, Refusal>) {
        let answer = self.cosignature().await;
        (self.site.witness.name.clone(), self.old, answer)
    }

    async fn cosignature(&mut self) -> Result<NoteSignature, Refusal> {
        let url = self.site.url(&["add-checkpoint"]).map_err(Refusal::Later)?;
        for _ in 0..TRIES {
            if self.old > self.size {
                break;
            }
            let proof = self.orchestrator.consistency(self.old, self.size).await;
            let proof = proof.map_err(|error| Refusal::Later(error.to_string()))?;
            let request = AddCheckpoint { old: self.old, proof, checkpoint: self.note.clone() };
            let answer = self.site.http.post(url.clone()).body(request.to_bytes()).send().await?;
            let status = answer.status();
            let text = text(answer).await?;
            match status {
                StatusCode::OK => {
                    let line = cosignature(&text, &self.site.witness, &self.note).map_err(Refusal::Later)?;
                    self.old = self.size;
                    return Ok(line);
                }
                StatusCode::CONFLICT => {
                    let size = text.strip_suffix('\n').and_then(|size| size.parse().ok());
                    let size = size.ok_or_else(|| Refusal::Later("a conflict without a size".to_owned()))?;
                    if size == self.old {
                        return Err(Refusal::Later("a conflict over the size that it named".to_owned()));
                    }
                    self.old = size;
                }
                StatusCode::UNPROCESSABLE_ENTITY => break,
                _ => return Err(Refusal::Later(format!("it answers with status {}", status.as_u16()))),
            }
        }
        // The witness claims a size beyond this log. The claim counts only if it shows a checkpoint signed
        // with this log's key.
        let later = match latest(&self.site, &self.log_key).await {
            Ok(Some((seen, _))) => {
                same_log(&self.orchestrator, &self.site.witness.name, seen).await.map_err(Refusal::Fork)?;
                "what it has cosigned is of this log, and it does not cosign more".to_owned()
            }
            Ok(None) => "it does not show what it has cosigned".to_owned(),
            Err(why) => why,
        };
        // The next attempt first learns the witness's size.
        self.old = 0;
        Err(Refusal::Later(later))
    }
}

/// Checks that a witness's checkpoint is one of this log. A failure to read the log is an error as well.
async fn same_log(orchestrator: &Orchestrator, witness: &str, seen: Checkpoint) -> Result<(), StoreError> {
    let size = seen.size;
    match orchestrator.compare(seen).await {
        Err(StoreError::Replaced(why)) => Err(StoreError::Replaced(format!(
            "witness `{witness}` has cosigned {size} entries under this log's key: {why}"
        ))),
        Err(error) => {
            tracing::warn!(%error, "what a witness has cosigned cannot be compared");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// The signature line of the witness, if it verifies.
fn cosignature(text: &str, witness: &PolicyWitness, note: &[u8]) -> Result<NoteSignature, String> {
    let key = &witness.key;
    let lines = NoteSignature::parse_lines(text).map_err(|error| error.to_string())?;
    let line = lines.into_iter().find(|line| line.name == key.name() && line.id == key.id());
    let line = line.ok_or("its answer has no cosignature by its key")?;
    let mut note = Note::parse(note).map_err(|error| error.to_string())?;
    note.add(line.clone());
    cosigned_at(&note, key).map_err(|error| error.to_string())?;
    Ok(line)
}

/// A checkpoint and its note.
type Seen = (Checkpoint, Vec<u8>);

/// The latest checkpoint that a witness serves, if it is signed with this log's key.
async fn latest(site: &Site, log_key: &Vkey) -> Result<Option<Seen>, String> {
    let url = site.url(&[&origin_hash(log_key.name()), "checkpoint"])?;
    let failed = |error: reqwest::Error| crate::with_causes(&error.without_url());
    let answer = site.http.get(url).send().await.map_err(failed)?;
    match answer.status() {
        StatusCode::NOT_FOUND => return Ok(None),
        status if !status.is_success() => return Err(format!("it answers with status {}", status.as_u16())),
        _ => {}
    }
    let note = text(answer).await.map_err(failed)?.into_bytes();
    let checkpoint = Checkpoint::open(&note, log_key).map_err(|error| error.to_string())?;
    Ok(Some((checkpoint, note)))
}

/// The latest checkpoint of every witness, by name.
async fn seen(sites: &[Arc<Site>], log_key: &Vkey) -> Vec<(String, Result<Option<Seen>, String>)> {
    let mut asked = JoinSet::new();
    for site in sites {
        let (log_key, site) = (log_key.clone(), Arc::clone(site));
        asked.spawn(async move {
            let seen = latest(&site, &log_key).await;
            (site.witness.name.clone(), seen)
        });
    }
    asked.join_all().await
}

/// The largest checkpoint of a log that any witness of a policy shows: the note.
///
/// # Errors
/// None shows one; why, for each.
pub async fn largest(policy: &Policy, reach: &Reach, log_key: &Vkey) -> Result<Vec<u8>, String> {
    let sites = Site::all(policy, reach)?;
    let (mut found, mut why) = (None::<Seen>, Vec::new());
    for (name, seen) in seen(&sites, log_key).await {
        match seen {
            Ok(Some(seen)) if found.as_ref().is_none_or(|(checkpoint, _)| checkpoint.size < seen.0.size) => {
                found = Some(seen);
            }
            Ok(Some(_)) => {}
            Ok(None) => why.push(format!("`{name}` has cosigned nothing of this log")),
            Err(error) => why.push(format!("`{name}`: {error}")),
        }
    }
    found.map(|(_, note)| note).ok_or_else(|| why.join("; "))
}

async fn text(mut answer: reqwest::Response) -> Result<String, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if bytes.len() + chunk.len() > MAX_ANSWER {
            break;
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
