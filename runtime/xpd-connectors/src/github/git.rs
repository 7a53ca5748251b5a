//! Refs, commits, trees and blobs. Objects are named by id, and answers are checked against the ids asked
//! for.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use xp_scope::{is_object_id, path};
use xpd_proxy::{ActError, Permit};

use super::api::{Api, refused};
use crate::args::Repo;

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Commit {
    pub sha: String,
    pub tree: String,
    pub parents: Vec<String>,
    pub message: String,
}

/// An entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Line {
    pub path: String,
    pub mode: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub sha: String,
}

/// An object id in an answer.
#[derive(Deserialize)]
pub(super) struct Sha {
    pub sha: String,
}

/// Distance between two commits.
#[derive(Deserialize)]
pub(super) struct Compared {
    pub merge_base_commit: Sha,
    pub ahead_by: u64,
    pub behind_by: u64,
}

#[derive(Deserialize)]
struct RefJson {
    #[serde(rename = "ref")]
    name: String,
    object: ObjectJson,
}

#[derive(Deserialize)]
struct ObjectJson {
    #[serde(rename = "type")]
    kind: String,
    sha: String,
}

#[derive(Deserialize)]
struct CommitJson {
    sha: String,
    tree: Sha,
    parents: Vec<Sha>,
    message: String,
}

#[derive(Deserialize)]
struct TreeJson {
    sha: String,
    tree: Vec<Line>,
    truncated: bool,
}

#[derive(Deserialize)]
struct RepoJson {
    full_name: String,
    default_branch: String,
}

/// Checks that the repository is still the registered one: same name, same default branch.
pub(super) async fn registered(api: &Api, repo: &Repo<'_>) -> Result<(), ActError> {
    let found: RepoJson = api.get(&["repos", repo.owner, repo.name], &[]).await?;
    if !found.full_name.eq_ignore_ascii_case(&format!("{}/{}", repo.owner, repo.name)) {
        return Err(refused(409, "the repository was renamed"));
    }
    if found.default_branch != repo.default_branch {
        return Err(refused(409, "the default branch is another"));
    }
    Ok(())
}

/// The commit to which a branch points, or `None` if there is no such branch.
pub(super) async fn branch(api: &Api, repo: &Repo<'_>, name: &str) -> Result<Option<String>, ActError> {
    let full = format!("heads/{name}");
    let mut segments = vec!["repos", repo.owner, repo.name, "git", "ref"];
    segments.extend(full.split('/'));
    let Some(found) = api.find::<RefJson>(&segments, &[]).await? else { return Ok(None) };
    // GitHub has answered with refs of which the requested one is a prefix.
    if found.name != format!("refs/{full}") || found.object.kind != "commit" {
        return Err(refused(409, "the ref is not the branch"));
    }
    object_id(found.object.sha).map(Some)
}

/// The commit to which a branch points.
pub(super) async fn head(api: &Api, repo: &Repo<'_>, name: &str) -> Result<String, ActError> {
    branch(api, repo, name).await?.ok_or_else(|| refused(404, "there is no such branch"))
}

/// Creates a branch. Has an effect.
pub(super) async fn create_branch(
    api: &Api,
    permit: &Permit,
    repo: &Repo<'_>,
    name: &str,
    sha: &str,
) -> Result<(), ActError> {
    let segments = ["repos", repo.owner, repo.name, "git", "refs"];
    let body = json!({ "ref": format!("refs/heads/{name}"), "sha": sha });
    let made: RefJson = api.effect(permit, Method::POST, &segments, &body).await?;
    if made.object.sha == sha {
        return Ok(());
    }
    Err(ActError::Unknown("the upstream made another ref".to_owned()))
}

/// Moves a branch forward to a commit made on top of the head that was read. Has an effect.
///
/// GitHub's REST API has no compare-and-swap for refs, but with `force: false` it refuses anything but a
/// fast-forward: the branch moves only if its head is an ancestor of the new commit, so no commit by others
/// is lost.
pub(super) async fn advance(
    api: &Api,
    permit: &Permit,
    repo: &Repo<'_>,
    name: &str,
    sha: &str,
) -> Result<(), ActError> {
    let full = format!("heads/{name}");
    let mut segments = vec!["repos", repo.owner, repo.name, "git", "refs"];
    segments.extend(full.split('/'));
    let body = json!({ "sha": sha, "force": false });
    let moved: RefJson = match api.effect(permit, Method::PATCH, &segments, &body).await {
        Err(ActError::Refused { status: 409 | 422, .. }) => {
            return Err(refused(409, "the branch has moved"));
        }
        other => other?,
    };
    if moved.object.sha == sha {
        return Ok(());
    }
    Err(ActError::Unknown("the upstream moved the ref elsewhere".to_owned()))
}

/// Reads a commit.
pub(super) async fn commit(api: &Api, repo: &Repo<'_>, sha: &str) -> Result<Commit, ActError> {
    let found: CommitJson = api.get(&["repos", repo.owner, repo.name, "git", "commits", sha], &[]).await?;
    let found = checked(found)?;
    if found.sha != sha {
        return Err(refused(409, "the upstream answered with another commit"));
    }
    Ok(found)
}

/// Writes a commit and reads it back. Another tree or other parents than requested are the refusal
/// `diverged`.
pub(super) async fn write_commit(
    api: &Api,
    permit: &Permit,
    repo: &Repo<'_>,
    tree: &str,
    parents: &[&str],
    message: &str,
) -> Result<Commit, ActError> {
    let segments = ["repos", repo.owner, repo.name, "git", "commits"];
    let body = json!({ "message": message, "tree": tree, "parents": parents });
    let made: CommitJson = api.write_object(permit, &segments, &body).await?;
    let made = commit(api, repo, &checked(made)?.sha).await?;
    if made.tree != tree || made.parents != parents {
        return Err(refused(409, "diverged"));
    }
    Ok(made)
}

/// The number of commits by which `to` is ahead of and behind `from`.
pub(super) async fn compare(api: &Api, repo: &Repo<'_>, from: &str, to: &str) -> Result<Compared, ActError> {
    let pair = format!("{from}...{to}");
    // The second page omits the list of files.
    let query = [("per_page", "1"), ("page", "2")];
    api.get(&["repos", repo.owner, repo.name, "compare", &pair], &query).await
}

/// The entries of one tree.
pub(super) async fn tree(api: &Api, repo: &Repo<'_>, sha: &str) -> Result<Vec<Line>, ActError> {
    let found: TreeJson = api.get(&["repos", repo.owner, repo.name, "git", "trees", sha], &[]).await?;
    whole(found, sha)
}

/// All non-tree entries below a tree, by path.
pub(super) async fn files(api: &Api, repo: &Repo<'_>, sha: &str) -> Result<BTreeMap<String, Line>, ActError> {
    let segments = ["repos", repo.owner, repo.name, "git", "trees", sha];
    let found: TreeJson = api.get(&segments, &[("recursive", "1")]).await?;
    let lines = whole(found, sha)?.into_iter().filter(|line| line.kind != "tree");
    Ok(lines.map(|line| (line.path.clone(), line)).collect())
}

/// Writes the tree that results from applying these entries to another. A path without an entry is removed.
pub(super) async fn write_tree(
    api: &Api,
    permit: &Permit,
    repo: &Repo<'_>,
    base: &str,
    lines: &[(String, Option<Line>)],
) -> Result<String, ActError> {
    let lines: Vec<_> = lines
        .iter()
        .map(|(path, line)| match line {
            Some(line) => json!({ "path": path, "mode": line.mode, "type": line.kind, "sha": line.sha }),
            None => json!({ "path": path, "mode": "100644", "type": "blob", "sha": null }),
        })
        .collect();
    let segments = ["repos", repo.owner, repo.name, "git", "trees"];
    let made: Sha = api.write_object(permit, &segments, &json!({ "base_tree": base, "tree": lines })).await?;
    object_id(made.sha)
}

/// Result of a lookup by path.
pub(super) enum Found {
    /// A regular file.
    File(Line),
    /// The path does not exist and a file can be created there.
    Nothing,
}

/// Looks a path up, folder by folder. Symbolic links and submodules are neither followed nor written through.
pub(super) async fn walk(api: &Api, repo: &Repo<'_>, root: &str, path: &str) -> Result<Found, ActError> {
    let mut at = root.to_owned();
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let lines = tree(api, repo, &at).await?;
        let Some(line) = lines.iter().find(|line| line.path == segment) else {
            collision(&lines, segment)?;
            return Ok(Found::Nothing);
        };
        let last = segments.peek().is_none();
        match (line.kind.as_str(), line.mode.as_str(), last) {
            ("tree", "040000", false) => at.clone_from(&line.sha),
            ("blob", "100644" | "100755", true) => {
                return Ok(Found::File(Line { path: path.to_owned(), ..line.clone() }));
            }
            _ => {
                return Err(refused(409, "the path is, or leads through, something that is no regular file"));
            }
        }
    }
    Ok(Found::Nothing)
}

/// Refuses a new name that is equal to an existing one on case-insensitive or normalising file systems.
fn collision(lines: &[Line], segment: &str) -> Result<(), ActError> {
    let taken = lines.iter().any(|line| path::distinct([line.path.as_str(), segment]).is_err());
    if taken { Err(refused(409, "the path collides with another on some systems")) } else { Ok(()) }
}

/// Validates an object id in an answer.
pub(super) fn object_id(sha: String) -> Result<String, ActError> {
    if is_object_id(&sha) {
        Ok(sha)
    } else {
        Err(ActError::NotSent("the upstream named no object".to_owned()))
    }
}

fn checked(found: CommitJson) -> Result<Commit, ActError> {
    let parents: Result<Vec<String>, ActError> =
        found.parents.into_iter().map(|parent| object_id(parent.sha)).collect();
    Ok(Commit {
        sha: object_id(found.sha)?,
        tree: object_id(found.tree.sha)?,
        parents: parents?,
        message: found.message,
    })
}

fn whole(found: TreeJson, sha: &str) -> Result<Vec<Line>, ActError> {
    if found.sha != sha {
        return Err(refused(409, "the upstream answered with another tree"));
    }
    if found.truncated {
        return Err(refused(413, "the tree is too large to be read whole"));
    }
    Ok(found.tree)
}
