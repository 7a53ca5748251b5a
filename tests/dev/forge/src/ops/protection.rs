//! The rules of protected branches.

use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::rules::Protection;
use crate::shape;
use crate::world::{Repo, World};

/// `GET /repos/{owner}/{repo}/branches/{branch}/protection`.
pub fn get(world: &mut World, call: &Call) -> Answer {
    let (repo, branch) = administered(world, call)?;
    let rules = repo.protections.get(branch).ok_or_else(|| Reply::error(404, "Branch not protected"))?;
    Ok(Reply::ok(shape::protection(world, repo, branch, rules)))
}

/// `PUT /repos/{owner}/{repo}/branches/{branch}/protection`.
pub fn put(world: &mut World, call: &Call) -> Answer {
    let branch = administered(world, call)?.1.to_owned();
    let rules = Protection::from_json(&call.body).map_err(|path| {
        Reply::error(422, &format!("the stand-in does not enforce {path}, so it does not accept it"))
    })?;
    call.repo_mut(world)?.protections.insert(branch, rules);
    world.effect("repos/update-branch-protection", &call.login, what(call));
    get(world, call)
}

/// `DELETE /repos/{owner}/{repo}/branches/{branch}/protection`.
pub fn delete(world: &mut World, call: &Call) -> Answer {
    let branch = administered(world, call)?.1.to_owned();
    if call.repo_mut(world)?.protections.remove(&branch).is_none() {
        return Err(Reply::error(404, "Branch not protected"));
    }
    world.effect("repos/delete-branch-protection", &call.login, what(call));
    Ok(Reply::nothing())
}

fn what(call: &Call) -> String {
    format!("{} {}", call.full_name(), call.param("branch"))
}

/// Repository and branch, if the caller is the repository's administrator (its owner).
fn administered<'w>(world: &'w World, call: &'w Call) -> Result<(&'w Repo, &'w str), Reply> {
    let (repo, branch) = (call.repo(world)?, call.param("branch"));
    if call.login != repo.owner {
        return Err(Reply::not_found());
    }
    match repo.branch(branch)? {
        Some(_) => Ok((repo, branch)),
        None => Err(Reply::error(404, "Branch not found")),
    }
}
