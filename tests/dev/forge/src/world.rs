//! The state of the stand-in besides git: issues, comments, labels, reviews and pull requests.

use std::collections::BTreeMap;

use crate::clock;
use crate::git::{Git, GitError, Person};
use crate::rules::{Protection, Status};

/// The complete state.
#[derive(Debug)]
pub struct World {
    /// Base URL, without a slash at the end.
    pub url: String,
    /// Login by token.
    pub tokens: BTreeMap<String, String>,
    /// Logins; the position determines the id.
    pub logins: Vec<String>,
    /// By `owner/name`.
    pub repos: BTreeMap<String, Repo>,
    /// Visible effects, in order.
    pub effects: Vec<Effect>,
    now: u64,
    last_id: u64,
}

/// A visible effect. Writing objects to which nothing refers is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// GitHub's name of the operation, such as `issues/create`.
    pub operation: &'static str,
    /// Login of the user.
    pub login: String,
    /// The object concerned: `acme/shop#3` or `acme/shop refs/heads/main 12ab…`.
    pub what: String,
}

/// A repository.
#[derive(Debug)]
pub struct Repo {
    /// Numeric id.
    pub id: u64,
    /// Owner's login.
    pub owner: String,
    /// Name.
    pub name: String,
    /// Short name of the default branch.
    pub default_branch: String,
    /// Creation time.
    pub created: u64,
    /// Time of the last push.
    pub pushed: u64,
    /// Objects and refs.
    pub git: Git,
    /// Labels by name.
    pub labels: BTreeMap<String, Label>,
    /// Issues and pull requests by number.
    pub issues: BTreeMap<u64, Issue>,
    /// Rules of protected branches, by name.
    pub protections: BTreeMap<String, Protection>,
    /// Commit statuses by commit, in order.
    pub statuses: BTreeMap<String, Vec<Status>>,
}

/// A label.
#[derive(Clone, Debug)]
pub struct Label {
    /// Numeric id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// Six hex digits.
    pub color: String,
    /// Description.
    pub description: Option<String>,
}

/// An issue. A pull request is an issue with [`Pull`].
#[derive(Clone, Debug)]
pub struct Issue {
    /// Numeric id.
    pub id: u64,
    /// Number in the repository.
    pub number: u64,
    /// Title.
    pub title: String,
    /// Text.
    pub body: Option<String>,
    /// Login of the author.
    pub author: String,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// Creation time.
    pub created: u64,
    /// Time of the last change.
    pub updated: u64,
    /// When and by whom it was closed, and why.
    pub closed: Option<Closed>,
    /// Its comments, in order.
    pub comments: Vec<Comment>,
    /// Present for a pull request.
    pub pull: Option<Pull>,
}

/// How an issue was closed.
#[derive(Clone, Debug)]
pub struct Closed {
    /// Time.
    pub at: u64,
    /// Login of the user.
    pub by: String,
    /// `completed` or `not_planned`.
    pub reason: String,
}

/// A comment.
#[derive(Clone, Debug)]
pub struct Comment {
    /// Numeric id.
    pub id: u64,
    /// Login of the author.
    pub author: String,
    /// Text.
    pub body: String,
    /// Creation time.
    pub created: u64,
}

/// The part of a pull request that an issue does not have.
#[derive(Clone, Debug)]
pub struct Pull {
    /// Numeric id.
    pub id: u64,
    /// The branch with the change.
    pub head: String,
    /// Head commit of that branch; after the end, the last one seen.
    pub head_sha: String,
    /// The branch to merge into.
    pub base: String,
    /// Commit of that branch at the time of opening.
    pub base_sha: String,
    /// Whether it is a draft.
    pub draft: bool,
    /// The merge, if it was merged.
    pub merged: Option<Merged>,
    /// Its reviews, in order.
    pub reviews: Vec<Review>,
}

/// A merge of a pull request.
#[derive(Clone, Debug)]
pub struct Merged {
    /// Time.
    pub at: u64,
    /// Login of the user.
    pub by: String,
    /// The merge commit on the base branch.
    pub sha: String,
}

/// A review.
#[derive(Clone, Debug)]
pub struct Review {
    /// Numeric id.
    pub id: u64,
    /// Login of the author.
    pub author: String,
    /// `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED`, `PENDING`.
    pub state: &'static str,
    /// Text.
    pub body: String,
    /// The reviewed commit.
    pub commit: String,
    /// Time of submission; `None` for a pending review.
    pub submitted: Option<u64>,
    /// Head of the pull request at that time.
    pub head: String,
    /// Merge base of its branches at that time.
    pub fork: Option<String>,
}

impl World {
    /// An empty state with these users.
    #[must_use]
    pub fn new(url: String, users: &[(String, String)]) -> Self {
        let mut world = Self {
            url,
            tokens: BTreeMap::new(),
            logins: Vec::new(),
            repos: BTreeMap::new(),
            effects: Vec::new(),
            now: clock::real(),
            last_id: 1000,
        };
        for (token, login) in users {
            world.tokens.insert(token.clone(), login.clone());
            world.login(login);
        }
        world
    }

    /// Advances the clock by at least one second and returns the time.
    pub fn tick(&mut self) -> u64 {
        self.now = clock::real().max(self.now + 1);
        self.now
    }

    /// Advances the clock.
    pub fn pass(&mut self, seconds: u64) {
        self.now += seconds;
    }

    /// Time of the last change.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.now
    }

    /// A new numeric id.
    pub fn fresh_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Registers a login.
    pub fn login(&mut self, login: &str) {
        if !self.logins.iter().any(|known| known == login) {
            self.logins.push(login.to_owned());
        }
    }

    /// The numeric id of a login.
    #[must_use]
    pub fn login_id(&self, login: &str) -> u64 {
        self.logins.iter().position(|known| known == login).map_or(0, |at| at as u64 + 1)
    }

    /// Records an effect.
    pub fn effect(&mut self, operation: &'static str, login: &str, what: String) {
        self.effects.push(Effect { operation, login: login.to_owned(), what });
    }

    /// The user as author of a commit at a time.
    #[must_use]
    pub fn person(login: &str, at: u64) -> Person {
        Person {
            name: login.to_owned(),
            email: format!("{login}@users.forge.invalid"),
            date: clock::text(at),
        }
    }
}

impl Repo {
    /// `owner/name`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// The number of the next issue or pull request.
    #[must_use]
    pub fn next_number(&self) -> u64 {
        self.issues.last_key_value().map_or(1, |(number, _)| number + 1)
    }

    /// The commit of a branch.
    ///
    /// # Errors
    /// When git fails.
    pub fn branch(&self, name: &str) -> Result<Option<String>, GitError> {
        Ok(self.git.target(&format!("refs/heads/{name}"))?.map(|(sha, _)| sha))
    }

    /// The commit that a name denotes: a branch, a tag, a full ref or an object id; without a name, the
    /// default branch.
    ///
    /// # Errors
    /// When git fails.
    pub fn resolve(&self, name: Option<&str>) -> Result<Option<String>, GitError> {
        let name = name.filter(|name| !name.is_empty()).unwrap_or(&self.default_branch);
        for full in [format!("refs/heads/{name}"), format!("refs/tags/{name}"), name.to_owned()] {
            if !full.starts_with("refs/") {
                continue;
            }
            if let Some((sha, kind)) = self.git.target(&full)? {
                return Ok((kind == "commit").then_some(sha));
            }
        }
        Ok((self.git.kind(name)?.as_deref() == Some("commit")).then(|| name.to_owned()))
    }

    /// After a ref moved: open pull requests follow their branches, and those whose head is contained in the
    /// base are marked as merged.
    ///
    /// # Errors
    /// When git fails.
    pub fn follow(&mut self, at: u64, by: &str) -> Result<(), GitError> {
        self.pushed = at;
        let numbers: Vec<u64> = self.issues.keys().copied().collect();
        for number in numbers {
            let open = self.issues.get(&number).filter(|issue| issue.closed.is_none());
            let Some(pull) = open.and_then(|issue| issue.pull.clone()) else { continue };
            let head = self.branch(&pull.head)?;
            let base = self.branch(&pull.base)?;
            let inside = match (&head, &base) {
                (Some(head), Some(base)) if *base != pull.base_sha => self.git.is_ancestor(head, base)?,
                _ => false,
            };
            let Some(issue) = self.issues.get_mut(&number) else { continue };
            let Some(pull) = issue.pull.as_mut() else { continue };
            if let Some(head) = &head {
                pull.head_sha.clone_from(head);
            }
            if let (true, Some(base)) = (inside, base) {
                pull.merged = Some(Merged { at, by: by.to_owned(), sha: base });
            }
            if inside || head.is_none() {
                issue.closed = Some(Closed { at, by: by.to_owned(), reason: "completed".to_owned() });
                issue.updated = at;
            } else {
                self.dismiss_stale(number)?;
            }
        }
        Ok(())
    }
}
