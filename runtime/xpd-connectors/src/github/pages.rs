//! Lists that come in pages: read whole or not at all, or from the newest entry back to those that are too old.

use serde::de::DeserializeOwned;
use xpd_proxy::ActError;

use super::api::{Api, refused};

/// Entries of a page; GitHub gives no more.
const SIZE: usize = 100;
/// Pages read at most.
const MOST: usize = 20;

/// Entries of a page read from the newest back: a hundred of the longest bodies are more than an answer may hold.
const FEW: usize = 50;
/// Pages read back at most.
const BACK: usize = 200;
/// Old entries in a row that end a walk: one alone may bear a date that somebody made up.
const OLD: usize = 100;

/// Shows entries, the newest first, until enough of them in a row were `old`; so the cost is that of what came since.
pub(super) async fn back<T: DeserializeOwned>(
    api: &Api,
    segments: &[&str],
    query: &[(&str, &str)],
    mut old: impl FnMut(T) -> bool,
) -> Result<(), ActError> {
    let mut row = 0;
    for page in 1..=BACK {
        let (size, page) = (FEW.to_string(), page.to_string());
        let mut pairs = query.to_vec();
        pairs.push(("per_page", &size));
        pairs.push(("page", &page));
        let found: Vec<T> = api.get(segments, &pairs).await?;
        let last = found.len() < FEW;
        for entry in found {
            row = if old(entry) { row + 1 } else { 0 };
        }
        if last || row >= OLD {
            return Ok(());
        }
    }
    Err(refused(413, "too much has happened since"))
}

/// Every entry of a list; one with more than two thousand is refused, since half a list answers nothing.
pub(super) async fn all<T: DeserializeOwned>(
    api: &Api,
    segments: &[&str],
    query: &[(&str, &str)],
) -> Result<Vec<T>, ActError> {
    let mut entries: Vec<T> = Vec::new();
    for page in 1..=MOST {
        let (size, page) = (SIZE.to_string(), page.to_string());
        let mut pairs = query.to_vec();
        pairs.push(("per_page", &size));
        pairs.push(("page", &page));
        let found: Vec<T> = api.get(segments, &pairs).await?;
        let last = found.len() < SIZE;
        entries.extend(found);
        if last {
            return Ok(entries);
        }
    }
    Err(refused(413, "the list is too long to be read whole"))
}
