//! The `sandbox` connector: runs a command in a container on a checkout of one merge candidate, without
//! network.

mod candidate;
mod container;
mod credential;
mod fill;
pub(crate) mod filter;
pub(crate) mod folder;
mod git;
mod list;
mod walls;
pub(crate) mod watch;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde::Deserialize;
use tokio::sync::Semaphore;
use xp_scope::Value;
use xpd_proxy::{ActError, Connector, Impact, Permit, Sought};

use crate::args::Args;
use crate::result::{record, text};

pub use container::available;
pub use credential::Credential;
pub use folder::remove_leftovers;
pub(crate) use walls::{inside, printable, walls};

/// Configuration of an instance.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// For each repository (`owner/name`) its source: the path of a bare repository, or an http(s) URL.
    pub repositories: BTreeMap<String, String>,
    /// Source of other repositories: a URL to which `owner/name.git` is appended.
    pub git_base: Option<String>,
    /// Credentials for the sources.
    #[serde(skip)]
    pub credentials: Vec<Credential>,
    /// Time limit of a command, in seconds.
    pub seconds: u64,
    /// Limit on the memory of all processes of a command together, in MiB; also the address space limit of
    /// each.
    pub memory_mib: u64,
    /// Limit on processes and threads together.
    pub processes: u64,
    /// Size of each of `/build` (with the checkout), `/tmp` and `/dev/shm`, in MiB. They are kept in memory.
    pub disk_mib: u64,
    /// Limit on what is fetched from a repository, in MiB: the history of the default branch and of the
    /// commit.
    pub fetch_mib: u64,
    /// Memory that must stay available on the host, in MiB. If less is available, running commands are
    /// stopped.
    pub spare_mib: u64,
    /// Bytes of output kept, from the end.
    pub output_bytes: usize,
    /// Host folders that a command may read, besides `/usr`.
    pub tools: Vec<String>,
    /// Commands that may run at once.
    pub parallel: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            repositories: BTreeMap::new(),
            git_base: None,
            credentials: Vec::new(),
            seconds: 120,
            memory_mib: 1_024,
            processes: 256,
            disk_mib: 256,
            fetch_mib: 2_048,
            spare_mib: 256,
            output_bytes: 16 * 1_024,
            tools: Vec::new(),
            parallel: 2,
        }
    }
}

/// The connector.
#[derive(Debug)]
pub struct Sandbox {
    name: String,
    config: Config,
    room: Semaphore,
    places: folder::Places,
}

impl Sandbox {
    /// A sandbox with this configuration.
    ///
    /// # Errors
    /// The process runs as root, no repository is configured, an address contains a secret, or a limit is
    /// zero.
    pub fn new(name: &str, config: Config) -> Result<Self, &'static str> {
        unprivileged()?;
        if config.repositories.is_empty() && config.git_base.is_none() {
            return Err("needs `repositories` or `git_base`");
        }
        if config.git_base.as_ref().is_some_and(|base| !git::is_web(base)) {
            return Err("`git_base` must be an http(s) URL");
        }
        let places = config.repositories.values().chain(&config.git_base);
        places.filter(|place| place.contains("://")).try_for_each(|url| credential::plain(url).map(drop))?;
        if config.parallel == 0 || config.seconds == 0 || config.output_bytes > 60_000 {
            return Err("`parallel` and `seconds` must be 1 or more, `output_bytes` 60000 or less");
        }
        let room = Semaphore::new(config.parallel);
        Ok(Self { name: name.to_owned(), config, room, places: folder::Places::default() })
    }

    async fn run(&self, permit: &Permit) -> Result<Value, ActError> {
        let args = Args::of(permit.call(), &["repo", "commit", "command", "network"])?;
        let (repo, commit, command) = (args.repo()?, args.commit("commit")?, args.text("command")?);
        if args.text("network")? != "none" {
            return Err(ActError::NotSent("there is no network in the sandbox".to_owned()));
        }
        let full_name = repo.full_name();
        let source = match (self.config.repositories.get(&full_name), &self.config.git_base) {
            (Some(source), _) => source.clone(),
            (None, Some(base)) => format!("{}/{full_name}.git", base.trim_end_matches('/')),
            (None, None) => return Err(ActError::NotSent(format!("repository `{full_name}` is not known"))),
        };
        let closed = |_| ActError::NotSent("the sandbox is closed".to_owned());
        let _place = self.room.acquire().await.map_err(closed)?;
        // Dropping the place removes the folder and kills every process of the run, on every path.
        let place = self.places.place()?;
        let job = Job {
            header: credential::header(&self.config.credentials, &source),
            place,
            source,
            branch: repo.default_branch.to_owned(),
            commit: commit.to_owned(),
            command: command.to_owned(),
            config: self.config.clone(),
        };
        // It has no effect outside, and every program it starts ends with it.
        permit.line().through(Impact::NoEffect, format!("a command on {full_name}"), job.run()).await
    }
}

/// A command on a merge candidate, with the resources it holds.
struct Job {
    place: folder::RunFolder,
    source: String,
    header: Option<credential::Header>,
    branch: String,
    commit: String,
    command: String,
    config: Config,
}

impl Job {
    async fn run(self) -> Result<Value, ActError> {
        let Self { place, source, header, branch, commit, command, config } = self;
        let git = git::Git::init(place.path(), config.fetch_mib.saturating_mul(1 << 20)).await?;
        let space = config.disk_mib.saturating_mul(1 << 20) / 2;
        let candidate = candidate::fetch(&git, &source, header.as_ref(), &branch, &commit, space).await?;
        fill::fill(&git, &candidate.tree, &place.path().join(container::FILES), space).await?;
        let begun = Instant::now();
        let ended = container::run(place.path(), &command, &config).await?;
        let millis = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        Ok(record([
            ("passed", Value::Bool(ended.code == 0)),
            ("exit_code", Value::Int(i64::from(ended.code))),
            ("commit", text(&commit)),
            ("base", Value::Text(candidate.base)),
            ("tree", Value::Text(candidate.tree)),
            ("output", Value::Text(ended.output)),
            ("millis", Value::Int(millis)),
        ]))
    }
}

#[async_trait]
impl Connector for Sandbox {
    fn name(&self) -> &str {
        &self.name
    }

    async fn act(&self, permit: Permit) -> Result<Value, ActError> {
        match permit.call().action() {
            "run" => self.run(&permit).await,
            other => Err(ActError::NotSent(format!("there is no action `{other}`"))),
        }
    }

    /// A run leaves nothing behind to look for, so it is repeated instead.
    async fn probe(&self, _: &Sought) -> Result<Option<Value>, ActError> {
        Ok(None)
    }
}

/// Refuses to run as root. Even in a container, and without capabilities, root owns the files of kernel
/// settings.
pub(crate) fn unprivileged() -> Result<(), &'static str> {
    if rustix::process::geteuid().is_root() {
        return Err("a server that runs as root runs no commands; start it as a user of its own");
    }
    Ok(())
}

/// A refusal because of the contents of the repository.
fn refused(reason: String) -> ActError {
    ActError::Refused { status: 422, reason }
}

/// Time limit of a fetch.
const FETCH: Duration = Duration::from_secs(120);
