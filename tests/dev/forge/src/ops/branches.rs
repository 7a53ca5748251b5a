//! Branches.

use serde_json::{Value, json};

use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::shape;
use crate::world::World;

/// `GET /repos/{owner}/{repo}/branches`.
pub fn list(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let repository = format!("{}/repos/{}", world.url, repo.full_name());
    let branches: Vec<Value> = repo
        .git
        .refs("refs/heads/")?
        .iter()
        .map(|(name, sha, _)| {
            let name = name.trim_start_matches("refs/heads/");
            json!({
                "name": name,
                "commit": { "sha": sha, "url": format!("{repository}/commits/{sha}") },
                "protected": false,
            })
        })
        .collect();
    Ok(call.page(world, branches))
}

/// `GET /repos/{owner}/{repo}/branches/{branch}`.
pub fn get(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let name = call.param("branch");
    let sha = repo.branch(name)?.ok_or_else(|| Reply::error(404, "Branch not found"))?;
    let info = repo.git.commit(&sha)?;
    let url = format!("{}/repos/{}/branches/{name}", world.url, repo.full_name());
    Ok(Reply::ok(json!({
        "name": name,
        "commit": shape::commit(world, repo, &info),
        "_links": { "self": url, "html": format!("{}/{}/tree/{name}", world.url, repo.full_name()) },
        "protected": false,
        "protection": {
            "enabled": false,
            "required_status_checks": { "enforcement_level": "off", "contexts": [], "checks": [] },
        },
        "protection_url": format!("{url}/protection"),
    })))
}
