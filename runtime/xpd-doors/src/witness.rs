//! The door of a witness: C2SP tlog-witness over HTTP. It answers as the protocol says and decides nothing.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use xpd_audit::witness::Rejection;

/// Longest request that is read.
const MAX_BODY: usize = 256 * 1024;

/// Why a checkpoint is not cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// By the rules of the protocol.
    Rule(Rejection),
    /// It could not be kept.
    Storage,
}

/// Who cosigns. Both block.
pub trait Cosigner: Send + Sync + 'static {
    /// Checks a request, keeps its checkpoint and cosigns it: the signature lines.
    ///
    /// # Errors
    /// Why not.
    fn add_checkpoint(&self, body: &[u8]) -> Result<String, Rejected>;
    /// The latest cosigned checkpoint of a log, by the SHA-256 of its origin in lower-case hex.
    fn checkpoint(&self, origin_hash: &str) -> Option<Vec<u8>>;
}

/// The routes of a witness.
pub fn router(cosigner: Arc<dyn Cosigner>) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{origin}/checkpoint", get(checkpoint))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(CatchPanicLayer::new())
        .with_state(cosigner)
}

async fn add_checkpoint(State(cosigner): State<Arc<dyn Cosigner>>, body: Bytes) -> Response {
    let done = tokio::task::spawn_blocking(move || cosigner.add_checkpoint(&body)).await;
    match done.unwrap_or(Err(Rejected::Storage)) {
        Ok(lines) => plain(StatusCode::OK, "text/plain; charset=utf-8", lines.into_bytes()),
        Err(Rejected::Rule(rule)) => {
            let status = StatusCode::from_u16(rule.status()).unwrap_or(StatusCode::BAD_REQUEST);
            match rule {
                Rejection::Conflict(size) => {
                    plain(status, "text/x.tlog.size", format!("{size}\n").into_bytes())
                }
                rule => plain(status, "text/plain; charset=utf-8", format!("{rule}\n").into_bytes()),
            }
        }
        Err(Rejected::Storage) => {
            let text = b"the checkpoint cannot be kept\n".to_vec();
            plain(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", text)
        }
    }
}

async fn checkpoint(State(cosigner): State<Arc<dyn Cosigner>>, Path(origin): Path<String>) -> Response {
    match cosigner.checkpoint(&origin) {
        Some(note) => plain(StatusCode::OK, "text/plain; charset=utf-8", note),
        None => plain(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", b"none was cosigned\n".to_vec()),
    }
}

fn plain(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], body).into_response()
}
