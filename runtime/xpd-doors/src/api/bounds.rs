//! Bounds on requests: how many at once, how long. Beyond them the answer is `busy`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::problem::Problem;
use xp_wire::RefusalCode;

/// What is said to who comes while every place is taken.
pub(super) const BUSY: &str = "too many of these at once; ask again";

/// Refuses what comes while every place is taken.
pub(super) async fn place(State(places): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    match places.try_acquire() {
        Ok(_place) => next.run(request).await,
        Err(_) => Problem::new(RefusalCode::Busy, BUSY).into_response(),
    }
}

/// Gives up an answer that does not come. What was begun may still be done.
pub(super) async fn in_time(State(longest): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(longest, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail =
                "the answer did not come in time; it may still be done: repeat it under its request id";
            Problem::new(RefusalCode::Busy, detail).into_response()
        }
    }
}
