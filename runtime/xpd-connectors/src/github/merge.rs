//! Merges of pull requests through GitHub's merge endpoint, verified by reading the result back.
//!
//! A protected branch accepts commits only through GitHub's own merge, so this connector moves no ref. The
//! endpoint pins the head of the pull request (`sha`) but not the base: it merges into whatever the base is
//! at that moment. Therefore:
//! - Before the request, the tree of the merge of `commit` into `onto` is computed. If `onto` is an ancestor
//!   of `commit`, it is the tree of `commit`; otherwise the trees are merged file by file, and a file changed
//!   on both sides is a conflict, which is refused.
//! - Before the request, the base branch is checked to be at `onto`.
//! - After the request, parents, tree and branch of the merge commit are read. A difference is reported as
//!   `diverged` in the result, not as a failure, since the merge has been made.
//!
//! If the branch protection requires pull requests to be up to date, GitHub itself refuses a merge after the
//! base has moved.

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

/// The requested merge.
struct Wanted<'a> {
    repo: Repo<'a>,
    number: u64,
    commit: &'a str,
    onto: &'a str,
    into: &'a str,
}

/// The tree expected of the merge.
enum ExpectedTree {
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
    let expected_tree = wanted.expected_tree(api).await?;
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
    // The merge has been made, so a failure from here on is a doubt, to be resolved by a probe.
    let read = async {
        let made = git::commit(api, repo, &git::object_id(merged.sha)?).await?;
        let pull = pulls::get(api, repo, *number).await?;
        wanted.compare(api, &expected_tree, &made, &pull).await
    };
    read.await.map_err(|_| unread())
}

/// Probes for the merge: on the pull request first, then on the branch.
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
    let expected_tree = wanted.expected_tree(api).await?;
    wanted.compare(api, &expected_tree, &made, &pull).await.map(Some)
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

    /// Computes the tree of the merge from the two commits.
    async fn expected_tree(&self, api: &Api) -> Result<ExpectedTree, ActError> {
        let repo = &self.repo;
        let compared = git::compare(api, repo, self.onto, self.commit).await?;
        if compared.ahead_by == 0 {
            return Err(refused(409, "there is nothing to merge"));
        }
        let theirs = git::commit(api, repo, self.commit).await?.tree;
        if compared.behind_by == 0 {
            return Ok(ExpectedTree::Tree(theirs));
        }
        let base = git::commit(api, repo, &git::object_id(compared.merge_base_commit.sha)?).await?.tree;
        let ours = git::commit(api, repo, self.onto).await?.tree;
        let before = git::files(api, repo, &base).await?;
        let mine = git::files(api, repo, &ours).await?;
        let changes = tree_merge::changes(&before, &mine, &git::files(api, repo, &theirs).await?)
            .ok_or_else(|| refused(409, "the two sides changed the same files"))?;
        Ok(ExpectedTree::Files(tree_merge::applied(mine, changes)))
    }

    /// The result: the merge commit, and whether it is the requested merge.
    async fn compare(
        &self,
        api: &Api,
        expected_tree: &ExpectedTree,
        made: &Commit,
        pull: &PullJson,
    ) -> Result<Value, ActError> {
        let tree = match expected_tree {
            ExpectedTree::Tree(tree) => made.tree == *tree,
            ExpectedTree::Files(files) => git::files(api, &self.repo, &made.tree).await? == *files,
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
