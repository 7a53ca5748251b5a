//! A server, put together out of its configuration and run until it is told to stop.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tokio::task::JoinSet;
use xp_scope::Digest;
use xpd_doors::api;
use xpd_doors::socket::{self, Place};
use xpd_engine::realms;
use xpd_engine::registry::Registry;
use xpd_engine::roster::Roster;
use xpd_engine::{ConfigError, Orchestrator, Rules};
use xpd_proxy::{Connector, Proxy, Scrubber, Secret};
use xpd_store::{Clock, Store, StoreError, SystemClock, sqlite};

use crate::config::{self, Config};
use crate::export::Export;
use crate::folder;

pub use crate::serve_error::ServeError;

/// How long those who asked are answered where nothing can be recorded any more.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// A server that is about to listen.
pub struct Server {
    app: api::App,
    config: Config,
    export: Export,
    tcp: Option<TcpListener>,
    unix: Option<(UnixListener, Place)>,
}

impl Server {
    /// Opens everything, records what the last process left in doubt, and binds the listeners.
    ///
    /// # Errors
    /// Whatever is wrong first.
    pub async fn open(config: Config) -> Result<Self, ServeError> {
        let made = config
            .connectors
            .iter()
            .map(|(name, instance)| Ok((name.clone(), instance.make(name, &config.file)?)));
        let made: BTreeMap<_, _> = made.collect::<Result<_, ConfigError>>()?;
        let secrets: Vec<Secret> = made.values().flat_map(|made| made.secrets.clone()).collect();
        let connectors = made.into_iter().map(|(name, made)| (name, made.connector)).collect();
        Self::with(config, connectors, Scrubber::new(secrets), SystemClock::shared()).await
    }

    /// The same with connectors of the caller's making.
    ///
    /// # Errors
    /// Whatever is wrong first.
    pub async fn with(
        config: Config,
        connectors: BTreeMap<String, Arc<dyn Connector>>,
        scrubber: Scrubber,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ServeError> {
        // Whatever is wrong with the operator's files is said before anything is made.
        let rules = Arc::new(rules(&config)?);
        let (keys, log_key) = folder::open(&config)?;
        let vkey = log_key.vkey().clone();
        let export = Export::new(&config.log, &vkey)?;
        let checkpoint = sqlite::checkpoint_file(&config.data);
        let time = Arc::clone(&clock);
        let open = |resident| sqlite::open(&config.data, time, resident, config.limits.reserve_bytes);
        let orchestrator =
            Arc::new(Orchestrator::open(rules, keys, clock, config.hooks, &checkpoint, open).await?);
        export.before(&orchestrator).await?;
        orchestrator.settle_in().await.map_err(ServeError::Recovery)?;
        orchestrator.recover().await.map_err(ServeError::Recovery)?;
        let grace = Duration::from_secs(config.limits.grace_seconds);
        let (authority, store) = (Arc::clone(&orchestrator), orchestrator.store());
        let proxy = Arc::new(Proxy::new(authority, store, connectors, scrubber, config.hooks, grace));
        let (tcp, unix) = listeners(&config).await?;
        let app = api::App::new(orchestrator, proxy, vkey, doors(&config));
        Ok(Self { app, config, export, tcp, unix })
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
        let mut exports = JoinSet::new();
        exports.spawn(self.export.run(Arc::clone(&self.app.orchestrator), told.clone()));
        let head = self.app.receive;
        if let (Some(listener), Some(url)) = (self.tcp, url) {
            let router = api::router(api::App { base: url, ..self.app.clone() }, doors(&self.config));
            tasks.spawn(api::serve(listener, router, head, told.clone()));
        }
        let mut place = None;
        if let Some((listener, bound)) = self.unix {
            place = Some(bound);
            let app = api::App { base: SOCKET_URL.to_owned(), ..self.app.clone() };
            tasks.spawn(api::serve(listener, api::router(app, doors(&self.config)), head, told));
        }
        let ended = tokio::spawn(end(stop, self.app.orchestrator.store(), exports, tell));
        let why = ended.await.unwrap_or_default();
        let answered = async { while tasks.join_next().await.is_some() {} };
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

/// The bounds of the doors.
fn doors(config: &Config) -> api::Limits {
    let config::Limits { body_bytes, request_seconds, .. } = config.limits;
    api::Limits { body_bytes, request_seconds }
}

/// The URL that proofs over the unix socket must name.
pub const SOCKET_URL: &str = "http://xpd";

/// Everything decisions depend on, out of the files that the configuration names.
pub(crate) fn rules(config: &Config) -> Result<Rules, ConfigError> {
    let roster = Roster::read(&config.roster)?;
    let registry = match &config.declarations {
        Some(file) => Registry::read(file)?,
        None => Registry::parse(xp_stdlib::REGISTRY.as_bytes(), Path::new("standard library"))?,
    };
    let mut settings = vec![Digest::of(registry.to_json().to_string().as_bytes()).to_string()];
    for file in [&config.file, &config.roster] {
        let bytes = std::fs::read(file).map_err(|error| ConfigError::new(file, error))?;
        settings.push(Digest::of(&bytes).to_string());
    }
    settings.extend(config.trusted.iter().map(xp_artifact::VerifyingKey::id));
    Ok(Rules {
        name: config.name.clone(),
        roster,
        registry,
        trusted: config.trusted.clone(),
        unproved: config.unproved.clone(),
        required: config.required.clone(),
        instances: config.connectors.iter().map(|(name, made)| (name.clone(), bound(made))).collect(),
        refusals_per_minute: config.limits.refusals_per_minute,
        disk_percent: config.limits.disk_percent,
        witnessed: config.log.policy.is_some(),
        digest: Digest::of(settings.join("\n").as_bytes()),
    })
}

/// What decisions depend on of an instance.
fn bound(made: &config::Instance) -> realms::Instance {
    let config::Instance { kind, realms, upstreams, table: _ } = made.clone();
    realms::Instance { kind, upstreams, realms }
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
