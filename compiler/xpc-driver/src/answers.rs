//! Verdicts that are known: by workflow, and within it by question, both by the digest of what was proved.
//!
//! Positions in the source are no part of what is proved: an edit elsewhere in the file moves a workflow and leaves its
//! answers. A known verdict's places are then moved along; where that is not possible without doubt, it is asked again.

use std::collections::HashMap;
use std::rc::Rc;

use xp_artifact::question::Status;
use xp_diagnostics::Span;
use xp_scope::Digest;
use xpc_model::{Limits, Model, ProofObligation, Prover, ProverError, Spans, Verdict};

/// Most verdicts and trace events kept together. A large check has some hundreds.
const MAX_WEIGHT: usize = 50_000;

#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// By workflow and limits.
    known: HashMap<Digest, Entry>,
    /// Counts askings, to know what was used last.
    time: u64,
}

#[derive(Debug, Default)]
struct Entry {
    used: u64,
    /// By obligation.
    verdicts: HashMap<Digest, Kept>,
}

/// A verdict with the places as they were when it was given.
#[derive(Debug)]
struct Kept {
    verdict: Verdict,
    spans: Rc<Spans>,
    asked: Span,
}

impl Answers {
    /// One verdict for each obligation of the model, and how many of them were asked for now.
    ///
    /// # Errors
    /// The prover has no answers.
    pub(crate) fn of(
        &mut self,
        prover: &mut dyn Prover,
        model: &Model,
        limits: Limits,
    ) -> Result<(Vec<Verdict>, usize), ProverError> {
        let broken =
            |error: serde_json::Error| ProverError(format!("the workflow has no JSON form: {error}"));
        let workflow = digest(&(&model.workflow, limits)).map_err(broken)?;
        let keys: Result<Vec<Digest>, _> = model.obligations.iter().map(key).collect();
        let keys = keys.map_err(broken)?;
        self.time += 1;
        let entry = self.known.entry(workflow).or_default();
        entry.used = self.time;
        let mut found: Vec<Option<Verdict>> = keys
            .iter()
            .zip(&model.obligations)
            .map(|(key, asked)| entry.verdicts.get(key)?.at(&model.spans, asked.span))
            .collect();
        let missing = || found.iter().zip(&model.obligations).filter(|(verdict, _)| verdict.is_none());
        let asked: Vec<ProofObligation> = missing().map(|(_, obligation)| obligation.clone()).collect();
        if !asked.is_empty() {
            let answered = prover.prove(model, &asked, limits)?;
            if answered.len() != asked.len() {
                return Err(ProverError("the prover did not answer every question".to_owned()));
            }
            let spans = Rc::new(model.spans.clone());
            let mut answered = answered.into_iter();
            for ((place, key), obligation) in found.iter_mut().zip(&keys).zip(&model.obligations) {
                if place.is_some() {
                    continue;
                }
                let Some(verdict) = answered.next() else { continue };
                // Without an answer today there may be one tomorrow: limits are about time.
                if verdict.status != Status::Unknown {
                    let spans = Rc::clone(&spans);
                    let kept = Kept { verdict: verdict.clone(), spans, asked: obligation.span };
                    entry.verdicts.insert(key.clone(), kept);
                }
                *place = Some(verdict);
            }
            self.shrink();
        }
        Ok((found.into_iter().flatten().collect(), asked.len()))
    }

    /// Forgets what was not used for longest. What was just used stays, however large.
    fn shrink(&mut self) {
        let mut weight: usize = self.known.values().map(Entry::weight).sum();
        while weight > MAX_WEIGHT && self.known.len() > 1 {
            let oldest = self.known.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            let Some(entry) = oldest.and_then(|key| self.known.remove(&key)) else { return };
            weight = weight.saturating_sub(entry.weight());
        }
    }
}

impl Entry {
    fn weight(&self) -> usize {
        let events = |kept: &Kept| -> usize {
            let traces = kept.verdict.failures.iter().filter_map(|failure| failure.trace.as_ref());
            traces.map(|trace| trace.events.len()).sum()
        };
        self.verdicts.values().map(|kept| 1 + events(kept)).sum()
    }
}

impl Kept {
    /// The verdict with its places where they are now; nothing where a place has no one counterpart.
    fn at(&self, spans: &Spans, asked: Span) -> Option<Verdict> {
        let mut verdict = self.verdict.clone();
        if *self.spans == *spans && self.asked == asked {
            return Some(verdict);
        }
        let moved = Moved::of(&self.spans, spans, self.asked, asked);
        for failure in &mut verdict.failures {
            for span in failure.spans_mut() {
                *span = moved.get(*span)?;
            }
            failure.file = failure.primary.map(|span| span.source).or(failure.file);
        }
        Some(verdict)
    }
}

/// From old places to new ones; nothing for a stretch that came to be two.
struct Moved(HashMap<Span, Option<Span>>);

impl Moved {
    fn of(old: &Spans, new: &Spans, asked: Span, now_asked: Span) -> Self {
        let mut moved = Self(HashMap::new());
        for (place, span) in old.iter() {
            moved.put(span, new.get(place));
        }
        if let Some(span) = old.fallback() {
            moved.put(span, new.fallback());
        }
        moved.put(asked, Some(now_asked));
        moved
    }

    fn put(&mut self, old: Span, new: Option<Span>) {
        let entry = self.0.entry(old).or_insert(new);
        if *entry != new {
            *entry = None;
        }
    }

    fn get(&self, span: Span) -> Option<Span> {
        self.0.get(&span).copied().flatten()
    }
}

/// What an obligation asks, wherever it stands. Its source text is part of messages.
fn key(obligation: &ProofObligation) -> Result<Digest, serde_json::Error> {
    let ProofObligation { id, question, source, span: _, vacuous_ok } = obligation;
    digest(&(id, question, source, vacuous_ok))
}

fn digest(value: &impl serde::Serialize) -> Result<Digest, serde_json::Error> {
    serde_json::to_vec(value).map(|bytes| Digest::of(&bytes))
}
