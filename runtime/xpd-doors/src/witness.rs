//! The HTTP interface of a witness (C2SP tlog-witness). Makes no decisions.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use xpd_audit::witness::Rejection;

/// Upper bound on a request, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// Why a checkpoint is not cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// A rule of the protocol refuses it.
    Rule(Rejection),
    /// The checkpoint could not be stored.
    Storage,
}

/// The witness behind the interface. Both methods block.
pub trait Cosigner: Send + Sync + 'static {
    /// Checks a request, stores its checkpoint and returns the cosignature lines.
    ///
    /// # Errors
    /// The reason for the refusal.
    fn add_checkpoint(&self, body: &[u8]) -> Result<String, Rejected>;
    /// The latest cosigned checkpoint of a log. `origin_hash` is the SHA-256 of the origin in lower-case hex.
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
