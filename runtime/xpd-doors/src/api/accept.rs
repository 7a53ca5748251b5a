//! Connections: so many at once, none held by who does not go on, all at their end when the server stops.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

/// Connections of one listener at once: below what a process may open. More wait before the door.
const CONNECTIONS: usize = 1024;
/// How long a connection without a request may stay when the server stops, so that an answer gets out.
const LAST: Duration = Duration::from_secs(1);

/// Answers on a listener until it is told to stop; requests under way are finished. A head may take `head` to come.
pub async fn serve<L: Listener>(
    mut listener: L,
    router: Router,
    head: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await.0)
        };
        let (place, io) = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            next = next => next,
        };
        let Ok(place) = place else { break };
        connections.spawn(connection(io, router.clone(), head, stop.clone(), place));
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    head: Duration,
    mut stop: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
) {
    let busy = Arc::new(AtomicBool::new(false));
    let (router, at_work) = (TowerToHyperService::new(router), Arc::clone(&busy));
    let service = service_fn(move |request| {
        let (answer, at_work) = (router.call(request), Arc::clone(&at_work));
        async move {
            at_work.store(true, Ordering::Release);
            let response = answer.await;
            at_work.store(false, Ordering::Release);
            response.map_err(|never: Infallible| never)
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(io), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    let nothing = async {
        loop {
            tokio::time::sleep(LAST).await;
            if !busy.load(Ordering::Acquire) {
                return;
            }
        }
    };
    tokio::select! {
        _ = connection => {}
        () = nothing => {}
    }
}
