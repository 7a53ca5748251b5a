//! The log in the C2SP tlog-tiles layout, as if it were static files.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use xp_wire::{RefusalCode, body};
use xpd_audit::tiles::{TILE_WIDTH, Tile};

use super::App;
use super::problem::Problem;

const SHORT: &str = "no-cache";
const LONG: &str = "public, max-age=31536000, immutable";

/// Get the latest signed checkpoint.
#[utoipa::path(get, path = "/log/checkpoint",
    responses((status = 200, body = String, content_type = "text/plain"), (status = "default", body = body::Problem)))]
pub(super) async fn checkpoint(State(app): State<App>) -> Result<Response, Problem> {
    let found = app.orchestrator.checkpoint().await?;
    let note = found.ok_or_else(|| Problem::new(RefusalCode::Unknown, "nothing was logged yet"))?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, SHORT)];
    Ok((headers, note).into_response())
}

/// Get a tile of hashes or, under `entries`, the leaves below a tile of level 0.
#[utoipa::path(get, path = "/log/tile/{level}/{*position}",
    params(("level" = String, Path), ("position" = String, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
              (status = "default", body = body::Problem)))]
pub(super) async fn tile(
    State(app): State<App>,
    Path((level, position)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let unknown = || Problem::new(RefusalCode::Unknown, "there is no such tile");
    let entries = level == "entries";
    let number: u8 = if entries { 0 } else { level.parse().map_err(|_| unknown())? };
    let (index, width) = place(&position).ok_or_else(unknown)?;
    let tile = Tile { level: number, index, width };
    // Only the canonical spelling of a path is served.
    let path = if entries { tile.entries_path() } else { tile.path() };
    if path != format!("tile/{level}/{position}") || number > 7 {
        return Err(unknown());
    }
    let bytes = app.orchestrator.tile(tile, entries).await?.ok_or_else(unknown)?;
    let headers = [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, LONG)];
    Ok((headers, bytes).into_response())
}

/// Parses `x001/x234/067` or `x001/x234/067.p/5` into index and width.
fn place(text: &str) -> Option<(u64, u64)> {
    let (groups, width) = match text.split_once(".p/") {
        Some((groups, width)) => {
            (groups, width.parse().ok().filter(|width| (1..TILE_WIDTH).contains(width))?)
        }
        None => (text, TILE_WIDTH),
    };
    let mut index: u64 = 0;
    for group in groups.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        if digits.len() != 3 {
            return None;
        }
        index = index.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
    }
    Some((index, width))
}
