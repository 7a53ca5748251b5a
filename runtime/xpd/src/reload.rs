//! Reloading of roster, rules, trusted keys, connectors and secrets while the server runs: on SIGHUP and when
//! one of the files changes. If any of them is invalid, nothing changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use secrecy::ExposeSecret as _;
use tokio::sync::watch;
use xpd_engine::{ConfigError, Orchestrator};
use xpd_proxy::{Connector, Fault, Proxy, Scrubber, Secret};

use crate::config::Config;
use crate::settled::rules;

/// Interval at which the files are checked.
const EVERY: Duration = Duration::from_secs(1);

/// Why a reload failed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// A file is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The change could not be logged.
    #[error("it cannot be recorded: {0:?}")]
    Record(Fault),
}

/// The connectors by instance, and their secrets.
pub(crate) struct Connectors {
    pub connectors: BTreeMap<String, Arc<dyn Connector>>,
    pub secrets: Vec<Secret>,
}

impl Connectors {
    /// Creates every connector of a configuration.
    pub fn make(config: &Config) -> Result<Self, ConfigError> {
        let mut all = Self { connectors: BTreeMap::new(), secrets: Vec::new() };
        for (name, instance) in &config.connectors {
            let made = instance.make(name, &config.file)?;
            all.connectors.insert(name.clone(), made.connector);
            all.secrets.extend(made.secrets);
        }
        // No connector sends them. An upstream may be the provider, though, and say them.
        for provider in config.people.iter().flat_map(|people| &people.providers) {
            let secret = Secret::new(provider.client_secret.expose_secret());
            all.secrets.push(secret.map_err(|error| {
                ConfigError::new(&config.file, format!("`people.provider`: `{}`: {error}", provider.name))
            })?);
        }
        Ok(all)
    }
}

/// Reloads the configuration.
pub struct Reloader {
    file: PathBuf,
    orchestrator: Arc<Orchestrator>,
    proxy: Arc<Proxy<Orchestrator>>,
    /// All secrets used since the start, since a running action may still return an old one. `None` if the
    /// connectors were supplied by the caller and are not reloaded.
    secrets: Option<Mutex<Vec<Secret>>>,
    one: tokio::sync::Mutex<()>,
}

/// The properties by which a change of a file is detected: path, modification time, size, inode.
type Mark = (PathBuf, Option<(SystemTime, u64, u64)>);

impl Reloader {
    pub(crate) fn new(
        file: &Path,
        orchestrator: Arc<Orchestrator>,
        proxy: Arc<Proxy<Orchestrator>>,
        secrets: Option<Vec<Secret>>,
    ) -> Self {
        let (secrets, one) = (secrets.map(Mutex::new), tokio::sync::Mutex::new(()));
        Self { file: file.to_owned(), orchestrator, proxy, secrets, one }
    }

    /// Reloads and logs the result. On an error nothing changes.
    pub async fn reload(&self) {
        match self.try_reload().await {
            Ok(true) => tracing::info!("the configuration was read again and is in force"),
            Ok(false) => {
                tracing::info!("the configuration was read again; roster and rules are as they were")
            }
            Err(error) => {
                tracing::error!(%error, "the configuration was read again and not taken: nothing is changed")
            }
        }
    }

    /// As [`Self::reload`], returning whether roster, rules, keys or connectors differ.
    ///
    /// # Errors
    /// The fault; nothing has changed.
    pub async fn try_reload(&self) -> Result<bool, ReloadError> {
        let _one = self.one.lock().await;
        let config = Config::read(&self.file)?;
        let mut rules = rules(&config)?;
        if rules.name != self.orchestrator.name() {
            let why = "`server.name`: cannot change while the server works";
            return Err(ConfigError::new(&self.file, why).into());
        }
        let made = match &self.secrets {
            Some(_) => Some(Connectors::make(&config)?),
            None => None,
        };
        if made.is_none() {
            rules.instances = self.orchestrator.rules().instances.clone();
        }
        let changed = self.orchestrator.reconfigure(rules).await.map_err(ReloadError::Record)?;
        if let (Some(known), Some(Connectors { connectors, secrets })) = (&self.secrets, made) {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            for secret in secrets {
                if !known.iter().any(|other| other.expose() == secret.expose()) {
                    known.push(secret);
                }
            }
            self.proxy.exchange(connectors, Scrubber::new(known.iter().cloned()));
        }
        Ok(changed)
    }

    /// Reloads when a file has changed and then remained the same for one interval, until told to stop.
    pub(crate) async fn watch(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut taken = self.marks().await;
        let mut before = taken.clone();
        while tokio::time::timeout(EVERY, stop.wait_for(|stop| *stop)).await.is_err() {
            let now = self.marks().await;
            // A file that is still being written is left alone until it is the same twice.
            if now != taken && now == before {
                self.reload().await;
                taken = self.marks().await;
            }
            before = now;
        }
    }

    /// The state of the watched files.
    async fn marks(&self) -> Vec<Mark> {
        let (file, mut others) = (self.file.clone(), self.orchestrator.rules().roster.files().to_vec());
        let look = move || {
            use std::os::unix::fs::MetadataExt as _;
            if let Ok(config) = Config::read(&file) {
                others.extend(config.watched());
            }
            others.push(file);
            others.sort();
            others.dedup();
            let mark = |path: PathBuf| {
                let found = std::fs::metadata(&path).ok();
                let mark = found.and_then(|found| Some((found.modified().ok()?, found.len(), found.ino())));
                (path, mark)
            };
            others.into_iter().map(mark).collect()
        };
        tokio::task::spawn_blocking(look).await.unwrap_or_default()
    }
}
