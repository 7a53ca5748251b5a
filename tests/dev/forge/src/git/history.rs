//! Commits, their order, and merges.

use super::{Git, GitError};

/// Author or committer, and the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// UTC, `2026-01-01T00:00:00Z`.
    pub date: String,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// Object id.
    pub sha: String,
    /// Its tree.
    pub tree: String,
    /// Its parents, in order.
    pub parents: Vec<String>,
    /// Who wrote the change.
    pub author: Person,
    /// Who made the commit.
    pub committer: Person,
    /// The whole message, without the final line feed.
    pub message: String,
}

const FORMAT: &str = "--format=%H%x00%T%x00%P%x00%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%cd%x00%B";
const DATES: &str = "--date=format-local:%Y-%m-%dT%H:%M:%SZ";

impl Git {
    /// Writes a commit.
    ///
    /// # Errors
    /// When git refuses tree, parents or dates.
    pub fn write_commit(
        &self,
        tree: &str,
        parents: &[String],
        message: &str,
        author: &Person,
        committer: &Person,
    ) -> Result<String, GitError> {
        let mut args = vec!["commit-tree", tree];
        for parent in parents {
            args.extend(["-p", parent]);
        }
        args.extend(["-F", "-"]);
        let env = [
            ("GIT_AUTHOR_NAME", author.name.as_str()),
            ("GIT_AUTHOR_EMAIL", author.email.as_str()),
            ("GIT_AUTHOR_DATE", author.date.as_str()),
            ("GIT_COMMITTER_NAME", committer.name.as_str()),
            ("GIT_COMMITTER_EMAIL", committer.email.as_str()),
            ("GIT_COMMITTER_DATE", committer.date.as_str()),
        ];
        let out = self.ask_with(&args, message.as_bytes(), &env)?;
        Ok(String::from_utf8_lossy(&out).trim().to_owned())
    }

    /// Reads a commit.
    ///
    /// # Errors
    /// When there is no such commit.
    pub fn commit(&self, sha: &str) -> Result<CommitInfo, GitError> {
        self.log(&["--max-count=1", sha])?
            .into_iter()
            .next()
            .ok_or_else(|| GitError { command: format!("log {sha}"), detail: "no such commit".to_owned() })
    }

    /// Commits that `git log` lists for these arguments.
    ///
    /// # Errors
    /// When git fails.
    pub fn log(&self, args: &[&str]) -> Result<Vec<CommitInfo>, GitError> {
        let mut all = vec!["log", "-z", FORMAT, DATES, "--no-show-signature"];
        all.extend(args);
        all.push("--");
        let out = self.text(&all)?;
        let mut fields = out.split('\0').map(str::to_owned);
        let mut commits = Vec::new();
        while let Some(commit) = record(&mut fields) {
            commits.push(commit);
        }
        Ok(commits)
    }

    /// The best common ancestor.
    ///
    /// # Errors
    /// When git cannot be started.
    pub fn merge_base(&self, one: &str, other: &str) -> Result<Option<String>, GitError> {
        let found = self.run(&["merge-base", one, other], b"", &[])?;
        Ok(found.ok.then(|| String::from_utf8_lossy(&found.out).trim().to_owned()))
    }

    /// Whether `old` is `new` or an ancestor of it.
    ///
    /// # Errors
    /// When git fails.
    pub fn is_ancestor(&self, old: &str, new: &str) -> Result<bool, GitError> {
        let args = ["merge-base", "--is-ancestor", old, new];
        let found = self.run(&args, b"", &[])?;
        match found.code {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(GitError { command: args.join(" "), detail: found.err }),
        }
    }

    /// How many commits only `one` has, and how many only `other` has.
    ///
    /// # Errors
    /// When git fails.
    pub fn apart(&self, one: &str, other: &str) -> Result<(u64, u64), GitError> {
        let out = self.text(&["rev-list", "--left-right", "--count", &format!("{one}...{other}")])?;
        let mut counts = out.split_ascii_whitespace().map(|word| word.parse().unwrap_or(0));
        Ok((counts.next().unwrap_or(0), counts.next().unwrap_or(0)))
    }

    /// The tree of git's merge of two commits; `None` on a conflict.
    ///
    /// # Errors
    /// When git fails.
    pub fn merge_tree(&self, ours: &str, theirs: &str) -> Result<Option<String>, GitError> {
        let args = ["merge-tree", "--write-tree", "--no-messages", ours, theirs];
        let done = self.run(&args, b"", &[])?;
        match done.code {
            Some(0) => Ok(Some(String::from_utf8_lossy(&done.out).trim().to_owned())),
            Some(1) => Ok(None),
            _ => Err(GitError { command: args.join(" "), detail: done.err }),
        }
    }
}

/// The next commit of a log.
fn record(fields: &mut impl Iterator<Item = String>) -> Option<CommitInfo> {
    let sha = fields.next().filter(|sha| !sha.is_empty())?;
    let tree = fields.next()?;
    let parents = fields.next()?.split_ascii_whitespace().map(str::to_owned).collect();
    let mut person = || Some(Person { name: fields.next()?, email: fields.next()?, date: fields.next()? });
    let author = person()?;
    let committer = person()?;
    let message = fields.next()?.trim_end_matches('\n').to_owned();
    Some(CommitInfo { sha, tree, parents, author, committer, message })
}
