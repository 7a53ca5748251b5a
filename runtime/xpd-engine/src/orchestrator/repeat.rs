//! Requests that are repeated under their id.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::caller::Caller;
use crate::fault::Refused;
use crate::store::{Seen, StoreError, Tx};

/// What is to be done with a request that may have come before.
pub(super) enum Repeated<T> {
    /// It has not.
    New,
    /// It has, and this was the answer.
    Answered(T),
    /// It cannot be answered.
    Refused(Refused),
}

/// Looks a request id up.
pub(super) fn begin<T: DeserializeOwned>(
    tx: &Tx<'_>,
    run: &str,
    caller: &Caller,
    id: Option<&str>,
    digest: &str,
) -> Result<Repeated<T>, StoreError> {
    let Some(id) = id else { return Ok(Repeated::New) };
    if id.is_empty() || id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        let reason = "a request id is 1 to 64 printable ASCII characters";
        return Ok(Repeated::Refused(Refused::new("bad_request", reason)));
    }
    Ok(match tx.seen(run, &caller.key, id, digest)? {
        Seen::New => Repeated::New,
        Seen::Answered(bytes) => Repeated::Answered(serde_json::from_slice(&bytes)?),
        Seen::UnderWay => {
            Repeated::Refused(Refused::new("in_flight", "the request is under way, or its end is in doubt"))
        }
        Seen::Other => Repeated::Refused(Refused::new(
            "request_id_reused",
            "the request id was used for another request",
        )),
    })
}

/// Keeps an answer under its request id.
pub(super) fn end(
    tx: &mut Tx<'_>,
    run: &str,
    caller: &Caller,
    id: Option<&str>,
    digest: &str,
    answer: &impl Serialize,
) -> Result<(), StoreError> {
    let Some(id) = id else { return Ok(()) };
    tx.remember(run, &caller.key, id, digest, Some(&serde_json::to_vec(answer)?))
}
