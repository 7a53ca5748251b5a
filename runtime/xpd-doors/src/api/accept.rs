//! Accepting connections: their number is bounded, a connection without a complete request can be shed, and
//! all end when the server stops.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, HttpBody};
use axum::serve::Listener;
use hyper::Request;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connections::{Connections, Peered, Slot};

/// How long a connection without a request may stay open at shutdown, so that an answer can still be written.
const LAST: Duration = Duration::from_secs(1);

/// Limits of a listener.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Connections at once. Further ones are not accepted until one ends.
    pub connections: usize,
    /// Time limit for receiving the head of a request.
    pub head: Duration,
}

/// Serves a listener until told to stop. Requests under way are completed.
pub async fn serve<L>(mut listener: L, router: Router, budget: Budget, mut stop: watch::Receiver<bool>)
where
    L: Listener,
    L::Io: Peered,
{
    let connections = Connections::new(budget.connections);
    let mut tasks = JoinSet::new();
    loop {
        let next = async {
            let io = listener.accept().await.0;
            (connections.enter(io.peer()).await, io)
        };
        let (slot, io) = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            next = next => next,
        };
        tasks.spawn(connection(io, router.clone(), budget.head, stop.clone(), slot));
        while tasks.try_join_next().is_some() {}
    }
    drop(listener);
    while tasks.join_next().await.is_some() {}
}

/// A body that signals when it has been received in full.
struct SignallingBody {
    body: Incoming,
    slot: Arc<Slot>,
}

impl SignallingBody {
    fn of(body: Incoming, slot: &Arc<Slot>) -> Self {
        let body = Self { body, slot: Arc::clone(slot) };
        body.signal_end();
        body
    }

    fn signal_end(&self) {
        if self.body.is_end_stream() {
            self.slot.is_served();
        }
    }
}

impl HttpBody for SignallingBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(None) => self.slot.is_served(),
            Poll::Ready(Some(_)) => self.signal_end(),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

async fn connection(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    head: Duration,
    mut stop: watch::Receiver<bool>,
    slot: Slot,
) {
    let (busy, slot) = (Arc::new(AtomicBool::new(false)), Arc::new(slot));
    let (router, at_work) = (TowerToHyperService::new(router), Arc::clone(&busy));
    let its = Arc::clone(&slot);
    let service = service_fn(move |request: Request<Incoming>| {
        let (slot, at_work) = (Arc::clone(&its), Arc::clone(&at_work));
        let answer = router.call(request.map(|body| SignallingBody::of(body, &slot)));
        async move {
            at_work.store(true, Ordering::Release);
            let response = answer.await;
            at_work.store(false, Ordering::Release);
            slot.waits();
            response.map_err(|never: Infallible| never)
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(io), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        () = slot.is_shed() => return,
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
