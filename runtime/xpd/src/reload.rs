//! Roster, rules, trusted keys, connectors and their secrets are read again while the server works: when it is told to, and
//! when one of the files has changed. What cannot be read changes nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use xpd_engine::{ConfigError, Orchestrator};
use xpd_proxy::{Connector, Fault, Proxy, Scrubber, Secret};

use crate::config::Config;
use crate::settled::rules;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// A file is not one that the server takes.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// It cannot be put on the record.
    #[error("it cannot be recorded: {0:?}")]
    Record(Fault),
}

/// Connectors by instance, with the secrets they hold.
pub(crate) struct Hands {
    pub connectors: BTreeMap<String, Arc<dyn Connector>>,
    pub secrets: Vec<Secret>,
}

impl Hands {
    /// Makes every connector of a configuration.
    pub fn make(config: &Config) -> Result<Self, ConfigError> {
        let mut hands = Self { connectors: BTreeMap::new(), secrets: Vec::new() };
        for (name, instance) in &config.connectors {
            let made = instance.make(name, &config.file)?;
            hands.connectors.insert(name.clone(), made.connector);
            hands.secrets.extend(made.secrets);
        }
        Ok(hands)
    }
}

/// Reads the files again.
pub struct Reloader {
    file: PathBuf,
    orchestrator: Arc<Orchestrator>,
    proxy: Arc<Proxy<Orchestrator>>,
    /// Every secret there was: what was begun with one may still bring it back. Nothing, where the connectors are not made
    /// from the configuration and stay as they are.
    secrets: Option<Mutex<Vec<Secret>>>,
    one: tokio::sync::Mutex<()>,
}

/// What a file looked like: a change of any of it is a change of the file.
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

    /// Reads everything again and puts it in force, or says in one line of the log what is wrong and changes nothing.
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

    /// The same. True if roster, rules, keys or connectors differ.
    ///
    /// # Errors
    /// What is wrong; nothing is changed then.
    pub async fn try_reload(&self) -> Result<bool, ReloadError> {
        let _one = self.one.lock().await;
        let config = Config::read(&self.file)?;
        let mut rules = rules(&config)?;
        if rules.name != self.orchestrator.name() {
            let why = "`server.name`: cannot change while the server works";
            return Err(ConfigError::new(&self.file, why).into());
        }
        let hands = match &self.secrets {
            Some(_) => Some(Hands::make(&config)?),
            None => None,
        };
        if hands.is_none() {
            rules.instances = self.orchestrator.rules().instances.clone();
        }
        let changed = self.orchestrator.reconfigure(rules).await.map_err(ReloadError::Record)?;
        if let (Some(known), Some(Hands { connectors, secrets })) = (&self.secrets, hands) {
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

    /// Reads everything again when a file has changed and then stays as it is, until it is told to stop.
    pub(crate) async fn watch(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut taken = self.marks().await;
        let mut before = taken.clone();
        while tokio::time::timeout(EVERY, stop.wait_for(|stop| *stop)).await.is_err() {
            let now = self.marks().await;
            // A file that is being written is left alone until it has been the same twice.
            if now != taken && now == before {
                self.reload().await;
                taken = self.marks().await;
            }
            before = now;
        }
    }

    /// The files that matter, as they are.
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
