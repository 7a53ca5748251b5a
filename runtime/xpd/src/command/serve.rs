//! `xpd serve`: runs until SIGINT or SIGTERM. Running actions are completed unless a second signal arrives.
//! SIGHUP reloads the configuration.

use std::path::PathBuf;
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};
use xpd::config::Config;
use xpd::serve::{ServeError, Server};

use super::Done;
use crate::Failure;
use crate::out::print;

pub async fn run(path: PathBuf) -> Done {
    xpd::telemetry::begin();
    let config = Config::read(&path).map_err(|error| Failure::Input(error.to_string()))?;
    serve(config, async { Ok(()) }).await
}

/// Serves until a signal. `ready` runs beside the server; if it fails, the server stops and its failure is the result.
pub(super) async fn serve(config: Config, ready: impl Future<Output = Result<(), Failure>>) -> Done {
    room_for_connections();
    let (socket, admin) = (config.socket.clone(), config.admin_socket());
    let server = Server::open(config).await.map_err(failure)?;
    // Installed before the server announces itself, so that a signal sent right after is handled.
    let failed = |error: std::io::Error| Failure::Failed(error.to_string());
    let (mut first, mut any) = (EndSignals::new().map_err(failed)?, EndSignals::new().map_err(failed)?);
    let mut hangup = signal(SignalKind::hangup()).map_err(failed)?;
    // Ignores SIGXFSZ, whose default action ends the process. The write fails instead, and the store reports
    // a full disk.
    let _too_large = signal(SignalKind::from_raw(25)).map_err(failed)?;
    // The announcement, for the starting process, which may have closed the pipe. If it is lost on a full
    // disk, the log key is unknown to the operator, so the server does not start.
    let mut lines = String::new();
    if let Some(url) = server.url() {
        lines += &format!("listening on {url}\n");
    }
    if let Some(socket) = socket {
        lines += &format!("listening on {}\n", socket.display());
    }
    lines += &format!("administrators' door {}\n", admin.display());
    if let Some(url) = server.admin_url() {
        lines += &format!("administrators' door {url}\n");
    }
    if let Some(url) = server.people_url() {
        lines += &format!("people's door {url}\n");
    }
    lines += &format!("log key {}\n", server.log_key());
    if let Err(failure) = print(&lines) {
        server.leave().await;
        return Err(failure);
    }
    let reloader = server.reloader();
    let reload = async move {
        while hangup.recv().await.is_some() {
            reloader.reload().await;
        }
        std::future::pending::<()>().await;
    };
    let (fail, failed) = tokio::sync::oneshot::channel::<()>();
    let stop = async move {
        tokio::select! {
            () = first.one() => {}
            Ok(()) = failed => {}
        }
    };
    let ready = async {
        let done = ready.await;
        match done {
            Ok(()) => drop(fail),
            Err(_) => drop(fail.send(())),
        }
        done
    };
    let twice = async {
        any.one().await;
        any.one().await;
    };
    // In this order: two signals that arrive between two polls are one to a receiver, so the first is counted before the server
    // reacts to it, and whoever sends another after that reaction sends a second.
    tokio::select! {
        biased;
        () = twice => Err(Failure::Failed("stopped without waiting: what was under way is in doubt".to_owned())),
        () = reload => Ok(ExitCode::SUCCESS),
        (served, ready) = async { tokio::join!(server.run(stop), ready) } => {
            served.map_err(failure)?;
            ready.map(|()| ExitCode::SUCCESS)
        }
    }
}

/// The signals that end the server.
pub(super) struct EndSignals(Signal, Signal);

impl EndSignals {
    pub fn new() -> std::io::Result<Self> {
        Ok(Self(signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
    }

    pub async fn one(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

/// Raises the limit on open files to its maximum, since each connection is a descriptor.
fn room_for_connections() {
    let limit = getrlimit(Resource::Nofile);
    if setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).is_err() {
        tracing::warn!("the limit of open files stays as it is");
    }
}

fn failure(error: ServeError) -> Failure {
    match &error {
        ServeError::Listen(address, error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            Failure::Failed(format!(
                "{address}: {error}; stop what listens there, or name another address in the configuration"
            ))
        }
        ServeError::Config(_) => Failure::Input(error.to_string()),
        ServeError::Store(_) | ServeError::Listen(..) | ServeError::Recovery(_) => {
            Failure::Failed(error.to_string())
        }
    }
}
