//! Branches.

use xp_scope::Value;
use xpd_proxy::{ActError, Permit, Sought};

use super::api::{Api, refused};
use super::git;
use crate::args::{Args, wrong};
use crate::result::text;

/// `branches.create`: at the head of another branch; refused when there is one of that name.
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

/// Looks whether the branch is there and holds nothing its source does not.
///
/// A ref carries no mark. That there was none was read just before the request, so one that is there now, with nothing
/// of its own, is taken for ours. One with commits of its own is in doubt: nobody of ours wrote to it, since a branch in
/// doubt is not used.
pub(super) async fn probe_create(api: &Api, sought: &Sought) -> Result<Option<Value>, ActError> {
    let args = Args::of(sought.call(), &["repo", "name", "from"])?;
    let (repo, name, from) = (args.repo()?, args.branch("name")?, args.branch("from")?);
    // A repository that is no longer shown has no branch either, and that says nothing.
    git::registered(api, &repo).await?;
    let Some(found) = git::branch(api, &repo, name).await? else { return Ok(None) };
    let head = git::head(api, &repo, from).await?;
    if git::compare(api, &repo, &head, &found).await?.ahead_by > 0 {
        return Err(ActError::Unknown("the branch is there, with commits of its own".to_owned()));
    }
    Ok(Some(text(name)))
}
