//! Paginated lists: read completely, or from the newest entry back to entries older than a given time.

use serde::de::DeserializeOwned;
use xpd_proxy::ActError;

use super::api::{Api, refused};

/// Entries per page; GitHub's maximum.
const SIZE: usize = 100;
/// Upper bound on the pages of a complete list.
const MOST: usize = 20;

/// Entries per page when reading back. A hundred entries with bodies of maximal length would exceed the size
/// limit of an answer.
const FEW: usize = 50;
/// Upper bound on the pages when reading back.
const BACK: usize = 200;
/// Number of consecutive old entries that ends the search. A single one may carry a forged date.
const OLD: usize = 100;

/// Visits entries, newest first, until [`OLD`] consecutive ones are `old`, so the cost depends only on the
/// entries since then.
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

/// All entries of a list. A list that exceeds [`MOST`] pages is refused, since a part of it answers no
/// question.
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
