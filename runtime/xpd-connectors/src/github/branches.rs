//! Branches.

use xp_scope::Value;
use xpd_proxy::{ActError, Permit, Sought};

use super::api::{Api, refused};
use super::git;
use crate::args::{Args, wrong};
use crate::result::text;

/// `branches.create`: creates a branch at the head of another branch. Refused if the name is taken.
pub(super) async fn create(api: &Api, permit: &Permit) -> Result<Value, ActError> {
    let args = Args::of(permit.call(), &["repo", "name", "from"])?;
    let (repo, name, from) = (args.repo()?, args.branch("name")?, args.branch("from")?);
    if name == repo.default_branch {
        return Err(wrong("name", "is the default branch"));
    }
    git::registered(api, &repo).await?;
    if git::branch(api, &repo, name).await?.is_some() {
        return Err(refused(422, "there is such a branch"));
    }
    let head = git::head(api, &repo, from).await?;
    git::create_branch(api, permit, &repo, name, &head).await?;
    Ok(text(name))
}

/// Probes for a created branch.
///
/// A ref cannot carry a marker. The branch did not exist just before the request, so a branch that exists now
/// and has no commits of its own is taken for this use's. One with commits of its own leaves the doubt open:
/// the run did not write to it, since a branch in doubt is not used.
pub(super) async fn probe_create(api: &Api, sought: &Sought) -> Result<Option<Value>, ActError> {
    let args = Args::of(sought.call(), &["repo", "name", "from"])?;
    let (repo, name, from) = (args.repo()?, args.branch("name")?, args.branch("from")?);
    // If the repository is no longer visible, the absence of the branch proves nothing.
    git::registered(api, &repo).await?;
    let Some(found) = git::branch(api, &repo, name).await? else { return Ok(None) };
    let head = git::head(api, &repo, from).await?;
    if git::compare(api, &repo, &head, &found).await?.ahead_by > 0 {
        return Err(ActError::Unknown("the branch is there, with commits of its own".to_owned()));
    }
    Ok(Some(text(name)))
}
