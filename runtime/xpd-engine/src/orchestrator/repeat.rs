//! Idempotent requests: a request repeated under its id gets the stored answer.

use serde::Serialize;
use serde::de::DeserializeOwned;
use xp_scope::Digest;
use xp_wire::RefusalCode;
use xpd_proxy::{Refused, Stop};
use xpd_store::{Seen, StoreError};

use super::caller::Caller;
use crate::memory::Tx;

/// A request with an optional id.
pub(super) struct Request {
    /// Run id; empty for a request outside runs.
    run: String,
    id: Option<String>,
    digest: String,
}

impl Request {
    /// `asked` is the complete content of the request. A later request with the same id must have the same
    /// content.
    pub fn new(run: &str, id: Option<String>, asked: &serde_json::Value) -> Self {
        let digest = Digest::of(asked.to_string().as_bytes()).to_string();
        Self { run: run.to_owned(), id, digest }
    }

    /// The request id, if any.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The stored answer; `None` for a new request. Refused, without a log entry, if the id is malformed,
    /// used with other content or still under way.
    pub fn before<T: DeserializeOwned>(&self, tx: &Tx<'_>, caller: &Caller) -> Result<Option<T>, Stop> {
        let Some(id) = &self.id else { return Ok(None) };
        let refused = |code: RefusalCode, reason: &str| Err(Stop::Refuse(Refused::new(code, reason)));
        if id.is_empty() || id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return refused(RefusalCode::BadRequest, "a request id is 1 to 64 printable ASCII characters");
        }
        match tx.seen(&self.run, &caller.key, id, &self.digest)? {
            Seen::New => Ok(None),
            Seen::Answered(bytes) => Ok(Some(serde_json::from_slice(&bytes).map_err(StoreError::from)?)),
            Seen::UnderWay => {
                refused(RefusalCode::InFlight, "the request is under way, or its end is in doubt")
            }
            Seen::Other => {
                refused(RefusalCode::RequestIdReused, "the request id was used for another request")
            }
        }
    }

    /// Stores the answer.
    pub fn answered(
        &self,
        tx: &mut Tx<'_>,
        caller: &Caller,
        answer: &impl Serialize,
    ) -> Result<(), StoreError> {
        let Some(id) = &self.id else { return Ok(()) };
        let answer = serde_json::to_vec(answer)?;
        tx.remember(&self.run, &caller.key, id, &self.digest, Some(&answer))
    }

    /// Records that the request is under way.
    pub fn begun(&self, tx: &mut Tx<'_>, caller: &Caller) -> Result<(), StoreError> {
        let Some(id) = &self.id else { return Ok(()) };
        tx.remember(&self.run, &caller.key, id, &self.digest, None)
    }
}
