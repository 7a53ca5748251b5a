//! Connections: so many at once, none held by whoever sends no whole request, all at their end when the server stops.

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

use super::crowd::{Crowd, Peered, Place};

/// How long a connection without a request may stay when the server stops, so that an answer gets out.
const LAST: Duration = Duration::from_secs(1);

/// What one listener may be kept busy with.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Connections at once; more wait before the door.
    pub connections: usize,
    /// How long a head may take to come.
    pub head: Duration,
}

/// Answers on a listener until it is told to stop; requests under way are finished.
pub async fn serve<L>(mut listener: L, router: Router, budget: Budget, mut stop: watch::Receiver<bool>)
where
    L: Listener,
    L::Io: Peered,
{
    let crowd = Crowd::new(budget.connections);
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let io = listener.accept().await.0;
            (crowd.enter(io.peer()).await, io)
        };
        let (place, io) = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            next = next => next,
        };
        connections.spawn(connection(io, router.clone(), budget.head, stop.clone(), place));
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// A body that says when all of it has come.
struct Whole {
    body: Incoming,
    place: Arc<Place>,
}

impl Whole {
    fn of(body: Incoming, place: &Arc<Place>) -> Self {
        let whole = Self { body, place: Arc::clone(place) };
        whole.look();
        whole
    }

    fn look(&self) {
        if self.body.is_end_stream() {
            self.place.is_served();
        }
    }
}

impl HttpBody for Whole {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(None) => self.place.is_served(),
            Poll::Ready(Some(_)) => self.look(),
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
    place: Place,
) {
    let (busy, place) = (Arc::new(AtomicBool::new(false)), Arc::new(place));
    let (router, at_work) = (TowerToHyperService::new(router), Arc::clone(&busy));
    let its = Arc::clone(&place);
    let service = service_fn(move |request: Request<Incoming>| {
        let (place, at_work) = (Arc::clone(&its), Arc::clone(&at_work));
        let answer = router.call(request.map(|body| Whole::of(body, &place)));
        async move {
            at_work.store(true, Ordering::Release);
            let response = answer.await;
            at_work.store(false, Ordering::Release);
            place.waits();
            response.map_err(|never: Infallible| never)
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(io), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        () = place.is_shed() => return,
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
