//! Lists that come in pages, read whole or not at all.

use serde::de::DeserializeOwned;

use super::api::{Api, refused};
use crate::connectors::ActError;

/// Entries of a page; GitHub gives no more.
const SIZE: usize = 100;
/// Pages read at most.
const MOST: usize = 20;

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
