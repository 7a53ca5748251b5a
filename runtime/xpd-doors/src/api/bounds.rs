//! Limits on the number and duration of concurrent requests. Beyond them the answer is `busy`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::problem::Problem;
use xp_wire::RefusalCode;

/// Refusal text when all places are taken.
pub(crate) const BUSY: &str = "too many of these at once; ask again";

/// Refuses a request when all places are taken.
pub(super) async fn limit_concurrency(
    State(places): State<Arc<Semaphore>>,
    request: Request,
    next: Next,
) -> Response {
    match places.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => Problem::new(RefusalCode::Busy, BUSY).into_response(),
    }
}

/// Refuses a request that takes too long. What it began may still be completed.
pub(crate) async fn limit_time(State(longest): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(longest, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail =
                "the answer did not come in time; it may still be done: repeat it under its request id";
            Problem::new(RefusalCode::Busy, detail).into_response()
        }
    }
}
