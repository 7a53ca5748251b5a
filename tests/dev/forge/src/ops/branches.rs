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
                "protected": repo.protections.contains_key(name),
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
    let rules = repo.protections.get(name);
    let contexts = rules.and_then(|rules| rules.checks.as_ref()).map(|checks| checks.contexts.clone());
    let contexts = contexts.unwrap_or_default();
    let level = match rules {
        Some(rules) if rules.admins && !contexts.is_empty() => "everyone",
        Some(_) if !contexts.is_empty() => "non_admins",
        _ => "off",
    };
    let checks: Vec<Value> = contexts.iter().map(|name| json!({ "context": name, "app_id": null })).collect();
    Ok(Reply::ok(json!({
        "name": name,
        "commit": shape::commit(world, repo, &info),
        "_links": { "self": url, "html": format!("{}/{}/tree/{name}", world.url, repo.full_name()) },
        "protected": rules.is_some(),
        "protection": {
            "enabled": rules.is_some(),
            "required_status_checks": { "enforcement_level": level, "contexts": contexts, "checks": checks },
        },
        "protection_url": format!("{url}/protection"),
    })))
}
