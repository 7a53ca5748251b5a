//! A server, put together out of its configuration and run until it is told to stop.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tokio::task::JoinSet;
use xpd_connectors::sandbox;
use xpd_doors::api;
use xpd_doors::socket::{self, Place};
use xpd_engine::Orchestrator;
use xpd_proxy::{Connector, Proxy, Scrubber, Secret};
use xpd_store::{Clock, ServerClock, Store, StoreError, SystemClock, sqlite};

use crate::admin::Door;
use crate::config::Config;
use crate::export::Export;
use crate::folder;
use crate::reload::{Hands, Reloader};
use crate::settled::{limits, rules};

pub use crate::settled::{SOCKET_URL, ServeError};

/// How long those who asked are answered where nothing can be recorded any more.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// A server that is about to listen.
pub struct Server {
    app: api::App,
    config: Config,
    export: Export,
    tcp: Option<TcpListener>,
    unix: Option<(UnixListener, Place)>,
    admin: Door,
    reloader: Arc<Reloader>,
}

impl Server {
    /// Opens everything, records what the last process left in doubt, and binds the listeners.
    ///
    /// # Errors
    /// Whatever is wrong first.
    pub async fn open(config: Config) -> Result<Self, ServeError> {
        // Nothing of an earlier server works on beside this one.
        tokio::task::spawn_blocking(sandbox::remove_leftovers).await.unwrap_or_default();
        let Hands { connectors, secrets } = Hands::make(&config)?;
        let scrubber = Scrubber::new(secrets.clone());
        Self::build(config, connectors, scrubber, SystemClock::shared(), Some(secrets)).await
    }

    /// The same with connectors of the caller's making, which stay as they are when the configuration is read again.
    ///
    /// # Errors
    /// Whatever is wrong first.
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
        // Whatever is wrong with the operator's files is said before anything is made.
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
        orchestrator.settle_in().await.map_err(ServeError::Recovery)?;
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
        let reloader = Reloader::new(&config.file, Arc::clone(&orchestrator), Arc::clone(&proxy), secrets);
        let app = api::App::new(orchestrator, proxy, vkey, limits(&config));
        Ok(Self { app, config, export, tcp, unix, admin, reloader: Arc::new(reloader) })
    }

    /// What reads the configuration again.
    #[must_use]
    pub fn reloader(&self) -> Arc<Reloader> {
        Arc::clone(&self.reloader)
    }

    /// The URL that proofs over the administrators' listener must name, where there is one.
    #[must_use]
    pub fn admin_url(&self) -> Option<&str> {
        self.admin.url()
    }

    /// The address of the TCP listener.
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

    /// The public key of the log, as `xpd audit verify --log-key` takes it.
    #[must_use]
    pub fn log_key(&self) -> String {
        self.app.vkey.to_string()
    }

    /// Goes away without having answered anybody.
    pub async fn leave(self) {
        if let Some((_, place)) = self.unix {
            place.remove().await;
        }
        self.admin.leave().await;
    }

    /// Answers until `stop` is done; requests under way are finished. What is in doubt is resolved beside that.
    ///
    /// # Errors
    /// The database is no longer the one that this server wrote, or a witness has cosigned another history of its log. What
    /// is under way then is not waited for: nothing of it could be recorded.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), ServeError> {
        let url = self.url();
        let (tell, told) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let mut upkeep = JoinSet::new();
        upkeep.spawn(Arc::clone(&self.app.orchestrator).keep_up(told.clone()));
        upkeep.spawn(Arc::clone(&self.app.proxy).settle(told.clone()));
        upkeep.spawn(self.reloader.watch(told.clone()));
        let mut exports = JoinSet::new();
        exports.spawn(self.export.run(Arc::clone(&self.app.orchestrator), told.clone()));
        let budget = api::Budget { connections: connections(), head: self.app.receive };
        let opened = self.admin.open(self.app.clone(), &self.config, told.clone());
        let (admin_ended, admin) =
            opened.map_err(|error| ServeError::Listen("the administrators' door".to_owned(), error))?;
        if let (Some(listener), Some(url)) = (self.tcp, url) {
            let router = api::router(api::App { base: url, ..self.app.clone() }, limits(&self.config));
            tasks.spawn(api::serve(listener, router, budget, told.clone()));
        }
        let mut place = None;
        if let Some((listener, bound)) = self.unix {
            place = Some(bound);
            let app = api::App { base: SOCKET_URL.to_owned(), ..self.app.clone() };
            tasks.spawn(api::serve(listener, api::router(app, limits(&self.config)), budget, told));
        }
        let ended = tokio::spawn(end(stop, self.app.orchestrator.store(), exports, tell));
        let why = ended.await.unwrap_or_default();
        let answered = async {
            while tasks.join_next().await.is_some() {}
            let _ = admin_ended.await;
        };
        if why.is_some() {
            let _ = tokio::time::timeout(LAST_ANSWERS, answered).await;
        } else {
            answered.await;
            // Actions go on without whoever asked for them.
            self.app.proxy.idle().await;
            // It holds the store while it works; whoever comes next must find the folder free.
            while upkeep.join_next().await.is_some() {}
        }
        if let Some(place) = place {
            place.remove().await;
        }
        admin.remove().await;
        why.map_or(Ok(()), |why| Err(why.into()))
    }
}

/// Waits for the end, tells everybody, and says why, where nobody asked for it.
async fn end(
    stop: impl Future<Output = ()>,
    store: Arc<Store>,
    mut exports: JoinSet<Result<(), StoreError>>,
    tell: watch::Sender<bool>,
) -> Option<StoreError> {
    let fork = async {
        match exports.join_next().await {
            Some(Ok(Err(why))) => why,
            // It ended by itself or by a bug of ours: nothing is known to be wrong with the log.
            _ => std::future::pending().await,
        }
    };
    let why = tokio::select! {
        () = stop => None,
        why = store.lost() => Some(why),
        why = fork => Some(why),
    };
    let _ = tell.send(true);
    while exports.join_next().await.is_some() {}
    why
}

/// Connections of one of the agents' listeners at most.
const CONNECTIONS: u64 = 1_024;
/// Files that everything else may have open: the store, connectors, commands, the administrators' door.
const OTHERS: u64 = 192;

/// Connections of each of the agents' two listeners: the files that a process may open are left to everything else.
fn connections() -> usize {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from((files.saturating_sub(OTHERS) / 2).clamp(16, CONNECTIONS)).unwrap_or(16)
}

type Listeners = (Option<TcpListener>, Option<(UnixListener, Place)>);

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
