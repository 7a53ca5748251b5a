//! The merge, made by the host and read back.
//!
//! A protected branch takes no commit but through the host's own merge, so no ref is moved here. The host pins the head of
//! the pull request (`sha`) and nothing else: it merges into whatever the base is at that moment. Therefore
//! - what the merge of `commit` onto `onto` gives is computed before, and a merge that cannot be foretold is refused: if
//!   `commit` holds `onto`, the tree is the one of `commit`; else it is a merge file by file, where a file that both sides
//!   changed is a conflict;
//! - that the branch is at `onto` is read before;
//! - what the host made is read back: its parents, its tree, and the branch it went into. Any difference is the result
//!   `diverged`. It is no failure: the merge is there.
//!
//! Where the protection of the branch asks that a pull request be up to date, the host itself refuses a base that moved.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use xp_scope::Value;
use xpd_proxy::{ActError, Permit, Sought};

use super::api::{Api, refused};
use super::git::{self, Commit, Line};
use super::pulls::PullJson;
use super::{contents, marker, pulls, tree_merge};
use crate::args::{Args, Repo, wrong};
use crate::result::{record, text};

const MERGE: &[&str] = &["repo", "number", "commit", "onto", "into"];

/// What is to be merged into what.
struct Wanted<'a> {
    repo: Repo<'a>,
    number: u64,
    commit: &'a str,
    onto: &'a str,
    into: &'a str,
}

/// The tree that the merge must have.
enum Foretold {
    Tree(String),
    Files(BTreeMap<String, Line>),
}

#[derive(Deserialize)]
struct MergedJson {
    sha: String,
    merged: bool,
}

/// `pulls.merge`.
pub(super) async fn merge(api: &Api, permit: &Permit) -> Result<Value, ActError> {
    let args = Args::of(permit.call(), MERGE)?;
    let wanted = Wanted::of(&args)?;
    let Wanted { repo, number, commit, onto, into } = &wanted;
    git::registered(api, repo).await?;
    let pull = pulls::get(api, repo, *number).await?;
    pulls::at_head(&pull, commit)?;
    if pull.base.branch != *into {
        return Err(refused(409, "the pull request is into another branch"));
    }
    if git::head(api, repo, into).await? != *onto {
        return Err(refused(409, "the branch has moved"));
    }
    let foretold = wanted.foretell(api).await?;
    let digits = number.to_string();
    let segments = ["repos", repo.owner, repo.name, "pulls", &digits, "merge"];
    let body = json!({
        "sha": commit,
        "merge_method": "merge",
        "commit_title": format!("Merge pull request #{number}"),
        "commit_message": marker::sign("", permit.call().marker())?,
    });
    let merged: MergedJson = match api.effect(permit, Method::PUT, &segments, &body).await {
        Err(ActError::Refused { status: 405, .. }) => {
            return Err(refused(405, "the host does not allow the merge: protection, checks, or a conflict"));
        }
        Err(ActError::Refused { status: 409, .. }) => {
            return Err(refused(409, "the pull request is at another commit"));
        }
        other => other?,
    };
    if !merged.merged {
        return Err(unread());
    }
    // It is merged, so whatever fails from here on is a doubt, which a probe resolves.
    let read = async {
        let made = git::commit(api, repo, &git::object_id(merged.sha)?).await?;
        let pull = pulls::get(api, repo, *number).await?;
        wanted.compare(api, &foretold, &made, &pull).await
    };
    read.await.map_err(|_| unread())
}

/// Looks for the merge: at the pull request first, then on the branch.
pub(super) async fn probe_merge(api: &Api, sought: &Sought) -> Result<Option<Value>, ActError> {
    let args = Args::of(sought.call(), MERGE)?;
    let wanted = Wanted::of(&args)?;
    let repo = &wanted.repo;
    let pull = pulls::get(api, repo, wanted.number).await?;
    let made = match pull.merge_commit_sha.as_ref().filter(|_| pull.merged == Some(true)) {
        Some(sha) => Some(git::commit(api, repo, &git::object_id(sha.clone())?).await?)
            .filter(|made| marker::carries(&made.message, sought.call().marker())),
        None => contents::marked(api, repo, wanted.into, sought.call()).await?,
    };
    let Some(made) = made else { return Ok(None) };
    let foretold = wanted.foretell(api).await?;
    wanted.compare(api, &foretold, &made, &pull).await.map(Some)
}

impl<'a> Wanted<'a> {
    fn of(args: &Args<'a>) -> Result<Self, ActError> {
        let (repo, number) = (args.repo()?, args.number("number")?);
        let (commit, onto) = (args.commit("commit")?, args.commit("onto")?);
        if commit == onto {
            return Err(wrong("onto", "is the commit"));
        }
        let into = args.branch_or("into", repo.default_branch)?;
        Ok(Self { repo, number, commit, onto, into })
    }

    /// The tree of the merge, from the two commits alone.
    async fn foretell(&self, api: &Api) -> Result<Foretold, ActError> {
        let repo = &self.repo;
        let compared = git::compare(api, repo, self.onto, self.commit).await?;
        if compared.ahead_by == 0 {
            return Err(refused(409, "there is nothing to merge"));
        }
        let theirs = git::commit(api, repo, self.commit).await?.tree;
        if compared.behind_by == 0 {
            return Ok(Foretold::Tree(theirs));
        }
        let base = git::commit(api, repo, &git::object_id(compared.merge_base_commit.sha)?).await?.tree;
        let ours = git::commit(api, repo, self.onto).await?.tree;
        let before = git::files(api, repo, &base).await?;
        let mine = git::files(api, repo, &ours).await?;
        let changes = tree_merge::changes(&before, &mine, &git::files(api, repo, &theirs).await?)
            .ok_or_else(|| refused(409, "the two sides changed the same files"))?;
        Ok(Foretold::Files(tree_merge::applied(mine, changes)))
    }

    /// The result: what the host made, and whether it is what was asked for.
    async fn compare(
        &self,
        api: &Api,
        foretold: &Foretold,
        made: &Commit,
        pull: &PullJson,
    ) -> Result<Value, ActError> {
        let tree = match foretold {
            Foretold::Tree(tree) => made.tree == *tree,
            Foretold::Files(files) => git::files(api, &self.repo, &made.tree).await? == *files,
        };
        let same = tree && made.parents == [self.onto, self.commit] && pull.base.branch == self.into;
        Ok(record([
            ("diverged", Value::Bool(!same)),
            ("commit", text(&made.sha)),
            ("tree", text(&made.tree)),
        ]))
    }
}

fn unread() -> ActError {
    ActError::Unknown("the host merged, or may have, and what it made was not read back".to_owned())
}
