//! The candidate merge: the commit merged into the head of the default branch, as a tree. Nothing is pushed.

use std::time::Duration;

use xp_scope::is_object_id;

use super::FETCH;
use super::git::{Git, is_web};
use crate::connectors::ActError;

const MERGE: Duration = Duration::from_secs(60);

/// What is run.
pub(super) struct Candidate {
    /// Head of the default branch.
    pub base: String,
    /// Tree of the merge.
    pub tree: String,
}

/// Fetches what the merge needs and makes it.
pub(super) async fn fetch(
    git: &Git,
    source: &str,
    branch: &str,
    commit: &str,
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
    git.ask(&args, FETCH).await?;
    let base = line(git.ask(&["rev-parse", "--verify", "refs/xp/base^{commit}"], MERGE).await?)?;
    let got = line(git.ask(&["rev-parse", "--verify", "refs/xp/commit^{commit}"], MERGE).await?)?;
    if got != commit {
        return Err(ActError::Refused { status: 422, reason: "the object is not a commit".to_owned() });
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
