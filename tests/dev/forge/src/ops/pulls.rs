//! Pull requests.

use serde_json::{Value, json};

use super::issues;
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::shape;
use crate::world::{Issue, Pull, Repo, World};

/// The pull request in the path.
pub(super) fn found<'w>(call: &Call, world: &'w World) -> Result<(&'w Repo, &'w Issue, &'w Pull), Reply> {
    let repo = call.repo(world)?;
    let issue = repo.issues.get(&call.number("pull_number")?).ok_or_else(Reply::not_found)?;
    let pull = issue.pull.as_ref().ok_or_else(Reply::not_found)?;
    Ok((repo, issue, pull))
}

/// `GET /repos/{owner}/{repo}/pulls`.
pub fn list(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let mut found = Vec::new();
    for issue in repo.issues.values() {
        let Some(pull) = &issue.pull else { continue };
        let state = match call.query("state").unwrap_or("open") {
            "all" => true,
            "closed" => issue.closed.is_some(),
            _ => issue.closed.is_none(),
        };
        // GitHub ignores the filter unless it has an owner before the branch.
        let head = call.query("head").and_then(|head| head.split_once(':'));
        let head = head.is_none_or(|(owner, branch)| owner == repo.owner && branch == pull.head);
        let base = call.query("base").is_none_or(|base| base == pull.base);
        if state && head && base {
            found.push(shape::pull_simple(world, repo, issue, pull));
        }
    }
    if call.query("direction") != Some("asc") {
        found.reverse();
    }
    Ok(call.page(world, found))
}

/// `GET /repos/{owner}/{repo}/pulls/{pull_number}`.
pub fn get(world: &mut World, call: &Call) -> Answer {
    let (repo, issue, pull) = found(call, world)?;
    if call.wants_diff() {
        let fork = repo.git.merge_base(&pull.base_sha, &pull.head_sha)?.ok_or_else(Reply::not_found)?;
        let text = repo.git.diff(&fork, &pull.head_sha)?;
        return Ok(Reply::text("application/vnd.github.diff; charset=utf-8", text));
    }
    Ok(Reply::ok(shape::pull(world, repo, issue, pull)?))
}

/// `POST /repos/{owner}/{repo}/pulls`.
pub fn create(world: &mut World, call: &Call) -> Answer {
    let repo = call.repo(world)?;
    let title = call.needed("PullRequest", "title")?.to_owned();
    let head = call.needed("PullRequest", "head")?;
    let base = call.needed("PullRequest", "base")?.to_owned();
    let head = match head.split_once(':') {
        Some((owner, _)) if owner != repo.owner => {
            return Err(Reply::field("PullRequest", "invalid", "head"));
        }
        Some((_, branch)) => branch.to_owned(),
        None => head.to_owned(),
    };
    let head_sha = repo.branch(&head)?.ok_or_else(|| Reply::field("PullRequest", "invalid", "head"))?;
    let base_sha = repo.branch(&base)?.ok_or_else(|| Reply::field("PullRequest", "invalid", "base"))?;
    let same = |issue: &Issue| {
        issue.closed.is_none()
            && issue.pull.as_ref().is_some_and(|pull| pull.head == head && pull.base == base)
    };
    let custom = |message: String| {
        Reply::invalid(json!([{ "resource": "PullRequest", "code": "custom", "message": message }]))
    };
    if repo.issues.values().any(same) {
        return Err(custom(format!("A pull request already exists for {}:{head}.", repo.owner)));
    }
    if repo.git.is_ancestor(&head_sha, &base_sha)? {
        return Err(custom(format!("No commits between {base} and {head}")));
    }
    let number = repo.next_number();
    let (id, pull_id, at) = (world.fresh_id(), world.fresh_id(), world.tick());
    let pull = Pull {
        id: pull_id,
        head,
        head_sha,
        base,
        base_sha,
        draft: call.body.get("draft").and_then(Value::as_bool).unwrap_or(false),
        merged: None,
        reviews: Vec::new(),
    };
    let issue = Issue {
        id,
        number,
        title,
        body: call.text("body").map(str::to_owned),
        author: call.login.clone(),
        labels: Vec::new(),
        created: at,
        updated: at,
        closed: None,
        comments: Vec::new(),
        pull: Some(pull.clone()),
    };
    call.repo_mut(world)?.issues.insert(number, issue.clone());
    world.effect("pulls/create", &call.login, format!("{}#{number}", call.full_name()));
    Ok(Reply::created(shape::pull(world, call.repo(world)?, &issue, &pull)?))
}

/// `PATCH /repos/{owner}/{repo}/pulls/{pull_number}`.
pub fn update(world: &mut World, call: &Call) -> Answer {
    let (_, issue, pull) = found(call, world)?;
    let number = issue.number;
    if pull.merged.is_some() && call.text("state") == Some("open") {
        return Err(Reply::field("PullRequest", "invalid", "state"));
    }
    if let Some(base) = call.text("base").filter(|base| *base != pull.base).map(str::to_owned) {
        match call.repo_mut(world)?.retarget(number, &base)? {
            Ok(()) => {}
            Err("invalid") => return Err(Reply::field("PullRequest", "invalid", "base")),
            Err(why) => {
                let error =
                    json!({ "resource": "PullRequest", "code": "custom", "field": "base", "message": why });
                return Err(Reply::invalid(json!([error])));
            }
        }
    }
    let at = world.tick();
    if let Some(issue) = call.repo_mut(world)?.issues.get_mut(&number) {
        issues::edit(issue, call, at);
    }
    world.effect("pulls/update", &call.login, format!("{}#{number}", call.full_name()));
    get(world, call)
}

/// `GET /repos/{owner}/{repo}/pulls/{pull_number}/files`.
pub fn files(world: &mut World, call: &Call) -> Answer {
    let (repo, _, pull) = found(call, world)?;
    let fork = repo.git.merge_base(&pull.base_sha, &pull.head_sha)?.ok_or_else(Reply::not_found)?;
    let changes = repo.git.changes(&fork, &pull.head_sha)?;
    let files =
        changes.iter().map(|change| shape::changed_file(world, repo, &pull.head_sha, change)).collect();
    Ok(call.page(world, files))
}

/// `GET /repos/{owner}/{repo}/pulls/{pull_number}/commits`.
pub fn commits(world: &mut World, call: &Call) -> Answer {
    let (repo, _, pull) = found(call, world)?;
    let mut commits = repo.git.log(&[&format!("{}..{}", pull.base_sha, pull.head_sha)])?;
    commits.reverse();
    Ok(call.page(world, commits.iter().map(|info| shape::commit(world, repo, info)).collect()))
}
