//! Checks of commits, as commit statuses.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::rules::Status;
use crate::shape;
use crate::world::{Repo, World};

/// `POST /repos/{owner}/{repo}/statuses/{sha}`.
pub fn create(world: &mut World, call: &Call) -> Answer {
    let sha = call.param("sha").to_owned();
    if call.repo(world)?.git.kind(&sha)?.as_deref() != Some("commit") {
        return Err(Reply::not_found());
    }
    let (id, at) = (world.fresh_id(), world.tick());
    let status = Status {
        id,
        context: call.text("context").unwrap_or("default").to_owned(),
        state: call.text("state").unwrap_or_default().to_owned(),
        description: call.text("description").map(str::to_owned),
        target: call.text("target_url").map(str::to_owned),
        by: call.login.clone(),
        at,
    };
    let all = &mut call.repo_mut(world)?.statuses;
    all.entry(sha.clone()).or_default().push(status.clone());
    let what = format!("{} {sha} {}", call.full_name(), status.context);
    world.effect("repos/create-commit-status", &call.login, what);
    Ok(Reply::created(shape::status(world, call.repo(world)?, &sha, &status)))
}

/// `GET /repos/{owner}/{repo}/commits/{ref}/statuses`, newest first.
pub fn list(world: &mut World, call: &Call) -> Answer {
    let (repo, sha) = found(world, call)?;
    let all = repo.statuses.get(&sha).into_iter().flatten().rev();
    Ok(call.page(world, all.map(|status| shape::status(world, repo, &sha, status)).collect()))
}

/// `GET /repos/{owner}/{repo}/commits/{ref}/status`: the latest status of each check.
pub fn combined(world: &mut World, call: &Call) -> Answer {
    let (repo, sha) = found(world, call)?;
    let mut last: BTreeMap<String, &Status> = BTreeMap::new();
    for status in repo.statuses.get(&sha).into_iter().flatten() {
        last.insert(status.context.to_lowercase(), status);
    }
    let has = |words: &[&str]| last.values().any(|status| words.contains(&status.state.as_str()));
    let state = match (has(&["error", "failure"]), last.is_empty() || has(&["pending"])) {
        (true, _) => "failure",
        (false, true) => "pending",
        (false, false) => "success",
    };
    let statuses: Vec<Value> = last.values().map(|it| shape::simple_status(world, repo, &sha, it)).collect();
    let url = format!("{}/repos/{}/commits/{sha}", world.url, repo.full_name());
    Ok(Reply::ok(json!({
        "state": state,
        "statuses": statuses,
        "sha": sha,
        "total_count": statuses.len(),
        "repository": shape::minimal(world, repo),
        "commit_url": url,
        "url": format!("{url}/status"),
    })))
}

fn found<'w>(world: &'w World, call: &Call) -> Result<(&'w Repo, String), Reply> {
    let repo = call.repo(world)?;
    let sha = repo.resolve(Some(call.param("ref")))?.ok_or_else(Reply::not_found)?;
    Ok((repo, sha))
}
