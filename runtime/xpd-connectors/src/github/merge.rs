//! The merge, made here: the tree is known before the default branch moves.
//!
//! GitHub's own merge takes whatever the base is at that moment. So the connector makes the merge commit itself, with
//! the parents `onto` and `commit` and a tree it computed, reads it back, and moves the default branch forward to it:
//! - if `commit` already holds `onto`, the tree is the one of `commit`, to the byte;
//! - else it is a merge file by file: what only one side changed is taken, and a file both changed is a conflict, which
//!   is refused. The contents of a file are never mixed, so every blob of the result was on one of the two sides.
//!
//! A temporary branch and the host's merge were the other way: it shows a ref to everybody and runs what a push runs.
//!
//! How `onto` is guaranteed: the branch was read at `onto`, and the move is refused unless it is a fast-forward (see
//! [`git::advance`]). Between the two, GitHub's REST interface lets the branch be at another ancestor of the new commit
//! only: one that was reset to before `onto`, or moved to a commit that `commit` holds and that therefore was reviewed
//! and tested with it. The tree that results is the computed one in every case, and nobody's work is lost.

use xp_scope::Value;
use xpd_proxy::{ActError, Permit, Sought};

use super::api::{Api, refused};
use super::git::{self, Commit};
use super::{contents, marker, pulls, tree_merge};
use crate::args::{Args, Repo, wrong};
use crate::result::{record, text};

const MERGE: &[&str] = &["repo", "number", "commit", "onto", "into"];

/// `pulls.merge`.
pub(super) async fn merge(api: &Api, permit: &Permit) -> Result<Value, ActError> {
    let args = Args::of(permit.call(), MERGE)?;
    let (repo, number) = (args.repo()?, args.number("number")?);
    let (commit, onto) = pair(&args)?;
    let into = args.branch_or("into", repo.default_branch)?;
    git::registered(api, &repo).await?;
    let pull = pulls::get(api, &repo, number).await?;
    pulls::at_head(&pull, commit)?;
    if pull.base.branch != into {
        return Err(refused(409, "the pull request is into another branch"));
    }
    if git::head(api, &repo, into).await? != onto {
        return Err(refused(409, "the branch has moved"));
    }
    let tree = tree(api, permit, &repo, commit, onto).await?;
    let message = marker::sign(&format!("Merge pull request #{number}"), permit.call().marker())?;
    let made = git::write_commit(api, permit, &repo, &tree, &[onto, commit], &message).await?;
    git::advance(api, permit, &repo, into, &made.sha).await?;
    Ok(done(&made))
}

/// Looks for the merge commit with the mark and the two parents on the default branch.
pub(super) async fn probe_merge(api: &Api, sought: &Sought) -> Result<Option<Value>, ActError> {
    let args = Args::of(sought.call(), MERGE)?;
    let (repo, (commit, onto)) = (args.repo()?, pair(&args)?);
    let into = args.branch_or("into", repo.default_branch)?;
    let found = contents::marked(api, &repo, into, sought.call()).await?;
    match found {
        Some(found) if found.parents == [onto, commit] => Ok(Some(done(&found))),
        Some(_) => Err(ActError::Unknown("a commit carries the mark and is not the merge".to_owned())),
        None => Ok(None),
    }
}

/// The tree of the merge.
async fn tree(
    api: &Api,
    permit: &Permit,
    repo: &Repo<'_>,
    commit: &str,
    onto: &str,
) -> Result<String, ActError> {
    let compared = git::compare(api, repo, onto, commit).await?;
    if compared.ahead_by == 0 {
        return Err(refused(409, "there is nothing to merge"));
    }
    let theirs = git::commit(api, repo, commit).await?.tree;
    if compared.behind_by == 0 {
        return Ok(theirs);
    }
    let base = git::commit(api, repo, &git::object_id(compared.merge_base_commit.sha)?).await?.tree;
    let ours = git::commit(api, repo, onto).await?.tree;
    let before = git::files(api, repo, &base).await?;
    let mine = git::files(api, repo, &ours).await?;
    let changes = tree_merge::changes(&before, &mine, &git::files(api, repo, &theirs).await?)
        .ok_or_else(|| refused(409, "the two sides changed the same files"))?;
    if changes.is_empty() {
        return Ok(ours);
    }
    let made = git::write_tree(api, permit, repo, &ours, &changes).await?;
    if git::files(api, repo, &made).await? != tree_merge::applied(mine, changes) {
        return Err(refused(409, "diverged"));
    }
    Ok(made)
}

fn pair<'a>(args: &Args<'a>) -> Result<(&'a str, &'a str), ActError> {
    let (commit, onto) = (args.commit("commit")?, args.commit("onto")?);
    if commit == onto { Err(wrong("onto", "is the commit")) } else { Ok((commit, onto)) }
}

fn done(commit: &Commit) -> Value {
    record([("commit", text(&commit.sha)), ("tree", text(&commit.tree))])
}
