//! The server: constructed from its configuration and run until told to stop.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tokio::task::JoinSet;
use xpd_connectors::sandbox;
use xpd_doors::socket::{self, BoundSocket};
use xpd_doors::{agents, api, console};
use xpd_engine::Orchestrator;
use xpd_login::{Issuer, Provider};
use xpd_proxy::{Connector, Proxy, Scrubber, Secret};
use xpd_store::{Clock, ServerClock, Store, StoreError, SystemClock, sqlite};

use crate::admin::Door;
use crate::chat;
use crate::config::Config;
use crate::export::Export;
use crate::folder;
use crate::reload::{Connectors, Reloader};
use crate::settled::{limits, rules};

pub use crate::settled::{SOCKET_URL, ServeError};

/// How long requests are still answered after the database was abandoned.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// A server ready to serve.
pub struct Server {
    app: api::App,
    config: Config,
    export: Export,
    tcp: Option<TcpListener>,
    unix: Option<(UnixListener, BoundSocket)>,
    admin: Door,
    people: Option<(TcpListener, Arc<str>)>,
    reloader: Arc<Reloader>,
}

impl Server {
    /// Opens everything, turns unfinished actions into doubts, and binds the listeners.
    ///
    /// # Errors
    /// The first fault.
    pub async fn open(config: Config) -> Result<Self, ServeError> {
        // Processes started by a killed server must not run beside this one.
        tokio::task::spawn_blocking(sandbox::remove_leftovers).await.unwrap_or_default();
        let Connectors { connectors, secrets } = Connectors::make(&config)?;
        let scrubber = Scrubber::new(secrets.clone());
        Self::build(config, connectors, scrubber, SystemClock::shared(), Some(secrets)).await
    }

    /// As [`Self::open`], with connectors supplied by the caller, which a reload does not replace.
    ///
    /// # Errors
    /// The first fault.
    pub async fn with(
        config: Config,
        connectors: BTreeMap<String, Arc<dyn Connector>>,
        scrubber: Scrubber,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ServeError> {
        Self::build(config, connectors, scrubber, clock, None).await
    }

    async fn build(
        config: Config,
        connectors: BTreeMap<String, Arc<dyn Connector>>,
        scrubber: Scrubber,
        clock: Arc<dyn Clock>,
        secrets: Option<Vec<Secret>>,
    ) -> Result<Self, ServeError> {
        // Reads the operator's files first, so that a fault in them is reported before anything is created.
        let rules = rules(&config)?;
        let (keys, log_key) = folder::open(&config)?;
        let vkey = log_key.vkey().clone();
        let export = Export::new(&config.log, &vkey)?;
        let checkpoint = sqlite::checkpoint_file(&config.data);
        let clock = Arc::new(ServerClock::new(clock));
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let open = |resident| sqlite::open(&config.data, time, resident, config.limits.reserve_bytes);
        let orchestrator =
            Arc::new(Orchestrator::open(rules, keys, clock, config.hooks, &checkpoint, open).await?);
        export.before(&orchestrator).await?;
        orchestrator.record_rules().await.map_err(ServeError::Recovery)?;
        orchestrator.recover().await.map_err(ServeError::Recovery)?;
        let grace = Duration::from_secs(config.limits.grace_seconds);
        let (authority, store) = (Arc::clone(&orchestrator), orchestrator.store());
        let proxy = Arc::new(Proxy::new(authority, store, connectors, scrubber, config.hooks, grace));
        let admin = Door::bind(&config).await?;
        let (tcp, unix) = match listeners(&config).await {
            Ok(bound) => bound,
            Err(error) => {
                admin.leave().await;
                return Err(error);
            }
        };
        let people = match people(&config).await {
            Ok(bound) => bound,
            Err(error) => {
                if let Some((_, place)) = unix {
                    place.remove().await;
                }
                admin.leave().await;
                return Err(error);
            }
        };
        let reloader = Reloader::new(&config.file, Arc::clone(&orchestrator), Arc::clone(&proxy), secrets);
        let mut app = api::App::new(orchestrator, proxy, vkey, limits(&config));
        app.people = people.as_ref().map(|(_, url)| Arc::clone(url));
        app.issuers = config.workloads.iter().cloned().map(Issuer::new).collect();
        Ok(Self { app, config, export, tcp, unix, admin, people, reloader: Arc::new(reloader) })
    }

    /// The reloader.
    #[must_use]
    pub fn reloader(&self) -> Arc<Reloader> {
        Arc::clone(&self.reloader)
    }

    /// The URL that proofs over the administrators' TCP listener must name, if there is one.
    #[must_use]
    pub fn admin_url(&self) -> Option<&str> {
        self.admin.url()
    }

    /// The URL under which people reach their door, if there is one.
    #[must_use]
    pub fn people_url(&self) -> Option<&str> {
        self.people.as_ref().map(|(_, url)| url.as_ref())
    }

    /// Address of the people's listener, if there is one.
    #[must_use]
    pub fn people_address(&self) -> Option<SocketAddr> {
        self.people.as_ref().and_then(|(listener, _)| listener.local_addr().ok())
    }

    /// Address of the TCP listener.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.tcp.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// The URL that proofs over TCP must name.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        let configured = self.config.url.clone();
        configured.or_else(|| self.address().map(|address| format!("http://{address}")))
    }

    /// Verifier key of the log, as taken by `xpd audit verify --log-key`.
    #[must_use]
    pub fn log_key(&self) -> String {
        self.app.vkey.to_string()
    }

    /// Unbinds without having served.
    pub async fn leave(self) {
        if let Some((_, place)) = self.unix {
            place.remove().await;
        }
        self.admin.leave().await;
    }

    /// Serves until `stop` completes; requests under way are finished. Resolves doubts meanwhile.
    ///
    /// # Errors
    /// The database is no longer the one that this server wrote, or a witness has cosigned another history of
    /// its log. Running actions are then not waited for, since their ends could not be recorded.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), ServeError> {
        let url = self.url();
        let (stopping, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let mut upkeep = JoinSet::new();
        upkeep.spawn(Arc::clone(&self.app.orchestrator).maintain(stopped.clone()));
        upkeep.spawn(Arc::clone(&self.app.proxy).settle(stopped.clone()));
        upkeep.spawn(self.reloader.watch(stopped.clone()));
        let mut exports = JoinSet::new();
        exports.spawn(self.export.run(Arc::clone(&self.app.orchestrator), stopped.clone()));
        let budget = api::Budget { connections: connections(), head: self.app.receive };
        let opened = self.admin.open(self.app.clone(), &self.config, stopped.clone());
        let (admin_ended, admin) =
            opened.map_err(|error| ServeError::Listen("the administrators' door".to_owned(), error))?;
        if let (Some(listener), Some(url)) = (self.tcp, url) {
            let app = api::App { base: url, ..self.app.clone() };
            let port = listener.local_addr().map(|address| address.port()).unwrap_or_default();
            let router = agents::router(app, limits(&self.config), Some(port), stopped.clone());
            tasks.spawn(api::serve(listener, router, budget, stopped.clone()));
        }
        if let (Some((listener, url)), Some(people)) = (self.people, &self.config.people) {
            let orchestrator = Arc::clone(&self.app.orchestrator);
            let providers = people.providers.iter().cloned().map(Provider::new).collect();
            if !people.bridges.is_empty() {
                let (engine, door) = (Arc::clone(&orchestrator), url.trim_end_matches('/').to_owned());
                upkeep.spawn(chat::tell(engine, people.bridges.clone(), door, stopped.clone()));
            }
            match console::router(orchestrator, &url, people.settings, providers, stopped.clone()) {
                Ok(router) => drop(tasks.spawn(api::serve(listener, router, budget, stopped.clone()))),
                Err(error) => tracing::error!(%error, "the people's door cannot be opened"),
            }
        }
        let mut place = None;
        if let Some((listener, bound)) = self.unix {
            place = Some(bound);
            let app = api::App { base: SOCKET_URL.to_owned(), ..self.app.clone() };
            let router = agents::router(app, limits(&self.config), None, stopped.clone());
            tasks.spawn(api::serve(listener, router, budget, stopped));
        }
        let ended = tokio::spawn(end(stop, self.app.orchestrator.store(), exports, stopping));
        let why = ended.await.unwrap_or_default();
        let answered = async {
            while tasks.join_next().await.is_some() {}
            let _ = admin_ended.await;
        };
        if why.is_some() {
            let _ = tokio::time::timeout(LAST_ANSWERS, answered).await;
        } else {
            answered.await;
            // Actions continue after their callers have disconnected.
            self.app.proxy.idle().await;
            // The upkeep tasks hold the store; the next server needs the folder unlocked.
            while upkeep.join_next().await.is_some() {}
        }
        if let Some(place) = place {
            place.remove().await;
        }
        admin.remove().await;
        why.map_or(Ok(()), |why| Err(why.into()))
    }
}

/// Waits for `stop` or for a fatal fault, notifies all tasks, and returns the fault.
async fn end(
    stop: impl Future<Output = ()>,
    store: Arc<Store>,
    mut exports: JoinSet<Result<(), StoreError>>,
    stopping: watch::Sender<bool>,
) -> Option<StoreError> {
    let fork = async {
        match exports.join_next().await {
            Some(Ok(Err(why))) => why,
            // The export ended or panicked, which does not show that anything is wrong with the log.
            _ => std::future::pending().await,
        }
    };
    let why = tokio::select! {
        () = stop => None,
        why = store.lost() => Some(why),
        why = fork => Some(why),
    };
    let _ = stopping.send(true);
    while exports.join_next().await.is_some() {}
    why
}

/// Upper bound on the connections of a listener.
const CONNECTIONS: u64 = 1_024;
/// Descriptors reserved for the store, connectors, commands and administrators.
const OTHERS: u64 = 192;

/// Connections of each of the agents' two listeners and of the people's, so that [`OTHERS`] descriptors remain.
fn connections() -> usize {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from((files.saturating_sub(OTHERS) / 3).clamp(16, CONNECTIONS)).unwrap_or(16)
}

/// Binds the people's listener.
async fn people(config: &Config) -> Result<Option<(TcpListener, Arc<str>)>, ServeError> {
    let Some(people) = &config.people else { return Ok(None) };
    let failed = |error| ServeError::Listen(people.listen.to_string(), error);
    let listener = TcpListener::bind(people.listen).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let url = people.url.clone().unwrap_or_else(|| format!("http://localhost:{port}"));
    Ok(Some((listener, url.into())))
}

type Listeners = (Option<TcpListener>, Option<(UnixListener, BoundSocket)>);

async fn listeners(config: &Config) -> Result<Listeners, ServeError> {
    let tcp = match config.listen {
        None => None,
        Some(address) => {
            let bound = TcpListener::bind(address).await;
            Some(bound.map_err(|error| ServeError::Listen(address.to_string(), error))?)
        }
    };
    let unix = match &config.socket {
        None => None,
        Some(path) => {
            let bound = socket::bind(path, config.socket_mode).await;
            Some(bound.map_err(|error| ServeError::Listen(path.display().to_string(), error))?)
        }
    };
    Ok((tcp, unix))
}
