//! Refs, moved by compare-and-swap.

use serde_json::Value;

use crate::call::Call;
use crate::git::ZERO;
use crate::reply::{Answer, Reply};
use crate::shape;
use crate::world::World;

/// `GET /repos/{owner}/{repo}/git/ref/{ref}`.
pub fn get(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let name = format!("refs/{}", call.param("ref"));
    let (sha, kind) = repo.git.target(&name)?.ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(shape::reference(world, repo, &name, &sha, &kind)))
}

/// `GET /repos/{owner}/{repo}/git/matching-refs/{ref}`.
pub fn matching(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let prefix = format!("refs/{}", call.param("ref"));
    let refs: Vec<Value> = repo
        .git
        .refs("refs/")?
        .iter()
        .filter(|(name, ..)| name.starts_with(&prefix))
        .map(|(name, sha, kind)| shape::reference(world, repo, name, sha, kind))
        .collect();
    Ok(call.page(world, refs))
}

/// `POST /repos/{owner}/{repo}/git/refs`.
pub fn create(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let name = call.needed("Reference", "ref")?.to_owned();
    let sha = call.needed("Reference", "sha")?.to_owned();
    if !name.starts_with("refs/") || name.matches('/').count() < 2 {
        let message = "Reference name must start with 'refs/' and have at least three components";
        return Err(Reply::error(422, message));
    }
    if !repo.git.valid_ref(&name)? {
        return Err(Reply::error(422, &format!("{name} is not a valid ref name.")));
    }
    let kind = target(&name, repo.git.kind(&sha)?)?;
    if repo.git.target(&name)?.is_some() {
        return Err(Reply::error(422, "Reference already exists"));
    }
    if repo.git.update_ref(&name, &sha, ZERO).is_err() {
        // An existing ref would have to be a folder of this one.
        return Err(Reply::error(422, "Reference could not be created"));
    }
    moved(world, call, "git/create-ref", &format!("{name} {sha}"))?;
    Ok(Reply::created(shape::reference(world, call.repo(world)?, &name, &sha, &kind)))
}

/// `PATCH /repos/{owner}/{repo}/git/refs/{ref}`.
pub fn update(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let name = format!("refs/{}", call.param("ref"));
    let sha = call.needed("Reference", "sha")?.to_owned();
    let force = call.body.get("force").and_then(Value::as_bool).unwrap_or(false);
    let Some((old, _)) = repo.git.target(&name)? else {
        return Err(Reply::error(422, "Reference does not exist"));
    };
    let kind = target(&name, repo.git.kind(&sha)?)?;
    let forward = kind == "commit" && repo.git.is_ancestor(&old, &sha)?;
    if !force && !forward {
        return Err(Reply::error(422, "Update is not a fast forward"));
    }
    if let Some(why) = branch(&name).and_then(|name| repo.forbids_push(name, &call.login, &sha, forward)) {
        return Err(Reply::error(422, &why));
    }
    repo.git.update_ref(&name, &sha, &old)?;
    if old != sha {
        moved(world, call, "git/update-ref", &format!("{name} {sha}"))?;
    }
    Ok(Reply::ok(shape::reference(world, call.repo(world)?, &name, &sha, &kind)))
}

/// `DELETE /repos/{owner}/{repo}/git/refs/{ref}`.
pub fn delete(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let name = format!("refs/{}", call.param("ref"));
    let Some((old, _)) = repo.git.target(&name)? else {
        return Err(Reply::error(422, "Reference does not exist"));
    };
    if name == format!("refs/heads/{}", repo.default_branch) {
        return Err(Reply::error(422, "Cannot delete the default branch"));
    }
    if let Some(why) = branch(&name).and_then(|name| repo.forbids_deletion(name, &call.login)) {
        return Err(Reply::error(422, &why));
    }
    repo.git.delete_ref(&name, &old)?;
    moved(world, call, "git/delete-ref", &name)?;
    if let Some(branch) = branch(&name) {
        let (at, by) = (world.now(), &call.login);
        call.repo_mut(world)?.orphaned(branch, at, by)?;
    }
    Ok(Reply::nothing())
}

/// The branch of a ref, if it is one.
fn branch(name: &str) -> Option<&str> {
    name.strip_prefix("refs/heads/")
}

/// The type of the object to which a ref is to point; for a branch it must be a commit.
fn target(name: &str, kind: Option<String>) -> Result<String, Reply> {
    match kind {
        Some(kind) if kind == "commit" || !name.starts_with("refs/heads/") => Ok(kind),
        Some(_) => Err(Reply::error(422, "Object is not a commit")),
        None => Err(Reply::error(422, "Object does not exist")),
    }
}

/// Records that a ref moved.
fn moved(world: &mut World, call: &Call, operation: &'static str, what: &str) -> Result<(), Reply> {
    let at = world.tick();
    call.repo_mut(world)?.follow(at, &call.login)?;
    world.effect(operation, &call.login, format!("{} {what}", call.full_name()));
    Ok(())
}
