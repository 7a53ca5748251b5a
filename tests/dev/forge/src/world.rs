//! What the stand-in remembers: issues, comments, labels, reviews and pull requests. Everything else is in git.

use std::collections::BTreeMap;

use crate::clock;
use crate::git::{Git, GitError, Person};
use crate::rules::{Protection, Status};

/// Everything.
#[derive(Debug)]
pub struct World {
    /// Where the stand-in answers, without a slash at the end.
    pub url: String,
    /// Token to login.
    pub tokens: BTreeMap<String, String>,
    /// Logins in order; the position makes the id.
    pub logins: Vec<String>,
    /// By `owner/name`.
    pub repos: BTreeMap<String, Repo>,
    /// What happened that anybody can see, in order.
    pub effects: Vec<Effect>,
    now: u64,
    last_id: u64,
}

/// Something that happened and can be seen: not the writing of objects nothing points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// GitHub's name of the operation, `issues/create`.
    pub operation: &'static str,
    /// Who.
    pub login: String,
    /// What, `acme/shop#3` or `acme/shop refs/heads/main 12ab…`.
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
    /// When it was made.
    pub created: u64,
    /// When something was pushed last.
    pub pushed: u64,
    /// Objects and refs.
    pub git: Git,
    /// Labels by name.
    pub labels: BTreeMap<String, Label>,
    /// Issues and pull requests by number.
    pub issues: BTreeMap<u64, Issue>,
    /// Rules of protected branches, by name.
    pub protections: BTreeMap<String, Protection>,
    /// What was reported of commits, in order.
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
    /// What it means.
    pub description: Option<String>,
}

/// An issue; a pull request is one too.
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
    /// Who wrote it.
    pub author: String,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// When it was made.
    pub created: u64,
    /// When it was changed last.
    pub updated: u64,
    /// When and by whom it was closed, and why.
    pub closed: Option<Closed>,
    /// Its comments, in order.
    pub comments: Vec<Comment>,
    /// What makes it a pull request.
    pub pull: Option<Pull>,
}

/// The end of an issue.
#[derive(Clone, Debug)]
pub struct Closed {
    /// When.
    pub at: u64,
    /// Who.
    pub by: String,
    /// `completed` or `not_planned`.
    pub reason: String,
}

/// A comment.
#[derive(Clone, Debug)]
pub struct Comment {
    /// Numeric id.
    pub id: u64,
    /// Who wrote it.
    pub author: String,
    /// Text.
    pub body: String,
    /// When it was made.
    pub created: u64,
}

/// The part of a pull request that an issue does not have.
#[derive(Clone, Debug)]
pub struct Pull {
    /// Numeric id.
    pub id: u64,
    /// Branch with the change.
    pub head: String,
    /// Commit of that branch while open, last one seen after.
    pub head_sha: String,
    /// Branch it is to go into.
    pub base: String,
    /// Commit of that branch when it was opened.
    pub base_sha: String,
    /// Not ready to be merged.
    pub draft: bool,
    /// How it was merged.
    pub merged: Option<Merged>,
    /// Its reviews, in order.
    pub reviews: Vec<Review>,
}

/// A merge of a pull request.
#[derive(Clone, Debug)]
pub struct Merged {
    /// When.
    pub at: u64,
    /// Who.
    pub by: String,
    /// The commit on the base branch.
    pub sha: String,
}

/// A review.
#[derive(Clone, Debug)]
pub struct Review {
    /// Numeric id.
    pub id: u64,
    /// Who wrote it.
    pub author: String,
    /// `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED`, `PENDING`.
    pub state: &'static str,
    /// Text.
    pub body: String,
    /// The commit it is about.
    pub commit: String,
    /// When it was handed in; a pending one was not.
    pub submitted: Option<u64>,
    /// Head of the pull request at that time.
    pub head: String,
    /// Where its branches parted at that time.
    pub fork: Option<String>,
}

impl World {
    /// Nothing yet.
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

    /// The time, at least one second later than last time.
    pub fn tick(&mut self) -> u64 {
        self.now = clock::real().max(self.now + 1);
        self.now
    }

    /// Lets time pass.
    pub fn pass(&mut self, seconds: u64) {
        self.now += seconds;
    }

    /// The time of the last change.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.now
    }

    /// A numeric id nothing else has.
    pub fn fresh_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Makes a login known.
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

    /// Notes that something happened.
    pub fn effect(&mut self, operation: &'static str, login: &str, what: String) {
        self.effects.push(Effect { operation, login: login.to_owned(), what });
    }

    /// A login as the author of a commit at a time.
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

    /// The commit a caller means: a branch, a tag, a full ref or an object id; nothing means the default branch.
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

    /// After a ref moved: open pull requests follow their branch, and one whose head the base now holds is merged.
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
