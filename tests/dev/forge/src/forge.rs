//! A running stand-in: starting, seeding, inspecting; stopped when dropped.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::clock;
use crate::dump;
use crate::git::{Change, Entry, Git, GitError, ZERO};
use crate::hooks::Rule;
use crate::openapi::{Spec, SpecError};
use crate::ops::OPERATIONS;
use crate::rules::{Protection, Status};
use crate::server::{self, Logged, Shared};
use crate::world::{Comment, Issue, Label, Repo, World};

/// How requests and answers are validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Validation {
    /// Not validated.
    Off,
    /// Against the OpenAPI description in this file, which must exist.
    Against(PathBuf),
}

impl Validation {
    /// Against GitHub's description, where `cargo dev setup` puts it.
    #[must_use]
    pub fn project() -> Self {
        Self::Against(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../.xp/github-openapi.json"))
    }
}

/// Options of a start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Tokens with the logins they belong to.
    pub users: Vec<(String, String)>,
    /// Folder of the bare repositories. Without it a temporary folder is used, which is removed at the end.
    pub dir: Option<PathBuf>,
    /// How requests and answers are judged.
    pub validation: Validation,
}

impl Default for Options {
    /// A free port, the users `acme`, `xp-bot` and `xp-reviewer` with `<login>-token`, validation on.
    fn default() -> Self {
        let users = ["acme", "xp-bot", "xp-reviewer"];
        Self {
            port: 0,
            users: users.iter().map(|login| (format!("{login}-token"), (*login).to_owned())).collect(),
            dir: None,
            validation: Validation::project(),
        }
    }
}

/// Why an operation of the stand-in failed.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// GitHub's description cannot be used.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A folder or a socket cannot be created.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A git command failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// No such repository, branch or issue.
    #[error("the stand-in has no {0}")]
    Missing(String),
}

/// A running stand-in.
#[derive(Debug)]
pub struct Forge {
    /// Base URL, without a slash at the end.
    pub url: String,
    /// Folder of the bare repositories: `<dir>/<owner>/<name>.git`.
    pub dir: PathBuf,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _scratch: Option<tempfile::TempDir>,
}

impl Forge {
    /// Starts on 127.0.0.1, in a thread of its own.
    ///
    /// # Errors
    /// When the OpenAPI description is wanted and missing, or folder or port cannot be had.
    pub fn start(options: Options) -> Result<Self, ForgeError> {
        let spec = match &options.validation {
            Validation::Off => None,
            Validation::Against(path) => Some(Spec::load(path, OPERATIONS)?),
        };
        let (dir, scratch) = match options.dir {
            Some(dir) => (dir, None),
            None => {
                let scratch = tempfile::Builder::new().prefix("xp-forge-").tempdir()?;
                (scratch.path().to_owned(), Some(scratch))
            }
        };
        let listener = std::net::TcpListener::bind(("127.0.0.1", options.port))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared::new(World::new(url.clone(), &options.users), spec));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let served = shared.clone();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                if let Ok(listener) = TcpListener::from_std(listener) {
                    server::serve(served, listener, async { drop(stopped.await) }).await;
                }
            });
            runtime.shutdown_background();
        });
        Ok(Self { url, dir, shared, stop: Some(stop), thread: Some(thread), _scratch: scratch })
    }

    /// Makes a repository with one commit on its default branch; returns the commit.
    ///
    /// # Errors
    /// When git refuses.
    pub fn seed_repo(
        &self,
        owner: &str,
        name: &str,
        default_branch: &str,
        files: &[(&str, Entry)],
    ) -> Result<String, ForgeError> {
        let place = self.dir.join(owner).join(format!("{name}.git"));
        std::fs::create_dir_all(&place)?;
        let git = Git::init(&place, default_branch)?;
        let mut world = self.shared.world();
        world.login(owner);
        let (id, at) = (world.fresh_id(), world.tick());
        let repo = Repo {
            id,
            owner: owner.to_owned(),
            name: name.to_owned(),
            default_branch: default_branch.to_owned(),
            created: at,
            pushed: at,
            git,
            labels: std::collections::BTreeMap::new(),
            issues: std::collections::BTreeMap::new(),
            protections: std::collections::BTreeMap::new(),
            statuses: std::collections::BTreeMap::new(),
        };
        world.repos.insert(format!("{owner}/{name}"), repo);
        drop(world);
        self.push(&format!("{owner}/{name}"), default_branch, owner, "Start", files)
    }

    /// Commits files to a branch, as an outsider's push; the branch is created from the default branch if
    /// necessary. Returns the commit.
    ///
    /// # Errors
    /// When the repository is missing or git refuses.
    pub fn push(
        &self,
        full_name: &str,
        branch: &str,
        login: &str,
        message: &str,
        files: &[(&str, Entry)],
    ) -> Result<String, ForgeError> {
        let mut world = self.shared.world();
        world.login(login);
        let at = world.tick();
        let repo = repo_mut(&mut world, full_name)?;
        let old = repo.branch(branch)?;
        let from = match &old {
            Some(head) => Some(head.clone()),
            None => repo.branch(&repo.default_branch)?,
        };
        let base = from.as_deref().map(|head| repo.git.commit(head)).transpose()?.map(|info| info.tree);
        let mut changes = Vec::new();
        for (path, entry) in files {
            let entry = match entry {
                Entry::File(bytes) => ("100644", repo.git.write_blob(bytes)?),
                Entry::Executable(bytes) => ("100755", repo.git.write_blob(bytes)?),
                Entry::Symlink(target) => ("120000", repo.git.write_blob(target.as_bytes())?),
                Entry::Gitlink(commit) => ("160000", commit.clone()),
            };
            let entry = Some((entry.0.to_owned(), entry.1));
            changes.push(Change { path: (*path).to_owned(), entry });
        }
        let tree = repo.git.write_tree(base.as_deref(), &changes)?;
        let person = World::person(login, at);
        let parents: Vec<String> = from.into_iter().collect();
        let commit = repo.git.write_commit(&tree, &parents, message, &person, &person)?;
        repo.git.update_ref(&format!("refs/heads/{branch}"), &commit, old.as_deref().unwrap_or(ZERO))?;
        repo.follow(at, login)?;
        Ok(commit)
    }

    /// Opens an issue, creating missing labels. Returns its number.
    ///
    /// # Errors
    /// When the repository is missing.
    pub fn seed_issue(
        &self,
        full_name: &str,
        login: &str,
        title: &str,
        body: &str,
        labels: &[&str],
    ) -> Result<u64, ForgeError> {
        let mut world = self.shared.world();
        world.login(login);
        for name in labels {
            let id = world.fresh_id();
            let label = Label { id, name: (*name).to_owned(), color: "d73a4a".to_owned(), description: None };
            repo_mut(&mut world, full_name)?.labels.entry((*name).to_owned()).or_insert(label);
        }
        let (id, at) = (world.fresh_id(), world.tick());
        let repo = repo_mut(&mut world, full_name)?;
        let number = repo.next_number();
        let issue = Issue {
            id,
            number,
            title: title.to_owned(),
            body: Some(body.to_owned()),
            author: login.to_owned(),
            labels: labels.iter().map(|name| (*name).to_owned()).collect(),
            created: at,
            updated: at,
            closed: None,
            comments: Vec::new(),
            pull: None,
        };
        repo.issues.insert(number, issue);
        Ok(number)
    }

    /// Comments on an issue.
    ///
    /// # Errors
    /// When repository or issue is missing.
    pub fn seed_comment(
        &self,
        full_name: &str,
        number: u64,
        login: &str,
        body: &str,
    ) -> Result<(), ForgeError> {
        let mut world = self.shared.world();
        world.login(login);
        let (id, at) = (world.fresh_id(), world.tick());
        let issue = repo_mut(&mut world, full_name)?
            .issues
            .get_mut(&number)
            .ok_or_else(|| ForgeError::Missing(format!("{full_name}#{number}")))?;
        issue.comments.push(Comment { id, author: login.to_owned(), body: body.to_owned(), created: at });
        Ok(())
    }

    /// Protects a branch. `rules` is the body of GitHub's `PUT …/branches/{branch}/protection`.
    /// [`Forge::push`] is not subject to the rules: it acts as an administrator.
    ///
    /// # Errors
    /// When the repository is missing, or a rule is not enforced here.
    pub fn protect(&self, full_name: &str, branch: &str, rules: &Value) -> Result<(), ForgeError> {
        let rules = Protection::from_json(rules).map_err(|path| ForgeError::Missing(path.to_owned()))?;
        repo_mut(&mut self.shared.world(), full_name)?.protections.insert(branch.to_owned(), rules);
        Ok(())
    }

    /// Reports a check of a commit.
    ///
    /// # Errors
    /// When the repository is missing.
    pub fn report(&self, full_name: &str, sha: &str, context: &str, state: &str) -> Result<(), ForgeError> {
        let mut world = self.shared.world();
        world.login("ci");
        let (id, at) = (world.fresh_id(), world.tick());
        let status = Status {
            id,
            context: context.to_owned(),
            state: state.to_owned(),
            description: None,
            target: None,
            by: "ci".to_owned(),
            at,
        };
        repo_mut(&mut world, full_name)?.statuses.entry(sha.to_owned()).or_default().push(status);
        Ok(())
    }

    /// Gives an open pull request another base branch.
    ///
    /// # Errors
    /// When it cannot have it.
    pub fn retarget(&self, full_name: &str, number: u64, base: &str) -> Result<(), ForgeError> {
        let moved = repo_mut(&mut self.shared.world(), full_name)?.retarget(number, base)?;
        moved.map_err(|why| ForgeError::Missing(format!("{full_name}#{number} into {base}: {why}")))
    }

    /// The folder of a bare repository, for plain git.
    #[must_use]
    pub fn git_dir(&self, full_name: &str) -> PathBuf {
        self.dir.join(format!("{full_name}.git"))
    }

    /// The commit of a branch.
    ///
    /// # Errors
    /// When repository or branch is missing.
    pub fn branch(&self, full_name: &str, branch: &str) -> Result<String, ForgeError> {
        let mut world = self.shared.world();
        let found = repo_mut(&mut world, full_name)?.branch(branch)?;
        found.ok_or_else(|| ForgeError::Missing(format!("{full_name} {branch}")))
    }

    /// The complete state as JSON text. Equal states give equal bytes.
    ///
    /// # Errors
    /// When git fails.
    pub fn state(&self) -> Result<String, ForgeError> {
        Ok(dump::world(&self.shared.world())?.to_string())
    }

    /// The visible effects so far.
    #[must_use]
    pub fn effects(&self) -> Vec<crate::world::Effect> {
        self.shared.world().effects.clone()
    }

    /// The requests since the last call of this.
    pub fn take_requests(&self) -> Vec<Logged> {
        std::mem::take(&mut self.shared.logs().requests)
    }

    /// Requests that were accepted, or answers that were sent, against GitHub's description.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.shared.logs().violations.clone()
    }

    /// Requests that violated GitHub's description and were refused.
    #[must_use]
    pub fn malformed(&self) -> Vec<String> {
        self.shared.logs().malformed.clone()
    }

    /// Activates a fault.
    pub fn fault(&self, rule: Rule) {
        self.shared.hooks.add(rule);
    }

    /// Waits until `count` requests are held; returns whether they were within the time.
    #[must_use]
    pub fn wait_held(&self, count: usize, longest: Duration) -> bool {
        self.shared.hooks.wait(count, longest)
    }

    /// Deactivates all faults and releases every held request.
    pub fn release(&self) {
        self.shared.hooks.release();
    }

    /// The time of its clock, in GitHub's format.
    #[must_use]
    pub fn now(&self) -> String {
        clock::text(self.shared.world().now())
    }

    /// Advances its clock.
    pub fn pass(&self, seconds: u64) {
        self.shared.world().pass(seconds);
    }

    /// The effects in the form of the control interface.
    #[must_use]
    pub fn effects_json(&self) -> Value {
        server::effects(&self.shared.world())
    }
}

impl Drop for Forge {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn repo_mut<'w>(world: &'w mut World, full_name: &str) -> Result<&'w mut Repo, ForgeError> {
    world.repos.get_mut(full_name).ok_or_else(|| ForgeError::Missing(full_name.to_owned()))
}
