//! The merge candidate: the tree that results from merging the commit into the head of the default branch.
//! Nothing is pushed.

use std::time::Duration;

use xp_scope::is_object_id;
use xpd_proxy::ActError;

use super::credential::Header;
use super::git::{Git, is_web};
use super::{FETCH, list, refused};

const MERGE: Duration = Duration::from_secs(60);

/// Upper bound on the merge bases of two commits.
const MAX_PARTED: usize = 8;

/// The tree on which the command runs.
pub(super) struct Candidate {
    /// Head of the default branch.
    pub base: String,
    /// Tree of the merge.
    pub tree: String,
}

/// Fetches what the merge needs and computes it.
pub(super) async fn fetch(
    git: &Git,
    source: &str,
    header: Option<&Header>,
    branch: &str,
    commit: &str,
    space: u64,
) -> Result<Candidate, ActError> {
    if !is_web(source) && !source.starts_with('/') {
        return Err(ActError::NotSent(
            "the repository's place is neither a URL nor an absolute path".to_owned(),
        ));
    }
    let head = format!("+refs/heads/{branch}:refs/xp/base");
    let wanted = format!("+{commit}:refs/xp/commit");
    let args =
        ["fetch", "--quiet", "--no-tags", "--no-auto-gc", "--no-recurse-submodules", source, &head, &wanted];
    git.ask_with(&args, header, FETCH).await?;
    let base = line(git.ask(&["rev-parse", "--verify", "refs/xp/base^{commit}"], MERGE).await?)?;
    let got = line(git.ask(&["rev-parse", "--verify", "refs/xp/commit^{commit}"], MERGE).await?)?;
    if got != commit {
        return Err(refused("the object is not a commit".to_owned()));
    }
    // A merge walks the trees of both sides and of their merge bases, so the size of each is checked first.
    let parted = git.run(&["merge-base", "--all", &base, commit], MERGE).await?.stdout;
    let parted = String::from_utf8(parted).unwrap_or_default();
    let parted: Vec<&str> = parted.lines().collect();
    if parted.len() > MAX_PARTED || !parted.iter().all(|id| is_object_id(id)) {
        return Err(refused("the commit and the default branch parted in too many places".to_owned()));
    }
    for tree in [&base, &got].into_iter().map(String::as_str).chain(parted) {
        list::list(git, tree, space).await?;
    }
    let merged = git.run(&["merge-tree", "--write-tree", "--no-messages", &base, commit], MERGE).await?;
    match merged.status.code() {
        Some(0) => Ok(Candidate { base, tree: line(merged.stdout)? }),
        Some(1) => {
            let reason = "the commit does not merge into the default branch".to_owned();
            Err(ActError::Refused { status: 409, reason })
        }
        _ => Err(ActError::NotSent("`git merge-tree` failed".to_owned())),
    }
}

fn line(output: Vec<u8>) -> Result<String, ActError> {
    let text = String::from_utf8(output).unwrap_or_default();
    let id = text.lines().next().unwrap_or_default();
    if is_object_id(id) {
        Ok(id.to_owned())
    } else {
        Err(ActError::NotSent("git gave no object id".to_owned()))
    }
}
