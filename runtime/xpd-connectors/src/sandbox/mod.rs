//! The `sandbox` connector: a command on a checkout of one candidate merge, with nothing else in reach.

mod candidate;
mod cell;
mod credential;
mod fill;
mod filter;
mod git;
mod list;
mod place;
mod watch;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde::Deserialize;
use tokio::sync::Semaphore;
use xp_scope::Value;
use xpd_proxy::{ActError, Connector, Permit, Sought, Weight};

use crate::args::Args;
use crate::result::{record, text};

pub use cell::available;
pub use credential::Credential;
pub use place::remove_leftovers;

/// What the operator settles.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where each repository (`owner/name`) is fetched from: a bare repository's path, or an http(s) URL.
    pub repositories: BTreeMap<String, String>,
    /// For the others: a URL to which `owner/name.git` is added.
    pub git_base: Option<String>,
    /// Who is presented to which hosts.
    #[serde(skip)]
    pub credentials: Vec<Credential>,
    /// Seconds a command may run.
    pub seconds: u64,
    /// Memory of its processes together, in MiB; also the address space of each.
    pub memory_mib: u64,
    /// Processes and threads together.
    pub processes: u64,
    /// Space in each of `/build` (with the checkout), `/tmp` and `/dev/shm`, in MiB. It is memory.
    pub disk_mib: u64,
    /// What may be fetched of a repository, in MiB: the history of the default branch and of the commit.
    pub fetch_mib: u64,
    /// Memory the host must have left, in MiB: below it no command runs on, whoever took the rest.
    pub spare_mib: u64,
    /// Bytes of output that are kept: the last ones.
    pub output_bytes: usize,
    /// Folders of the host that the command may read, besides `/usr`.
    pub tools: Vec<String>,
    /// Commands at once.
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
    root: Mutex<Option<place::Root>>,
}

impl Sandbox {
    /// With these limits.
    ///
    /// # Errors
    /// The process runs as root, it knows no repository, an address holds a secret, or a limit is nothing.
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
        Ok(Self { name: name.to_owned(), config, room, root: Mutex::default() })
    }

    /// A folder for a run, in the one of this server, which is made for the first one.
    fn place(&self) -> Result<place::Place, ActError> {
        let failed = |error| ActError::NotSent(format!("no place to work: {error}"));
        let mut root = self.root.lock().unwrap_or_else(PoisonError::into_inner);
        let root = match root.take() {
            Some(made) => root.insert(made),
            None => root.insert(place::Root::new().map_err(failed)?),
        };
        root.place().map_err(failed)
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
        // Whenever this ends, or is ended, nothing that was started for it is left.
        let place = self.place()?;
        let job = Job {
            header: credential::header(&self.config.credentials, &source),
            place,
            source,
            branch: repo.default_branch.to_owned(),
            commit: commit.to_owned(),
            command: command.to_owned(),
            config: self.config.clone(),
        };
        // Nobody upstream is changed by it, and every program it starts ends with it.
        permit.line().through(Weight::Light, format!("a command on {full_name}"), job.run()).await
    }
}

/// A command on a candidate merge, with all that it takes.
struct Job {
    place: place::Place,
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
        fill::fill(&git, &candidate.tree, &place.path().join(cell::FILES), space).await?;
        let begun = Instant::now();
        let ended = cell::run(place.path(), &command, &config).await?;
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

    /// Nothing is kept, so nothing can be found: a run is repeated.
    async fn probe(&self, _: &Sought) -> Result<Option<Value>, ActError> {
        Ok(None)
    }
}

/// Refuses to be root. In a container, too, root owns the files that set the kernel, whatever capabilities it lacks.
fn unprivileged() -> Result<(), &'static str> {
    if rustix::process::geteuid().is_root() {
        return Err("a server that runs as root runs no commands; start it as a user of its own");
    }
    Ok(())
}

/// A no to what the repository holds.
fn refused(reason: String) -> ActError {
    ActError::Refused { status: 422, reason }
}

/// Longest fetch.
const FETCH: Duration = Duration::from_secs(120);
